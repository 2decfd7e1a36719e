/* lm/output.c -- the three softmaxes, and where an adaptive one divides the vocabulary. */
#include "output.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

/* ---- Cutoffs --------------------------------------------------------------------------------- */

bool lm_cutoffs_parse(const char *text, rf_index V, lm_cutoffs *out)
{
    *out = (lm_cutoffs){0};
    for (rf_index above = 0;; text++) {
        char *end = NULL;
        if (out->n == RF_ADAPTIVE_CLUSTERS || !isdigit((unsigned char)*text)) return false;
        const long long x = strtoll(text, &end, 10);
        if (x <= above || x >= V) return false;
        out->at[out->n++] = above = (rf_index)x;
        text = end;
        if (*text != ',') return !*text;
    }
}

/* How many of the first units make up `share` of all: from 1 to V-1. */
static rf_index covering(const int64_t *count, rf_index V, double share)
{
    double total = 0, sum = 0;
    rf_index k = 0;
    for (rf_index i = 0; i < V; i++) total += (double)count[i];
    while (k < V - 1 && sum < share * total) sum += (double)count[k++];
    return k < 1 ? 1 : k;
}

bool lm_cutoffs_choose(const int32_t *ids, size_t n, rf_index V, lm_cutoffs *out)
{
    static const double shares[] = {0.8, 0.95};
    int64_t *count = calloc((size_t)V, sizeof *count);
    if (!count) return false;
    for (size_t i = 0; i < n; i++) count[ids[i]]++;
    *out = (lm_cutoffs){0};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        const rf_index k = covering(count, V, shares[i]);
        if (!out->n || k > out->at[out->n - 1]) out->at[out->n++] = k;
    }
    free(count);
    return true;
}

void lm_cutoffs_write(const lm_cutoffs *c, rf_str *out)
{
    for (int i = 0; i < c->n; i++) rf_str_printf(out, "%s%lld", i ? "," : "", (long long)c->at[i]);
}

/* ---- Parameters ------------------------------------------------------------------------------ */

static rf_status init_linear(lm_output *o, rf_params *ps, rf_index V, rf_index H, rf_param *tied,
                             rf_error *err)
{
    const rf_init uniform = {RF_INIT_UNIFORM, 1 / sqrt((double)H)}, zero = {RF_INIT_CONSTANT, 0};
    o->weight = tied ? tied : rf_params_add(ps, "output.weight", RF_SHAPE(V, H), uniform, err);
    if (!o->weight) return RF_ENOMEM;
    o->bias = rf_params_add(ps, "output.bias", RF_SHAPE(V), zero, err);
    return o->bias ? RF_OK : RF_ENOMEM;
}

rf_status lm_output_init(lm_output *o, rf_params *ps, lm_softmax kind, const lm_cutoffs *cutoffs,
                         rf_index V, rf_index H, rf_param *tied, rf_error *err)
{
    *o = (lm_output){.kind = kind};
    if (kind != LM_ADAPTIVE) return init_linear(o, ps, V, H, tied, err);
    if (tied)
        return rf_fail(err, RF_EINVAL,
                       "--tie: the rare units of an adaptive softmax have shorter vectors");
    const rf_adaptive_spec spec = {
        .in = H, .classes = V, .cutoffs = cutoffs->n, .cutoff = cutoffs->at, .bias = true};
    return rf_adaptive_layer_init(&o->adaptive, ps, "output.", &spec, err);
}

/* ---- Forward --------------------------------------------------------------------------------- */

rf_node lm_output_loss(rf_graph *g, const lm_output *o, rf_node h, const int32_t *y)
{
    if (o->kind == LM_ADAPTIVE) return rf_adaptive_layer_loss(g, &o->adaptive, h, y);
    const rf_node w = rf_parameter(g, o->weight), b = rf_parameter(g, o->bias);
    if (o->kind == LM_SAMPLED) return rf_sampled_cross_entropy(g, h, w, b, y, o->samples);
    return rf_linear_cross_entropy(g, h, w, b, y);
}

rf_node lm_output_logits(rf_graph *g, const lm_output *o, rf_node h)
{
    if (o->kind == LM_ADAPTIVE) return rf_adaptive_layer_apply(g, &o->adaptive, h);
    return rf_linear(g, h, rf_parameter(g, o->weight), rf_parameter(g, o->bias));
}

rf_node lm_output_log_probabilities(rf_graph *g, const lm_output *o, rf_node h)
{
    const rf_node y = lm_output_logits(g, o, h);
    return o->kind == LM_ADAPTIVE ? y : rf_log_softmax(g, y);
}
