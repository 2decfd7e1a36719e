/* lab/reader.c -- reading a model file of which only the layers are known. */
#include "reader.h"

#include <jansson.h>
#include <refrain/task.h>
#include <string.h>

#define NET "rnn."
enum { LAYERS_MAX = 64 };

/* ---- The network's shape ---------------------------------------------------------------------------- */

static const rf_stored *find_layer(const rf_model *f, const char *what, int layer, const char *way)
{
    rf_str name = {0};
    rf_str_printf(&name, NET "%s_l%d%s", what, layer, way);
    const rf_stored *t = name.failed ? NULL : rf_model_find(f, name.s);
    rf_str_free(&name);
    return t;
}

/* A matrix of the file; NULL with err. */
static const rf_stored *matrix(const rf_model *f, const char *what, rf_error *err)
{
    const rf_stored *t = find_layer(f, what, 0, "");
    if (t && t->shape.rank == 2 && t->shape.dim[0] > 0 && t->shape.dim[1] > 0) return t;
    rf_fail(err, RF_EFORMAT, "%s: no recurrent network: it has no matrix " NET "%s_l0",
            rf_model_name(f), what);
    return NULL;
}

static rf_status read_options(lab_reader *m, const rf_model *f, rf_error *err)
{
    const char *text = rf_model_get(f, RF_META_OPTIONS);
    json_t *options = text ? json_loads(text, 0, NULL) : NULL;
    const char *cell = json_string_value(json_object_get(options, "cell"));
    rf_status st = RF_OK;
    if (!cell)
        st = rf_fail(err, RF_EFORMAT, "%s: its options name no cell", rf_model_name(f));
    else if (!(m->spec.cell = rf_cell_find(cell)))
        st = rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f), cell);
    m->spec.layer_norm = json_is_true(json_object_get(options, "layer-norm"));
    json_decref(options);
    return st;
}

static rf_status read_shape(lab_reader *m, const rf_model *f, rf_error *err)
{
    const rf_stored *ih = matrix(f, "weight_ih", err),
                    *hh = ih ? matrix(f, "weight_hh", err) : NULL;
    if (!hh) return RF_EFORMAT;
    const rf_status st = read_options(m, f, err);
    if (st) return st;
    m->spec.input = ih->shape.dim[1];
    m->spec.hidden = hh->shape.dim[1];
    /* Before memory is taken for such a network. */
    const rf_index rows = m->spec.cell->gates * m->spec.hidden;
    if (ih->shape.dim[0] != rows || hh->shape.dim[0] != rows)
        return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of the cell %s",
                       rf_model_name(f), m->spec.cell->name);
    m->spec.bidirectional = find_layer(f, "weight_ih", 0, "_reverse") != NULL;
    while (m->spec.layers < LAYERS_MAX && find_layer(f, "weight_ih", m->spec.layers, ""))
        m->spec.layers++;
    return RF_OK;
}

/* ---- Text in and out ---------------------------------------------------------------------------------- */

static rf_status read_tokens(lab_reader *m, const rf_model *f, rf_error *err)
{
    rf_str plugin = {0};
    m->tokens = rf_task_tokenizer_read(f, err);
    if (!m->tokens) return err->status;
    m->V = rf_tokenizer_size(m->tokens);
    m->continues = rf_model_get_text(f, RF_META_PLUGIN, &plugin) && plugin.s &&
                   strcmp(plugin.s, "org.refrain.lm") == 0;
    rf_str_free(&plugin);
    return RF_OK;
}

/* A parameter of the file's shape, which is checked when it is read. */
static rf_param *add(lab_reader *m, const char *name, rf_shape shape, rf_error *err)
{
    return rf_params_add(m->params, name, shape, (rf_init){RF_INIT_CONSTANT, 0, 0, 0, 0}, err);
}

static rf_status add_embedding(lab_reader *m, const rf_model *f, rf_error *err)
{
    if (rf_model_find(f, "embedding.weight")) {
        m->embedding = add(m, "embedding.weight", RF_SHAPE(m->V, m->spec.input), err);
        return m->embedding ? RF_OK : RF_ENOMEM;
    }
    if (m->spec.input == m->V) return RF_OK;
    return rf_fail(err, RF_EFORMAT,
                   "%s: no embedding.weight, and %lld inputs where one-hot vectors of %lld are due",
                   rf_model_name(f), (long long)m->spec.input, (long long)m->V);
}

/* Models that classify, or whose softmax is in parts, have other tensors: they predict nothing here. */
static rf_status add_output(lab_reader *m, const rf_model *f, rf_error *err)
{
    const rf_index H = m->spec.hidden * (m->spec.bidirectional ? 2 : 1);
    const rf_stored *w = rf_model_find(f, "output.weight"), *b = rf_model_find(f, "output.bias");
    const bool tied = !w && m->embedding && m->spec.input == H;
    if (!b || !rf_shape_equal(b->shape, RF_SHAPE(m->V))) return RF_OK;
    if (!tied && (!w || !rf_shape_equal(w->shape, RF_SHAPE(m->V, H)))) return RF_OK;
    m->weight = tied ? m->embedding : add(m, "output.weight", RF_SHAPE(m->V, H), err);
    m->bias = add(m, "output.bias", RF_SHAPE(m->V), err);
    return m->weight && m->bias ? RF_OK : RF_ENOMEM;
}

/* ---- All of it ------------------------------------------------------------------------------------------ */

rf_status lab_reader_parse(lab_reader *m, const rf_model *f, rf_error *err)
{
    rf_error own = {0};
    if (!err) err = &own;
    *m = (lab_reader){0};
    rf_status st = read_shape(m, f, err);
    if (!st) st = read_tokens(m, f, err);
    if (st) return st;
    m->params = rf_params_new();
    m->rnn = m->params ? rf_rnn_new(&m->spec, m->params, NET, err) : NULL;
    if (!m->rnn) return m->params ? err->status : rf_no_memory(err);
    st = add_embedding(m, f, err);
    if (!st) st = add_output(m, f, err);
    return st ? st : rf_params_load(m->params, f, err);
}

rf_status lab_reader_open(lab_reader *m, const char *path, rf_error *err)
{
    *m = (lab_reader){0};
    rf_model *f = rf_model_read(path, err);
    const rf_status st = f ? lab_reader_parse(m, f, err) : err->status;
    rf_model_free(f);
    return st;
}

void lab_reader_close(lab_reader *m)
{
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
    rf_tokenizer_free(m->tokens);
}

rf_node lab_reader_inputs(rf_graph *g, const lab_reader *m, const int32_t *ids, rf_index T)
{
    if (!m->embedding) return rf_one_hot(g, m->V, ids, RF_SHAPE(T, 1));
    return rf_embedding(g, rf_parameter(g, m->embedding), ids, RF_SHAPE(T, 1));
}

rf_node lab_reader_next(rf_graph *g, const lab_reader *m, rf_node out)
{
    if (!m->weight) return RF_NONE;
    const rf_node w = rf_parameter(g, m->weight), b = rf_parameter(g, m->bias);
    return rf_softmax(g, rf_linear(g, out, w, b));
}

void lab_reader_label(const lab_reader *m, int32_t id, rf_str *out)
{
    size_t n = 0;
    const char *s = rf_tokenizer_at(m->tokens, id, &n);
    const bool text = rf_utf8_check(s, n, "unit", NULL) == RF_OK;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)s[i];
        if (c == '\n')
            rf_str_put(out, "↵");
        else if (c == ' ')
            rf_str_put(out, "␣");
        else if (!text || c < 0x20 || c == 0x7f)
            rf_str_printf(out, "\\x%02x", c);
        else
            rf_str_add(out, s + i, 1);
    }
}
