/* io/input.c -- files that are read: whole or line by line, plain or gzip.
 *
 * zlib passes plain files through as they are, so there is one path for both. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/stream.h"

#define CHUNK          (1u << 18)
#define LINE_MAX_BYTES ((size_t)1 << 30)

const char *rfi_reason(int number, char buf[RFI_REASON])
{
    static const struct {
        int number;
        const char *words;
    } rows[] = {{ENOENT, "no such file or directory"},
                {EISDIR, "is a directory where a file is due"},
                {ENOTDIR, "a part of the path is not a directory"},
                {EACCES, "permission denied"},
                {EROFS, "the file system is read-only"},
                {ENOSPC, "no space left on the disk"},
                {EFBIG, "the file would grow over the limit of its size"},
                {EDQUOT, "the disk quota is used up"},
                {EMFILE, "too many open files"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].number == number) return rows[i].words;
    return strerror_r(number, buf, RFI_REASON);
}

const char *rf_input_name(const char *path) { return strcmp(path, "-") ? path : "standard input"; }

gzFile rfi_input_open(const char *path, rf_error *err)
{
    char buf[RFI_REASON];
    struct stat st;
    const char *name = rf_input_name(path);
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    if (fd < 0) {
        rf_fail(err, RF_EIO, "%s: %s", name, rfi_reason(errno, buf));
        return NULL;
    }
    if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
        rf_fail(err, RF_EIO, "%s: %s", name, rfi_reason(EISDIR, buf));
        close(fd);
        return NULL;
    }
    gzFile f = gzdopen(fd, "rb");
    if (f) {
        gzbuffer(f, CHUNK);
        return f;
    }
    close(fd);
    rf_fail(err, RF_ENOMEM, "%s: no memory", name);
    return NULL;
}

int rfi_input_read(gzFile f, const char *name, void *buf, unsigned n, rf_error *err)
{
    char reason[RFI_REASON];
    errno = 0;
    int got = gzread(f, buf, n);
    if (got > 0) return got;
    int code = Z_OK, number = errno;
    gzerror(f, &code);
    if (code == Z_OK || code == Z_STREAM_END) return 0;
    if (code == Z_ERRNO) return rf_fail(err, RF_EIO, "%s: %s", name, rfi_reason(number, reason));
    if (code == Z_MEM_ERROR) return rf_fail(err, RF_ENOMEM, "%s: no memory", name);
    if (code == Z_BUF_ERROR) return rf_fail(err, RF_EFORMAT, "%s: truncated gzip file", name);
    return rf_fail(err, RF_EFORMAT, "%s: damaged gzip file", name);
}

/* ---- Whole files ------------------------------------------------------------------------------- */

static rf_status read_all(gzFile f, const char *name, size_t limit, rf_str *out, rf_error *err)
{
    size_t start = out->n;
    char *chunk = malloc(CHUNK);
    int n = chunk ? 1 : RF_ENOMEM;
    while (chunk && (n = rfi_input_read(f, name, chunk, CHUNK, err)) > 0) {
        rf_str_add(out, chunk, (size_t)n);
        if (out->n - start > limit) n = RF_EFORMAT;
        if (out->failed) n = RF_ENOMEM;
        if (n < 0) break;
    }
    free(chunk);
    if (n == RF_ENOMEM) return rf_fail(err, RF_ENOMEM, "%s: no memory to read it", name);
    if (n < 0)
        return rf_fail(err, n, "%s: longer than %zu bytes, the most that is read", name, limit);
    if (out->n == start) return rf_fail(err, RF_EFORMAT, "%s: the file is empty", name);
    return RF_OK;
}

rf_status rf_file_read(const char *path, size_t limit, rf_str *out, rf_error *err)
{
    size_t start = out->n;
    gzFile f = rfi_input_open(path, err);
    if (!f) return err && err->status ? err->status : RF_EIO;
    rf_status st = read_all(f, rf_input_name(path), limit ? limit : RF_FILE_LIMIT, out, err);
    gzclose(f);
    if (st != RF_OK) {
        out->n = start;
        out->failed = false;
        if (out->s) out->s[start] = '\0';
    }
    return st;
}

/* ---- Lines ------------------------------------------------------------------------------------- */

struct rf_lines {
    rfi_stream in;
    char *name;
    char *buf;
    size_t cap, start, end; /* buf[start..end) is read and not yet handed out */
    size_t number;
    bool over;
    int ending; /* see rf_lines_end */
};

rf_lines *rf_lines_open(const char *path, rf_error *err)
{
    rfi_stream in;
    if (rfi_stream_open(&in, path, err)) return NULL;
    rf_lines *r = calloc(1, sizeof *r);
    if (r) *r = (rf_lines){.in = in, .name = strdup(rf_input_name(path)), .buf = malloc(CHUNK)};
    if (r && r->name && r->buf) {
        r->cap = CHUNK;
        return r;
    }
    rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    if (!r) rfi_stream_close(&in);
    rf_lines_free(r);
    return NULL;
}

void rf_lines_free(rf_lines *r)
{
    if (!r) return;
    rfi_stream_close(&r->in);
    free(r->name);
    free(r->buf);
    free(r);
}

/* Read more behind what is left, which moves to the front; one byte stays free for a NUL. */
static int refill(rf_lines *r, rf_error *err)
{
    if (r->start) memmove(r->buf, r->buf + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    if (r->end > LINE_MAX_BYTES)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: a line over 1 GiB", r->name, r->number + 1);
    if (r->cap - r->end <= CHUNK / 2) {
        char *buf = realloc(r->buf, 2 * r->cap);
        if (!buf) return rf_fail(err, RF_ENOMEM, "%s:%zu: no memory", r->name, r->number + 1);
        r->buf = buf;
        r->cap *= 2;
    }
    size_t room = r->cap - r->end - 1;
    const unsigned most = room < CHUNK ? (unsigned)room : CHUNK;
    int n = rfi_stream_read(&r->in, r->name, r->buf + r->end, most, err);
    if (n > 0) r->end += (size_t)n;
    if (n == 0) r->over = true;
    return n;
}

int rf_lines_next(rf_lines *r, const char **line, size_t *n, rf_error *err)
{
    size_t seen = 0;
    char *nl;
    while (!(nl = memchr(r->buf + r->start + seen, '\n', r->end - r->start - seen)) && !r->over) {
        seen = r->end - r->start;
        int st = refill(r, err);
        if (st < 0) return st;
    }
    if (!nl && r->start == r->end) return 0;
    char *begin = r->buf + r->start, *stop = nl ? nl : r->buf + r->end;
    r->start = (size_t)(stop - r->buf) + (nl != NULL);
    r->number++;
    r->ending = nl != NULL;
    if (nl && stop > begin && stop[-1] == '\r') {
        r->ending = 2;
        stop--;
    }
    *stop = '\0';
    *line = begin;
    if (n) *n = (size_t)(stop - begin);
    return 1;
}

rf_status rf_lines_each(const char *path,
                        rf_status (*each)(void *ctx, const rf_lines *in, const char *line, size_t n,
                                          rf_error *err),
                        void *ctx, rf_error *err)
{
    rf_lines *in = rf_lines_open(path, err);
    const char *line;
    size_t n;
    int more = 1;
    rf_status st = in ? RF_OK : err->status;
    while (!st && (more = rf_lines_next(in, &line, &n, err)) > 0) st = each(ctx, in, line, n, err);
    rf_lines_free(in);
    return st ? st : more < 0 ? more : RF_OK;
}

int rf_lines_end(const rf_lines *r) { return r->ending; }

bool rf_lines_ready(const rf_lines *r)
{
    return r->over || memchr(r->buf + r->start, '\n', r->end - r->start) ||
           rfi_stream_ready(&r->in);
}

size_t rf_lines_number(const rf_lines *r) { return r->number; }

const char *rf_lines_name(const rf_lines *r) { return r->name; }
