/* lab/cell.c -- the verb cell: a recurrent cell's equations, parameters, interface, graph, and what it
 * computes step by step. */
#include "cell.h"

#include <math.h>
#include <stdlib.h>

#include "lab.h"
#include "mark.h"
#include "steps.h"
#include "values.h"

enum {
    CELL_ALL,
    CELL_INPUT,
    CELL_HIDDEN,
    CELL_LAYERS,
    CELL_BIDIRECTIONAL,
    CELL_LAYER_NORM,
    CELL_BATCH,
    CELL_STEPS,
    CELL_VALUES,
    CELL_WEIGHTS,
    CELL_UNITS,
    CELL_GRAPH,
    CELL_SVG,
    CELL_BPTT,
    CELL_COUNT
};

static const char *const weights[] = {"seed", "ones", "zero", NULL}; /* lab_weights */

#define NET  "Network"
#define SHOW "What is shown"

#define SIZE(NAME, LETTER, DEF, MOST, HELP)                                                        \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .letter = LETTER, .def = DEF, .min = 1, .max = MOST,         \
        .group = NET, .help = HELP                                                                 \
    }

const rf_option lab_cell_options[CELL_COUNT + 1] = {
    [CELL_ALL] = {.name = "all",
                  .type = RF_BOOL,
                  .letter = 'a',
                  .def = "0",
                  .group = SHOW,
                  .help = "a table of all cells instead"},
    [CELL_INPUT] = SIZE("input", 'i', "3", 1024, "numbers that enter at each step"),
    [CELL_HIDDEN] = SIZE("hidden", 'H', "2", 1024, "units of each layer"),
    [CELL_LAYERS] = SIZE("layers", 'l', "1", 16, "layers, each reading the one below"),
    [CELL_BIDIRECTIONAL] = {.name = "bidirectional",
                            .type = RF_BOOL,
                            .letter = 'b',
                            .def = "0",
                            .group = NET,
                            .help = "read from both ends"},
    [CELL_LAYER_NORM] = {.name = "layer-norm",
                         .type = RF_BOOL,
                         .def = "0",
                         .group = NET,
                         .help = "normalise what enters the gates.  Ba et al. 2016"},
    [CELL_BATCH] = SIZE("batch", 'B', "1", 256, "sequences side by side; the first one is shown"),
    [CELL_STEPS] = SIZE("steps", 't', "3", 1000, "steps of time"),
    [CELL_VALUES] = {.name = "values",
                     .type = RF_STRING,
                     .letter = 'x',
                     .meta = "ROWS",
                     .group = NET,
                     .help = "the input, a row for each step: 1,0;0,1 (else it is drawn)"},
    [CELL_WEIGHTS] = {.name = "weights",
                      .type = RF_CHOICE,
                      .letter = 'w',
                      .def = "seed",
                      .choices = weights,
                      .group = NET,
                      .help = "drawn from the seed; all 1 with biases 0; all 0"},
    [CELL_UNITS] = {.name = "units",
                    .type = RF_INT,
                    .letter = 'u',
                    .def = "8",
                    .min = 1,
                    .max = 4096,
                    .group = SHOW,
                    .help = "how many units of each gate and state, at most"},
    [CELL_GRAPH] = {.name = "graph",
                    .type = RF_BOOL,
                    .letter = 'g',
                    .def = "1",
                    .group = SHOW,
                    .help = "the graph of one step"},
    [CELL_SVG] = {.name = "svg",
                  .type = RF_OUTFILE,
                  .group = SHOW,
                  .help = "draw that graph into this file"},
    [CELL_BPTT] = {.name = "bptt",
                   .type = RF_BOOL,
                   .def = "0",
                   .group = SHOW,
                   .help = "elman: the sums of backpropagation through time, term by term"},
};

#define SEND(HOST, ITEM, TABLE, ROW)                                                               \
    rf_emit_record(HOST, ITEM, TABLE, ROW, sizeof ROW / sizeof *ROW)

/* ---- The table of cells ------------------------------------------------------------------------- */

static rf_status emit_cell(rf_session *s, const rf_cell *c, int64_t item)
{
    const rf_field row[] = {rf_field_string("cell", c->name), rf_field_int("gates", c->gates),
                            rf_field_int("states", c->states), rf_field_string("what", c->summary),
                            rf_field_string("source", c->source)};
    return SEND(s->host, item, "cell", row);
}

static rf_status emit_all(rf_session *s)
{
    rf_status st = RF_OK;
    for (int i = 0; rf_cell_at(i) && !st; i++) st = emit_cell(s, rf_cell_at(i), i);
    return st;
}

static const char layer_norm[] =
    "layer normalization: W x_t is LN(W x_t), U h_{t−1} is LN(U h_{t−1}) above\n"
    "LN(a) = γ∗(a − mean)/√(var + 1e−5) + β, over all gates at once (a GRU: over r z, and over n)";
static const char cell_norm[] = "tanh(C_t) is tanh(LN(C_t))";

static rf_status emit_equations(rf_session *s, const char *lines)
{
    rf_status st = RF_OK;
    for (const char *line = lines; *line && !st;) {
        const size_t n = strcspn(line, "\n");
        rf_str text = {0};
        rf_str_add(&text, line, n);
        const rf_field row[] = {rf_field_string("equation", text.s ? text.s : "")};
        st = SEND(s->host, -1, "equation", row);
        rf_str_free(&text);
        line += n + (line[n] != '\0');
    }
    return st;
}

/* ---- Parameters, beside an LSTM's --------------------------------------------------------------- */

/* A row: the parameter in this network and in the LSTM's, NULL where there is none. */
static rf_status emit_parameter(rf_session *s, const rf_param *p, const rf_param *lstm)
{
    char own[RF_SHAPE_TEXT], other[RF_SHAPE_TEXT];
    const rf_field row[] = {
        rf_field_string("parameter", p ? p->name : lstm->name),
        rf_field_string("shape", p ? rf_shape_text(p->value.shape, own) : NULL),
        rf_field_int("count", p ? rf_shape_count(p->value.shape) : 0),
        rf_field_string("lstm_shape", lstm ? rf_shape_text(lstm->value.shape, other) : NULL),
        rf_field_int("lstm_count", lstm ? rf_shape_count(lstm->value.shape) : 0)};
    return SEND(s->host, -1, "parameter", row);
}

static rf_status emit_union(rf_session *s, const rf_params *own, const rf_params *lstm)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_params_count(own) && !st; i++) {
        const rf_param *p = rf_params_at(own, i);
        st = emit_parameter(s, p, rf_params_find(lstm, p->name));
    }
    for (size_t i = 0; i < rf_params_count(lstm) && !st; i++) {
        const rf_param *p = rf_params_at(lstm, i);
        if (!rf_params_find(own, p->name)) st = emit_parameter(s, NULL, p);
    }
    const rf_field total[] = {rf_field_string("parameter", "total"), rf_field_string("shape", NULL),
                              rf_field_int("count", rf_params_elements(own)),
                              rf_field_string("lstm_shape", NULL),
                              rf_field_int("lstm_count", rf_params_elements(lstm))};
    return st ? st : SEND(s->host, -1, "parameter", total);
}

static rf_status emit_parameters(rf_session *s, const lab_specimen *m, rf_error *err)
{
    rf_rnn_spec spec = m->spec;
    rf_params *lstm = rf_params_new();
    spec.cell = rf_cell_find("lstm");
    spec.layer_norm = false;
    rf_rnn *rnn = lstm ? rf_rnn_new(&spec, lstm, "", err) : NULL;
    const rf_status st = rnn ? emit_union(s, m->params, lstm) : rf_no_memory(err);
    rf_rnn_free(rnn);
    rf_params_free(lstm);
    return st;
}

/* ---- The interface, and the steps --------------------------------------------------------------- */

static rf_status emit_shape(rf_session *s, const char *tensor, rf_shape shape, const char *what)
{
    char buf[RF_SHAPE_TEXT];
    const rf_field row[] = {rf_field_string("tensor", tensor),
                            rf_field_string("shape", rf_shape_text(shape, buf)),
                            rf_field_string("what", what)};
    return SEND(s->host, -1, "interface", row);
}

static rf_status emit_interface(rf_session *s, const rf_graph *g, rf_node x, rf_sequence q)
{
    rf_status st = emit_shape(s, "x", rf_shape_of(g, x), "input: time, batch, input");
    if (!st) st = emit_shape(s, "out", rf_shape_of(g, q.out), "time, batch, directions * hidden");
    if (!st)
        st = emit_shape(s, "h", rf_shape_of(g, q.h),
                        "last state; layers * directions, batch, hidden");
    if (!st && q.c != RF_NONE) st = emit_shape(s, "c", rf_shape_of(g, q.c), "last cell state");
    return st;
}

static rf_status emit_values(rf_session *s, const lab_specimen *m, int layer, const char *way,
                             rf_index t, const char *what, const rf_real *values, rf_index n)
{
    const rf_field row[] = {rf_field_int("step", t + 1), rf_field_string("what", what),
                            rf_field_reals("values", values, &n, 1), rf_field_int("layer", layer),
                            rf_field_string("direction", way)};
    const bool one = m->spec.layers == 1 && !m->spec.bidirectional;
    return rf_emit_record(s->host, -1, "step", row, one ? 3 : 5);
}

static rf_index at_most(rf_index a, rf_index b) { return a < b ? a : b; }

static rf_status emit_steps(rf_session *s, const lab_specimen *m, const lab_steps *steps,
                            rf_index units)
{
    const rf_graph *g = m->graph;
    const rf_index shown = at_most(units, m->spec.hidden);
    rf_status st = RF_OK;
    for (rf_index t = 0; t < m->T && !st; t++) {
        int layer = -1;
        for (int k = 0; k < steps->count && !st; k++) {
            const lab_track *track = &steps->track[k];
            if (track->layer != layer) {
                layer = track->layer;
                const rf_tensor x = rf_value(g, steps->in[layer]);
                const rf_index n = x.shape.dim[2];
                st = emit_values(s, m, layer, "", t, "x_t", x.data + t * m->B * n,
                                 at_most(units, n));
            }
            if (!st)
                st = emit_values(s, m, layer, track->reverse ? "←" : "→", t, track->name,
                                 lab_steps_value(g, track, t, 0), shown);
        }
        if (!st) st = s->host->progress(s->host, (double)(t + 1), (double)m->T, "steps");
    }
    return st;
}

/* How far the fused layer is from the formulas, in floats. */
static rf_status emit_difference(rf_session *s, const rf_graph *g, rf_node fused, rf_node formulas)
{
    const rf_tensor a = rf_value(g, fused), b = rf_value(g, formulas);
    double far = 0;
    for (rf_index i = 0; i < rf_shape_count(a.shape); i++)
        far = fmax(far, fabs((double)a.data[i] - (double)b.data[i]));
    return rf_emit_metric(s->host, -1, "fused layer", "furthest from its equations", far, NULL);
}

static rf_status show_steps(rf_session *s, lab_specimen *m, rf_index units, rf_error *err)
{
    rf_graph *g = m->graph;
    lab_steps steps;
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "cell", 0));
    const rf_node x = rf_borrow(g, m->x, RF_SHAPE(m->T, m->B, m->spec.input));
    const rf_sequence fused = rf_rnn_apply(g, m->rnn, x, RF_NONE, RF_NONE, NULL);
    rf_status st = lab_steps_unroll(&steps, g, &m->spec, m->params, "", x, err);
    if (!st) st = emit_interface(s, g, x, fused);
    if (!st) st = emit_steps(s, m, &steps, units);
    return st ? st : emit_difference(s, g, fused.out, steps.all.out);
}

/* ---- The input ------------------------------------------------------------------------------------ */

/* Two decimals, so that a person can follow the arithmetic. */
static void draw_input(lab_specimen *m, uint64_t seed)
{
    const rf_key key = rf_key_make(seed, "input", 0);
    for (rf_index i = 0; i < m->T * m->B * m->spec.input; i++)
        m->x[i] = (rf_real)(round(200 * rf_uniform(key, (uint64_t)i) - 100) / 100);
}

static rf_status read_shape(rf_rnn_spec *spec, lab_specimen *m, const rf_run *r, rf_str *where,
                            rf_error *err)
{
    const rf_setting *o = r->opt;
    *spec = (rf_rnn_spec){.cell = rf_cell_named(NULL, r->arg[0], err),
                          .input = o[CELL_INPUT].as.i,
                          .hidden = o[CELL_HIDDEN].as.i,
                          .layers = (int)o[CELL_LAYERS].as.i,
                          .bidirectional = o[CELL_BIDIRECTIONAL].as.i != 0,
                          .layer_norm = o[CELL_LAYER_NORM].as.i != 0};
    if (!spec->cell) return RF_EINVAL;
    m->T = o[CELL_STEPS].as.i;
    m->B = o[CELL_BATCH].as.i;
    if (!o[CELL_VALUES].set) return RF_OK;
    if (o[CELL_STEPS].set || o[CELL_BATCH].set || o[CELL_INPUT].set)
        return rf_fail(err, RF_EINVAL,
                       "--values: says --input and --steps itself, of one sequence");
    m->B = 1;
    return lab_values_read(o[CELL_VALUES].as.s, NULL, &m->T, &spec->input, where, err);
}

/* ---- The specimen ------------------------------------------------------------------------------------ */

static void set_weights(const rf_params *ps, lab_weights w)
{
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        rf_param *p = rf_params_at(ps, i);
        const bool one = w == LAB_ONES && strncmp(p->name, "weight", 6) == 0;
        for (rf_index k = 0; k < rf_shape_count(p->value.shape); k++) p->value.data[k] = one;
    }
}

rf_status lab_specimen_open(lab_specimen *m, const rf_rnn_spec *spec, lab_weights w,
                            const rf_run *r, rf_error *err)
{
    m->spec = *spec;
    m->params = rf_params_new();
    m->rnn = m->params ? rf_rnn_new(spec, m->params, "", err) : NULL;
    if (!m->rnn) return m->params ? err->status : rf_no_memory(err);
    rf_params_init(m->params, r->seed);
    if (w != LAB_SEED) set_weights(m->params, w);
    m->device = rf_device_new((int)r->threads, err);
    m->graph = m->device ? rf_graph_new(m->device) : NULL;
    m->x = rf_aligned_calloc((size_t)(m->T * m->B * spec->input), sizeof *m->x);
    if (!m->graph || !m->x) return rf_no_memory(err);
    draw_input(m, r->seed);
    return RF_OK;
}

void lab_specimen_close(lab_specimen *m)
{
    rf_graph_free(m->graph);
    rf_device_free(m->device);
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
    rf_aligned_free(m->x);
}

/* ---- The verb ------------------------------------------------------------------------------------------ */

static rf_status show(rf_session *s, lab_specimen *m, const rf_run *r, rf_error *err)
{
    const rf_setting *o = r->opt;
    const char *svg = o[CELL_SVG].as.s;
    rf_status st = emit_cell(s, m->spec.cell, -1);
    if (!st) st = emit_equations(s, m->spec.cell->equations);
    if (!st && m->spec.layer_norm) st = emit_equations(s, layer_norm);
    if (!st && m->spec.layer_norm && m->spec.cell->states > 1) st = emit_equations(s, cell_norm);
    if (!st) st = emit_parameters(s, m, err);
    if (!st && (o[CELL_GRAPH].as.i || svg)) st = lab_cell_graph(s, m, svg, err);
    if (!st) st = show_steps(s, m, o[CELL_UNITS].as.i, err);
    return st;
}

rf_status lab_cell(rf_session *s, const rf_run *r)
{
    lab_specimen m = {0};
    rf_rnn_spec spec;
    rf_error err = {0};
    rf_str where = {0};
    if (r->opt[CELL_ALL].as.i) return emit_all(s);
    if (!r->arg_count)
        return s->host->fail(s->host, RF_EINVAL, "cell: which one? --all lists them");
    rf_status st = read_shape(&spec, &m, r, &where, &err);
    if (!st) st = lab_specimen_open(&m, &spec, (lab_weights)r->opt[CELL_WEIGHTS].as.i, r, &err);
    rf_index rows, cols;
    if (!st && r->opt[CELL_VALUES].set)
        st = lab_values_read(r->opt[CELL_VALUES].as.s, m.x, &rows, &cols, &where, &err);
    if (!st) st = r->opt[CELL_BPTT].as.i ? lab_cell_bptt(s, &m, r, &err) : show(s, &m, r, &err);
    lab_specimen_close(&m);
    st = lab_end_marked(s, st, &where, &err);
    rf_str_free(&where);
    return st;
}
