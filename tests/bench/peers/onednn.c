/* onednn.c -- the recurrent layers of W1..W5 by oneDNN's rnn primitive, as bench_cells runs ours.
 *
 * usage: onednn --workload W1..W5 [--seconds S] [--format text|json] [--check]
 *
 * A step is what a training step needs of the layers: weights that the optimiser has just changed
 * are brought into the layouts that the primitives ask for (format any), forward with a workspace,
 * gradients of the weights to zero, backward to the input and all weights.  Primitives and memory are
 * made once.  States are given although they are zero: without them version 2.6 leaves wrong gradients
 * in the last layer's recurrent weights.  --check compares output and gradients with ours instead.
 * Threads are OpenMP's. */
#include <dnnl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/cell.h>

#include "../bench.h"

static void must(dnnl_status_t st, const char *what)
{
    if (st == dnnl_success) return;
    fprintf(stderr, "onednn: %s: status %d\n", what, (int)st);
    exit(1);
}

/* Memory of one argument: as the primitives want it, and plainly, rows as in PyTorch. */
enum { SRC, SRC_H, SRC_C, WEIGHTS_X, WEIGHTS_H, BIAS, DST, DST_H, DST_C, WORKSPACE, ARGS };
static const int arg_of[ARGS] = {DNNL_ARG_SRC_LAYER,     DNNL_ARG_SRC_ITER,     DNNL_ARG_SRC_ITER_C,
                                 DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER, DNNL_ARG_BIAS,
                                 DNNL_ARG_DST_LAYER,     DNNL_ARG_DST_ITER,     DNNL_ARG_DST_ITER_C,
                                 DNNL_ARG_WORKSPACE};
static const int diff_of[WORKSPACE] = {
    DNNL_ARG_DIFF_SRC_LAYER,     DNNL_ARG_DIFF_SRC_ITER,     DNNL_ARG_DIFF_SRC_ITER_C,
    DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS,
    DNNL_ARG_DIFF_DST_LAYER,     DNNL_ARG_DIFF_DST_ITER,     DNNL_ARG_DIFF_DST_ITER_C};

typedef struct peer {
    const bench_layers *s;
    bool gru;
    int gates, biases;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_memory_desc_t plain[ARGS], any[ARGS];
    dnnl_primitive_desc_t forward_pd, backward_pd;
    dnnl_primitive_t forward, backward;
    dnnl_memory_t user[ARGS];              /* plain */
    dnnl_memory_t there[ARGS], back[ARGS]; /* of the forward, of the backward primitive */
    dnnl_memory_t diff[ARGS];              /* gradients, as the primitive wants them */
    dnnl_primitive_t pack[2 * ARGS];       /* weights into `there` and `back` */
    dnnl_memory_t from[2 * ARGS], to[2 * ARGS];
    int packs;
} peer;

/* Only an LSTM has cells. */
static bool has(const peer *p, int k) { return !p->gru || (k != SRC_C && k != DST_C); }

/* ---- Descriptions --------------------------------------------------------------------------------- */

static void describe(peer *p)
{
    const bench_layers *s = p->s;
    const dnnl_dim_t L = s->layers, D = s->directions, G = p->gates, H = s->H;
    const dnnl_dims_t src = {s->T, s->B, s->I}, dst = {s->T, s->B, D * H}, wx = {L, D, s->I, G, H},
                      wh = {L, D, H, G, H}, state = {L, D, s->B, H}, bias = {L, D, p->biases, H};
    const struct {
        int arg, rank;
        const dnnl_dim_t *dims;
        dnnl_format_tag_t plain, any;
    } rows[] = {{SRC, 3, src, dnnl_tnc, dnnl_tnc},
                {SRC_H, 4, state, dnnl_ldnc, dnnl_ldnc},
                {SRC_C, 4, state, dnnl_ldnc, dnnl_ldnc},
                {DST_H, 4, state, dnnl_ldnc, dnnl_ldnc},
                {DST_C, 4, state, dnnl_ldnc, dnnl_ldnc},
                {WEIGHTS_X, 5, wx, dnnl_ldgoi, dnnl_format_tag_any},
                {WEIGHTS_H, 5, wh, dnnl_ldgoi, dnnl_format_tag_any},
                {BIAS, 4, bias, dnnl_ldgo, dnnl_ldgo},
                {DST, 3, dst, dnnl_tnc, dnnl_tnc}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        must(dnnl_memory_desc_init_by_tag(&p->plain[rows[i].arg], rows[i].rank, rows[i].dims,
                                          dnnl_f32, rows[i].plain),
             "description");
        must(dnnl_memory_desc_init_by_tag(&p->any[rows[i].arg], rows[i].rank, rows[i].dims,
                                          dnnl_f32, rows[i].any),
             "description");
    }
}

static void make_primitives(peer *p)
{
    const dnnl_rnn_direction_t way =
        p->s->directions == 2 ? dnnl_bidirectional_concat : dnnl_unidirectional;
    const dnnl_memory_desc_t *m = p->any;
    dnnl_rnn_desc_t f, b;
    if (p->gru) {
        must(dnnl_lbr_gru_forward_desc_init(&f, dnnl_forward_training, way, &m[SRC], &m[SRC_H],
                                            &m[WEIGHTS_X], &m[WEIGHTS_H], &m[BIAS], &m[DST],
                                            &m[DST_H], 0),
             "forward");
        must(dnnl_lbr_gru_backward_desc_init(&b, dnnl_backward, way, &m[SRC], &m[SRC_H],
                                             &m[WEIGHTS_X], &m[WEIGHTS_H], &m[BIAS], &m[DST],
                                             &m[DST_H], &m[SRC], &m[SRC_H], &m[WEIGHTS_X],
                                             &m[WEIGHTS_H], &m[BIAS], &m[DST], &m[DST_H], 0),
             "backward");
    } else {
        must(dnnl_lstm_forward_desc_init(&f, dnnl_forward_training, way, &m[SRC], &m[SRC_H],
                                         &m[SRC_C], &m[WEIGHTS_X], &m[WEIGHTS_H], &m[BIAS], &m[DST],
                                         &m[DST_H], &m[DST_C], 0),
             "forward");
        must(dnnl_lstm_backward_desc_init(&b, dnnl_backward, way, &m[SRC], &m[SRC_H], &m[SRC_C],
                                          &m[WEIGHTS_X], &m[WEIGHTS_H], &m[BIAS], &m[DST],
                                          &m[DST_H], &m[DST_C], &m[SRC], &m[SRC_H], &m[SRC_C],
                                          &m[WEIGHTS_X], &m[WEIGHTS_H], &m[BIAS], &m[DST],
                                          &m[DST_H], &m[DST_C], 0),
             "backward");
    }
    must(dnnl_primitive_desc_create(&p->forward_pd, &f, NULL, p->engine, NULL), "forward");
    must(dnnl_primitive_desc_create(&p->backward_pd, &b, NULL, p->engine, p->forward_pd),
         "backward");
    must(dnnl_primitive_create(&p->forward, p->forward_pd), "forward");
    must(dnnl_primitive_create(&p->backward, p->backward_pd), "backward");
}

/* ---- Memory ----------------------------------------------------------------------------------------- */

static dnnl_memory_t memory_of(peer *p, const dnnl_memory_desc_t *d)
{
    dnnl_memory_t m;
    void *data;
    must(dnnl_memory_create(&m, d, p->engine, DNNL_MEMORY_ALLOCATE), "memory");
    must(dnnl_memory_get_data_handle(m, &data), "memory");
    memset(data, 0, dnnl_memory_desc_get_size(d));
    return m;
}

static float *data_of(dnnl_memory_t m)
{
    void *data;
    must(dnnl_memory_get_data_handle(m, &data), "memory");
    return data;
}

static dnnl_primitive_t reorder(peer *p, const dnnl_memory_desc_t *from,
                                const dnnl_memory_desc_t *to)
{
    dnnl_primitive_desc_t d;
    dnnl_primitive_t r;
    must(dnnl_reorder_primitive_desc_create(&d, from, p->engine, to, p->engine, NULL), "reorder");
    must(dnnl_primitive_create(&r, d), "reorder");
    must(dnnl_primitive_desc_destroy(d), "reorder");
    return r;
}

static void run(peer *p, dnnl_primitive_t r, int n, const dnnl_exec_arg_t *args)
{
    must(dnnl_primitive_execute(r, p->stream, n, args), "execution");
    must(dnnl_stream_wait(p->stream), "execution");
}

/* `user` itself where the primitive takes it as it is; else memory that is packed in each step. */
static dnnl_memory_t wanted(peer *p, int k, dnnl_primitive_desc_t pd)
{
    const dnnl_memory_desc_t *d =
        dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, arg_of[k]);
    if (dnnl_memory_desc_equal(d, &p->plain[k])) return p->user[k];
    p->pack[p->packs] = reorder(p, &p->plain[k], d);
    p->from[p->packs] = p->user[k];
    return p->to[p->packs++] = memory_of(p, d);
}

static void make_memory(peer *p)
{
    for (int k = 0; k < WORKSPACE; k++) {
        if (!has(p, k)) continue;
        p->user[k] = memory_of(p, &p->plain[k]);
        p->there[k] = wanted(p, k, p->forward_pd);
        p->back[k] = wanted(p, k, p->backward_pd);
        p->diff[k] = memory_of(
            p, dnnl_primitive_desc_query_md(p->backward_pd, dnnl_query_exec_arg_md, diff_of[k]));
    }
    const dnnl_memory_desc_t *w =
        dnnl_primitive_desc_query_md(p->forward_pd, dnnl_query_workspace_md, 0);
    p->there[WORKSPACE] = p->back[WORKSPACE] = memory_of(p, w);
}

static void fill(float *at, rf_index n, double scale, const char *stream)
{
    const rf_key key = rf_key_make(1, stream, 0);
    for (rf_index i = 0; i < n; i++)
        at[i] = (float)(scale * (2 * rf_uniform(key, (uint64_t)i) - 1));
}

static rf_index count(const dnnl_memory_desc_t *d)
{
    return (rf_index)(dnnl_memory_desc_get_size(d) / sizeof(float));
}

static void peer_init(peer *p, const bench_layers *s)
{
    const double scale = 1 / sqrt((double)s->H);
    *p = (peer){.s = s, .gru = strcmp(s->cell, "lstm") != 0};
    p->gates = p->gru ? 3 : 4;
    p->biases = 4;
    must(dnnl_engine_create(&p->engine, dnnl_cpu, 0), "engine");
    must(dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags), "stream");
    describe(p);
    make_primitives(p);
    make_memory(p);
    fill(data_of(p->user[SRC]), count(&p->plain[SRC]), 1, "x");
    fill(data_of(p->user[WEIGHTS_X]), count(&p->plain[WEIGHTS_X]), scale, "wx");
    fill(data_of(p->user[WEIGHTS_H]), count(&p->plain[WEIGHTS_H]), scale, "wh");
    fill(data_of(p->user[BIAS]), count(&p->plain[BIAS]), scale, "b");
    fill(data_of(p->diff[DST]), count(&p->plain[DST]), 1e-3, "dy");
}

/* ---- A step ----------------------------------------------------------------------------------------- */

static void peer_step(void *ctx)
{
    peer *p = ctx;
    dnnl_exec_arg_t args[2 * ARGS];
    int n = 0;
    for (int i = 0; i < p->packs; i++)
        run(p, p->pack[i], 2,
            (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, p->from[i]}, {DNNL_ARG_TO, p->to[i]}});
    for (int k = 0; k < ARGS; k++)
        if (has(p, k)) args[n++] = (dnnl_exec_arg_t){arg_of[k], p->there[k]};
    run(p, p->forward, n, args);
    n = 0;
    for (int k = 0; k < ARGS; k++)
        if (has(p, k)) args[n++] = (dnnl_exec_arg_t){arg_of[k], p->back[k]};
    for (int k = 0; k < WORKSPACE; k++)
        if (has(p, k)) args[n++] = (dnnl_exec_arg_t){diff_of[k], p->diff[k]};
    for (int k = WEIGHTS_X; k <= BIAS; k++) { /* the primitive adds to them */
        const dnnl_memory_desc_t *d;
        must(dnnl_memory_get_memory_desc(p->diff[k], &d), "memory");
        memset(data_of(p->diff[k]), 0, dnnl_memory_desc_get_size(d));
    }
    run(p, p->backward, n, args);
}

/* ---- The same by refrain ------------------------------------------------------------------------------ */

/* Gradients of argument k, plainly. */
static const float *gradient(peer *p, int k)
{
    const dnnl_memory_desc_t *d;
    must(dnnl_memory_get_memory_desc(p->diff[k], &d), "memory");
    dnnl_memory_t plain = memory_of(p, &p->plain[k]);
    run(p, reorder(p, d, &p->plain[k]), 2,
        (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, p->diff[k]}, {DNNL_ARG_TO, plain}});
    return data_of(plain);
}

/* Where gate g of ours stands among theirs: i f g o on both sides; r z n of ours is z r n there. */
static int gate(const peer *p, int g) { return p->gru && g < 2 ? 1 - g : g; }

/* Between our rows of all gates and their blocks: each `width` wide. */
static double exchange(const peer *p, float *theirs, rf_real *ours, rf_index width, bool give)
{
    const rf_index n = p->s->H * width;
    double worst = 0;
    for (int g = 0; g < p->gates; g++) {
        float *a = theirs + gate(p, g) * n;
        rf_real *b = ours + g * n;
        if (give) memcpy(b, a, (size_t)n * sizeof *b);
        for (rf_index i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    }
    return worst;
}

/* Weights of one layer and direction: given to ours, or its gradients compared. */
static double exchange_layer(peer *p, rf_param *const *w, int k, float *const *theirs, bool give)
{
    const bench_layers *s = p->s;
    const rf_index rows = p->gates * s->H, I = s->I;
    float *bias = theirs[BIAS] + k * p->biases * s->H;
    rf_real *to[4];
    for (int i = 0; i < 4; i++) to[i] = give ? w[i]->value.data : w[i]->grad;
    double worst = exchange(p, theirs[WEIGHTS_X] + k * rows * I, to[0], I, give);
    worst = fmax(worst, exchange(p, theirs[WEIGHTS_H] + k * rows * s->H, to[1], s->H, give));
    worst = fmax(worst, exchange(p, bias, to[2], 1, give));
    if (give) memset(to[3], 0, (size_t)rows * sizeof **to);
    if (!p->gru) return worst;
    /* Their last bias is within the reset gate: ours is bias_hh of n. */
    rf_real *within = to[3] + 2 * s->H;
    for (rf_index i = 0; i < s->H; i++) {
        if (give) within[i] = bias[3 * s->H + i];
        worst = fmax(worst, fabs((double)within[i] - (double)bias[3 * s->H + i]));
    }
    return worst;
}

static double differ(const float *a, const rf_real *b, rf_index n)
{
    double worst = 0;
    for (rf_index i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    return worst;
}

static int check(peer *p)
{
    const bench_layers *s = p->s;
    const rf_rnn_spec spec = {.cell = rf_cell_find(s->cell),
                              .input = s->I,
                              .hidden = s->H,
                              .layers = s->layers,
                              .bidirectional = s->directions == 2};
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_params *ps = rf_params_new();
    rf_rnn *rnn = rf_rnn_new(&spec, ps, "", NULL);
    float *theirs[ARGS] = {NULL};
    const int parts = s->layers * s->directions;
    for (int k = WEIGHTS_X; k <= BIAS; k++) theirs[k] = data_of(p->user[k]);
    for (int k = 0; k < parts; k++) {
        rf_param *w[4];
        for (int i = 0; i < 4; i++) w[i] = rf_params_at(ps, (size_t)(4 * k + i));
        exchange_layer(p, w, k, theirs, true);
    }
    rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "check", 0));
    const rf_node x = rf_variable(g, data_of(p->user[SRC]), RF_SHAPE(s->T, s->B, s->I));
    const rf_node y = rf_rnn_apply(g, rnn, x, RF_NONE, RF_NONE, NULL).out;
    rf_adjoint_with(g, y, data_of(p->diff[DST]));
    peer_step(p);
    const double out = differ(data_of(p->there[DST]), rf_value(g, y).data, count(&p->plain[DST]));
    const double in = differ(gradient(p, SRC), rf_gradient(g, x), count(&p->plain[SRC]));
    double weights = 0;
    for (int k = WEIGHTS_X; k <= BIAS; k++) theirs[k] = (float *)(uintptr_t)gradient(p, k);
    for (int k = 0; k < parts; k++) {
        rf_param *w[4];
        for (int i = 0; i < 4; i++) w[i] = rf_params_at(ps, (size_t)(4 * k + i));
        weights = fmax(weights, exchange_layer(p, w, k, theirs, false));
    }
    printf("%s  largest difference: output %.2g, input gradient %.2g, weight gradients %.2g\n",
           s->name, out, in, weights);
    return out < 1e-6 && in < 1e-8 && weights < 1e-6 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static peer p;
    bench_options o;
    if (!bench_parse(argc, argv, &o)) {
        fputs("usage: onednn --workload W1..W5 [--seconds S] [--format text|json] [--check]\n",
              stderr);
        return 2;
    }
    peer_init(&p, o.layers);
    if (o.check) return check(&p);
    bench_layers_run(&o, "onednn", peer_step, &p);
    return 0;
}
