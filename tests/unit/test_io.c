/* test_io.c -- reading whole files and lines, and writing that never leaves half a file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <refrain/io.h>
#include <zlib.h>

#include "../suite.h"

static char folder[] = "/tmp/refrain-io-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][300];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static void put_file(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fwrite(bytes, 1, n, f);
    fclose(f);
}

static void put_gzip(const char *path, const char *bytes, size_t n)
{
    gzFile f = gzopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    gzwrite(f, bytes, (unsigned)n);
    gzclose(f);
}

static bool file_is(const char *path, const char *bytes)
{
    rf_str s = {0};
    bool is = rf_file_read(path, 0, &s, NULL) == RF_OK && !strcmp(s.s, bytes);
    rf_str_free(&s);
    return is;
}

/* Files in the folder whose names hold "refrain-tmp". */
static int leftovers(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) n += strstr(e->d_name, "refrain-tmp") != NULL;
    closedir(d);
    return n;
}

static void expect_error(const char *path, size_t limit, rf_status status, const char *words)
{
    rf_error err = {0};
    rf_str s = {0};
    rf_str_put(&s, "before");
    CU_ASSERT_EQUAL(rf_file_read(path, limit, &s, &err), status);
    CU_ASSERT_EQUAL(err.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
    if (!strstr(err.text, words)) printf("'%s' where '%s' is due\n", err.text, words);
    CU_ASSERT_STRING_EQUAL(s.s, "before");
    rf_str_free(&s);
}

static void read_plain_and_gzip(void)
{
    enum { N = 700000 };
    char *big = malloc(N);
    for (uint32_t i = 0; i < N; i++) big[i] = (char)(i * 2654435761u >> 13);
    const char *paths[] = {in_folder("plain"), in_folder("packed.gz")};
    put_file(paths[0], big, N);
    put_gzip(paths[1], big, N);
    for (int k = 0; k < 2; k++) {
        rf_str s = {0};
        CU_ASSERT_EQUAL(rf_file_read(paths[k], 0, &s, NULL), RF_OK);
        CU_ASSERT_EQUAL_FATAL(s.n, N);
        CU_ASSERT_EQUAL(memcmp(s.s, big, N), 0);
        rf_str_free(&s);
    }
    expect_error(paths[0], N - 1, RF_EFORMAT, "longer than 699999 bytes");
    expect_error(paths[1], 1000, RF_EFORMAT, "longer than 1000 bytes");
    free(big);
}

static void read_failures(void)
{
    expect_error(in_folder("missing"), 0, RF_EIO, "/missing: no such file");
    expect_error(folder, 0, RF_EIO, "is a directory");
    put_file(in_folder("empty"), "", 0);
    expect_error(in_folder("empty"), 0, RF_EFORMAT, "/empty: the file is empty");
    put_file(in_folder("bad.gz"), "\x1f\x8b\x08\0garbage garbage garbage", 27);
    expect_error(in_folder("bad.gz"), 0, RF_EFORMAT, "damaged gzip");
}

static void read_truncated_gzip(void)
{
    rf_str s = {0};
    char text[5000];
    for (int i = 0; i < 5000; i++) text[i] = (char)(i * i % 251);
    put_gzip(in_folder("t.gz"), text, sizeof text);
    FILE *f = fopen(in_folder("t.gz"), "rb");
    char packed[8000];
    size_t n = fread(packed, 1, sizeof packed, f);
    fclose(f);
    put_file(in_folder("t.gz"), packed, n - 20);
    expect_error(in_folder("t.gz"), 0, RF_EFORMAT, "truncated gzip");
    packed[n - 6] ^= 1; /* the checksum at its end */
    put_file(in_folder("t.gz"), packed, n);
    expect_error(in_folder("t.gz"), 0, RF_EFORMAT, "damaged gzip");
    rf_str_free(&s);
}

static void read_standard_input(void)
{
    int saved = dup(0);
    put_file(in_folder("in"), "from stdin", 10);
    CU_ASSERT_PTR_NOT_NULL_FATAL(freopen(in_folder("in"), "rb", stdin));
    rf_str s = {0};
    CU_ASSERT_EQUAL(rf_file_read("-", 0, &s, NULL), RF_OK);
    CU_ASSERT_STRING_EQUAL(s.s, "from stdin");
    rf_str_free(&s);
    expect_error("-", 0, RF_EFORMAT, "standard input: the file is empty");
    dup2(saved, 0);
    close(saved);
}

static void lines_of_a_file(void)
{
    static const char *const due[] = {"one", "", "two\rx", "three", "last"};
    const char *text = "one\n\ntwo\rx\r\nthree\nlast", *line;
    size_t n;
    put_gzip(in_folder("l.gz"), text, strlen(text));
    rf_lines *r = rf_lines_open(in_folder("l.gz"), NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL_FATAL(rf_lines_next(r, &line, &n, NULL), 1);
        CU_ASSERT_STRING_EQUAL(line, due[i]);
        CU_ASSERT_EQUAL(n, strlen(due[i]));
        CU_ASSERT_EQUAL(rf_lines_number(r), i + 1);
    }
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, &n, NULL), 0);
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, &n, NULL), 0);
    rf_lines_free(r);
    rf_lines_free(NULL);
}

/* Of a pipe, lines come as soon as they are written. */
static void lines_of_a_pipe(void)
{
    int ends[2];
    char path[64];
    const char *line;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    rf_lines *r = rf_lines_open(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_FALSE(rf_lines_ready(r));
    CU_ASSERT_EQUAL(write(ends[1], "one\ntw", 6), 6);
    CU_ASSERT_TRUE(rf_lines_ready(r));
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, NULL, NULL), 1);
    CU_ASSERT_STRING_EQUAL(line, "one");
    CU_ASSERT_FALSE(rf_lines_ready(r));
    CU_ASSERT_EQUAL(write(ends[1], "o\nend", 5), 5);
    CU_ASSERT_TRUE(rf_lines_ready(r));
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, NULL, NULL), 1);
    CU_ASSERT_STRING_EQUAL(line, "two");
    close(ends[1]);
    CU_ASSERT_TRUE(rf_lines_ready(r));
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, NULL, NULL), 1);
    CU_ASSERT_STRING_EQUAL(line, "end");
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, NULL, NULL), 0);
    rf_lines_free(r);
    close(ends[0]);
}

/* Write the first n bytes of a file `times` times to a pipe and read its lines back: how many, or a
 * status. */
static int lines_through_a_pipe(const char *file, size_t n, int times, rf_error *err)
{
    int ends[2], lines = 0, st;
    char path[64], bytes[512];
    const char *line;
    FILE *f = fopen(file, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    const size_t got = fread(bytes, 1, n < sizeof bytes ? n : sizeof bytes, f);
    fclose(f);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    for (int i = 0; i < times; i++) CU_ASSERT_EQUAL(write(ends[1], bytes, got), (ssize_t)got);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    rf_lines *r = rf_lines_open(path, err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    close(ends[1]);
    while ((st = rf_lines_next(r, &line, NULL, err)) > 0) {
        CU_ASSERT_STRING_EQUAL(line, lines % 2 ? "bb" : "aa");
        lines++;
    }
    rf_lines_free(r);
    close(ends[0]);
    return st < 0 ? st : lines;
}

static void gzip_through_a_pipe(void)
{
    rf_error err = {0};
    put_gzip(in_folder("p.gz"), "aa\nbb\n", 6);
    CU_ASSERT_EQUAL(lines_through_a_pipe(in_folder("p.gz"), 512, 1, &err), 2);
    CU_ASSERT_EQUAL(lines_through_a_pipe(in_folder("p.gz"), 512, 3, &err), 6);
    CU_ASSERT_EQUAL(lines_through_a_pipe(in_folder("p.gz"), 20, 1, &err), RF_EFORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "truncated gzip"));
    put_file(in_folder("p"), "\x1f\x8b\x08zzzzzzzzzzzz", 15);
    CU_ASSERT_EQUAL(lines_through_a_pipe(in_folder("p"), 512, 1, NULL), RF_EFORMAT);
    put_file(in_folder("p"), "aa\nbb", 5);
    CU_ASSERT_EQUAL(lines_through_a_pipe(in_folder("p"), 512, 1, NULL), 2);
    put_file(in_folder("p"), "", 0);
    CU_ASSERT_EQUAL(lines_through_a_pipe(in_folder("p"), 512, 1, NULL), 0);
}

static void long_lines(void)
{
    rf_str text = {0};
    for (int k = 0; k < 40; k++) {
        for (int i = 0; i < k * 20011; i++) rf_str_add(&text, &"abcdefghij"[i % 10], 1);
        rf_str_put(&text, "\n");
    }
    put_file(in_folder("long"), text.s, text.n);
    rf_lines *r = rf_lines_open(in_folder("long"), NULL);
    const char *line;
    size_t n, at = 0;
    for (size_t k = 0; k < 40; k++) {
        CU_ASSERT_EQUAL_FATAL(rf_lines_next(r, &line, &n, NULL), 1);
        CU_ASSERT_EQUAL_FATAL(n, k * 20011);
        CU_ASSERT_EQUAL(memcmp(line, text.s + at, n), 0);
        at += n + 1;
    }
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, &n, NULL), 0);
    rf_lines_free(r);
    rf_str_free(&text);
}

static void lines_fail(void)
{
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(rf_lines_open(in_folder("missing"), &err));
    CU_ASSERT_EQUAL(err.status, RF_EIO);
    put_file(in_folder("bad.gz"), "\x1f\x8b\x08\0garbage garbage garbage", 27);
    rf_lines *r = rf_lines_open(in_folder("bad.gz"), NULL);
    const char *line;
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_lines_next(r, &line, NULL, &err), RF_EFORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "damaged gzip"));
    rf_lines_free(r);
}

static void write_commit_and_abort(void)
{
    const char *path = in_folder("w");
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_file_write(path, "old", 3, &err), RF_OK);
    rf_writer *w = rf_writer_begin(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    for (int i = 0; i < 50000; i++) CU_ASSERT_EQUAL(rf_writer_write(w, "abcdefg", 7, &err), RF_OK);
    CU_ASSERT(file_is(path, "old"));
    CU_ASSERT_EQUAL(leftovers(), 1);
    rf_writer_abort(w);
    CU_ASSERT_EQUAL(leftovers(), 0);
    CU_ASSERT(file_is(path, "old"));
    w = rf_writer_begin(path, &err);
    rf_writer_write(w, "new", 3, &err);
    CU_ASSERT_EQUAL(rf_writer_commit(w, &err), RF_OK);
    CU_ASSERT(file_is(path, "new"));
    CU_ASSERT_EQUAL(leftovers(), 0);
    rf_writer_abort(NULL);
}

static void write_keeps_mode_and_links(void)
{
    struct stat st;
    const char *path = in_folder("mode"), *link = in_folder("link");
    rf_file_write(path, "a", 1, NULL);
    chmod(path, 0640);
    CU_ASSERT_EQUAL(symlink("mode", link), 0);
    CU_ASSERT_EQUAL(rf_file_write(link, "b", 1, NULL), RF_OK);
    CU_ASSERT(file_is(path, "b"));
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0640);
    CU_ASSERT_EQUAL(lstat(link, &st), 0);
    CU_ASSERT(S_ISLNK(st.st_mode));
}

static void write_fails(const char *path, const char *words)
{
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_file_write(path, "x", 1, &err), RF_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
    if (!strstr(err.text, words)) printf("'%s' where '%s' is due\n", err.text, words);
}

static void write_failures(void)
{
    write_fails(in_folder("no/such/folder"), "no such file or directory");
    write_fails(folder, "is a directory");
    write_fails("/dev/full", "/dev/full: cannot write: no space left on the disk");
    CU_ASSERT_EQUAL(rf_file_write("/dev/null", "x", 1, NULL), RF_OK);
}

/* A full disk is played by a limit on the size of files. */
static void write_on_a_full_disk(void)
{
    const char *path = in_folder("full");
    rf_error err = {0};
    struct rlimit old, low;
    rf_file_write(path, "precious", 8, NULL);
    getrlimit(RLIMIT_FSIZE, &old);
    low = (struct rlimit){100000, old.rlim_max};
    char *big = calloc(1, 300000);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &low), 0);
    rf_status st = rf_file_write(path, big, 300000, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    CU_ASSERT_EQUAL(st, RF_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot write: the file would grow over the limit"));
    CU_ASSERT(file_is(path, "precious"));
    CU_ASSERT_EQUAL(leftovers(), 0);
    free(big);
}

static void write_takes_over_what_a_killed_one_left(void)
{
    rf_error err = {0};
    put_file(in_folder(".k.refrain-tmp"), "left by a killed process", 24);
    CU_ASSERT_EQUAL(rf_file_write(in_folder("k"), "ok", 2, NULL), RF_OK);
    CU_ASSERT(file_is(in_folder("k"), "ok"));
    CU_ASSERT_EQUAL(leftovers(), 0);
    rf_writer *first = rf_writer_begin(in_folder("k"), NULL);
    CU_ASSERT_PTR_NULL(rf_writer_begin(in_folder("k"), &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "another process is writing"));
    CU_ASSERT_EQUAL(rf_writer_commit(first, NULL), RF_OK);
}

static void write_in_the_working_folder(void)
{
    char old[1000];
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(old, sizeof old));
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
    CU_ASSERT_EQUAL(rf_file_write("here", "yes", 3, NULL), RF_OK);
    CU_ASSERT(file_is("here", "yes"));
    CU_ASSERT_EQUAL(chdir(old), 0);
    CU_ASSERT_EQUAL(leftovers(), 0);
}

static int set_up(void) { return mkdtemp(folder) == NULL; }

static int tear_down(void)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' || e->d_name[1] == 'k') unlink(in_folder(e->d_name));
    closedir(d);
    return rmdir(folder) != 0;
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"read plain and gzip", read_plain_and_gzip},
        {"read failures", read_failures},
        {"read truncated gzip", read_truncated_gzip},
        {"read standard input", read_standard_input},
        {"lines of a file", lines_of_a_file},
        {"lines of a pipe", lines_of_a_pipe},
        {"gzip through a pipe", gzip_through_a_pipe},
        {"long lines", long_lines},
        {"lines fail", lines_fail},
        {"write, commit and abort", write_commit_and_abort},
        {"write keeps mode and links", write_keeps_mode_and_links},
        {"write failures", write_failures},
        {"write on a full disk", write_on_a_full_disk},
        {"write takes over what a killed one left", write_takes_over_what_a_killed_one_left},
        {"write in the working folder", write_in_the_working_folder},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {
        {.pName = "io", .pInitFunc = set_up, .pCleanupFunc = tear_down, .pTests = tests},
        CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
