/* translate/run.c -- the verb translate: lines of files, or of standard input as they come. */
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"
#include "run.h"

/* Lines that are read ahead for each that stands side by side. */
enum { AHEAD = 16 };

void tr_search_of(tr_search *s, const tr_model *x, const rf_setting *v)
{
    s->lexis = &x->lexis;
    s->m = x->m;
    s->d = x->d;
    s->g = x->g;
    s->B = (rf_index)v[SEARCH_BATCH].as.i;
    s->beam = (rf_index)v[SEARCH_BEAM].as.i;
    s->best = 1;
    s->alpha = v[SEARCH_PENALTY].as.f;
    s->beta = v[SEARCH_COVERAGE].as.f;
    s->shortest = (rf_index)v[SEARCH_MIN].as.i;
    s->most = (rf_index)v[SEARCH_MAX].as.i;
    s->no_repeat = (int32_t)v[SEARCH_REPEAT].as.i;
    s->replace = v[SEARCH_UNKNOWN].as.i;
}

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    tr_model x;
    tr_search q;
    rf_ids prefix;
    rf_str line;
    bool table;
    int64_t before; /* lines of earlier flushes */
    tr_memory *memory;
    const char **known; /* [lines of q] what the memory has of them, or NULL */
    rf_error *err;
} setup;

/* ---- Answers --------------------------------------------------------------------------------- */

static rf_status send_row(const setup *u, int64_t line, rf_index rank, const tr_answer *a)
{
    const rf_index source[] = {a->source}, target[] = {a->target}, both[] = {a->target, a->source};
    const rf_field row[] = {rf_field_int("line", line + 1),
                            rf_field_int("rank", rank + 1),
                            rf_field_string("translation", a->text),
                            rf_field_real("score", a->score),
                            rf_field_real("log_p", a->logp),
                            rf_field_strings("source", a->source_piece, source, 1),
                            rf_field_strings("target", a->target_piece, target, 1),
                            rf_field_reals("attention", a->attention, both, 2)};
    return rf_emit_record(u->s->host, line, "translation", row,
                          u->q.attention ? sizeof row / sizeof *row : 5);
}

static rf_status each(void *ctx, rf_index i, rf_index rank, const tr_answer *told, rf_error *err)
{
    setup *u = ctx;
    const int64_t line = u->before + i;
    tr_answer known = *told;
    const tr_answer *a = &known;
    if (u->known && u->known[i]) known.text = u->known[i];
    /* An empty line has no tokens to show. */
    if (u->table && u->q.attention && !a->target) return RF_OK;
    if (u->table) return send_row(u, line, rank, a);
    rf_str_clear(&u->line);
    rf_str_put(&u->line, a->text);
    return tr_emit_line(u->s->host, line, &u->line, err);
}

static rf_status tell(void *ctx, double done, double total)
{
    const setup *u = ctx;
    (void)total;
    return u->s->host->progress(u->s->host, (double)u->before + done, 0, "lines");
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static rf_status flush(setup *u)
{
    const rf_status st = tr_search_run(&u->q, false, u->err);
    u->before += u->q.lines;
    tr_search_clear(&u->q);
    return st ? st : tell(u, 0, 0);
}

rf_status tr_check_line(const rf_lines *in, const char *line, size_t n, rf_error *err)
{
    rf_error bad = {0};
    if (!rf_utf8_check(line, n, "", &bad)) return RF_OK;
    const char *byte = strchr(bad.text + 1, ':');
    return rf_fail(err, bad.status, "%s:%zu%s", rf_lines_name(in), rf_lines_number(in),
                   byte ? byte : bad.text);
}

/* A line that the memory has goes to the search as an empty one. */
static rf_status add_line(setup *u, const char *line, size_t n)
{
    const size_t i = (size_t)u->q.lines;
    tr_remembered best = {0};
    if (!u->memory) return tr_search_add(&u->q, line, n, u->err);
    if (!rf_resize(&u->known, i + 1, sizeof *u->known)) return rf_no_memory(u->err);
    const rf_status st = tr_memory_find(u->memory, line, n, &best, u->err);
    if (st) return st;
    const bool known = best.target && best.cosine >= u->r->opt[RUN_MEMORY_LEAST].as.f - 1e-6;
    u->known[i] = known ? best.target : NULL;
    return tr_search_add(&u->q, line, known ? 0 : n, u->err);
}

static rf_status read_file(setup *u, const char *path)
{
    rf_lines *in = rf_lines_open(path, u->err);
    const char *line;
    size_t n;
    int more = 1;
    rf_status st = in ? RF_OK : u->err->status;
    while (!st && (more = rf_lines_next(in, &line, &n, u->err)) > 0) {
        st = tr_check_line(in, line, n, u->err);
        if (!st) st = add_line(u, line, n);
        const bool full = u->q.lines >= AHEAD * u->q.B;
        /* Which lines stand side by side changes last digits, which only tables show. */
        const bool waits = !strcmp(path, "-") && !u->table && !rf_lines_ready(in);
        if (!st && (full || waits)) st = flush(u);
    }
    rf_lines_free(in);
    return st ? st : more < 0 ? more : RF_OK;
}

/* ---- The verb -------------------------------------------------------------------------------- */

/* How every translation begins, if it is given. */
static rf_status read_prefix(setup *u)
{
    const char *text = u->r->opt[RUN_PREFIX].as.s;
    tr_text pieces = {{0}};
    if (!text) return RF_OK;
    rf_status st =
        tr_units_encode(u->x.lexis.side[1], text, strlen(text), &u->prefix, &pieces, u->err);
    for (size_t i = 0; i < u->prefix.n && !st; i++)
        if (u->prefix.at[i] == TR_UNK)
            st = rf_fail(u->err, RF_EINVAL, "--prefix: the model cannot write %s",
                         tr_text_line(&pieces, i, NULL));
    tr_text_free(&pieces);
    if (u->prefix.n) u->q.prefix = &u->prefix;
    return st;
}

static rf_status open_memory(setup *u)
{
    const rf_setting *v = u->r->opt;
    const tr_units *source = u->x.lexis.side[0];
    tr_columns columns;
    tr_parallel text = {0};
    if (!v[RUN_MEMORY].as.s) return RF_OK;
    rf_status st =
        tr_columns_parse(v[RUN_MEMORY_COLUMNS].as.s, "--memory-columns", &columns, u->err);
    if (!st) st = tr_parallel_read_table(&text, v[RUN_MEMORY].as.s, columns, u->err);
    if (st) {
        tr_parallel_free(&text);
        return st;
    }
    return tr_memory_open(&u->memory, &text, tr_units_asked(source)->language, tell, u, u->err);
}

static rf_status prepare(setup *u)
{
    const rf_setting *v = u->r->opt;
    rf_status st = tr_model_open(&u->x, u->r->model, u->r, u->err);
    if (st) return st;
    u->table = v[RUN_NBEST].as.i > 0 || v[RUN_ATTENTION].as.i;
    tr_search_of(&u->q, &u->x, v);
    if (v[RUN_NBEST].as.i) u->q.best = (rf_index)v[RUN_NBEST].as.i;
    if (u->q.best > u->q.beam) u->q.beam = u->q.best;
    u->q.attention = v[RUN_ATTENTION].as.i;
    u->q.each = each;
    u->q.tell = tell;
    u->q.ctx = u;
    st = read_prefix(u);
    if (!st) st = open_memory(u);
    return st ? st : tr_search_begin(&u->q, u->err);
}

rf_status tr_translate(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    rf_status st = prepare(&u);
    if (!st && !r->arg_count) st = read_file(&u, "-");
    for (uint32_t i = 0; i < r->arg_count && !st; i++) st = read_file(&u, r->arg[i]);
    if (!st) st = flush(&u);
    tr_search_end(&u.q);
    rf_ids_free(&u.prefix);
    rf_str_free(&u.line);
    tr_memory_free(u.memory);
    free(u.known);
    tr_model_close(&u.x);
    return rf_session_end(s, st, &err);
}
