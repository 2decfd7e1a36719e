/* io/writer.c -- files that are written whole or not at all.
 *
 * Invariant: the name NAME always stands for a complete file.  Bytes go to ".NAME.refrain-tmp" in
 * the same folder, under a lock; commit syncs it, renames it and syncs the folder.  A process that
 * was killed leaves at most this one file behind, and the next writer takes it over. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/system.h"

#define BUFFER ((size_t)1 << 16)

struct rf_writer {
    int fd;
    bool direct; /* no temporary file: a pipe, a device, standard output */
    char *name;  /* as the caller calls it */
    char *path;  /* the file to replace, links resolved */
    char *tmp;
    size_t n;
    char buffer[BUFFER];
};

static rf_status fail_system(rf_writer *w, const char *doing, rf_error *err)
{
    char buf[RFI_REASON];
    int number = errno;
    return rf_fail(err, RF_EIO, "%s: cannot %s: %s", w->name, doing, rfi_reason(number, buf));
}

static void free_writer(rf_writer *w)
{
    if (w->fd >= 0) close(w->fd);
    free(w->name);
    free(w->path);
    free(w->tmp);
    free(w);
}

/* Bytes of the path up to its last '/', that included. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static bool name_files(rf_writer *w, const char *path, bool exists)
{
    w->path = exists ? realpath(path, NULL) : strdup(path);
    if (!w->path) return false;
    size_t n = folder_length(w->path);
    return asprintf(&w->tmp, "%.*s.%s.refrain-tmp", (int)n, w->path, w->path + n) >= 0 ||
           (w->tmp = NULL, false);
}

/* Open and lock the temporary file.  The lock may have come from a file that its owner has renamed in
 * between: then the name stands for another file, or none, and it is tried again. */
static rf_status open_locked(rf_writer *w, rf_error *err)
{
    struct stat mine, named;
    for (int tries = 0; tries < 100; tries++) {
        w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (w->fd < 0) return fail_system(w, "write", err);
        if (flock(w->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
            return rf_fail(err, RF_EIO, "%s: another process is writing this file", w->name);
        if (!fstat(w->fd, &mine) && !stat(w->tmp, &named) && mine.st_ino == named.st_ino &&
            mine.st_dev == named.st_dev)
            return ftruncate(w->fd, 0) ? fail_system(w, "write", err) : RF_OK;
        close(w->fd);
        w->fd = -1;
    }
    return rf_fail(err, RF_EIO, "%s: other processes keep replacing this file", w->name);
}

static rf_status open_beside(rf_writer *w, const char *path, const struct stat *old, rf_error *err)
{
    if (old && access(path, W_OK)) return fail_system(w, "write", err);
    if (!name_files(w, path, old != NULL)) return fail_system(w, "write", err);
    rf_status st = open_locked(w, err);
    if (st == RF_OK && old && fchmod(w->fd, old->st_mode & 0777))
        return RF_OK; /* not ours: as it is */
    return st;
}

static rf_status open_direct(rf_writer *w, const char *path, rf_error *err)
{
    w->direct = true;
    w->fd = path ? open(path, O_WRONLY | O_CLOEXEC) : dup(STDOUT_FILENO);
    return w->fd < 0 ? fail_system(w, "write", err) : RF_OK;
}

static rf_status open_any(rf_writer *w, const char *path, rf_error *err)
{
    struct stat old;
    if (!strcmp(path, "-")) return open_direct(w, NULL, err);
    if (stat(path, &old)) return open_beside(w, path, NULL, err);
    if (S_ISREG(old.st_mode)) return open_beside(w, path, &old, err);
    if (!S_ISDIR(old.st_mode)) return open_direct(w, path, err);
    errno = EISDIR;
    return fail_system(w, "write", err);
}

rf_writer *rf_writer_begin(const char *path, rf_error *err)
{
    rf_writer *w = calloc(1, sizeof *w);
    if (w) w->fd = -1;
    if (w) w->name = strdup(strcmp(path, "-") ? path : "standard output");
    if (w && w->name && open_any(w, path, err) == RF_OK) return w;
    rf_fail(err, RF_ENOMEM, "%s: no memory to write it", path);
    if (w) free_writer(w);
    return NULL;
}

/* write(2), with a limit of the file's size as an error instead of a deadly signal.  Only this
 * thread's mask changes, and only for the call. */
static ssize_t write_some(int fd, const char *p, size_t n)
{
    sigset_t xfsz, old;
    sigemptyset(&xfsz);
    sigaddset(&xfsz, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &xfsz, &old);
    ssize_t k = write(fd, p, n);
    int number = errno;
    if (k < 0 && number == EFBIG && !sigismember(&old, SIGXFSZ))
        sigtimedwait(&xfsz, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = number;
    return k;
}

static rf_status write_all(rf_writer *w, const char *p, size_t n, rf_error *err)
{
    while (n) {
        ssize_t k = write_some(w->fd, p, n < (1u << 30) ? n : (1u << 30));
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return fail_system(w, "write", err);
        p += k;
        n -= (size_t)k;
    }
    return RF_OK;
}

static rf_status flush(rf_writer *w, rf_error *err)
{
    size_t n = w->n;
    w->n = 0;
    return write_all(w, w->buffer, n, err);
}

rf_status rf_writer_write(rf_writer *w, const void *bytes, size_t n, rf_error *err)
{
    if (n > BUFFER - w->n) {
        rf_status st = flush(w, err);
        if (st != RF_OK) return st;
        if (n >= BUFFER) return write_all(w, bytes, n, err);
    }
    if (n) memcpy(w->buffer + w->n, bytes, n);
    w->n += n;
    return RF_OK;
}

/* The name itself must survive a power cut too.  Not every file system can do it. */
static void sync_folder(const char *path)
{
    size_t n = folder_length(path);
    char *folder = n ? strndup(path, n) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

rf_status rf_writer_commit(rf_writer *w, rf_error *err)
{
    rf_status st = flush(w, err);
    if (st == RF_OK && !w->direct && fsync(w->fd)) st = fail_system(w, "write", err);
    if (st == RF_OK && !w->direct && rename(w->tmp, w->path)) st = fail_system(w, "rename", err);
    if (st != RF_OK) {
        rf_writer_abort(w);
        return st;
    }
    if (!w->direct) sync_folder(w->path);
    free_writer(w);
    return RF_OK;
}

void rf_writer_abort(rf_writer *w)
{
    if (!w) return;
    if (!w->direct) unlink(w->tmp);
    free_writer(w);
}

rf_status rf_file_write(const char *path, const void *bytes, size_t n, rf_error *err)
{
    rf_error own = {0};
    if (!err) err = &own;
    rf_writer *w = rf_writer_begin(path, err);
    if (!w) return err->status;
    rf_status st = rf_writer_write(w, bytes, n, err);
    if (st == RF_OK) return rf_writer_commit(w, err);
    rf_writer_abort(w);
    return st;
}
