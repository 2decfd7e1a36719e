/* cells/rnn.c -- rf_rnn: layers, directions and dropout over any cell. */
#include "cells/rnn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cells/sequence.h"

/* ---- Parameters ------------------------------------------------------------------------------------ */

/* Which gates hold the state and which let the input in: their rows of a bias.  False: none. */
static bool memory_gates(const rf_cell *c, rf_index H, rf_init *init)
{
    const bool gru = c->rules == &rfi_gru_rules;
    const bool new_state = gru && ((const rfi_gru_spec *)c->spec)->z_new;
    const char keep = gru ? (new_state ? 0 : 'z') : 'f', admit = gru ? (new_state ? 'z' : 0) : 'i';
    const char *k = keep ? strchr(c->order, keep) : NULL;
    const char *a = admit ? strchr(c->order, admit) : NULL;
    if (!gru && c->rules != &rfi_lstm_rules) return false;
    init->keep = k ? (k - c->order) * H : -1;
    init->admit = a ? (a - c->order) * H : -1;
    init->span = H;
    return true;
}

static bool spec_is_sane(const rf_rnn_spec *s, rf_error *err)
{
    if (!s->cell) return rf_fail(err, RF_EINVAL, "rnn: no cell is given"), false;
    if (s->layers < 1 || s->layers > 64)
        return rf_fail(err, RF_EINVAL, "rnn: %d layers where 1 to 64 are due", s->layers), false;
    if (s->input < 1 || s->hidden < 1 || s->input > INT32_MAX || s->hidden > INT32_MAX)
        return rf_fail(err, RF_EINVAL, "rnn: input %lld and hidden %lld must be positive",
                       (long long)s->input, (long long)s->hidden),
               false;
    if (!(s->dropout >= 0 && s->dropout < 1 && s->weight_dropout >= 0 && s->weight_dropout < 1))
        return rf_fail(err, RF_EINVAL, "rnn: dropout must be at least 0 and below 1"), false;
    if (!(s->step >= 0 && isfinite(s->step) && s->tau >= 0 && isfinite(s->tau)))
        return rf_fail(err, RF_EINVAL, "rnn: a step of %g and a tau of %g: they must be at least 0",
                       s->step, s->tau),
               false;
    if (s->substeps < 0 || s->substeps > 4096)
        return rf_fail(err, RF_EINVAL, "rnn: %d substeps where 0 to 4096 are due", s->substeps),
               false;
    if (!(s->identity >= 0 && isfinite(s->identity)))
        return rf_fail(err, RF_EINVAL, "rnn: an identity of %g where at least 0 is due",
                       s->identity),
               false;
    if (s->chrono != 0 && !(s->chrono > 2 && isfinite(s->chrono)))
        return rf_fail(err, RF_EINVAL, "rnn: a chrono of %g where more than 2 is due", s->chrono),
               false;
    if (s->chrono > 0 && !memory_gates(s->cell, 1, &(rf_init){0}))
        return rf_fail(err, RF_EINVAL, "rnn: %s has no gates that remember", s->cell->name), false;
    if (s->identity > 0 && s->cell->gates > 1)
        return rf_fail(err, RF_EINVAL, "rnn: %s cannot start as the identity: it has %d gates",
                       s->cell->name, s->cell->gates),
               false;
    return true;
}

static rf_index layer_input(const rf_rnn *r, int layer)
{
    return layer ? r->directions * r->spec.hidden : r->spec.input;
}

/* How a network that starts at the identity begins.  Le, Jaitly, Hinton 2015, section 2. */
static bool identity_init(const rf_rnn_spec *s, const char *name, rf_init *init)
{
    const struct {
        const char *name;
        rf_init init;
    } row[] = {{"weight_hh", {RF_INIT_IDENTITY, s->identity}},
               {"weight_ih", {RF_INIT_NORMAL, 0.001}},
               {"bias_ih", {RF_INIT_CONSTANT, 0}},
               {"bias_hh", {RF_INIT_CONSTANT, 0}}};
    for (size_t i = 0; s->identity > 0 && i < sizeof row / sizeof *row; i++)
        if (strcmp(row[i].name, name) == 0) return *init = row[i].init, true;
    return false;
}

static double clock_step(const rf_rnn_spec *s) { return s->step > 0 ? s->step : 1; }

/* Parameters uniform in ±1/sqrt(H), some with a shift. */
static rf_init init_of(const rf_rnn *r, const char *name, rf_shape shape)
{
    const rf_rnn_spec *s = &r->spec;
    rf_init init = {.kind = RF_INIT_UNIFORM, .scale = 1 / sqrt((double)s->hidden)};
    const char *forget = s->cell->states > 1 ? strchr(s->cell->order, 'f') : NULL;
    if (identity_init(s, name, &init)) return init;
    init.shift_count = s->hidden;
    if (s->chrono > 0 && strcmp(name, "bias_ih") == 0) {
        init.memory = s->chrono;
        (void)memory_gates(s->cell, s->hidden, &init);
        return init;
    }
    if (forget && strcmp(name, "bias_ih") == 0) {
        init.shift = s->forget_bias;
        init.shift_from = (forget - s->cell->order) * s->hidden;
    }
    if (strstr(name, "_ln_")) { /* gains 1, biases 0 */
        init.scale = 0;
        init.shift = *name == 'w';
        init.shift_count = rf_shape_count(shape);
    }
    if (strcmp(name, "log_tau") == 0) init.shift = log(s->tau > 0 ? s->tau : 2 * clock_step(s));
    return init;
}

static bool add_params(rf_rnn *r, rf_params *ps, const char *prefix, int layer, int direction,
                       rf_error *err)
{
    rf_param **to = r->param + (layer * r->directions + direction) * r->params;
    const char *name;
    rf_shape shape;
    for (int k = 0; rf_cell_param(r->cell, k, layer_input(r, layer), r->spec.hidden, &name, &shape);
         k++) {
        rf_str full = {0};
        rf_str_printf(&full, "%s%s_l%d%s", prefix, name, layer, direction ? "_reverse" : "");
        to[k] = full.failed ? NULL : rf_params_add(ps, full.s, shape, init_of(r, name, shape), err);
        rf_str_free(&full);
        if (!to[k]) return rf_fail(err, RF_ENOMEM, "rnn: no memory"), false;
    }
    return true;
}

rf_rnn *rf_rnn_new(const rf_rnn_spec *spec, rf_params *ps, const char *prefix, rf_error *err)
{
    if (!spec_is_sane(spec, err)) return NULL;
    const char *name;
    rf_shape shape;
    rf_rnn *r = calloc(1, sizeof *r);
    if (!r) goto no_memory;
    r->spec = *spec;
    r->directions = spec->bidirectional ? 2 : 1;
    r->cell = spec->layer_norm ? rf_cell_normed(spec->cell) : spec->cell;
    while (rf_cell_param(r->cell, r->params, 1, 1, &name, &shape)) r->params++;
    r->param = calloc((size_t)(spec->layers * r->directions * r->params), sizeof *r->param);
    if (!r->param) goto no_memory;
    for (int i = 0; i < spec->layers * r->directions; i++) {
        if (add_params(r, ps, prefix, i / r->directions, i % r->directions, err)) continue;
        rf_rnn_free(r);
        return NULL;
    }
    return r;
no_memory:
    rf_fail(err, RF_ENOMEM, "rnn: no memory");
    rf_rnn_free(r);
    return NULL;
}

void rf_rnn_free(rf_rnn *r)
{
    if (!r) return;
    free(r->param);
    free(r);
}

const rf_rnn_spec *rf_rnn_describe(const rf_rnn *r) { return &r->spec; }

/* ---- On the graph ---------------------------------------------------------------------------------- */

/* Entry k of the initial states [L*D,B,H], or none. */
static rf_node initial(rf_graph *g, rf_node states, int k)
{
    if (states == RF_NONE) return RF_NONE;
    const rf_shape s = rf_shape_of(g, states);
    return s.rank == 3 ? rf_reshape(g, rf_rows(g, states, k, 1), RF_SHAPE(s.dim[1], s.dim[2]))
                       : RF_POISON;
}

static rf_sequence apply_direction(rf_graph *g, const rf_rnn *r, rf_node x, rf_node h0, rf_node c0,
                                   const rf_real *dt, const int32_t *lengths, int layer,
                                   int direction)
{
    enum { MOST = RFI_MOST_PARAMS };
    rf_param *const *p = rfi_rnn_params(r, layer, direction);
    rf_node w[MOST];
    for (int k = 0; k < r->params; k++) w[k] = rf_parameter(g, p[k]);
    w[1] = rf_dropout(g, w[1], r->spec.weight_dropout);
    const int k = layer * r->directions + direction;
    const rf_clock clock = {r->spec.step, dt, r->spec.substeps};
    return rf_cell_sequence(g, r->cell, x, initial(g, h0, k), initial(g, c0, k), w, lengths,
                            direction != 0, &clock);
}

static rf_node between_layers(rf_graph *g, const rf_rnn_spec *s, rf_node x)
{
    return s->variational ? rf_dropout_shared(g, x, s->dropout, 0) : rf_dropout(g, x, s->dropout);
}

rf_sequence rf_rnn_apply(rf_graph *g, const rf_rnn *r, rf_node x, rf_node h0, rf_node c0,
                         const int32_t *lengths)
{
    return rf_rnn_apply_timed(g, r, x, NULL, h0, c0, lengths);
}

rf_sequence rf_rnn_apply_timed(rf_graph *g, const rf_rnn *r, rf_node x, const rf_real *dt,
                               rf_node h0, rf_node c0, const int32_t *lengths)
{
    const int n = r->spec.layers * r->directions;
    const bool cells = r->spec.cell->states > 1;
    rf_node *h = rf_graph_alloc(g, 2 * (size_t)n * sizeof *h);
    if (!h) return (rf_sequence){RF_POISON, RF_POISON, RF_POISON};
    rf_node *c = h + n;
    for (int layer = 0; layer < r->spec.layers; layer++) {
        rf_node out[2] = {RF_NONE, RF_NONE};
        if (layer) x = between_layers(g, &r->spec, x);
        for (int d = 0; d < r->directions; d++) {
            const int k = layer * r->directions + d;
            const rf_sequence s = apply_direction(g, r, x, h0, c0, dt, lengths, layer, d);
            out[d] = s.out, h[k] = s.h, c[k] = s.c;
        }
        x = r->directions == 2 ? rf_concat(g, 2, out, 2) : out[0];
    }
    return (rf_sequence){
        .out = x, .h = rf_stack(g, n, h), .c = cells ? rf_stack(g, n, c) : RF_NONE};
}
