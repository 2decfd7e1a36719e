/* io/stream.c -- see stream.h.
 *
 * zlib's files wait until a large buffer is full; so pipes are read, and unpacked, here. */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKED    (1u << 16)
#define GZIP_ONLY (15 + 16)

static bool is_pipe(const char *path)
{
    struct stat st;
    const int failed = strcmp(path, "-") ? stat(path, &st) : fstat(STDIN_FILENO, &st);
    return !failed && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

rf_status rfi_stream_open(rfi_stream *s, const char *path, rf_error *err)
{
    char reason[RFI_REASON];
    *s = (rfi_stream){.fd = -1, .whole = true};
    if (!is_pipe(path)) {
        s->file = rfi_input_open(path, err);
        return s->file ? RF_OK : err ? err->status : RF_EIO;
    }
    s->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    if (s->fd >= 0) return RF_OK;
    return rf_fail(err, RF_EIO, "%s: %s", rf_input_name(path), rfi_reason(errno, reason));
}

void rfi_stream_close(rfi_stream *s)
{
    if (s->file) gzclose(s->file);
    if (s->fd >= 0) close(s->fd);
    if (s->unzip) inflateEnd(s->unzip);
    free(s->unzip);
    free(s->packed);
    *s = (rfi_stream){.fd = -1};
}

/* What is there, at least one byte; 0: the end. */
static int read_some(const rfi_stream *s, const char *name, void *buf, unsigned n, rf_error *err)
{
    char reason[RFI_REASON];
    ssize_t got;
    do got = read(s->fd, buf, n);
    while (got < 0 && errno == EINTR);
    if (got >= 0) return (int)got;
    return rf_fail(err, RF_EIO, "%s: %s", name, rfi_reason(errno, reason));
}

static rf_status begin_unzip(rfi_stream *s, const void *first, unsigned n, rf_error *err)
{
    s->unzip = calloc(1, sizeof *s->unzip);
    s->packed = malloc(PACKED > n ? PACKED : n);
    if (!s->unzip || !s->packed || inflateInit2(s->unzip, GZIP_ONLY) != Z_OK)
        return rf_no_memory(err);
    memcpy(s->packed, first, n);
    s->unzip->next_in = s->packed;
    s->unzip->avail_in = n;
    return RF_OK;
}

static int read_unzipped(rfi_stream *s, const char *name, void *buf, unsigned n, rf_error *err)
{
    z_stream *z = s->unzip;
    z->next_out = buf;
    z->avail_out = n;
    while (z->avail_out == n) {
        if (!z->avail_in) {
            const int got = read_some(s, name, s->packed, PACKED, err);
            if (got < 0) return got;
            if (!got && s->whole) return 0;
            if (!got) return rf_fail(err, RF_EFORMAT, "%s: truncated gzip file", name);
            z->next_in = s->packed;
            z->avail_in = (unsigned)got;
        }
        const int st = inflate(z, Z_NO_FLUSH);
        if (st != Z_OK && st != Z_STREAM_END)
            return rf_fail(err, RF_EFORMAT, "%s: damaged gzip file", name);
        s->whole = st == Z_STREAM_END;
        if (s->whole) inflateReset(z);
    }
    return (int)(n - z->avail_out);
}

/* The first two bytes tell gzip from text. */
static int read_first(rfi_stream *s, const char *name, unsigned char *buf, unsigned n,
                      rf_error *err)
{
    unsigned have = 0;
    int got = 1;
    s->begun = true;
    while (have < 2 && got > 0) {
        got = read_some(s, name, buf + have, n - have, err);
        if (got < 0) return got;
        have += (unsigned)got;
        if (have && buf[0] != 0x1f) break;
    }
    if (have < 2 || buf[0] != 0x1f || buf[1] != 0x8b) return (int)have;
    const rf_status st = begin_unzip(s, buf, have, err);
    return st ? st : read_unzipped(s, name, buf, n, err);
}

int rfi_stream_read(rfi_stream *s, const char *name, void *buf, unsigned n, rf_error *err)
{
    if (s->file) return rfi_input_read(s->file, name, buf, n, err);
    if (!s->begun) return read_first(s, name, buf, n, err);
    return s->unzip ? read_unzipped(s, name, buf, n, err) : read_some(s, name, buf, n, err);
}

bool rfi_stream_ready(const rfi_stream *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    return s->file || poll(&p, 1, 0) > 0;
}
