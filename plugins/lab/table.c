/* lab/table.c -- see table.h. */
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/task.h>

#include "csv.h"

#define NONE      SIZE_MAX
#define MOST_ROWS ((size_t)10000000)

/* ---- Dates ------------------------------------------------------------------------------------- */

/* `n` digits at *s as a number, and pass them. */
static bool take_digits(const char **s, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9') return false;
        *out = *out * 10 + (**s - '0');
    }
    return true;
}

static bool take(const char **s, char c)
{
    if (**s != c) return false;
    (*s)++;
    return true;
}

/* Source: Hinnant, "chrono-compatible low-level date algorithms", days_from_civil. */
static double days_from_civil(int y, int m, int d)
{
    y -= m <= 2;
    const int era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    const int of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097.0 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468.0;
}

static bool is_day(int y, int m, int d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (y % 4 == 0 && y % 100) || y % 400 == 0;
    return m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

bool lab_date_parse(const char *text, double *days)
{
    int y, m, d, hour = 0, minute = 0, second = 0;
    if (!take_digits(&text, 4, &y) || !take(&text, '-') || !take_digits(&text, 2, &m) ||
        !take(&text, '-') || !take_digits(&text, 2, &d) || !is_day(y, m, d))
        return false;
    const bool timed = *text;
    if (timed && !take(&text, 'T') && !take(&text, ' ')) return false;
    if (timed &&
        (!take_digits(&text, 2, &hour) || !take(&text, ':') || !take_digits(&text, 2, &minute)))
        return false;
    if (timed && take(&text, ':') && !take_digits(&text, 2, &second)) return false;
    if (*text || hour > 23 || minute > 59 || second > 60) return false;
    *days = days_from_civil(y, m, d) + (hour * 3600 + minute * 60 + second) / 86400.0;
    return true;
}

/* Source: likewise, civil_from_days. */
void lab_date_text(double days, char out[32])
{
    const long long minutes = llround(days * 1440),
                    day = (minutes - (minutes < 0 ? 1439 : 0)) / 1440;
    const int minute = (int)(minutes - day * 1440);
    const long long z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    const long long doe = z - era * 146097;
    const long long yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const long long doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    const long long d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
    const int n = snprintf(out, 32, "%04lld-%02lld-%02lld", yoe + era * 400 + (m <= 2), m, d);
    if (minute && n > 0 && n < 20)
        snprintf(out + n, 32 - (size_t)n, "T%02d:%02d", minute / 60, minute % 60);
}

/* ---- Columns ----------------------------------------------------------------------------------- */

static size_t find_column(const lab_csv *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->field[i].s, name) == 0) return i;
    return NONE;
}

/* Which are read, by their place in a row. */
typedef struct columns {
    size_t *at; /* [count] */
    size_t count, time, width;
} columns;

static rf_status no_column(const lab_csv *c, const char *name, rf_error *err)
{
    const char **names = calloc(c->count + 1, sizeof *names);
    rf_str lead = {0};
    rf_str_printf(&lead, "%s:%zu: no column", c->name, c->line);
    for (size_t i = 0; names && i < c->count; i++) names[i] = c->field[i].s;
    rf_status st =
        names && lead.s ? rf_word_unknown(RF_EFORMAT, lead.s, name, names, err) : rf_no_memory(err);
    rf_str_free(&lead);
    free(names);
    return st;
}

static rf_status find_time(const lab_csv *c, columns *k, const char *time, rf_error *err)
{
    static const char *const usual[] = {"date", "time", "datetime", "timestamp"};
    k->time = time ? find_column(c, time) : NONE;
    if (time && k->time == NONE) return no_column(c, time, err);
    for (size_t i = 0; !time && i < sizeof usual / sizeof *usual && k->time == NONE; i++)
        k->time = find_column(c, usual[i]);
    return RF_OK;
}

static rf_status find_columns(const lab_csv *c, columns *k, const char *const *name, size_t count,
                              rf_error *err)
{
    k->at = calloc(count + 1, sizeof *k->at);
    k->count = count;
    k->width = c->count;
    if (!k->at) return rf_fail(err, RF_ENOMEM, "%s: no memory", c->name);
    for (size_t i = 0; i < count; i++)
        if ((k->at[i] = find_column(c, name[i])) == NONE) return no_column(c, name[i], err);
    return RF_OK;
}

/* ---- Rows -------------------------------------------------------------------------------------- */

static bool grow(lab_table *t, size_t *cap)
{
    const size_t more = *cap ? 2 * *cap : 256;
    if (more > MOST_ROWS || !rf_resize(&t->x, more, t->columns * sizeof *t->x) ||
        !rf_resize(&t->time, more, sizeof *t->time) || !rf_resize(&t->when, more, sizeof *t->when))
        return false;
    *cap = more;
    return true;
}

static rf_status read_time(lab_table *t, lab_csv *c, const columns *k, rf_error *err)
{
    const size_t i = t->rows;
    const char *text = k->time == NONE ? NULL : c->field[k->time].s;
    t->when[i] = NULL;
    t->time[i] = (double)i;
    if (!text) return RF_OK;
    if (!i) t->dates = lab_date_parse(text, &t->time[0]);
    if (t->dates && !lab_date_parse(text, &t->time[i]))
        return lab_csv_wrong(c, k->time, err, "'%.40s' where a date is due", text);
    rf_status st = t->dates ? RF_OK : lab_csv_number(c, k->time, &t->time[i], err);
    if (!st && i && t->time[i] <= t->time[i - 1])
        st = lab_csv_wrong(c, k->time, err, "not later than the row before");
    if (!st && !(t->when[i] = strdup(text))) st = rf_no_memory(err);
    return st;
}

static rf_status read_row(lab_table *t, lab_csv *c, const columns *k, rf_error *err)
{
    rf_status st = lab_csv_expect(c, k->width, err);
    for (size_t i = 0; i < k->count && !st; i++)
        st = lab_csv_number(c, k->at[i], &t->x[t->rows * k->count + i], err);
    if (!st) st = read_time(t, c, k, err);
    if (!st) t->rows++;
    return st;
}

static rf_status read_rows(lab_table *t, lab_csv *c, const columns *k, rf_error *err)
{
    rf_status st = RF_OK;
    size_t cap = 0;
    while (!st && lab_csv_next(c, &st, err)) {
        if (t->rows == cap && !grow(t, &cap))
            st = rf_fail(err, RF_ENOMEM, "%s: no memory for more rows", c->name);
        if (!st) st = read_row(t, c, k, err);
    }
    if (!st && !t->rows) st = rf_fail(err, RF_EFORMAT, "%s: no rows below the names", c->name);
    return st;
}

rf_status lab_table_read(lab_table *t, const char *path, const char *const *name, size_t count,
                         const char *time, rf_str *where, rf_error *err)
{
    lab_csv c;
    columns k = {.time = NONE};
    *t = (lab_table){.columns = count};
    rf_status st = lab_csv_open(&c, path, 0, where, err);
    if (!st && !lab_csv_next(&c, &st, err) && !st)
        st = rf_fail(err, RF_EFORMAT, "%s: a line with the names of columns is due", c.name);
    if (!st) st = find_columns(&c, &k, name, count, err);
    if (!st) st = find_time(&c, &k, time, err);
    if (!st) st = read_rows(t, &c, &k, err);
    if (k.time == NONE) {
        free(t->when);
        t->when = NULL;
    }
    free(k.at);
    lab_csv_close(&c);
    return st;
}

void lab_table_free(lab_table *t)
{
    for (size_t i = 0; t->when && i < t->rows; i++) free(t->when[i]);
    free(t->when);
    free(t->time);
    free(t->x);
    *t = (lab_table){0};
}
