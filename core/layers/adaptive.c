/* layers/adaptive.c -- the parameters of an adaptive softmax. */
#define RF_NO_PLACES
#include <refrain/layers.h>

#include "layers/layers.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>

static rf_status check_spec(const char *prefix, const rf_adaptive_spec *s, rf_error *err)
{
    if (s->cutoffs < 1 || s->cutoffs > RF_ADAPTIVE_CLUSTERS)
        return rf_fail(err, RF_EINVAL, "%s: %d cutoffs; 1 to %d are due", prefix, s->cutoffs,
                       RF_ADAPTIVE_CLUSTERS);
    for (int k = 0; k < s->cutoffs; k++) {
        const rf_index above = k ? s->cutoff[k - 1] : 0;
        if (s->cutoff[k] <= above || s->cutoff[k] >= s->classes)
            return rf_fail(err, RF_EINVAL, "%s: cutoff %lld is not above %lld and below %lld",
                           prefix, (long long)s->cutoff[k], (long long)above,
                           (long long)s->classes);
    }
    if (s->divisor == 0 || (s->divisor >= 1 && s->divisor <= 1e6)) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%s: divisor %g; at least 1 is due", prefix, s->divisor);
}

static rf_status add_linear(rf_linear_layer *l, rf_params *ps, const char *prefix, const char *name,
                            rf_index in, rf_index out, bool bias, rf_error *err)
{
    rf_str full = {0};
    rf_str_printf(&full, "%s%s", prefix, name);
    const rf_status st = full.failed ? rf_fail(err, RF_ENOMEM, "%s: no memory", prefix)
                                     : rf_linear_layer_init(l, ps, full.s, in, out, bias, err);
    rf_str_free(&full);
    return st;
}

static rf_status add_cluster(rf_adaptive_layer *l, int k, rf_params *ps, const char *prefix,
                             const rf_adaptive_spec *s, rf_error *err)
{
    char name[2][32];
    const double divisor = s->divisor > 0 ? s->divisor : 4;
    const rf_index end = k + 1 < s->cutoffs ? s->cutoff[k + 1] : s->classes;
    const rf_index fits = (rf_index)((double)s->in / pow(divisor, k + 1)), h = fits > 0 ? fits : 1;
    snprintf(name[0], sizeof name[0], "tail.%d.0.", k);
    snprintf(name[1], sizeof name[1], "tail.%d.1.", k);
    const rf_status st = add_linear(&l->down[k], ps, prefix, name[0], s->in, h, false, err);
    return st ? st : add_linear(&l->up[k], ps, prefix, name[1], h, end - s->cutoff[k], false, err);
}

rf_status rf_adaptive_layer_init(rf_adaptive_layer *l, rf_params *ps, const char *prefix,
                                 const rf_adaptive_spec *spec, rf_error *err)
{
    rf_error local = {0};
    assert(l && ps && prefix && spec);
    err = err ? err : &local;
    *l = (rf_adaptive_layer){.clusters = spec->cutoffs};
    rf_status st = check_spec(prefix, spec, err);
    if (!st)
        st = add_linear(&l->head, ps, prefix, "head.", spec->in, spec->cutoff[0] + spec->cutoffs,
                        spec->bias, err);
    for (int k = 0; k < spec->cutoffs && !st; k++) st = add_cluster(l, k, ps, prefix, spec, err);
    return st;
}

static rf_adaptive nodes(rf_graph *g, const rf_adaptive_layer *l)
{
    rf_adaptive a = {.head = rf_parameter(g, l->head.weight),
                     .bias = l->head.bias ? rf_parameter(g, l->head.bias) : RF_NONE,
                     .clusters = l->clusters};
    for (int k = 0; k < l->clusters; k++) {
        a.down[k] = rf_parameter(g, l->down[k].weight);
        a.up[k] = rf_parameter(g, l->up[k].weight);
    }
    return a;
}

rf_node rf_adaptive_layer_loss(rf_graph *g, const rf_adaptive_layer *l, rf_node x,
                               const int32_t *targets)
{
    const rf_adaptive a = nodes(g, l);
    return rf_adaptive_cross_entropy(g, x, &a, targets);
}

rf_node rf_adaptive_layer_apply(rf_graph *g, const rf_adaptive_layer *l, rf_node x)
{
    const rf_adaptive a = nodes(g, l);
    return rf_adaptive_log_softmax(g, x, &a);
}
