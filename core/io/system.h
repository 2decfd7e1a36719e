/* io/system.h -- what the files of io share: reasons in words, and input that may be gzip. */
#ifndef IO_SYSTEM_H
#define IO_SYSTEM_H

#include <zlib.h>

#include <refrain/io.h>

/* Why the system refused, in words; `buf` may serve as room for them. */
#define RFI_REASON 128
const char *rfi_reason(int number, char buf[RFI_REASON]);

/* Open for reading; plain and gzip alike.  NULL with err. */
gzFile rfi_input_open(const char *path, rf_error *err);
/* Up to n bytes; 0: the end; negative: a status. */
int rfi_input_read(gzFile f, const char *name, void *buf, unsigned n, rf_error *err);

#endif
