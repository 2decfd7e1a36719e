/* lab/lags.c -- norms of gradients with respect to the states of a network. */
#include <math.h>
#include <stdlib.h>

#include "lags.h"

rf_status lab_lags_init(lab_lags *lags, rf_index T, rf_index B, rf_error *err)
{
    const size_t n = (size_t)(T * B);
    *lags = (lab_lags){.T = T, .B = B, .all = calloc(3 * n, sizeof *lags->all)};
    if (!lags->all) return rf_no_memory(err);
    lags->h = lags->all + n;
    lags->c = lags->h + n;
    return RF_OK;
}

void lab_lags_free(lab_lags *lags)
{
    free(lags->all);
    lags->all = NULL;
}

/* ---- The network, step by step ------------------------------------------------------------------- */

/* The nodes of the states after each step, [T] each, and the top layer's last output [B,H]. */
typedef struct chain {
    rf_node *h, *c;
    rf_node out;
} chain;

static chain run_steps(rf_graph *g, const lab_network *net, const lab_batch *b)
{
    rf_node *h = rf_graph_alloc(g, 2 * (size_t)b->T * sizeof *h);
    chain s = {h, h ? h + b->T : NULL, RF_POISON};
    rf_sequence last = {RF_NONE, RF_NONE, RF_NONE};
    for (rf_index t = 0; h && t < b->T; t++) {
        const rf_node x = lab_network_input(g, net, b, t, 1);
        last = rf_rnn_apply(g, net->rnn, x, last.h, last.c, NULL);
        s.h[t] = last.h;
        s.c[t] = last.c;
    }
    if (h) s.out = rf_reshape(g, last.out, RF_SHAPE(b->B, net->spec.hidden));
    return s;
}

/* Whether all that steps hand on is in the states: then the whole sequence at once says the same. */
static rf_status check_chain(rf_graph *g, const lab_network *net, const lab_batch *b, rf_node out,
                             rf_error *err)
{
    const rf_node x = lab_network_input(g, net, b, 0, b->T);
    const rf_node whole = rf_rnn_apply(g, net->rnn, x, RF_NONE, RF_NONE, NULL).out;
    rf_status st = rf_graph_status(g, err);
    if (st) return st;
    const rf_index n = b->B * net->spec.hidden;
    const rf_real *steps = rf_value(g, out).data, *due = rf_value(g, whole).data + (b->T - 1) * n;
    for (rf_index i = 0; i < n; i++)
        if (fabs((double)(steps[i] - due[i])) > 1e-3 * (1 + fabs((double)due[i])))
            return rf_fail(err, RF_ENOTSUP, "%s: hands on more than its states from step to step",
                           net->spec.cell.name);
    return RF_OK;
}

/* ---- Norms ------------------------------------------------------------------------------------------ */

/* gx [L,B,H] or NULL: to norm[b], the root of the sum of squares. */
static void norms(const rf_real *gx, rf_index L, rf_index B, rf_index H, double *norm)
{
    for (rf_index b = 0; b < B; b++) {
        double s = 0;
        for (rf_index l = 0; gx && l < L; l++)
            for (rf_index i = 0; i < H; i++) {
                const double v = (double)gx[(l * B + b) * H + i];
                s += v * v;
            }
        norm[b] = sqrt(s);
    }
}

static void collect(lab_lags *lags, rf_graph *g, const lab_network *net, const chain *s)
{
    const rf_index B = lags->B, H = net->spec.hidden, L = net->spec.layers;
    norms(rf_gradient(g, s->out), 1, B, H, lags->h);
    norms(NULL, L, B, H, lags->c);
    for (rf_index l = 1; l < lags->T; l++) {
        const rf_index t = lags->T - 1 - l;
        norms(rf_gradient(g, s->h[t]), L, B, H, lags->h + l * B);
        norms(s->c[t] == RF_NONE ? NULL : rf_gradient(g, s->c[t]), L, B, H, lags->c + l * B);
    }
    for (rf_index i = 0; i < lags->T * B; i++) lags->all[i] = hypot(lags->h[i], lags->c[i]);
}

rf_status lab_lags_measure(lab_lags *lags, rf_graph *g, const lab_network *net, const lab_batch *b,
                           rf_error *err)
{
    rf_graph_begin(g, RF_EVAL, rf_key_make(0, "lab lags", 0));
    const chain s = run_steps(g, net, b);
    const rf_node mean = lab_network_last_loss(g, net, b, s.out);
    rf_status st = check_chain(g, net, b, s.out, err);
    if (st) return st;
    const rf_real each = (rf_real)b->B; /* of the sum: sequences do not meet */
    rf_adjoint_with(g, mean, &each);
    st = rf_graph_status(g, err);
    if (!st) collect(lags, g, net, &s);
    rf_params_zero_grad(net->params);
    return st;
}
