/* lab/steps.c -- unrolling a network and finding its gates and states by their names. */
#include "steps.h"

#include <string.h>

enum { LAB_PARAMS = 24 };

/* One layer in one direction being unrolled. */
typedef struct lane {
    rf_graph *g;
    rf_index T;
    int layer;
    bool reverse;
    lab_track *track; /* [LAB_TRACKS] */
    int count;
    rf_index seen[LAB_TRACKS]; /* steps of a track so far */
} lane;

static lab_track *track_named(lane *l, const char *name)
{
    for (int k = 0; k < l->count; k++)
        if (strcmp(l->track[k].name, name) == 0) return &l->track[k];
    if (l->count == LAB_TRACKS) return NULL;
    lab_track *t = &l->track[l->count];
    *t = (lab_track){.name = name, .layer = l->layer, .reverse = l->reverse};
    t->node = rf_graph_alloc(l->g, (size_t)l->T * sizeof *t->node);
    if (!t->node) return NULL;
    l->seen[l->count++] = 0;
    return t;
}

/* Steps follow each other in the graph, so the k-th node of a name is that of step k. */
static void collect(lane *l, rf_node from)
{
    const rf_index end = rf_graph_count(l->g);
    for (rf_node x = from; (rf_index)x <= end; x++) {
        const rf_node_info i = rf_graph_node(l->g, x);
        lab_track *t = i.name && i.shape.rank == 2 ? track_named(l, i.name) : NULL;
        if (!t) continue;
        const rf_index k = l->seen[t - l->track]++;
        if (k < l->T) t->node[l->reverse ? l->T - 1 - k : k] = x;
    }
}

/* What is named more or less often than once a step is no gate and no state. */
static void drop_odd(lane *l)
{
    int n = 0;
    for (int k = 0; k < l->count; k++)
        if (l->seen[k] == l->T) l->track[n++] = l->track[k];
    l->count = n;
}

/* The outputs of the steps, which are stacked in the end, unless they are there by a name. */
static void add_output(lane *l, rf_node out)
{
    const rf_node_info i = rf_graph_node(l->g, out);
    if (i.inputs != l->T) return;
    for (int k = 0; k < l->count; k++)
        if (rf_value(l->g, l->track[k].node[0]).data == rf_value(l->g, i.input[0]).data) return;
    lab_track *t = track_named(l, "h_t");
    if (t) memcpy(t->node, i.input, i.inputs * sizeof *i.input);
}

static rf_param *find_param(const rf_params *ps, const char *prefix, const char *name, int layer,
                            bool reverse)
{
    rf_str full = {0};
    rf_str_printf(&full, "%s%s_l%d%s", prefix, name, layer, reverse ? "_reverse" : "");
    rf_param *p = full.failed ? NULL : rf_params_find(ps, full.s);
    rf_str_free(&full);
    return p;
}

static rf_sequence unroll_lane(lane *l, const rf_rnn_spec *spec, const rf_params *ps,
                               const char *prefix, rf_node x)
{
    const rf_cell *cell = spec->layer_norm ? rf_cell_normed(spec->cell) : spec->cell;
    rf_node w[LAB_PARAMS];
    const char *name;
    rf_shape shape;
    for (int k = 0; k < LAB_PARAMS && rf_cell_param(cell, k, 1, 1, &name, &shape); k++) {
        rf_param *p = find_param(ps, prefix, name, l->layer, l->reverse);
        w[k] = p ? rf_parameter(l->g, p) : RF_POISON;
    }
    const rf_node from = (rf_node)rf_graph_count(l->g) + 1;
    const rf_sequence s =
        rf_cell_unrolled(l->g, cell, x, RF_NONE, RF_NONE, w, NULL, l->reverse, NULL);
    if (s.out == RF_POISON) return s;
    collect(l, from);
    drop_odd(l);
    add_output(l, s.out);
    return s;
}

rf_status lab_steps_unroll(lab_steps *s, rf_graph *g, const rf_rnn_spec *spec, const rf_params *ps,
                           const char *prefix, rf_node x, rf_error *err)
{
    const int D = spec->bidirectional ? 2 : 1, lanes = spec->layers * D;
    const rf_shape in = rf_shape_of(g, x);
    *s = (lab_steps){.T = in.dim[0], .B = in.dim[1]};
    s->track = rf_graph_alloc(g, (size_t)lanes * LAB_TRACKS * sizeof *s->track);
    s->in = rf_graph_alloc(g, (size_t)spec->layers * sizeof *s->in);
    rf_node *h = rf_graph_alloc(g, 2 * (size_t)lanes * sizeof *h);
    if (!s->track || !s->in || !h) return rf_graph_status(g, err);
    rf_node *c = h + lanes;
    for (int layer = 0; layer < spec->layers; layer++) {
        rf_node out[2] = {RF_NONE, RF_NONE};
        s->in[layer] = x;
        for (int d = 0; d < D; d++) {
            const int k = layer * D + d;
            lane l = {.g = g, .T = s->T, .layer = layer, .reverse = d == 1};
            l.track = s->track + s->count;
            const rf_sequence q = unroll_lane(&l, spec, ps, prefix, x);
            out[d] = q.out, h[k] = q.h, c[k] = q.c;
            s->count += l.count;
        }
        x = D == 2 ? rf_concat(g, 2, out, 2) : out[0];
    }
    s->all.out = x;
    s->all.h = rf_stack(g, lanes, h);
    s->all.c = spec->cell->states > 1 ? rf_stack(g, lanes, c) : RF_NONE;
    return rf_graph_status(g, err);
}

const rf_real *lab_steps_value(const rf_graph *g, const lab_track *k, rf_index t, rf_index b)
{
    const rf_tensor v = rf_value(g, k->node[t]);
    return v.data + b * v.shape.dim[1];
}
