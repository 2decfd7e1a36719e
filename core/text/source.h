/* text/source.h -- lines of text to read tagged words from: of a file or of memory, checked. */
#ifndef TEXT_SOURCE_H
#define TEXT_SOURCE_H

#include <refrain/io.h>

typedef struct rfi_source {
    rf_lines *lines; /* NULL: memory */
    const char *text;
    size_t left;
    const char *name;
    size_t number; /* of the last line, from 1 */
    int ending;    /* of the last line, as rf_lines_end; crlf: of the first */
    bool crlf;
} rfi_source;

rf_status rfi_source_open(rfi_source *s, const char *path, rf_error *err);
void rfi_source_lend(rfi_source *s, const char *text, size_t n, const char *name);
void rfi_source_close(rfi_source *s);
/* The next line without its end and, the first, without a byte order mark; not NUL-terminated.
 * 1: a line; 0: no more; negative: a status.  Errors: EFORMAT (not UTF-8, NUL or CR within it, over RFI_LINE_LIMIT
 * bytes, another end than the lines before), those of rf_lines_next. */
int rfi_source_next(rfi_source *s, const char **line, size_t *n, rf_error *err);

#define RFI_LINE_LIMIT ((size_t)64 << 20)

/* The first bytes of a text, whole characters, for a message: without control characters. */
#define RFI_SHOWN 48
const char *rfi_shown(const char *s, size_t n, char buf[RFI_SHOWN]);

#endif
