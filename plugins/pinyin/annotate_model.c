/* pinyin/annotate_model.c -- a model of annotate from its file. */
#include "annotate.h"
#include "model.h"

an_shape an_shape_of(const rf_setting *v)
{
    return (an_shape){.cell = rf_cell_find(v[AN_TRAIN_CELL].as.s),
                      .members = (int)v[AN_TRAIN_MEMBERS].as.i,
                      .layers = (int)v[AN_TRAIN_LAYERS].as.i,
                      .hidden = (rf_index)v[AN_TRAIN_HIDDEN].as.i,
                      .embed = (rf_index)v[AN_TRAIN_EMBED].as.i,
                      .pair = (rf_index)v[AN_TRAIN_EMBED_PAIR].as.i,
                      .hint = (rf_index)v[AN_TRAIN_EMBED_HINT].as.i,
                      .drop_output = v[AN_TRAIN_DROPOUT].as.f,
                      .drop_input = v[AN_TRAIN_DROPOUT_INPUT].as.f,
                      .drop_known = v[AN_TRAIN_DROPOUT_KNOWN].as.f};
}

static rf_status read_lexis(an_lexis *x, const rf_model *f, rf_error *err)
{
    if (!(x->chars = rf_task_vocab_read(f, AN_META_CHARS, err)) ||
        !(x->pairs = rf_task_vocab_read(f, AN_META_PAIRS, err)) ||
        !(x->classes = rf_task_vocab_read(f, AN_META_CLASSES, err)))
        return err->status;
    rf_status st = an_lexis_link(x, rf_model_name(f), err);
    if (!st && rf_model_find(f, "pinyin.words")) st = py_lexicon_load(&x->x, f, err);
    return st;
}

static bool sized(const rf_model *f, const char *name, rf_index rows, rf_index columns)
{
    const rf_stored *t = rf_model_find(f, name);
    return t && t->shape.rank == 2 && (!rows || t->shape.dim[0] == rows) &&
           t->shape.dim[1] == columns;
}

/* The options must agree with the tensors before memory is taken for them. */
static rf_status check_sizes(const rf_model *f, const an_lexis *x, const an_shape *s, rf_error *err)
{
    const bool hints = x->x.words > 0;
    if (s->cell && sized(f, "char.weight", rf_vocab_size(x->chars), s->embed) &&
        (!s->pair || sized(f, "pair.weight", rf_vocab_size(x->pairs), s->pair)) &&
        (!hints || sized(f, "hint.weight", AN_HINTS, s->hint)) &&
        sized(f, "rnn.weight_hh_l0", 0, s->hidden) &&
        sized(f, "bias.weight", rf_vocab_size(x->classes), 1))
        return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                   rf_model_name(f));
}

static rf_status parse(void *self, const rf_model *f, rf_error *err)
{
    an_model *x = self;
    static const int needed[] = {
        AN_TRAIN_CELL,       AN_TRAIN_LAYERS,     AN_TRAIN_HIDDEN,  AN_TRAIN_EMBED,
        AN_TRAIN_EMBED_PAIR, AN_TRAIN_EMBED_HINT, AN_TRAIN_MEMBERS, -1};
    rf_setting v[AN_TRAIN_COUNT] = {0};
    rf_arena *texts = rf_arena_new(0);
    an_lexis lexis = {0};
    an_shape shape = {0};
    rf_status st = texts ? RF_OK : rf_no_memory(err);
    if (!st) st = rf_task_options_read(f, an_train_options, v, texts, err);
    if (!st) st = rf_settings_need(an_train_options, v, needed, rf_model_name(f), err);
    if (!st) st = read_lexis(&lexis, f, err);
    if (!st) shape = an_shape_of(v);
    if (!st) st = check_sizes(f, &lexis, &shape, err);
    rf_arena_free(texts);
    if (st) {
        an_lexis_free(&lexis);
        return st;
    }
    x->m = an_net_new(&shape, &lexis, err);
    return x->m ? rf_params_load(x->m->params, f, err) : err->status;
}

rf_status an_model_open(an_model *x, const char *path, uint32_t threads, rf_error *err)
{
    *x = (an_model){0};
    const rf_task_opening how = {.path = path,
                                 .plugin = PY_ID,
                                 .task = AN_TASK,
                                 .threads = threads,
                                 .parse = parse,
                                 .self = x};
    return rf_task_model_open(&how, &x->d, &x->g, err);
}

void an_model_close(an_model *x)
{
    rf_graph_free(x->g);
    rf_device_free(x->d);
    an_net_free(x->m);
    an_set_free(&x->set);
}
