/* music/roll_eval.c -- the verb roll-eval: how well a network tells the next frame. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roll.h"

enum { DRAWN_MOST = 1000 }; /* steps of a picture, as its option has it */

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    roll_model x;
    roll_set part[RF_SPLITS];
    const roll_set *set; /* the part that is measured */
    roll_score *score;   /* [set->n] */
    rf_index drawn;      /* piece, or -1 */
    rf_real *logits;     /* [lengths[drawn],88] of it */
    rf_error *err;
} setup;

/* ---- Measuring ------------------------------------------------------------------------------------- */

static rf_status watch(void *ctx, double done, double total)
{
    const setup *u = ctx;
    return u->s->host->progress(u->s->host, done, total, "frames");
}

/* Keep what is drawn. */
static rf_status each(void *ctx, rf_index piece, const rf_real *logits)
{
    setup *u = ctx;
    if (piece != u->drawn) return RF_OK;
    const size_t n = (size_t)u->set->lengths[piece] * RF_KEYS;
    u->logits = calloc(n, sizeof *u->logits);
    if (!u->logits) return rf_no_memory(u->err);
    memcpy(u->logits, logits, n * sizeof *u->logits);
    return RF_OK;
}

static rf_status read_pieces(setup *u)
{
    const rf_run *r = u->r;
    const rf_split part = (rf_split)r->opt[ROLL_EVAL_PART].as.i;
    const int64_t piece = r->opt[ROLL_EVAL_PIECE].as.i;
    roll_reader reader = {.h = u->s->host, .grid = u->x.grid, .midi = part};
    rf_status st = RF_OK;
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = roll_read(&reader, r->arg[i], u->part, u->err);
    if (st) return st;
    u->set = &u->part[part];
    u->drawn = r->opt[ROLL_EVAL_SVG].as.s ? piece - 1 : -1;
    if (!u->set->n)
        return rf_fail(u->err, RF_EFORMAT, "%s: %s: there is no piece of two or more steps",
                       r->arg[0], rf_split_name(part));
    if (u->drawn >= u->set->n)
        return rf_fail(u->err, RF_EINVAL, "--piece: %lld, where there are %lld pieces",
                       (long long)piece, (long long)u->set->n);
    if (u->drawn >= 0 && r->opt[ROLL_EVAL_FROM].as.i > u->set->piece[u->drawn].steps)
        return rf_fail(u->err, RF_EINVAL, "--from: step %lld, where there are %lld",
                       (long long)r->opt[ROLL_EVAL_FROM].as.i,
                       (long long)u->set->piece[u->drawn].steps);
    u->score = calloc((size_t)u->set->n, sizeof *u->score);
    return u->score ? RF_OK : rf_no_memory(u->err);
}

/* ---- Telling ---------------------------------------------------------------------------------------- */

static double part_of(double x, rf_index n) { return n ? x / (double)n : (double)NAN; }

static rf_status tell_pieces(const setup *u)
{
    rf_status st = RF_OK;
    for (rf_index i = 0; i < u->set->n && !st; i++) {
        const roll_score *s = &u->score[i];
        const rf_field row[] = {rf_field_int("piece", i + 1),
                                rf_field_string("name", u->set->piece[i].name),
                                rf_field_int("frames", s->frames),
                                rf_field_int("notes", s->notes),
                                rf_field_real("per_frame", part_of(s->nats, s->frames)),
                                rf_field_real("per_note", part_of(s->nats, s->notes))};
        st = rf_emit_record(u->s->host, i, "piece", row, sizeof row / sizeof *row);
    }
    return st;
}

static rf_status tell(const setup *u)
{
    const roll_score all = roll_total(u->score, u->set->n);
    const char *of = rf_split_name((rf_split)u->r->opt[ROLL_EVAL_PART].as.i);
    const struct {
        const char *name, *unit;
        double value;
    } metric[] = {{"loss", "nats", part_of(all.nats, all.frames)},
                  {"per_note", "nats", part_of(all.nats, all.notes)},
                  {"frames", NULL, (double)all.frames},
                  {"notes", NULL, (double)all.notes}};
    rf_status st = u->r->opt[ROLL_EVAL_PIECES].as.i ? tell_pieces(u) : RF_OK;
    for (size_t i = 0; i < sizeof metric / sizeof *metric && !st; i++)
        if (isfinite(metric[i].value))
            st =
                rf_emit_metric(u->s->host, -1, of, metric[i].name, metric[i].value, metric[i].unit);
    return st;
}

/* ---- The picture ------------------------------------------------------------------------------------- */

/* Steps [from, from + n) of the piece, the keys from `low` to `high`, the highest in the first row. */
typedef struct extract {
    const roll_piece *p;
    rf_index from, n;
    int low, high;
} extract;

static extract extract_of(const setup *u)
{
    const roll_piece *p = &u->set->piece[u->drawn];
    const rf_index from = (rf_index)u->r->opt[ROLL_EVAL_FROM].as.i - 1, rest = p->steps - from;
    const rf_index most = (rf_index)u->r->opt[ROLL_EVAL_FRAMES].as.i;
    extract e = {p, from, rest < most ? rest : most, RF_KEYS, -1};
    for (rf_index t = from; t < from + e.n; t++)
        for (int k = 0; k < RF_KEYS; k++) {
            if (!p->keys[t * RF_KEYS + k]) continue;
            e.low = k < e.low ? k : e.low;
            e.high = k > e.high ? k : e.high;
        }
    /* A few keys more show what was expected beside. */
    enum { BESIDE = 3 };
    if (e.high < 0) e.low = e.high = RF_KEYS / 2;
    e.low = e.low < BESIDE ? 0 : e.low - BESIDE;
    e.high = e.high + BESIDE >= RF_KEYS ? RF_KEYS - 1 : e.high + BESIDE;
    return e;
}

/* The labels of both axes: keys by name, every eighth step by number. */
typedef struct labels {
    char key[RF_KEYS][8], step[DRAWN_MOST][24];
    const char *row[RF_KEYS], *col[DRAWN_MOST];
} labels;

static void label(labels *l, const extract *e)
{
    for (int k = e->high, i = 0; k >= e->low; k--, i++)
        l->row[i] = rf_pitch_name(k + RF_KEY_LOWEST, l->key[i]);
    for (rf_index t = 0; t < e->n; t++) {
        snprintf(l->step[t], sizeof l->step[t], "%lld", (long long)(e->from + t + 1));
        l->col[t] = (e->from + t) % 8 ? NULL : l->step[t];
    }
}

static bool add_panel(rf_plot *p, const setup *u, const extract *e, const labels *l, bool told)
{
    const size_t rows = (size_t)(e->high - e->low + 1), cols = (size_t)e->n;
    double *cell = calloc(rows * cols, sizeof *cell);
    for (size_t i = 0; cell && i < rows * cols; i++) {
        const rf_index t = e->from + (rf_index)(i % cols), key = e->high - (rf_index)(i / cols);
        cell[i] = told ? 1 / (1 + exp(-(double)u->logits[(t - 1) * RF_KEYS + key]))
                       : e->p->keys[t * RF_KEYS + key];
    }
    const char *name = !told                                  ? "what sounds"
                       : u->x.m->shape.output == ROLL_SIGMOID ? "how probable it was told to be"
                                                              : "how probable, given lower keys";
    const rf_panel panel = {.title = name,
                            .values = cell,
                            .rows = rows,
                            .cols = cols,
                            .row_labels = l->row,
                            .col_labels = l->col,
                            .high = 1};
    const bool done = cell && rf_plot_panel(p, &panel);
    free(cell);
    return done;
}

static rf_status draw(const setup *u)
{
    const char *path = u->r->opt[ROLL_EVAL_SVG].as.s;
    const extract e = extract_of(u);
    rf_str title = {0};
    const roll_score *s = &u->score[u->drawn];
    rf_str_printf(&title, "%s: %.2f nats per frame", roll_piece_title(e.p),
                  part_of(s->nats, s->frames));
    labels *l = calloc(1, sizeof *l);
    rf_plot *p = title.s && l ? rf_plot_new(title.s) : NULL;
    if (l) label(l, &e);
    const bool done = p && add_panel(p, u, &e, l, false) && add_panel(p, u, &e, l, true);
    const rf_status st = rf_plot_finish(p, done, path, u->err);
    free(l);
    rf_str_free(&title);
    return st ? st : rf_emit_plot(u->s->host, path);
}

/* ---- The verb ----------------------------------------------------------------------------------------- */

static rf_status eval(setup *u)
{
    rf_status st = roll_model_open(&u->x, u->r, u->err);
    if (!st) st = read_pieces(u);
    const roll_meter meter = {.g = u->x.g,
                              .m = u->x.m,
                              .B = (rf_index)u->r->opt[ROLL_EVAL_BATCH].as.i,
                              .watch = watch,
                              .each = each,
                              .ctx = u};
    if (!st) st = roll_measure(&meter, u->set, u->score, u->err);
    if (!st) st = tell(u);
    return !st && u->drawn >= 0 ? draw(u) : st;
}

rf_status roll_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err, .drawn = -1};
    rf_status st = eval(&u);
    roll_model_close(&u.x);
    roll_sets_free(u.part);
    free(u.score);
    free(u.logits);
    return rf_session_end(s, st, &err);
}
