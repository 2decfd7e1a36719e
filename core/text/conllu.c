/* text/conllu.c -- CoNLL-U: read sentence by sentence, checked, and written back.
 *
 * A sentence's text stands in one string, its lines and columns ended by NULs.  While that grows only
 * offsets are kept; pointers are made when the sentence is whole. */
#include <refrain/conllu.h>

#include <refrain/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/source.h"

/* What is not known before the sentence is whole. */
typedef struct row_place {
    size_t at[RF_COLUMNS]; /* of each column in `text` */
} row_place;

struct rf_conllu {
    rfi_source source;
    rf_str text;
    rf_ids words, mark; /* mark: of check_cycles */
    size_t *comment;    /* offsets; made pointers in `comments` */
    const char **comments;
    row_place *place;
    rf_row *row;
    size_t comment_cap, row_cap;
    size_t first_row; /* its line */
    int32_t covered;  /* last word of the last range */
    int32_t empties;  /* empty nodes since the last word */
    rf_sentence s;
    size_t sentences;
};

static const char *const names[RF_COLUMNS] = {"ID",    "FORM", "LEMMA",  "UPOS", "XPOS",
                                              "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"};

const char *rf_column_name(int column)
{
    return column >= 0 && column < RF_COLUMNS ? names[column] : NULL;
}

int rf_column_find(const char *name)
{
    for (int i = 0; i < RF_COLUMNS; i++)
        if (!strcasecmp(name, names[i])) return i;
    return -1;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

static rf_conllu *reader_new(rf_error *err)
{
    rf_conllu *r = calloc(1, sizeof *r);
    if (!r) rf_fail(err, RF_ENOMEM, "no memory for a reader");
    return r;
}

rf_conllu *rf_conllu_open(const char *path, rf_error *err)
{
    rf_conllu *r = reader_new(err);
    if (r && !rfi_source_open(&r->source, path, err)) return r;
    rf_conllu_free(r);
    return NULL;
}

rf_conllu *rf_conllu_lend(const char *text, size_t n, const char *name, rf_error *err)
{
    rf_conllu *r = reader_new(err);
    if (r) rfi_source_lend(&r->source, text, n, name);
    return r;
}

void rf_conllu_free(rf_conllu *r)
{
    if (!r) return;
    rfi_source_close(&r->source);
    rf_str_free(&r->text);
    rf_ids_free(&r->words);
    rf_ids_free(&r->mark);
    free(r->comment);
    free(r->comments);
    free(r->place);
    free(r->row);
    free(r);
}

/* ---- Ids ----------------------------------------------------------------------------------------- */

/* A number without sign and leading zeros; false: not one, or too large.  *s moves behind it. */
static bool take_number(const char **s, int32_t *out)
{
    const char *p = *s;
    int64_t v = 0;
    if (*p == '0' && p[1] >= '0' && p[1] <= '9') return false;
    for (; *p >= '0' && *p <= '9' && v < INT32_MAX; p++) v = 10 * v + (*p - '0');
    if (p == *s || v >= INT32_MAX) return false;
    *s = p;
    *out = (int32_t)v;
    return true;
}

static bool parse_id(const char *s, rf_row *row)
{
    if (!take_number(&s, &row->first)) return false;
    row->last = row->first;
    row->kind = *s == '-' ? RF_ROW_RANGE : *s == '.' ? RF_ROW_EMPTY : RF_ROW_WORD;
    if (row->kind == RF_ROW_WORD) return !*s && row->first > 0;
    s++;
    return take_number(&s, &row->last) && !*s;
}

static rf_status fail(const rf_conllu *r, size_t line, rf_error *err, const char *what)
{
    return rf_fail(err, RF_EFORMAT, "%s:%zu: %s", r->source.name, line, what);
}

/* Does the id follow those before it? */
static rf_status check_id(rf_conllu *r, const rf_row *row, const char *id, rf_error *err)
{
    char what[160], shown[RFI_SHOWN];
    const int32_t due = (int32_t)r->words.n + 1;
    rfi_shown(id, strlen(id), shown);
    if (row->kind == RF_ROW_WORD) {
        if (row->first == due) return RF_OK;
        snprintf(what, sizeof what, "id %s where %d is due", shown, due);
    } else if (row->kind == RF_ROW_RANGE) {
        const bool free_words = row->first > r->covered;
        if (row->first == due && row->last >= row->first && free_words) return RF_OK;
        snprintf(what, sizeof what,
                 row->first != due ? "range %s where word %d comes next"
                 : free_words      ? "range %s ends before it begins"
                                   : "range %s overlaps the one before",
                 shown, due);
    } else {
        if (row->first == due - 1 && row->last == r->empties + 1) return RF_OK;
        snprintf(what, sizeof what, "empty node %s where %d.%d is due", shown, due - 1,
                 r->empties + 1);
    }
    return fail(r, r->source.number, err, what);
}

static rf_status take_id(rf_conllu *r, rf_row *row, const char *id, rf_error *err)
{
    char what[160], shown[RFI_SHOWN];
    if (!parse_id(id, row)) {
        snprintf(what, sizeof what, "id '%s' is no word (3), range (3-4) or empty node (3.1)",
                 rfi_shown(id, strlen(id), shown));
        return fail(r, r->source.number, err, what);
    }
    const rf_status st = check_id(r, row, id, err);
    if (st) return st;
    if (row->kind == RF_ROW_RANGE) r->covered = row->last;
    r->empties = row->kind == RF_ROW_EMPTY ? row->last : row->kind == RF_ROW_WORD ? 0 : r->empties;
    if (row->kind == RF_ROW_WORD) rf_ids_add(&r->words, (int32_t)r->s.rows);
    return RF_OK;
}

/* ---- Lines --------------------------------------------------------------------------------------- */

static rf_status no_memory(const rf_conllu *r, rf_error *err)
{
    return rf_fail(err, RF_ENOMEM, "%s:%zu: no memory for the sentence", r->source.name,
                   r->source.number);
}

/* Room for n + 1 elements, or NULL: no memory, and `list` is as it was. */
static void *grown(void *list, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) return list;
    const size_t more = *cap ? 2 * *cap : 64;
    void *p = more < SIZE_MAX / size ? realloc(list, more * size) : NULL;
    if (p) *cap = more;
    return p;
}

static rf_status take_comment(rf_conllu *r, const char *line, size_t n, rf_error *err)
{
    if (r->s.rows) return fail(r, r->source.number, err, "a comment within a sentence");
    size_t *list = grown(r->comment, r->s.comments, &r->comment_cap, sizeof *list);
    if (!list) return no_memory(r, err);
    r->comment = list;
    r->comment[r->s.comments++] = r->text.n;
    rf_str_add(&r->text, line, n);
    rf_str_add(&r->text, "", 1);
    return r->text.failed ? no_memory(r, err) : RF_OK;
}

/* Cut a line at its tabs. */
static rf_status cut(rf_conllu *r, const char *line, size_t n, row_place *to, rf_error *err)
{
    char what[80];
    size_t columns = 1, at = 0;
    for (size_t i = 0; i < n; i++) columns += line[i] == '\t';
    snprintf(what, sizeof what, "%zu column%s where %d are due", columns, columns == 1 ? "" : "s",
             RF_COLUMNS);
    if (columns != RF_COLUMNS) return fail(r, r->source.number, err, what);
    for (int k = 0; k < RF_COLUMNS; k++) {
        const char *tab = n > at ? memchr(line + at, '\t', n - at) : NULL;
        const size_t end = tab ? (size_t)(tab - line) : n;
        snprintf(what, sizeof what, "column %s is empty; \"_\" is due", names[k]);
        if (end == at) return fail(r, r->source.number, err, what);
        to->at[k] = r->text.n;
        rf_str_add(&r->text, line + at, end - at);
        rf_str_add(&r->text, "", 1);
        at = end + 1;
    }
    return r->text.failed ? no_memory(r, err) : RF_OK;
}

static rf_status take_head(const rf_conllu *r, rf_row *row, const char *head, rf_error *err)
{
    char what[160], shown[RFI_SHOWN];
    const char *s = head;
    row->head = -1;
    if (row->kind != RF_ROW_WORD || !strcmp(head, "_")) return RF_OK;
    if (take_number(&s, &row->head) && !*s) return RF_OK;
    snprintf(what, sizeof what, "head '%s' is no number", rfi_shown(head, strlen(head), shown));
    return fail(r, r->source.number, err, what);
}

static rf_status take_row(rf_conllu *r, const char *line, size_t n, rf_error *err)
{
    size_t cap = r->row_cap;
    rf_row *row = grown(r->row, r->s.rows, &cap, sizeof *row);
    if (!row) return no_memory(r, err);
    r->row = row;
    row_place *place = grown(r->place, r->s.rows, &r->row_cap, sizeof *place);
    if (!place) return no_memory(r, err);
    r->place = place;
    if (!r->s.rows) r->first_row = r->source.number;
    place += r->s.rows;
    row += r->s.rows;
    *row = (rf_row){0};
    rf_status st = cut(r, line, n, place, err);
    if (!st) st = take_id(r, row, r->text.s + place->at[RF_ID], err);
    if (!st) st = take_head(r, row, r->text.s + place->at[RF_HEAD], err);
    if (st) return st;
    r->s.rows++;
    return r->words.failed ? no_memory(r, err) : RF_OK;
}

/* ---- Whole sentences -------------------------------------------------------------------------------- */

static rf_status place_texts(rf_conllu *r, rf_error *err)
{
    const char **list = realloc(r->comments, (r->s.comments + 1) * sizeof *list);
    if (!list) return no_memory(r, err);
    r->comments = list;
    for (size_t i = 0; i < r->s.comments; i++) r->comments[i] = r->text.s + r->comment[i];
    for (size_t i = 0; i < r->s.rows; i++)
        for (int k = 0; k < RF_COLUMNS; k++) r->row[i].column[k] = r->text.s + r->place[i].at[k];
    r->s.comment = r->comments;
    r->s.row = r->row;
    r->s.word = r->words.at;
    r->s.words = r->words.n;
    r->s.crlf = r->source.crlf;
    return RF_OK;
}

static size_t line_of(const rf_conllu *r, int32_t word)
{
    return r->first_row + (size_t)r->words.at[word - 1];
}

static int32_t head_of(const rf_conllu *r, int32_t word)
{
    return r->row[r->words.at[word - 1]].head;
}

static rf_status check_heads(const rf_conllu *r, rf_error *err)
{
    char what[120];
    const int32_t n = (int32_t)r->words.n;
    for (int32_t w = 1; w <= n; w++) {
        const int32_t h = head_of(r, w);
        if (h <= n && h != w) continue;
        if (h == w)
            snprintf(what, sizeof what, "word %d is its own head", w);
        else
            snprintf(what, sizeof what, "head %d of word %d is not within 0..%d", h, w, n);
        return fail(r, line_of(r, w), err, what);
    }
    return RF_OK;
}

/* mark[w]: the word from which w was first reached on the way up; 0: not yet. */
static rf_status check_cycles(rf_conllu *r, rf_error *err)
{
    char what[120];
    const int32_t n = (int32_t)r->words.n;
    r->mark.n = 0;
    for (int32_t w = 0; w <= n; w++) rf_ids_add(&r->mark, 0);
    if (r->mark.failed) return no_memory(r, err);
    int32_t *mark = r->mark.at;
    for (int32_t start = 1; start <= n; start++) {
        int32_t w = start;
        for (; w > 0 && !mark[w]; w = head_of(r, w)) mark[w] = start;
        if (w <= 0 || mark[w] != start) continue;
        snprintf(what, sizeof what, "the heads of words %d and %d form a cycle", w, head_of(r, w));
        return fail(r, line_of(r, w), err, what);
    }
    return RF_OK;
}

static rf_status check_sentence(rf_conllu *r, rf_error *err)
{
    char what[120];
    if (!r->s.rows) return fail(r, r->source.number, err, "comments without a sentence");
    if (r->covered > (int32_t)r->words.n) {
        snprintf(what, sizeof what, "a range goes on to word %d, the sentence to %zu", r->covered,
                 r->words.n);
        return fail(r, r->first_row + r->s.rows - 1, err, what);
    }
    const rf_status st = check_heads(r, err);
    return st ? st : check_cycles(r, err);
}

static void begin_sentence(rf_conllu *r)
{
    r->s = (rf_sentence){0};
    rf_str_clear(&r->text);
    r->words.n = 0;
    r->covered = r->empties = 0;
}

static rf_status take_line(rf_conllu *r, const char *line, size_t n, rf_error *err)
{
    if (!r->s.line) r->s.line = r->source.number;
    return *line == '#' ? take_comment(r, line, n, err) : take_row(r, line, n, err);
}

int rf_conllu_next(rf_conllu *r, rf_sentence **out, rf_error *err)
{
    const char *line;
    size_t n;
    int st;
    begin_sentence(r);
    while ((st = rfi_source_next(&r->source, &line, &n, err)) > 0) {
        if (!n && r->s.line) break;
        const rf_status bad = n ? take_line(r, line, n, err) : RF_OK;
        if (bad) return bad;
    }
    if (st < 0) return st;
    if (!r->s.line && r->sentences) return 0;
    if (!r->s.line) return rf_fail(err, RF_EFORMAT, "%s: no sentence in it", r->source.name);
    rf_status bad = check_sentence(r, err);
    if (!bad) bad = place_texts(r, err);
    if (bad) return bad;
    r->sentences++;
    *out = &r->s;
    return 1;
}

/* ---- Writing ----------------------------------------------------------------------------------------- */

static void write_row(const rf_row *row, const char *end, rf_str *out)
{
    if (row->kind == RF_ROW_WORD)
        rf_str_printf(out, "%d", row->first);
    else
        rf_str_printf(out, row->kind == RF_ROW_RANGE ? "%d-%d" : "%d.%d", row->first, row->last);
    for (int k = RF_FORM; k < RF_COLUMNS; k++) {
        rf_str_put(out, "\t");
        rf_str_put(out, row->column[k] ? row->column[k] : "_");
    }
    rf_str_put(out, end);
}

void rf_conllu_write(const rf_sentence *s, rf_str *out)
{
    const char *end = s->crlf ? "\r\n" : "\n";
    for (size_t i = 0; i < s->comments; i++) {
        rf_str_put(out, s->comment[i]);
        rf_str_put(out, end);
    }
    for (size_t i = 0; i < s->rows; i++) write_row(&s->row[i], end, out);
    rf_str_put(out, end);
}

/* ---- The text of a sentence ---------------------------------------------------------------------------- */

const char *rf_sentence_comment(const rf_sentence *s, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < s->comments; i++) {
        const char *p = s->comment[i] + 1;
        p += strspn(p, " \t");
        if (strncmp(p, name, n)) continue;
        p += n;
        p += strspn(p, " \t");
        if (*p == '=') return p + 1 + strspn(p + 1, " \t");
    }
    return NULL;
}

bool rf_row_space_after(const rf_row *row)
{
    static const char no[] = "SpaceAfter=No";
    const char *p = row->column[RF_MISC];
    while (p && *p) {
        const size_t n = strcspn(p, "|");
        if (n == sizeof no - 1 && !memcmp(p, no, n)) return false;
        p += n + (p[n] == '|');
    }
    return true;
}

void rf_sentence_text(const rf_sentence *s, rf_str *out)
{
    const char *text = rf_sentence_comment(s, "text");
    int32_t covered = 0;
    bool blank = false;
    if (text) rf_str_put(out, text);
    for (size_t i = 0; !text && i < s->rows; i++) {
        const rf_row *row = &s->row[i];
        if (row->kind == RF_ROW_EMPTY || (row->kind == RF_ROW_WORD && row->first <= covered))
            continue;
        if (row->kind == RF_ROW_RANGE) covered = row->last;
        if (blank) rf_str_put(out, " ");
        if (row->column[RF_FORM]) rf_str_put(out, row->column[RF_FORM]);
        blank = rf_row_space_after(row);
    }
}
