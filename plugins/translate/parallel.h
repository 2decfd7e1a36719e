/* translate/parallel.h -- texts as lists of lines, and parallel texts: line i of one side translates
 * line i of the other. */
#ifndef TRANSLATE_PARALLEL_H
#define TRANSLATE_PARALLEL_H

#include <refrain/io.h>
#include <refrain/text.h>

/* Lines of valid UTF-8 without NUL bytes and line ends.  Start it as {0}. */
typedef struct tr_text {
    rf_str bytes; /* the lines, a NUL behind each */
    size_t *at;   /* [n]: where each begins */
    size_t n, cap;
} tr_text;

void tr_text_free(tr_text *t);
void tr_text_clear(tr_text *t);
/* False: no memory. */
bool tr_text_add(tr_text *t, const char *line, size_t n);
/* Line i, NUL-terminated.  n may be NULL. */
const char *tr_text_line(const tr_text *t, size_t i, size_t *n);
/* Append the lines of a file ("-": standard input).
 * Errors: EIO; EFORMAT "a.zh:3:7: byte 0xff is not UTF-8", "a.zh:3:7: a NUL byte"; ENOMEM. */
rf_status tr_text_read(tr_text *t, const char *path, rf_error *err);
/* The same of a text in memory, for which `name` stands in messages. */
rf_status tr_text_parse(tr_text *t, const char *text, size_t n, const char *name, rf_error *err);

typedef struct tr_parallel {
    tr_text side[2]; /* source, target: as many lines each */
} tr_parallel;

/* What of a table is which side: columns from 1.  All rows have as many columns as the first. */
typedef struct tr_columns {
    int32_t side[2];
} tr_columns;

#define TR_COLUMNS ((tr_columns){{1, 2}})

void tr_parallel_free(tr_parallel *p);
/* Append two files, line by line.  Errors: those of tr_text_read; EFORMAT "a.zh:4: no line of a.en is its
 * translation: that has 3". */
rf_status tr_parallel_read_files(tr_parallel *p, const char *source, const char *target,
                                 rf_error *err);
/* Append a table: columns apart by tabs.  Errors: those of tr_text_read; EFORMAT "a.tsv:3: 1 column where
 * 3 are due". */
rf_status tr_parallel_read_table(tr_parallel *p, const char *path, tr_columns columns,
                                 rf_error *err);
/* The same of a table in memory. */
rf_status tr_parallel_parse(tr_parallel *p, const char *text, size_t n, const char *name,
                            tr_columns columns, rf_error *err);
/* Columns "2,1" as the option `option` ("--columns") gives them.  Errors: EINVAL. */
rf_status tr_columns_parse(const char *text, const char *option, tr_columns *out, rf_error *err);

#endif
