/* lm/score.c -- the verb score: log10 probability and perplexity of each line.
 *
 * A line is scored as it stands after a line end, its own line end included, as sentence scores of
 * n-gram models are.  A batch of lines is one batch of lanes of unequal length. */
#include <math.h>
#include <refrain/io.h>
#include <stdlib.h>

#include "options.h"
#include "pieces.h"
#include "session.h"
#include "walk.h"

typedef struct line {
    int64_t number;
    char *text;
    rf_ids ids; /* the line end included */
    int64_t unknown;
    double *logp; /* [ids.n], natural */
    double total;
} line;

typedef struct scoring {
    rf_session *s;
    lm_means *by;
    bool per_token;
    int rank;
    rf_index B;
    line *lines; /* those that wait: a batch, or with --rank all */
    size_t n, cap;
    int64_t number;
    rf_error *err;
} scoring;

static void line_free(line *l)
{
    free(l->text);
    free(l->logp);
    rf_ids_free(&l->ids);
}

static void lines_free(scoring *c)
{
    for (size_t i = 0; i < c->n; i++) line_free(&c->lines[i]);
    c->n = 0;
}

/* ---- Scores ---------------------------------------------------------------------------------- */

static size_t longest(const line *l, rf_index B)
{
    size_t most = 0;
    for (rf_index b = 0; b < B; b++)
        if (l[b].ids.n > most) most = l[b].ids.n;
    return most;
}

static void fill(const line *l, rf_index B, size_t at, rf_index T, int32_t eos, int32_t *x,
                 int32_t *y)
{
    for (rf_index t = 0; t < T; t++)
        for (rf_index b = 0; b < B; b++) {
            size_t i = at + (size_t)t;
            bool inside = i < l[b].ids.n;
            x[t * B + b] = inside && i ? l[b].ids.at[i - 1] : eos;
            y[t * B + b] = inside ? l[b].ids.at[i] : -1;
        }
}

static void take(line *l, rf_index B, size_t at, rf_index T, const double *logp)
{
    for (rf_index t = 0; t < T; t++)
        for (rf_index b = 0; b < B; b++) {
            size_t i = at + (size_t)t;
            if (i >= l[b].ids.n) continue;
            l[b].logp[i] = logp[t * B + b];
            l[b].total += l[b].logp[i];
        }
}

static rf_status walk_lines(const scoring *c, lm_walker *w, line *l)
{
    size_t steps = longest(l, w->B), window = (size_t)lm_walker_window(w);
    size_t cells = window * (size_t)w->B;
    int32_t *x = malloc(2 * cells * sizeof *x), *y = x ? x + cells : NULL;
    double *logp = malloc(cells * sizeof *logp);
    rf_status st = x && logp ? RF_OK : rf_no_memory(c->err);
    for (size_t at = 0; at < steps && !st; at += window) {
        rf_index T = (rf_index)(steps - at < window ? steps - at : window);
        fill(l, w->B, at, T, rf_tokenizer_eos(c->by->m->tokens), x, y);
        st = lm_walk(w, x, y, T, logp, c->err);
        if (!st) take(l, w->B, at, T, logp);
        if (!st) st = c->s->host->progress(c->s->host, (double)c->number, 0, "lines");
    }
    free(x);
    free(logp);
    return st;
}

static rf_status score_lines(const scoring *c, line *l, size_t n)
{
    lm_walker w;
    rf_status st = lm_walker_init(&w, c->by, (rf_index)n, c->err);
    for (size_t i = 0; i < n && !st; i++) {
        l[i].logp = calloc(l[i].ids.n, sizeof *l[i].logp);
        if (!l[i].logp) st = rf_no_memory(c->err);
    }
    if (!st) st = walk_lines(c, &w, l);
    lm_walker_free(&w);
    return st;
}

/* ---- What comes out -------------------------------------------------------------------------- */

static rf_status emit_tokens(const scoring *c, const line *l)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < l->ids.n && !st; i++) {
        rf_str unit = {0};
        lm_unit_text(c->by->m->tokens, l->ids.at[i], &unit);
        const rf_field row[] = {rf_field_int("line", l->number),
                                rf_field_int("position", (int64_t)i),
                                rf_field_real("log10p", l->logp[i] / log(10)),
                                rf_field_string("unit", unit.s ? unit.s : "")};
        st = rf_emit_record(c->s->host, l->number, "token", row, sizeof row / sizeof *row);
        rf_str_free(&unit);
    }
    return st;
}

static rf_status emit_line(const scoring *c, const line *l)
{
    const rf_field row[] = {rf_field_int("line", l->number),
                            rf_field_real("log10p", l->total / log(10)),
                            rf_field_real("perplexity", exp(-l->total / (double)l->ids.n)),
                            rf_field_int("units", (int64_t)l->ids.n),
                            rf_field_int("unknown", l->unknown),
                            rf_field_string("text", l->text)};
    rf_status st = c->per_token ? emit_tokens(c, l) : RF_OK;
    if (st || c->per_token) return st;
    return rf_emit_record(c->s->host, l->number, "score", row, sizeof row / sizeof *row);
}

/* Score and send what waits; with --rank only once all is read. */
static rf_status finish_batch(scoring *c)
{
    rf_status st = score_lines(c, c->lines, c->n);
    for (size_t i = 0; i < c->n && !st; i++) st = emit_line(c, &c->lines[i]);
    lines_free(c);
    return st;
}

static int by_total(const void *a, const void *b)
{
    const line *x = a, *y = b;
    return x->total > y->total   ? -1
           : x->total < y->total ? 1
                                 : (x->number > y->number) - (x->number < y->number);
}

static int by_mean(const void *a, const void *b)
{
    const line *x = a, *y = b;
    double p = x->total / (double)x->ids.n, q = y->total / (double)y->ids.n;
    return p > q ? -1 : p < q ? 1 : (x->number > y->number) - (x->number < y->number);
}

static rf_status finish_ranked(scoring *c)
{
    rf_status st = RF_OK;
    size_t B = (size_t)c->B;
    for (size_t i = 0; i < c->n && !st; i += B)
        st = score_lines(c, c->lines + i, c->n - i < B ? c->n - i : B);
    if (!st && c->n)
        qsort(c->lines, c->n, sizeof *c->lines, c->rank == RANK_MEAN ? by_mean : by_total);
    for (size_t i = 0; i < c->n && !st; i++) st = emit_line(c, &c->lines[i]);
    return st;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static rf_status grow(scoring *c)
{
    size_t cap = c->cap ? 2 * c->cap : 64;
    line *more = realloc(c->lines, cap * sizeof *more);
    if (!more) return rf_no_memory(c->err);
    c->lines = more;
    c->cap = cap;
    return RF_OK;
}

static rf_status add_line(scoring *c, const char *text, size_t n, const char *name, size_t at)
{
    rf_tokenizer *t = c->by->m->tokens;
    rf_error err = {0};
    rf_status st = c->n == c->cap ? grow(c) : RF_OK;
    if (st) return st;
    line *l = &c->lines[c->n++];
    *l = (line){.number = ++c->number, .text = malloc(n + 1)};
    if (!l->text) return rf_no_memory(c->err);
    memcpy(l->text, text, n);
    l->text[n] = 0;
    /* The encoder counts lines from the text it is given; the file's own line goes before. */
    st = rf_utf8_check(text, n, "", &err);
    if (st) {
        const char *byte = strchr(err.text + 1, ':');
        return rf_fail(c->err, st, "%s:%zu%s", name, at, byte ? byte : err.text);
    }
    st = rf_tokenizer_encode(t, text, n, name, &l->ids, &l->unknown, c->err);
    rf_ids_add(&l->ids, rf_tokenizer_eos(t));
    return !st && l->ids.failed ? rf_no_memory(c->err) : st;
}

static rf_status read_line(void *ctx, const rf_lines *in, const char *text, size_t n, rf_error *err)
{
    scoring *c = ctx;
    (void)err;
    const rf_status st = add_line(c, text, n, rf_lines_name(in), rf_lines_number(in));
    return st || c->rank || c->n < (size_t)c->B ? st : finish_batch(c);
}

rf_status lm_score(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    lm_reader x;
    rf_status st = lm_reader_open(&x, r, &err);
    lm_means by = lm_reader_means(&x, (rf_weights)r->opt[SCORE_WEIGHTS].as.i);
    scoring c = {.s = s,
                 .by = &by,
                 .per_token = r->opt[SCORE_PER_TOKEN].as.i,
                 .rank = (int)r->opt[SCORE_RANK].as.i,
                 .B = (rf_index)r->opt[SCORE_BATCH].as.i,
                 .err = &err};
    if (!st && !r->arg_count) st = rf_lines_each("-", read_line, &c, &err);
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = rf_lines_each(r->arg[i], read_line, &c, &err);
    if (!st && c.n) st = c.rank ? finish_ranked(&c) : finish_batch(&c);
    lines_free(&c);
    free(c.lines);
    lm_means_free(&by);
    lm_reader_close(&x);
    return rf_session_end(s, st, &err);
}
