/* caption/model.c -- see model.h. */
#include "model.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE "picture." /* before the names of the convolutions' parameters */

/* In the order of CAP_BLIND ... */
static const char *const kinds[] = {"blind", "features", "pictures", NULL};

/* ---- Options ------------------------------------------------------------------------------------- */

static bool attends(const rf_setting *v) { return v[TRAIN_ATTENTION].as.i <= RF_ATTENTION_GENERAL; }

rf_status cap_check_options(const rf_setting *v, rf_error *err)
{
    const rf_cell *cell = rf_cell_named(&cap_train_options[TRAIN_CELL], v[TRAIN_CELL].as.s, err);
    if (!cell) return RF_EINVAL;
    if (v[TRAIN_HIDDEN].as.i % 2) return rf_fail(err, RF_EINVAL, "--hidden: is odd");
    if (attends(v) && v[TRAIN_ATTEND].as.i == RF_ATTEND_BETWEEN && v[TRAIN_LAYERS].as.i < 2)
        return rf_fail(err, RF_EINVAL,
                       "--attend between: needs two --layers at least; or --attend after");
    if (!attends(v) && v[TRAIN_EVEN].as.f > 0)
        return rf_fail(err, RF_EINVAL, "--even: needs attention, which --attention none has not");
    return RF_OK;
}

static rf_seq2seq_spec spec_of(const rf_setting *v, rf_index features, int32_t words)
{
    const bool looks = attends(v);
    return (rf_seq2seq_spec){.cell = rf_cell_find(v[TRAIN_CELL].as.s),
                             .features = features,
                             .target = words,
                             .unknown = CAP_UNK,
                             .embed = (rf_index)v[TRAIN_EMBED].as.i,
                             .hidden = (rf_index)v[TRAIN_HIDDEN].as.i,
                             .decoder_layers = (int)v[TRAIN_LAYERS].as.i,
                             .attend = looks ? (rf_attend)v[TRAIN_ATTEND].as.i : RF_ATTEND_NONE,
                             .attention = looks ? (rf_attention_kind)v[TRAIN_ATTENTION].as.i
                                                : RF_ATTENTION_ADDITIVE,
                             .compare = (rf_index)v[TRAIN_COMPARE].as.i,
                             .tied = v[TRAIN_TIED].as.i,
                             .forget_bias = 1,
                             .drop_input = v[TRAIN_DROPOUT_INPUT].as.f,
                             .drop_hidden = v[TRAIN_DROPOUT_HIDDEN].as.f,
                             .drop_output = v[TRAIN_DROPOUT].as.f,
                             .smoothing = v[TRAIN_SMOOTHING].as.f,
                             .sampling = v[TRAIN_SAMPLING].as.f,
                             .even = v[TRAIN_EVEN].as.f};
}

/* ---- Sizes of a file's tensors ------------------------------------------------------------------- */

static bool sized(const rf_model *f, const char *name, rf_index rows, rf_index columns)
{
    const rf_stored *t = rf_model_find(f, name);
    return t && t->shape.rank == 2 && (!rows || t->shape.dim[0] == rows) &&
           t->shape.dim[1] == columns;
}

static bool decoder_fits(const rf_model *f, const rf_seq2seq_spec *s)
{
    const rf_index H = s->hidden, seen = s->attend == RF_ATTEND_NONE ? H : 2 * H;
    const char *decoder =
        s->attend == RF_ATTEND_BETWEEN ? "decoder.0.weight_hh_l0" : "decoder.weight_hh_l0";
    return sized(f, "target.weight", s->target, s->embed) && sized(f, decoder, 0, H) &&
           sized(f, "memory.weight", H, s->features) &&
           sized(f, "combine.weight", s->tied ? s->embed : H, seen);
}

static bool net_fits(const rf_model *f, const rf_convnet_spec *s)
{
    for (int i = 0; i < s->layers; i++) {
        char name[64];
        snprintf(name, sizeof name, PICTURE "%d.conv.weight", i);
        const rf_stored *t = rf_model_find(f, name);
        if (s->row[i].kind == RF_CONVNET_CONV && (!t || t->shape.dim[0] != s->row[i].channels))
            return false;
    }
    return true;
}

static rf_status misfit(const rf_model *f, rf_error *err)
{
    return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                   rf_model_name(f));
}

/* ---- Networks ------------------------------------------------------------------------------------ */

/* The convolutions, and the size of their map. */
static rf_status make_net(cap_network *n, const rf_setting *v, const rf_model *file, rf_error *err)
{
    rf_convnet_row row[RF_CONVNET_LAYERS];
    rf_convnet_spec spec = {.input = 3, .row = row};
    rf_error own = {0};
    rf_index map[3];
    n->sight.size = (int)v[TRAIN_SIZE].as.i;
    n->sight.view = (cap_view){.grey = v[TRAIN_GREY].as.i,
                               .shift = (int)v[TRAIN_SHIFT].as.i,
                               .noise = v[TRAIN_NOISE].as.f};
    rf_status st = rf_convnet_parse(v[TRAIN_NETWORK].as.s, row, &spec.layers, &own);
    if (!st && file && !net_fits(file, &spec)) return misfit(file, err);
    if (!st) n->net = rf_convnet_new(&spec, n->params, PICTURE, &own);
    if (!n->net) return rf_fail(err, own.status, "--network: %s", own.text);
    if (!rf_convnet_size(n->net, n->sight.size, n->sight.size, map))
        return rf_fail(err, RF_EINVAL, "--network: does not fit pictures of %d x %d", n->sight.size,
                       n->sight.size);
    n->sight.net = n->net;
    n->sight.rows = map[0];
    n->sight.columns = map[1];
    n->sight.channels = map[2];
    return RF_OK;
}

rf_status cap_network_make(cap_network *n, const rf_setting *v, int32_t words, const rf_model *file,
                           rf_error *err)
{
    n->params = rf_params_new();
    if (!n->params) return rf_no_memory(err);
    if (n->sight.kind == CAP_BLIND) n->sight.rows = n->sight.columns = n->sight.channels = 1;
    if (n->sight.kind == CAP_SEEN) {
        const rf_status st = make_net(n, v, file, err);
        if (st) return st;
    }
    n->sight.dropout = v[TRAIN_DROPOUT_PICTURE].as.f;
    const rf_seq2seq_spec spec = spec_of(v, cap_sight_width(&n->sight), words);
    if (file && !decoder_fits(file, &spec)) return misfit(file, err);
    n->m = rf_seq2seq_new(&spec, n->params, err);
    return n->m ? RF_OK : err->status;
}

void cap_network_free(cap_network *n)
{
    rf_seq2seq_free(n->m);
    rf_convnet_free(n->net);
    rf_params_free(n->params);
    *n = (cap_network){0};
}

/* ---- Sights -------------------------------------------------------------------------------------- */

rf_status cap_sight_write(const cap_sight *s, const char *encoder, rf_str *json, rf_error *err)
{
    json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:s*}", "kind", kinds[s->kind], "rows",
                          (json_int_t)s->rows, "columns", (json_int_t)s->columns, "channels",
                          (json_int_t)s->channels, "encoder", encoder);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text) rf_str_put(json, text);
    free(text);
    json_decref(o);
    return text && !json->failed ? RF_OK : rf_no_memory(err);
}

enum { SIDE_MOST = 4096, CHANNELS_MOST = 1 << 20 };

static bool size_of(const json_t *o, const char *key, rf_index most, rf_index *out)
{
    *out = (rf_index)json_integer_value(json_object_get(o, key));
    return *out >= 1 && *out <= most;
}

rf_status cap_sight_parse(cap_sight *s, const char *json, const char *file, rf_str *encoder,
                          rf_error *err)
{
    json_t *o = json ? json_loads(json, 0, NULL) : NULL;
    const char *kind = json_string_value(json_object_get(o, "kind"));
    const char *from = json_string_value(json_object_get(o, "encoder"));
    *s = (cap_sight){.kind = -1};
    for (int i = 0; kind && kinds[i]; i++)
        if (!strcmp(kind, kinds[i])) s->kind = i;
    const bool good = s->kind >= 0 && size_of(o, "rows", SIDE_MOST, &s->rows) &&
                      size_of(o, "columns", SIDE_MOST, &s->columns) &&
                      size_of(o, "channels", CHANNELS_MOST, &s->channels);
    if (good && from) rf_str_put(encoder, from);
    json_decref(o);
    if (good) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: does not say what it sees of pictures", file);
}

/* ---- Reading ------------------------------------------------------------------------------------- */

rf_vocab *cap_words_read(const rf_model *f, rf_error *err)
{
    size_t n;
    const char *json = rf_model_get_table(f, CAP_META_WORDS, &n);
    if (json) return cap_lexis_parse(json, n, rf_model_name(f), err);
    rf_fail(err, RF_EFORMAT, "%s: has no words", rf_model_name(f));
    return NULL;
}

static rf_status parse(void *self, const rf_model *f, rf_error *err)
{
    cap_model *x = self;
    static const int needed[] = {
        TRAIN_LANGUAGE, TRAIN_BLIND, TRAIN_CROP,   TRAIN_GREY,   TRAIN_SIZE,      TRAIN_NETWORK,
        TRAIN_CELL,     TRAIN_EMBED, TRAIN_HIDDEN, TRAIN_LAYERS, TRAIN_ATTENTION, TRAIN_ATTEND,
        TRAIN_TIED,     -1};
    rf_status st = rf_task_options_read(f, cap_train_options, x->v, x->texts, err);
    if (!st) st = rf_settings_need(cap_train_options, x->v, needed, rf_model_name(f), err);
    if (!st)
        st = cap_sight_parse(&x->n.sight, rf_model_get(f, CAP_META_SIGHT), rf_model_name(f),
                             &x->encoder, err);
    if (!st) st = cap_check_options(x->v, err);
    if (!st && !(x->words = cap_words_read(f, err))) st = err->status;
    if (!st) st = cap_network_make(&x->n, x->v, rf_vocab_size(x->words), f, err);
    return st ? st : rf_params_load(x->n.params, f, err);
}

rf_status cap_model_open(cap_model *x, const char *path, const rf_run *r, rf_error *err)
{
    *x = (cap_model){.texts = rf_arena_new(0)};
    if (!x->texts) return rf_no_memory(err);
    const rf_task_opening how = {.path = path,
                                 .plugin = CAP_PLUGIN,
                                 .task = CAP_TASK,
                                 .threads = r->threads,
                                 .parse = parse,
                                 .self = x};
    return rf_task_model_open(&how, &x->d, &x->g, err);
}

void cap_model_close(cap_model *x)
{
    cap_network_free(&x->n);
    rf_graph_free(x->g);
    rf_device_free(x->d);
    rf_vocab_free(x->words);
    rf_str_free(&x->encoder);
    rf_arena_free(x->texts);
}

bool cap_model_knows(const cap_model *x, int language)
{
    const int64_t known = x->v[TRAIN_LANGUAGE].as.i;
    return known == CAP_BOTH || known == language;
}
