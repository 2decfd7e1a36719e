/* refrain/io.h -- whole files, lines of files, and writes that never leave half a file behind.
 *
 * Reading takes "-" for standard input and unpacks gzip by itself.  Messages name the file as the
 * user gave it.  Models are in model.h. */
#ifndef REFRAIN_IO_H
#define REFRAIN_IO_H

#include <refrain/base.h>

RF_BEGIN

/* ---- Reading ----------------------------------------------------------------------------------- */

/* What rf_file_read takes at most unless told otherwise: 4 GiB after unpacking. */
#define RF_FILE_LIMIT ((size_t)1 << 32)

/* Append a whole file to `out`, unpacked if it is gzip.
 *
 *   path   "-" is standard input
 *   limit  most bytes to take, after unpacking; 0 is RF_FILE_LIMIT
 *
 * Errors: EIO (missing, a directory, unreadable), EFORMAT (empty, damaged gzip, over the limit).
 * Then `out` holds what it held before. */
RF_API rf_status rf_file_read(const char *path, size_t limit, rf_str *out, rf_error *err);

/* How messages name a path: "-" is "standard input". */
RF_API const char *rf_input_name(const char *path);

/* Lines of a file that need not fit into memory. */
typedef struct rf_lines rf_lines;

/* NULL with err: as rf_file_read; an empty file is a file without lines here. */
RF_API rf_lines *rf_lines_open(const char *path, rf_error *err);
RF_API void rf_lines_free(rf_lines *r);
/* The next line without its "\n" or "\r\n", NUL-terminated, valid until the next call.
 * 1: a line; 0: no more; negative: a status (EIO; EFORMAT: damaged gzip, a line over 1 GiB). */
RF_API int rf_lines_next(rf_lines *r, const char **line, size_t *n, rf_error *err);
/* All lines of a file, until one is not RF_OK: `in` tells where it stands.
 * Errors: those of rf_lines_open, rf_lines_next and `each`. */
RF_API rf_status rf_lines_each(const char *path,
                               rf_status (*each)(void *ctx, const rf_lines *in, const char *line,
                                                 size_t n, rf_error *err),
                               void *ctx, rf_error *err);
/* How the last line ended: 0: with the file; 1: LF; 2: CR LF. */
RF_API int rf_lines_end(const rf_lines *r);
/* Whether more can be read without waiting for a pipe or a terminal, as far as is known: if not, it
 * is time to answer what was read. */
RF_API bool rf_lines_ready(const rf_lines *r);
/* Where the last line stood, for messages: number from 1, and the file's name. */
RF_API size_t rf_lines_number(const rf_lines *r);
RF_API const char *rf_lines_name(const rf_lines *r);

/* ---- Writing ----------------------------------------------------------------------------------- */

/* A file in the making: bytes go to a hidden file ".NAME.refrain-tmp" beside it, and commit flushes
 * it to disk and gives it its name in one step.  Until then, and after any failure, the old file is
 * untouched.  A symbolic link keeps pointing; its target is replaced.  What is no regular file (a
 * pipe, /dev/null) is written directly; "-" is standard output. */
typedef struct rf_writer rf_writer;

/* NULL with err: EIO (folder missing, no permission, another process is writing the same file). */
RF_API rf_writer *rf_writer_begin(const char *path, rf_error *err);
/* Errors: EIO, for instance a full disk.  The caller still ends the writer with abort. */
RF_API rf_status rf_writer_write(rf_writer *w, const void *bytes, size_t n, rf_error *err);
/* Both end the writer and free it, whatever they return. */
RF_API rf_status rf_writer_commit(rf_writer *w, rf_error *err);
RF_API void rf_writer_abort(rf_writer *w);

/* begin, write, commit. */
RF_API rf_status rf_file_write(const char *path, const void *bytes, size_t n, rf_error *err);

RF_END
#endif
