/* io/stream.h -- bytes as they come: of files, and of pipes and terminals without waiting for more. */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include "io/system.h"

typedef struct rfi_stream {
    gzFile file;       /* a regular file; or NULL */
    int fd;            /* a pipe or a terminal; or -1 */
    bool begun, whole; /* something was read; gzip stands between two of its members */
    z_stream *unzip;   /* NULL: no gzip */
    unsigned char *packed;
} rfi_stream;

/* Plain and gzip alike.  Errors: those of rfi_input_open. */
rf_status rfi_stream_open(rfi_stream *s, const char *path, rf_error *err);
void rfi_stream_close(rfi_stream *s);
/* As rfi_input_read, n at least 2; of a pipe what is there, as soon as there is any. */
int rfi_stream_read(rfi_stream *s, const char *name, void *buf, unsigned n, rf_error *err);
/* Whether reading would not wait. */
bool rfi_stream_ready(const rfi_stream *s);

#endif
