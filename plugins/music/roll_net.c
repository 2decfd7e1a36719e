/* music/roll_net.c -- see roll_net.h. */
#include "roll_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MOST = 1 << 13 }; /* steps of a batch that is measured: a tenth of a second */

/* ---- The network --------------------------------------------------------------------------------------- */

static rf_status make(roll_net *m, rf_error *err)
{
    const roll_shape *s = &m->shape;
    const rf_rnn_spec spec = {.cell = s->cell,
                              .input = RF_KEYS,
                              .hidden = s->hidden,
                              .layers = s->layers,
                              .dropout = s->drop_hidden,
                              .variational = s->variational,
                              .weight_dropout = s->drop_weight,
                              .forget_bias = s->forget_bias};
    m->params = rf_params_new();
    if (!m->params) return rf_no_memory(err);
    m->rnn = rf_rnn_new(&spec, m->params, "rnn.", err);
    if (!m->rnn) return err->status;
    if (s->output == ROLL_NADE)
        return rf_nade_layer_init(&m->nade, m->params, "nade.", s->hidden, RF_KEYS, s->nade, err);
    return rf_linear_layer_init(&m->sigmoid, m->params, "output.", s->hidden, RF_KEYS, true, err);
}

roll_net *roll_net_new(const roll_shape *shape, rf_error *err)
{
    roll_net *m = calloc(1, sizeof *m);
    if (!m) return rf_no_memory(err), NULL;
    m->shape = *shape;
    if (!make(m, err)) return m;
    roll_net_free(m);
    return NULL;
}

void roll_net_free(roll_net *m)
{
    if (!m) return;
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
    free(m);
}

rf_param *roll_net_bias(const roll_net *m)
{
    return m->shape.output == ROLL_NADE ? m->nade.visible.bias : m->sigmoid.bias;
}

/* ---- Batches to arrays --------------------------------------------------------------------------------- */

/* A batch as the network sees it; all of it is the graph's memory. */
typedef struct arrays {
    rf_real *x;   /* [T,B,88] */
    rf_real *y;   /* [frames,88] what follows */
    int32_t *row; /* [frames] which of the T*B states is to predict it */
} arrays;

static void copy_keys(rf_real *to, const uint8_t *keys, int shift)
{
    for (int k = 0; k < RF_KEYS; k++)
        if (keys[k]) to[k + shift] = 1;
}

static void fill(const arrays *a, const roll_batch *batch)
{
    const rf_bucket_batch *b = batch->b;
    rf_index frame = 0;
    for (rf_index i = 0; i < b->B; i++) {
        const roll_piece *p = &batch->set->piece[b->item[i]];
        const int shift = batch->shift ? batch->shift[i] : 0;
        for (rf_index t = 0; t < b->lengths[i]; t++, frame++) {
            const rf_index row = t * b->B + i;
            copy_keys(a->x + row * RF_KEYS, p->keys + t * RF_KEYS, shift);
            copy_keys(a->y + frame * RF_KEYS, p->keys + (t + 1) * RF_KEYS, shift);
            a->row[frame] = (int32_t)row;
        }
    }
}

static rf_real *zeros(rf_graph *g, rf_index n)
{
    rf_real *p = rf_graph_alloc(g, (size_t)n * sizeof *p);
    if (p) memset(p, 0, (size_t)n * sizeof *p);
    return p;
}

static rf_node drop(rf_graph *g, const roll_net *m, rf_node x, double p)
{
    return m->shape.variational ? rf_dropout_shared(g, x, p, 0) : rf_dropout(g, x, p);
}

roll_told roll_net_apply(rf_graph *g, const roll_net *m, const roll_batch *batch)
{
    const rf_bucket_batch *b = batch->b;
    const rf_index T = b->T, B = b->B;
    roll_told out = {RF_POISON, RF_POISON, 0};
    for (rf_index i = 0; i < B; i++) out.frames += b->lengths[i];
    const arrays a = {zeros(g, T * B * RF_KEYS), zeros(g, out.frames * RF_KEYS),
                      rf_graph_alloc(g, (size_t)out.frames * sizeof *a.row)};
    if (!a.x || !a.y || !a.row) return out;
    fill(&a, batch);
    const roll_shape *s = &m->shape;
    const rf_node x = drop(g, m, rf_borrow(g, a.x, RF_SHAPE(T, B, RF_KEYS)), s->drop_input);
    const rf_sequence read = rf_rnn_apply(g, m->rnn, x, RF_NONE, RF_NONE, b->lengths);
    rf_node h = rf_reshape(g, drop(g, m, read.out, s->drop_output), RF_SHAPE(T * B, s->hidden));
    h = rf_embedding(g, h, a.row, RF_SHAPE(out.frames));
    out.target = rf_borrow(g, a.y, RF_SHAPE(out.frames, RF_KEYS));
    out.logits = s->output == ROLL_NADE ? rf_nade_layer_apply(g, &m->nade, h, out.target)
                                        : rf_linear_layer_apply(g, &m->sigmoid, h);
    return out;
}

rf_node roll_net_loss(rf_graph *g, const roll_told *t)
{
    return rf_affine(g, rf_binary_cross_entropy(g, t->logits, t->target), RF_KEYS, 0);
}

void roll_range(const roll_piece *p, int most, int *down, int *up)
{
    int low = RF_KEYS, high = -1;
    for (rf_index i = 0; i < p->steps * RF_KEYS; i++) {
        if (!p->keys[i]) continue;
        const int key = (int)(i % RF_KEYS);
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    const bool silent = high < 0;
    *down = silent ? 0 : low < most ? -low : -most;
    *up = silent ? 0 : RF_KEYS - 1 - high < most ? RF_KEYS - 1 - high : most;
}

/* ---- Measuring ------------------------------------------------------------------------------------------- */

/* -ln p of n values with log-odds z. */
static double nats_of(const rf_real *z, const rf_real *v, rf_index n)
{
    double sum = 0;
    for (rf_index i = 0; i < n; i++) {
        const double x = (double)z[i];
        sum += (x > 0 ? x : 0) - x * (double)v[i] + log1p(exp(-fabs(x)));
    }
    return sum;
}

static rf_status take(const roll_meter *w, const roll_set *set, const rf_bucket_batch *b,
                      const rf_real *z, const rf_real *y, roll_score *score)
{
    rf_status st = RF_OK;
    for (rf_index i = 0; i < b->B && !st; i++) {
        const rf_index item = b->item[i], n = b->lengths[i];
        roll_score s = {.nats = nats_of(z, y, n * RF_KEYS), .frames = n};
        for (rf_index t = 1; t <= n; t++) s.notes += roll_piece_notes(&set->piece[item], t);
        if (w->each) st = w->each(w->ctx, item, z);
        score[item] = s;
        z += n * RF_KEYS;
        y += n * RF_KEYS;
    }
    return st;
}

rf_status roll_measure(const roll_meter *w, const roll_set *set, roll_score *score, rf_error *err)
{
    const rf_bucket_spec spec = {
        .lengths = set->lengths, .n = set->n, .B = w->B, .cells = CELLS_MOST};
    rf_bucket_batches *batches = rf_bucket_batches_new(&spec, err);
    rf_status st = batches ? RF_OK : err->status;
    rf_bucket_batch b;
    double done = 0;
    while (!st && rf_bucket_batches_next(batches, &b)) {
        rf_graph_begin(w->g, RF_INFER, rf_key_make(0, "measure", 0));
        const roll_told t = roll_net_apply(w->g, w->m, &(roll_batch){set, &b, NULL});
        st = rf_graph_status(w->g, err);
        if (!st)
            st = take(w, set, &b, rf_value(w->g, t.logits).data, rf_value(w->g, t.target).data,
                      score);
        done += (double)t.frames;
        if (!st) st = w->watch(w->ctx, done, (double)set->frames);
    }
    rf_bucket_batches_free(batches);
    return st;
}

roll_score roll_total(const roll_score *score, rf_index n)
{
    roll_score sum = {0};
    for (rf_index i = 0; i < n; i++) {
        sum.nats += score[i].nats;
        sum.frames += score[i].frames;
        sum.notes += score[i].notes;
    }
    return sum;
}
