/* lab/tables.c -- samples from tables: texts with labels, frames of numbers. */
#include <math.h>
#include <refrain/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "samples.h"

#define COLUMNS 4096 /* of a table, at most */

/* What is being read: one file. */
typedef struct reader {
    lab_samples *s;
    const lab_reading *how;
    lab_csv c;
    rf_str *source;
    size_t count;                 /* fields of every row */
    size_t label, text, sequence; /* columns; NONE */
    bool *feature;                /* [count] */
    bool header;
    rf_str last;    /* of the sequence column: what the last row had */
    lab_item *item; /* the sequence in progress; NULL: there is none */
    rf_error *err;
} reader;

#define NONE ((size_t)-1)

static bool is_set(const char *name) { return name && *name; }

/* ---- Opening --------------------------------------------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
    const size_t n = strlen(s), k = strlen(end);
    return n >= k && !strcasecmp(s + n - k, end);
}

static char usual_separator(const reader *r, const char *path)
{
    const size_t line = r->source->s ? strcspn(r->source->s, "\n") : 0;
    if (ends_with(path, ".csv") || ends_with(path, ".csv.gz")) return 0;
    if (r->how->input == LAB_TEXT) return line && memchr(r->source->s, '\t', line) ? '\t' : ' ';
    for (size_t i = 0; i < line; i++)
        if (strchr(",;\t", r->source->s[i])) return 0;
    return ' ';
}

static void open_table(reader *r, const char *name)
{
    /* Old line ends, a CR alone, are LF: places stay what they are. */
    for (size_t i = 0; i + 1 < r->source->n; i++)
        if (r->source->s[i] == '\r' && r->source->s[i + 1] != '\n') r->source->s[i] = '\n';
    lab_csv_lend(&r->c, r->source->s ? r->source->s : "", r->source->n, rf_input_name(name),
                 r->how->separator ? r->how->separator : usual_separator(r, name), &r->s->where);
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* A column by number, or NONE: it is a name. */
static size_t by_number(const char *name)
{
    return name[strspn(name, "0123456789")] ? NONE : (size_t)strtoul(name, NULL, 10) - 1;
}

static size_t by_name(const reader *r, const char *name, size_t n)
{
    for (size_t i = 0; i < r->c.count; i++)
        if (r->c.field[i].n == n && !memcmp(r->c.field[i].s, name, n)) return i;
    return NONE;
}

static bool is_usual_name(const lab_csv_field *f)
{
    static const char *const names[] = {"label", "class",    "category", "sentiment", "tag",
                                        "text",  "sentence", "review",   "phase",     NULL};
    for (int i = 0; names[i]; i++)
        if (!strcasecmp(f->s, names[i])) return true;
    return false;
}

static bool looks_like_number(const lab_csv_field *f)
{
    char *end;
    strtod(f->s, &end);
    return f->n && end == f->s + f->n;
}

/* A column that is asked for by name is in the first row. */
static bool is_asked_for(const reader *r)
{
    const char *const names[] = {r->how->label, r->how->text, r->how->sequence};
    for (int i = 0; i < 3; i++)
        if (is_set(names[i]) && by_number(names[i]) == NONE &&
            by_name(r, names[i], strlen(names[i])) != NONE)
            return true;
    return false;
}

static bool is_header(const reader *r)
{
    if (r->how->header != LAB_HEADER_AUTO) return r->how->header == LAB_HEADER_YES;
    bool usual = false, number = false;
    for (size_t i = 0; i < r->c.count; i++) {
        usual = usual || is_usual_name(&r->c.field[i]);
        number = number || looks_like_number(&r->c.field[i]);
    }
    return is_asked_for(r) || (r->how->input == LAB_TEXT ? usual : !number);
}

static rf_status column_missing(reader *r, const char *name)
{
    rf_str all = {0};
    for (size_t i = 0; i < r->c.count && all.n < 200; i++)
        rf_str_printf(&all, "%s%s", i ? ", " : "", r->c.field[i].s);
    rf_status st =
        r->header ? lab_csv_wrong(&r->c, 0, r->err, "no column is named %s; there are %s", name,
                                  all.s ? all.s : "none")
                  : lab_csv_wrong(&r->c, 0, r->err, "no column %s: there are %zu, and no header",
                                  name, r->c.count);
    rf_str_free(&all);
    return st;
}

/* The column that is asked for, or with nothing asked the one that is usual. */
static rf_status find_column(reader *r, const char *asked, const char *usual, size_t otherwise,
                             size_t *out)
{
    *out = otherwise;
    if (!is_set(asked)) {
        const size_t named = r->header && usual ? by_name(r, usual, strlen(usual)) : NONE;
        if (named != NONE) *out = named;
        return RF_OK;
    }
    *out = by_number(asked);
    if (*out == NONE && r->header) *out = by_name(r, asked, strlen(asked));
    return *out < r->c.count ? RF_OK : column_missing(r, asked);
}

static rf_status ignore_columns(reader *r)
{
    const char *item;
    size_t n, i;
    for (const char *rest = r->how->ignore; rf_list_next(&rest, &item, &n);) {
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), item);
        rf_status st = n ? find_column(r, name, NULL, NONE, &i) : RF_OK;
        if (st) return st;
        if (n) r->feature[i] = false;
    }
    return RF_OK;
}

static rf_status frame_columns(reader *r)
{
    const bool counted = is_set(r->how->counts);
    rf_index I = 0;
    r->feature = calloc(r->count + 1, sizeof *r->feature);
    if (!r->feature) return rf_no_memory(r->err);
    for (size_t i = 0; i < r->count; i++) r->feature[i] = true;
    rf_status st = find_column(r, r->how->sequence, NULL, NONE, &r->sequence);
    if (!st) st = ignore_columns(r);
    if (st) return st;
    if (r->sequence != NONE) r->feature[r->sequence] = false;
    for (size_t i = 0; i < r->count; i++) I += r->feature[i];
    /* Without a need for labels the column may be missing: then all are features. */
    const bool lacks = counted || (r->how->unlabelled && r->how->features == I);
    if (!lacks) st = find_column(r, r->how->label, "label", r->count - 1, &r->label);
    if (st) return st;
    if (!lacks && r->feature[r->label]) I--;
    if (!lacks) r->feature[r->label] = false;
    const rf_index due = r->s->I ? r->s->I : r->how->features;
    if (I < 1 || (due && I != due))
        return lab_csv_wrong(&r->c, 0, r->err, "%lld columns of numbers where %lld are due",
                             (long long)I, (long long)(due ? due : 1));
    r->s->I = I;
    return RF_OK;
}

static rf_status text_columns(reader *r)
{
    const size_t last = r->c.separator == ' ' ? 1 : r->count - 1;
    rf_status st = find_column(r, r->how->label, "label", 0, &r->label);
    if (!st) st = find_column(r, r->how->text, "text", last, &r->text);
    if (st) return st;
    if (r->count == 1 && r->how->unlabelled) {
        r->label = NONE;
        return RF_OK;
    }
    if (r->label != r->text) return RF_OK;
    return lab_csv_wrong(&r->c, 0, r->err, "a label and a text are due, with %s between",
                         r->c.separator == '\t' ? "a tab" : "a separator");
}

static rf_status find_columns(reader *r)
{
    if (r->c.count > COLUMNS)
        return lab_csv_wrong(&r->c, COLUMNS, r->err, "more than %d columns", COLUMNS);
    r->count = r->c.count;
    r->header = is_header(r);
    r->label = r->text = r->sequence = NONE;
    return r->how->input == LAB_TEXT ? text_columns(r) : frame_columns(r);
}

/* ---- Labels ---------------------------------------------------------------------------------- */

static rf_status label_unknown(reader *r)
{
    rf_str all = {0};
    for (int32_t k = 0; k < rf_vocab_size(r->how->known) && all.n < 150; k++)
        rf_str_printf(&all, "%s%s", k ? ", " : "", rf_vocab_at(r->how->known, k, NULL));
    rf_status st = lab_csv_wrong(&r->c, r->label, r->err,
                                 "label %.60s was never seen in training, which had %s",
                                 r->c.field[r->label].s, all.s ? all.s : "none");
    rf_str_free(&all);
    return st;
}

/* The label in this row; -1 where there is no column of them. */
static rf_status take_label(reader *r, int32_t *out)
{
    *out = -1;
    if (r->label == NONE || r->how->unlabelled) return RF_OK;
    const lab_csv_field *f = &r->c.field[r->label];
    if (!f->n || strlen(f->s) != f->n)
        return lab_csv_wrong(&r->c, r->label, r->err, "nothing where a label is due");
    if (r->how->known && rf_vocab_find(r->how->known, f->s, f->n) < 0) return label_unknown(r);
    *out = rf_vocab_add(r->s->classes, f->s, f->n);
    return *out < 0 ? rf_no_memory(r->err) : RF_OK;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static rf_status add_text(reader *r, const char *s, size_t n, int32_t label)
{
    lab_item *x = lab_samples_add(r->s);
    if (x) *x = (lab_item){.label = label, .group = x->group, .text = x->text, .bytes = n};
    if (x) rf_str_add(&r->s->text, s, n);
    return x && !r->s->text.failed ? RF_OK : rf_no_memory(r->err);
}

/* What stands from the second word on to the end of the line. */
static rf_status take_rest(reader *r, int32_t label)
{
    if (r->c.count < 2) return lab_csv_wrong(&r->c, 1, r->err, "nothing where a text is due");
    const lab_csv_field *end = &r->c.field[r->c.count - 1];
    const size_t from = r->c.field[1].at;
    return add_text(r, r->source->s + from, end->at + end->n - from, label);
}

static rf_status text_row(reader *r)
{
    int32_t label;
    const bool rest = r->c.separator == ' ' && !is_set(r->how->text);
    rf_status st = rest ? RF_OK : lab_csv_expect(&r->c, r->count, r->err);
    if (!st) st = take_label(r, &label);
    if (st) return st;
    if (rest) return take_rest(r, label);
    const lab_csv_field *f = &r->c.field[r->text];
    if (!f->n) return lab_csv_wrong(&r->c, r->text, r->err, "nothing where a text is due");
    return add_text(r, f->s, f->n, label);
}

/* Lines as they are, also those that look like a table. */
static rf_status plain_lines(reader *r)
{
    const char *s = r->source->s ? r->source->s : "";
    rf_status st = RF_OK;
    for (size_t at = 0; at < r->source->n && !st;) {
        const char *end = memchr(s + at, '\n', r->source->n - at);
        const size_t n = end ? (size_t)(end - s) - at : r->source->n - at;
        const size_t used = n && s[at + n - 1] == '\r' ? n - 1 : n;
        st = add_text(r, s + at, used, -1);
        at += n + 1;
    }
    return st;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static bool is_end_row(const reader *r)
{
    double x, end;
    if (!is_set(r->how->end)) return false;
    end = strtod(r->how->end, NULL);
    for (size_t i = 0; i < r->c.count; i++) {
        if (!r->feature[i]) continue;
        x = looks_like_number(&r->c.field[i]) ? strtod(r->c.field[i].s, NULL) : end + 1;
        if (x < end || x > end) return false;
    }
    return true;
}

/* Whether this row belongs to another sequence than the last; remembers its name. */
static bool begins(reader *r)
{
    bool other = !r->item || r->c.gap;
    if (r->sequence == NONE) return other;
    const lab_csv_field *f = &r->c.field[r->sequence];
    other = other || f->n != r->last.n || memcmp(f->s, r->last.s ? r->last.s : "", f->n) != 0;
    rf_str_clear(&r->last);
    rf_str_add(&r->last, f->s, f->n);
    return other;
}

static rf_status put_label(reader *r, int32_t label)
{
    if (r->how->per_frame) {
        rf_ids_add(&r->s->labels, label);
        return r->s->labels.failed ? rf_no_memory(r->err) : RF_OK;
    }
    if (r->item->length && r->item->label != label)
        return lab_csv_wrong(
            &r->c, r->label, r->err,
            "label %.60s within a sequence of label %.60s; for one label a frame say "
            "--label-of frame",
            r->c.field[r->label].s, rf_vocab_at(r->s->classes, r->item->label, NULL));
    r->item->label = label;
    return RF_OK;
}

static rf_status put_numbers(reader *r)
{
    rf_real *x = lab_samples_frame(r->s);
    rf_status st = x ? RF_OK : rf_no_memory(r->err);
    double value;
    for (size_t i = 0; i < r->c.count && !st; i++) {
        if (!r->feature[i]) continue;
        st = lab_csv_number(&r->c, i, &value, r->err);
        *x++ = (rf_real)value;
    }
    return st;
}

static rf_status frame_row(reader *r)
{
    int32_t label;
    rf_status st = lab_csv_expect(&r->c, r->count, r->err);
    if (!st && is_end_row(r)) {
        r->item = NULL;
        return RF_OK;
    }
    if (!st) st = take_label(r, &label);
    if (st) return st;
    if (begins(r)) r->item = lab_samples_add(r->s);
    if (!r->item) return rf_no_memory(r->err);
    st = put_label(r, label);
    if (!st) st = put_numbers(r);
    if (!st && r->item->length++ == INT32_MAX - 1)
        st =
            rf_fail(r->err, RF_EFORMAT, "%s: a sequence of more than 2147483646 frames", r->c.name);
    return st;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static rf_status read_rows(reader *r)
{
    rf_status (*row)(reader *) = r->how->input == LAB_TEXT ? text_row : frame_row;
    rf_status st = RF_OK;
    bool first = true;
    while (!st && lab_csv_next(&r->c, &st, r->err)) {
        if (first) st = find_columns(r);
        if (!st && !(first && r->header)) st = row(r);
        first = false;
    }
    return st;
}

rf_status lab_samples_parse(lab_samples *s, const lab_reading *how, rf_str *text, const char *name,
                            rf_error *err)
{
    reader r = {.s = s, .how = how, .source = text, .err = err};
    const rf_index before = s->n;
    s->groups++;
    open_table(&r, name);
    rf_status st = how->plain ? plain_lines(&r) : read_rows(&r);
    if (!st && s->n == before) st = rf_fail(err, RF_EFORMAT, "%s: nothing to read", name);
    lab_csv_close(&r.c);
    rf_str_free(&r.last);
    free(r.feature);
    return st;
}

static rf_status read_file(lab_samples *s, const lab_reading *how, const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_text_read(path, &text, err);
    if (!st) st = lab_samples_parse(s, how, &text, path, err);
    rf_str_free(&text);
    return st;
}

/* Labels 1, 2 ... by how many sequences of each there are, in order. */
static rf_status count_labels(lab_samples *s, const lab_reading *how, rf_error *err)
{
    rf_index i = 0, total = 0;
    char name[16];
    const char *rest = how->counts, *item;
    size_t bytes;
    double n;
    for (int k = 1; rf_list_next(&rest, &item, &bytes); k++) {
        if (!rf_number_parse(item, bytes, &n) || n != floor(n) || n < 0 || n > INT32_MAX)
            return rf_fail(err, RF_EINVAL,
                           "--label-counts: %s: numbers with commas between are due", how->counts);
        total += (rf_index)n;
        const int length = snprintf(name, sizeof name, "%d", k);
        if (how->known && rf_vocab_find(how->known, name, (size_t)length) < 0)
            return rf_fail(err, RF_EINVAL, "--label-counts: label %s was never seen in training",
                           name);
        const int32_t id = rf_vocab_add(s->classes, name, (size_t)length);
        if (id < 0) return rf_no_memory(err);
        for (; i < total && i < s->n; i++) s->item[i].label = id;
    }
    if (total == s->n) return RF_OK;
    return rf_fail(err, RF_EINVAL, "--label-counts: %lld sequences, where there are %lld",
                   (long long)total, (long long)s->n);
}

rf_status lab_samples_read(lab_samples *s, const lab_reading *how, const char *const *path,
                           size_t paths, rf_error *err)
{
    s->is_text = how->input == LAB_TEXT;
    s->per_frame = how->per_frame && !s->is_text;
    s->classes = rf_vocab_new();
    rf_status st = s->classes ? RF_OK : rf_no_memory(err);
    for (size_t i = 0; i < paths && !st; i++) st = read_file(s, how, path[i], err);
    if (!st && is_set(how->counts) && !how->unlabelled) st = count_labels(s, how, err);
    if (!st && !s->is_text && how->scale == LAB_SCALE_SEQUENCE) lab_samples_standardise(s);
    return st ? st : lab_samples_sort(s, how->known, err);
}
