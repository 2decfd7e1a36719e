/* pinyin/eval.c -- the verb eval: how many characters and sentences are right. */
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "pinyin.h"
#include "text.h"

enum { TOP = 10 };

/* One test sentence; its texts are in the file's. */
typedef struct item {
    size_t pinyin, pinyin_n, due, due_n;
} item;

typedef struct tests {
    rf_str text;
    item *at;
    size_t n, cap;
} tests;

typedef struct totals {
    double sentences, right, top5, top10, characters, matched, edits;
} totals;

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    py_reader x;
    tests t;
    int64_t shown, group;
    double done, due;
    rf_error *err;
} setup;

/* ---- Reading --------------------------------------------------------------------------------- */

/* "wav TAB pinyin TAB characters", "pinyin TAB characters", or "number,pinyin,characters". */
static bool cut(const char *line, size_t n, const char **pinyin, size_t *pinyin_n, const char **due,
                size_t *due_n)
{
    const char *last = memrchr(line, '\t', n), *first = NULL;
    if (last)
        first = memrchr(line, '\t', (size_t)(last - line));
    else {
        first = memchr(line, ',', n);
        last = first ? memchr(first + 1, ',', n - (size_t)(first + 1 - line)) : NULL;
    }
    if (!last) return false;
    *pinyin = first ? first + 1 : line;
    *pinyin_n = (size_t)(last - *pinyin);
    *due = last + 1;
    *due_n = (size_t)(line + n - *due);
    return *pinyin_n && *due_n;
}

static rf_status add_item(setup *u, const char *line, size_t n, size_t number, const char *name)
{
    tests *t = &u->t;
    const char *pinyin, *due;
    item x;
    if (number == 1 && n > 3 && !memcmp(line, "NUM", 3)) return RF_OK;
    if (!cut(line, n, &pinyin, &x.pinyin_n, &due, &x.due_n))
        return rf_fail(u->err, RF_EFORMAT,
                       "%s:%zu: \"pinyin TAB characters\" or \"number,pinyin,characters\" is due",
                       name, number);
    if (t->n == t->cap) {
        const size_t cap = t->cap ? 2 * t->cap : 256;
        if (!rf_resize(&t->at, cap, sizeof *t->at)) return rf_no_memory(u->err);
        t->cap = cap;
    }
    const bool toned = u->r->opt[EVAL_TONED].as.i, joined = u->r->opt[EVAL_JOINED].as.i;
    x.pinyin = t->text.n;
    for (size_t i = 0; i < x.pinyin_n; i++) {
        const char c = pinyin[i];
        if ((!toned && c >= '0' && c <= '5') || (joined && c == ' ')) continue;
        rf_str_add(&t->text, &c, 1);
    }
    x.pinyin_n = t->text.n - x.pinyin;
    x.due = t->text.n;
    rf_str_add(&t->text, due, x.due_n);
    t->at[t->n++] = x;
    return t->text.failed ? rf_no_memory(u->err) : RF_OK;
}

static rf_status read_tests(setup *u, const char *path)
{
    const size_t most = (size_t)u->r->opt[EVAL_MOST].as.i;
    rf_lines *in = rf_lines_open(path, u->err);
    const char *line;
    size_t n;
    int more = 1;
    rf_status st = in ? RF_OK : u->err->status;
    while (!st && (!most || u->t.n < most) && (more = rf_lines_next(in, &line, &n, u->err)) > 0) {
        st = rf_utf8_check(line, n, path, u->err);
        if (!st && n) st = add_item(u, line, n, rf_lines_number(in), path);
    }
    rf_lines_free(in);
    return st ? st : more < 0 ? more : RF_OK;
}

/* ---- Counting -------------------------------------------------------------------------------- */

/* Code points of a text; -1: no memory. */
static int64_t points(const char *s, size_t n, int32_t **out)
{
    int64_t count = 0;
    *out = malloc((n + 1) * sizeof **out);
    if (!*out) return -1;
    for (size_t i = 0; i < n; count++) i += (size_t)rf_utf8_next(s + i, n - i, *out + count);
    return count;
}

/* Levenshtein's distance; row has m+1 numbers. */
static int64_t distance(const int32_t *a, int64_t n, const int32_t *b, int64_t m, int64_t *row)
{
    for (int64_t j = 0; j <= m; j++) row[j] = j;
    for (int64_t i = 1; i <= n; i++) {
        int64_t before = row[0];
        row[0] = i;
        for (int64_t j = 1; j <= m; j++) {
            const int64_t up = row[j], replace = before + (a[i - 1] != b[j - 1]);
            int64_t best = up < row[j - 1] ? up + 1 : row[j - 1] + 1;
            if (replace < best) best = replace;
            row[j] = best;
            before = up;
        }
    }
    return row[m];
}

static rf_status compare(setup *u, const char *answer, const char *due, size_t due_n, totals *t)
{
    int32_t *a = NULL, *b = NULL;
    const int64_t n = points(answer, strlen(answer), &a), m = points(due, due_n, &b);
    int64_t *row = n >= 0 && m >= 0 ? malloc(((size_t)m + 1) * sizeof *row) : NULL;
    if (row) {
        const int64_t edits = distance(a, n, b, m, row);
        int64_t same = 0;
        for (int64_t i = 0; i < n && i < m; i++) same += a[i] == b[i];
        if (n != m) same = m > edits ? m - edits : 0;
        t->characters += (double)m;
        t->matched += (double)same;
        t->edits += (double)edits;
    }
    free(a);
    free(b);
    const rf_status st = row ? RF_OK : rf_no_memory(u->err);
    free(row);
    return st;
}

static rf_status show_error(setup *u, const char *system, const item *x, const char *answer)
{
    rf_str pinyin = {0}, due = {0};
    rf_str_add(&pinyin, u->t.text.s + x->pinyin, x->pinyin_n);
    rf_str_add(&due, u->t.text.s + x->due, x->due_n);
    const rf_field row[] = {rf_field_string("system", system), rf_field_string("pinyin", pinyin.s),
                            rf_field_string("due", due.s), rf_field_string("answer", answer)};
    const rf_status st = rf_emit_record(u->s->host, -1, "error", row, sizeof row / sizeof *row);
    rf_str_free(&pinyin);
    rf_str_free(&due);
    return st;
}

static rf_status try_one(setup *u, py_decoder *d, const char *system, const item *x, totals *t)
{
    const char *due = u->t.text.s + x->due;
    py_answers a;
    size_t rank = 0;
    rf_status st = py_decode(d, u->t.text.s + x->pinyin, x->pinyin_n, &a, u->err);
    if (st) return st;
    const char *best = a.n ? a.at[0].text : "";
    while (rank < a.n &&
           (strlen(a.at[rank].text) != x->due_n || memcmp(a.at[rank].text, due, x->due_n)))
        rank++;
    const bool found = rank < a.n;
    t->sentences++;
    t->right += found && rank == 0;
    t->top5 += found && rank < 5;
    t->top10 += found;
    st = compare(u, best, due, x->due_n, t);
    if (!st && (!found || rank) && u->shown < u->r->opt[EVAL_ERRORS].as.i) {
        u->shown++;
        st = show_error(u, system, x, best);
    }
    py_answers_free(&a);
    return st;
}

static double percent(double part, double of) { return of > 0 ? 100 * part / of : NAN; }

static rf_status emit_totals(setup *u, const char *system, const totals *t)
{
    const rf_field row[] = {rf_field_string("system", system),
                            rf_field_int("sentences", (int64_t)t->sentences),
                            rf_field_real("characters", percent(t->matched, t->characters)),
                            rf_field_real("right", percent(t->right, t->sentences)),
                            rf_field_real("top5", percent(t->top5, t->sentences)),
                            rf_field_real("top10", percent(t->top10, t->sentences)),
                            rf_field_real("cer", t->edits / t->characters)};
    return rf_emit_record(u->s->host, u->group++, "result", row, sizeof row / sizeof *row);
}

static rf_status try_all(setup *u, const char *system, const py_decode_spec *spec)
{
    totals t = {0};
    py_decoder *d = py_decoder_new(u->x.m, u->x.d, spec, u->err);
    rf_status st = d ? RF_OK : u->err->status;
    u->shown = 0;
    for (size_t i = 0; i < u->t.n && !st; i++) {
        st = try_one(u, d, system, &u->t.at[i], &t);
        if (!st) st = u->s->host->progress(u->s->host, ++u->done, u->due, "sentences");
    }
    py_decoder_free(d);
    return st ? st : emit_totals(u, system, &t);
}

/* ---- The training's texts -------------------------------------------------------------------- */

static rf_status search_training(setup *u)
{
    const rf_setting *files = &u->r->opt[EVAL_TRAINING];
    py_bans *b = py_bans_new();
    rf_str text = {0};
    double lines = 0, hits = 0;
    rf_status st = b ? RF_OK : rf_no_memory(u->err);
    for (uint32_t i = 0; i < u->r->arg_count && !st; i++)
        st = py_bans_read(b, u->r->arg[i], u->err);
    for (uint32_t i = 0; i < files->count && !st; i++) {
        rf_str_clear(&text);
        st = rf_text_read(files->as.list[i], &text, u->err);
        for (size_t at = 0; at < text.n && !st;) {
            const char *end = memchr(text.s + at, '\n', text.n - at);
            const size_t n = end ? (size_t)(end - text.s) - at : text.n - at;
            hits += py_bans_hit(b, text.s + at, n);
            lines++;
            at += n + 1;
        }
    }
    if (!st) st = rf_emit_metric(u->s->host, -1, "training", "lines", lines, NULL);
    if (!st)
        st = rf_emit_metric(u->s->host, -1, "training", "lines_with_a_test_sentence", hits, NULL);
    rf_str_free(&text);
    py_bans_free(b);
    return st;
}

static rf_status eval(setup *u)
{
    py_decode_spec spec, other;
    const bool more = u->r->opt[EVAL_COMPARE].as.i;
    rf_status st = py_reader_open(&u->x, u->s, u->r, u->err);
    if (!st) st = py_options_how(u->r->opt, u->x.m, &spec, u->err);
    for (uint32_t i = 0; i < u->r->arg_count && !st; i++) st = read_tests(u, u->r->arg[i]);
    if (st) return st;
    u->due = (double)u->t.n * (more ? 4 : 1);
    spec.nbest = TOP;
    st = try_all(u, "model", &spec);
    other = spec;
    other.mix = 0;
    if (!st && more) st = try_all(u, "n-grams of characters and words", &other);
    other.words = 0;
    if (!st && more) st = try_all(u, "n-grams of characters", &other);
    other.mix = u->x.m->net ? spec.mix : 0;
    if (!st && more) st = try_all(u, "network and n-grams of characters", &other);
    return st || !u->r->opt[EVAL_TRAINING].count ? st : search_training(u);
}

rf_status py_verb_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = eval(&u);
    free(u.t.at);
    rf_str_free(&u.t.text);
    py_reader_close(&u.x);
    return rf_session_end(s, st, &err);
}
