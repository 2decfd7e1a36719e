/* music/roll_sample.c -- the verb roll-sample: a piece continued frame by frame. */
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>

#include "roll.h"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    roll_model x;
    roll_set part[RF_SPLITS];
    rf_stepper *stepper;
    const roll_piece *p;   /* what is continued, or NULL */
    uint8_t *keys;         /* [given + length,88] */
    rf_index given, steps; /* the frames that are there, and all */
    rf_real *c, *scratch;  /* hidden biases [N], [2 N] of an estimator */
    double logp;           /* of what was drawn */
    rf_error *err;
} setup;

/* ---- What is given ------------------------------------------------------------------------------------- */

static rf_status find_piece(setup *u)
{
    const rf_run *r = u->r;
    const rf_split part = (rf_split)r->opt[ROLL_SAMPLE_PART].as.i;
    const int64_t piece = r->opt[ROLL_SAMPLE_PIECE].as.i;
    const roll_set *set = &u->part[part];
    roll_reader reader = {.h = u->s->host, .grid = u->x.grid, .midi = part};
    if (!r->arg_count) return RF_OK;
    const rf_status st = roll_read(&reader, r->arg[0], u->part, u->err);
    if (st) return st;
    if (piece > set->n)
        return rf_fail(u->err, RF_EINVAL, "%s: piece %lld of %s, where there are %lld", r->arg[0],
                       (long long)piece, rf_split_name(part), (long long)set->n);
    u->p = &set->piece[piece - 1];
    return RF_OK;
}

/* Without a piece, or where none of it is given, the first frame is silent and is not written. */
static rf_status begin(setup *u)
{
    const int64_t prime = u->r->opt[ROLL_SAMPLE_PRIME].as.i;
    const rf_status st = find_piece(u);
    const roll_piece *p = u->p;
    if (st) return st;
    u->given = p ? (prime && prime < p->steps ? (rf_index)prime : p->steps) : 0;
    u->steps = u->given + (rf_index)u->r->opt[ROLL_SAMPLE_LENGTH].as.i;
    u->keys = calloc((size_t)(u->steps * RF_KEYS), 1);
    const rf_index N = u->x.m->shape.nade;
    u->c = calloc((size_t)(3 * N), sizeof *u->c);
    if (!u->keys || !u->c) return rf_no_memory(u->err);
    u->scratch = u->c + N;
    if (p) memcpy(u->keys, p->keys, (size_t)(u->given * RF_KEYS));
    u->stepper = rf_stepper_new(u->x.d, u->x.m->rnn, 1, u->err);
    return u->stepper ? RF_OK : u->err->status;
}

/* ---- Frames ---------------------------------------------------------------------------------------------- */

/* y = x w^T + b of one row. */
static void apply(const rf_linear_layer *l, const rf_real *x, rf_real *y)
{
    const rf_index O = l->weight->value.shape.dim[0], I = l->weight->value.shape.dim[1];
    const rf_real *w = l->weight->value.data;
    for (rf_index o = 0; o < O; o++, w += I) {
        rf_real sum = l->bias->value.data[o];
        for (rf_index i = 0; i < I; i++) sum += w[i] * x[i];
        y[o] = sum;
    }
}

/* The next frame, drawn from what the state says. */
static void draw(setup *u, const rf_real *h, rf_index t, rf_real *v)
{
    const double temperature = u->r->opt[ROLL_SAMPLE_TEMPERATURE].as.f;
    const rf_key key = rf_key_make(u->r->seed, "frame", (uint64_t)t);
    const roll_net *m = u->x.m;
    rf_real b[RF_KEYS];
    if (m->shape.output == ROLL_SIGMOID) {
        apply(&m->sigmoid, h, b);
        u->logp += rf_binary_draw(RF_KEYS, b, temperature, key, v);
        return;
    }
    apply(&m->nade.visible, h, b);
    apply(&m->nade.hidden, h, u->c);
    const rf_nade_row row = {.V = RF_KEYS,
                             .N = m->shape.nade,
                             .b = b,
                             .c = u->c,
                             .w = m->nade.w->value.data,
                             .u = m->nade.u->value.data};
    u->logp += rf_nade_draw(u->x.d, &row, temperature, key, v, u->scratch);
}

static rf_status sample(setup *u)
{
    const rf_host *h = u->s->host;
    rf_real x[RF_KEYS] = {0};
    rf_status st = RF_OK;
    rf_stepper_reset(u->stepper, 1);
    const rf_real *state = u->given ? NULL : rf_stepper_step(u->stepper, x);
    for (rf_index t = 0; t < u->steps && !st; t++) {
        uint8_t *keys = u->keys + t * RF_KEYS;
        if (t >= u->given) draw(u, state, t - u->given, x);
        for (int k = 0; k < RF_KEYS; k++) {
            if (t < u->given) x[k] = keys[k];
            keys[k] = x[k] > 0;
        }
        state = rf_stepper_step(u->stepper, x);
        st = h->progress(h, (double)t, (double)u->steps, "frames");
    }
    return st;
}

/* ---- The verb ----------------------------------------------------------------------------------------- */

static rf_status write(setup *u)
{
    const rf_host *h = u->s->host;
    const char *midi = u->r->opt[ROLL_SAMPLE_MIDI].as.s, *svg = u->r->opt[ROLL_SAMPLE_SVG].as.s;
    const double us = 60e6 / u->r->opt[ROLL_SAMPLE_QPM].as.f;
    const rf_roll roll = {u->steps, u->keys};
    rf_score *s = rf_roll_score(&roll, u->x.grid);
    const bool done = s && rf_score_name(s, u->p ? roll_piece_title(u->p) : NULL) &&
                      rf_score_add_tempo(s, 0, (uint32_t)us) && rf_score_order(s);
    rf_status st = done ? RF_OK : rf_no_memory(u->err);
    if (!st) st = rf_midi_write(s, midi, u->err);
    if (!st) st = rf_emit_file(h, midi, "music", "audio/midi");
    if (!st && svg) st = rf_score_draw(s, (rf_extract){0}, svg, u->err);
    if (!st && svg) st = rf_emit_file(h, svg, "piano roll", "image/svg+xml");
    rf_score_free(s);
    return st;
}

static rf_status tell(const setup *u)
{
    const rf_index drawn = u->steps - u->given;
    const roll_piece all = {.steps = u->steps, .keys = u->keys};
    int64_t notes = 0;
    for (rf_index t = u->given; t < u->steps; t++) notes += roll_piece_notes(&all, t);
    const rf_field row[] = {rf_field_int("given", u->given), rf_field_int("frames", drawn),
                            rf_field_int("notes", notes),
                            rf_field_real("per_frame", -u->logp / (double)drawn)};
    return rf_emit_record(u->s->host, -1, "sample", row, sizeof row / sizeof *row);
}

rf_status roll_sample(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    rf_status st = roll_model_open(&u.x, r, &err);
    if (!st) st = begin(&u);
    if (!st) st = sample(&u);
    if (!st) st = write(&u);
    if (!st) st = tell(&u);
    rf_stepper_free(u.stepper);
    roll_model_close(&u.x);
    roll_sets_free(u.part);
    free(u.keys);
    free(u.c);
    return rf_session_end(s, st, &err);
}
