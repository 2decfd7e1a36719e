/* lab/table.h -- numeric columns of a CSV file, in the order of time. */
#ifndef LAB_TABLE_H
#define LAB_TABLE_H

#include <refrain/base.h>

typedef struct lab_table {
    size_t rows, columns;
    double *x;    /* [rows,columns] */
    double *time; /* [rows] rising; of dates, days since 1970; without a column the row's number */
    char **when;  /* [rows] time as it stands in the file; NULL without a column */
    bool dates;   /* whether times are dates */
} lab_table;

/* Read the named columns, in that order.
 *
 *   name   [count] names in the first line
 *   time   a column of numbers or of dates (2024-02-29, 2024-02-29T18:30 or 2024-02-29 18:30:05), which
 *          must rise; NULL: the one called date, time, datetime or timestamp, if any
 *
 * Other columns may hold anything.  Free it even after an error.  Errors: EIO; EFORMAT: no such
 * column, rows of other lengths, cells that are no numbers: the message names line and character,
 * and `where` is set as lab_mark sets it; ENOMEM. */
rf_status lab_table_read(lab_table *t, const char *path, const char *const *name, size_t count,
                         const char *time, rf_str *where, rf_error *err);
void lab_table_free(lab_table *t);

/* Days since 1970-01-01, of a date with or without a time of day; false: it is none. */
bool lab_date_parse(const char *text, double *days);
/* The other way round, "2024-02-29" or, unless at midnight, "2024-02-29T18:30". */
void lab_date_text(double days, char out[32]);

#endif
