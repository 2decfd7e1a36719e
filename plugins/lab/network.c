/* lab/network.c -- a recurrent network with an output layer, and what it is worth. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

/* ---- Cells by name ------------------------------------------------------------------------------- */

#define IRNN "irnn"

static const char *name_at(int i) { return i ? rf_cell_name_at(i - 1) : IRNN; }

static rf_status find_cell(const rf_option *o, const char *name, lab_cell_kind *out, rf_error *err)
{
    const bool identity = strcmp(name, IRNN) == 0;
    const rf_cell *c = rf_cell_find(identity ? "elman-relu" : name);
    if (!c) return rf_name_unknown(o, name, name_at, err);
    *out = (lab_cell_kind){identity ? IRNN : c->name, c, identity, 0};
    return RF_OK;
}

/* NAME or NAME:RATE */
static rf_status parse_cell(const rf_option *o, char *text, lab_cell_kind *out, rf_error *err)
{
    char *colon = strchr(text, ':');
    if (colon) *colon = 0;
    rf_status st = find_cell(o, text, out, err);
    if (st || !colon) return st;
    if (rf_number_parse(colon + 1, strlen(colon + 1), &out->rate) && out->rate > 0) return RF_OK;
    return rf_fail(err, RF_EINVAL, "--%s: %s:%s: a learning rate above 0 is due after the colon",
                   o->name, text, colon + 1);
}

rf_status lab_cells_parse(const rf_option *o, const char *names, lab_cell_kind *out, int most,
                          int *n, rf_error *err)
{
    rf_status st = RF_OK;
    const char *item;
    size_t length;
    *n = 0;
    for (const char *rest = names; !st && rf_list_next(&rest, &item, &length);) {
        if (*n == most) return rf_fail(err, RF_EINVAL, "--%s: %d cells at most", o->name, most);
        rf_str name = {0};
        rf_str_add(&name, item, length);
        st = name.s ? parse_cell(o, name.s, &out[(*n)++], err) : rf_no_memory(err);
        rf_str_free(&name);
    }
    return st;
}

/* ---- The network ----------------------------------------------------------------------------------- */

rf_status lab_network_init(lab_network *net, const lab_network_spec *spec, const lab_batch *b,
                           uint64_t seed, rf_error *err)
{
    const rf_rnn_spec rnn = {.cell = spec->cell.cell,
                             .input = b->I,
                             .hidden = spec->hidden,
                             .layers = spec->layers,
                             .forget_bias = spec->forget_bias,
                             .identity = spec->cell.identity};
    *net = (lab_network){.spec = *spec, .I = b->I, .K = b->K};
    net->params = rf_params_new();
    if (!net->params) return rf_no_memory(err);
    net->rnn = rf_rnn_new(&rnn, net->params, "rnn.", err);
    rf_status st = net->rnn ? RF_OK : err ? err->status : RF_EINVAL;
    if (!st)
        st = rf_linear_layer_init(&net->output, net->params, "output.", spec->hidden, b->K, true,
                                  err);
    if (!st) rf_params_init(net->params, seed);
    if (st) lab_network_free(net);
    return st;
}

void lab_network_free(lab_network *net)
{
    rf_rnn_free(net->rnn);
    rf_params_free(net->params);
    net->rnn = NULL;
    net->params = NULL;
}

rf_node lab_network_input(rf_graph *g, const lab_network *net, const lab_batch *b, rf_index from,
                          rf_index count)
{
    const rf_index row = from * b->B;
    if (net->K > 1) return rf_one_hot(g, net->I, b->ids + row, RF_SHAPE(count, b->B));
    return rf_borrow(g, b->x + row * net->I, RF_SHAPE(count, b->B, net->I));
}

static rf_node run(rf_graph *g, const lab_network *net, const lab_batch *b)
{
    const rf_node x = lab_network_input(g, net, b, 0, b->T);
    return rf_rnn_apply(g, net->rnn, x, RF_NONE, RF_NONE, NULL).out;
}

static rf_node last_step(rf_graph *g, const lab_network *net, const lab_batch *b, rf_node out)
{
    return rf_reshape(g, rf_rows(g, out, b->T - 1, 1), RF_SHAPE(b->B, net->spec.hidden));
}

/* y [B,1] against the numbers that are due. */
static rf_node squared_error(rf_graph *g, const lab_batch *b, rf_node y)
{
    return rf_mean_squared_error(g, y, rf_borrow(g, b->value, RF_SHAPE(b->B, 1)));
}

rf_node lab_network_last_loss(rf_graph *g, const lab_network *net, const lab_batch *b, rf_node h)
{
    const rf_node y = rf_linear_layer_apply(g, &net->output, h);
    if (net->K == 1) return squared_error(g, b, y);
    return rf_cross_entropy(g, y, b->target + (b->T - 1) * b->B);
}

rf_node lab_network_loss(rf_graph *g, const lab_network *net, const lab_batch *b)
{
    const rf_node out = run(g, net, b);
    if (net->K == 1) return lab_network_last_loss(g, net, b, last_step(g, net, b, out));
    return rf_linear_cross_entropy(g, out, rf_parameter(g, net->output.weight),
                                   rf_parameter(g, net->output.bias), b->target);
}

/* ---- Scores ------------------------------------------------------------------------------------------ */

int64_t lab_distance_to(int k)
{
    if (k == 0) return 1;
    return k % 2 ? (int64_t)1 << (k + 1) / 2 : (int64_t)3 << (k / 2 - 1);
}

static int group_of(int32_t distance)
{
    int k = 0;
    while (k < LAB_DISTANCES - 1 && distance > lab_distance_to(k)) k++;
    return k;
}

/* y [T,B,K] */
static void count_right(const rf_real *y, const lab_batch *b, lab_score *s)
{
    for (rf_index i = 0; i < b->T * b->B; i++) {
        if (b->target[i] < 0 || !b->distance[i]) continue;
        const bool right = rf_argmax(y + i * b->K, b->K) == b->target[i];
        rf_mean_add(&s->metric, right, 1);
        rf_mean_add(&s->by_distance[group_of(b->distance[i])], right, 1);
    }
}

static double asked(const lab_batch *b)
{
    rf_index n = 0;
    for (rf_index i = 0; i < b->T * b->B; i++) n += b->target[i] >= 0;
    return (double)(b->K > 1 ? n : b->B);
}

rf_status lab_network_score(rf_graph *g, const lab_network *net, const lab_batch *b, lab_score *s,
                            rf_error *err)
{
    rf_node out = run(g, net, b);
    if (net->K == 1) out = last_step(g, net, b, out);
    const rf_node y = rf_linear_layer_apply(g, &net->output, out);
    const rf_node loss = net->K == 1 ? squared_error(g, b, y) : rf_cross_entropy(g, y, b->target);
    rf_status st = rf_graph_status(g, err);
    if (st) return st;
    const double value = (double)rf_value(g, loss).data[0];
    rf_mean_add(&s->loss, value, asked(b));
    if (net->K == 1)
        rf_mean_add(&s->metric, value, (double)b->B);
    else
        count_right(rf_value(g, y).data, b, s);
    return RF_OK;
}
