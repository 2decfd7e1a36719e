/* lab/csv.h -- comma-separated values, row by row.
 *
 *     lab_csv c;
 *     rf_status st = lab_csv_open(&c, path, 0, &where, &err);
 *     while (!st && lab_csv_next(&c, &st, &err)) use(c.field, c.count);
 *     lab_csv_close(&c);
 *
 * As RFC 4180: a field in quotes may hold separators, line ends and doubled quotes; a quote within a
 * field that does not begin with one is a character.  Lines end in LF or CR LF; empty lines are
 * passed over.  In tab-separated values quotes are characters always, and between blanks, too:
 * there, any number of blanks and tabs separates, and those at both ends of a line do not count. */
#ifndef LAB_CSV_H
#define LAB_CSV_H

#include <refrain/base.h>

/* One field of a row, valid until the next. */
typedef struct lab_csv_field {
    const char *s; /* without its quotes; UTF-8, NUL-terminated */
    size_t n;
    size_t at; /* the byte of the text where it begins, its quote included */
} lab_csv_field;

/* Read-only to its users. */
typedef struct lab_csv {
    lab_csv_field *field; /* [count] */
    size_t count;
    size_t line;    /* where the row begins, from 1 */
    char separator; /* between fields */
    bool gap;       /* empty lines stand before this row */
    /* Its own. */
    const char *name, *text;
    size_t n, next, next_line, cap;
    rf_str whole, row;
    rf_str *where;
} lab_csv;

/* Read a file (see rf_text_read: gzip, "-"), or lend `n` bytes of UTF-8 named `name`.
 *
 *   separator  0: whichever of comma, semicolon and tab the first line has most; ' ': blanks
 *   where      what a failure points at, as lab_mark sets it; NULL: no need
 *
 * Close it even after an error.  Errors: those of rf_text_read. */
rf_status lab_csv_open(lab_csv *c, const char *path, char separator, rf_str *where, rf_error *err);
void lab_csv_lend(lab_csv *c, const char *text, size_t n, const char *name, char separator,
                  rf_str *where);
void lab_csv_close(lab_csv *c);

/* The next row; false at the end, or with a failure in *st: EFORMAT "a.csv:3:14: the quote is not
 * closed", ENOMEM. */
bool lab_csv_next(lab_csv *c, rf_status *st, rf_error *err);

/* Say what is wrong with field i of this row (count: with its end): "a.csv:3:14: " and the message,
 * line and character from 1.  Returns EFORMAT. */
rf_status lab_csv_wrong(lab_csv *c, size_t i, rf_error *err, const char *fmt, ...) RF_PRINTF(4, 5);
/* Field i as a finite decimal number.  Errors: EFORMAT "a.csv:3:14: 'mild' where a number is due". */
rf_status lab_csv_number(lab_csv *c, size_t i, double *out, rf_error *err);
/* Errors: EFORMAT "a.csv:3:14: 5 fields where 4 are due", at the first that is too much or lacking. */
rf_status lab_csv_expect(lab_csv *c, size_t count, rf_error *err);

#endif
