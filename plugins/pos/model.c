/* pos/model.c -- see model.h. */
#include "model.h"

#include <stdio.h>

void pos_meta_table(int table, char name[POS_META_NAME])
{
    snprintf(name, POS_META_NAME, "pos.%s", pos_table_names[table]);
}

/* ---- Options --------------------------------------------------------------------------------- */

enum { EMBED_SHAPE = 8 };

pos_shape pos_shape_of(const rf_setting *v)
{
    return (pos_shape){.cell = rf_cell_find(v[TRAIN_CELL].as.s),
                       .hidden = (rf_index)v[TRAIN_HIDDEN].as.i,
                       .spelling = (rf_index)v[TRAIN_SPELLING].as.i,
                       .embed = {[POS_UNIT] = (rf_index)v[TRAIN_EMBED].as.i,
                                 [POS_PAIR] = (rf_index)v[TRAIN_EMBED_PAIR].as.i,
                                 [POS_AFFIX] = (rf_index)v[TRAIN_EMBED_AFFIX].as.i,
                                 [POS_SHAPE] = EMBED_SHAPE,
                                 [POS_LETTER] = (rf_index)v[TRAIN_EMBED_LETTER].as.i},
                       .layers = (int)v[TRAIN_LAYERS].as.i,
                       .bidirectional = v[TRAIN_BIDIRECTIONAL].as.i,
                       .crf = v[TRAIN_OUTPUT].as.i == POS_CRF,
                       .forget_bias = v[TRAIN_FORGET_BIAS].as.f,
                       .drop_input = v[TRAIN_DROPOUT_INPUT].as.f,
                       .drop_hidden = v[TRAIN_DROPOUT_HIDDEN].as.f,
                       .drop_output = v[TRAIN_DROPOUT].as.f,
                       .drop_words = v[TRAIN_DROPOUT_WORDS].as.f};
}

void pos_lexis_of(const rf_setting *v, pos_lexis *x)
{
    pos_lexis_init(x, (int)v[TRAIN_TASK].as.i, (int)v[TRAIN_AFFIXES].as.i,
                   v[TRAIN_SPELLING].as.i > 0);
}

rf_status pos_check_options(const rf_setting *v, rf_error *err)
{
    return rf_cell_named(&pos_train_options[TRAIN_CELL], v[TRAIN_CELL].as.s, err) ? RF_OK
                                                                                  : RF_EINVAL;
}

/* ---- Reading --------------------------------------------------------------------------------- */

rf_status pos_lexis_read(pos_lexis *x, const rf_model *f, rf_error *err)
{
    x->tags = rf_task_vocab_read(f, POS_META_TAGS, err);
    if (!x->tags) return err->status;
    for (int t = 0; t < POS_TABLES; t++) {
        char name[POS_META_NAME];
        if (!pos_lexis_uses(x, t)) continue;
        pos_meta_table(t, name);
        if (!(x->table[t] = rf_task_vocab_read(f, name, err))) return err->status;
    }
    return RF_OK;
}

static bool sized(const rf_model *f, const char *name, rf_index rows, rf_index columns)
{
    const rf_stored *t = rf_model_find(f, name);
    return t && t->shape.rank == 2 && (!rows || t->shape.dim[0] == rows) &&
           t->shape.dim[1] == columns;
}

/* The shape must agree with the tensors before memory is taken for it. */
static rf_status check_sizes(const rf_model *f, const pos_lexis *x, const pos_shape *s,
                             rf_error *err)
{
    const int32_t K = pos_labels(x->task, rf_vocab_size(x->tags));
    bool fits = sized(f, "rnn.weight_hh_l0", 0, s->hidden) &&
                sized(f, "output.weight", K, s->hidden * (s->bidirectional ? 2 : 1)) &&
                (!s->crf || sized(f, "crf.transitions", K, K)) &&
                (!x->spelling || sized(f, "spelling.weight_hh_l0", 0, s->spelling));
    for (int t = 0; t < POS_TABLES && fits; t++) {
        char name[32];
        if (!pos_lexis_uses(x, t)) continue;
        snprintf(name, sizeof name, "%s.weight", pos_table_names[t]);
        fits = sized(f, name, rf_vocab_size(x->table[t]), s->embed[t]);
    }
    if (fits) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                   rf_model_name(f));
}

static rf_status parse(void *self, const rf_model *f, rf_error *err)
{
    pos_model *x = self;
    static const int needed[] = {TRAIN_TASK,         TRAIN_TAG,
                                 TRAIN_OUTPUT,       TRAIN_CELL,
                                 TRAIN_LAYERS,       TRAIN_HIDDEN,
                                 TRAIN_EMBED,        TRAIN_BIDIRECTIONAL,
                                 TRAIN_EMBED_PAIR,   TRAIN_AFFIXES,
                                 TRAIN_EMBED_AFFIX,  TRAIN_SPELLING,
                                 TRAIN_EMBED_LETTER, -1};
    rf_status st = rf_task_options_read(f, pos_train_options, x->v, x->texts, err);
    if (!st) st = rf_settings_need(pos_train_options, x->v, needed, rf_model_name(f), err);
    if (st) return st;
    const pos_shape shape = pos_shape_of(x->v);
    if (!shape.cell)
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       x->v[TRAIN_CELL].as.s);
    pos_lexis lexis;
    pos_lexis_of(x->v, &lexis);
    st = pos_lexis_read(&lexis, f, err);
    if (!st) st = check_sizes(f, &lexis, &shape, err);
    if (st) {
        pos_lexis_free(&lexis);
        return st;
    }
    x->m = pos_tagger_new(&shape, &lexis, err);
    return x->m ? rf_params_load(x->m->params, f, err) : err->status;
}

rf_status pos_model_open(pos_model *x, const char *path, const rf_run *r, rf_error *err)
{
    *x = (pos_model){.texts = rf_arena_new(0)};
    if (!x->texts) return rf_no_memory(err);
    const rf_task_opening how = {.path = path,
                                 .plugin = POS_ID,
                                 .task = POS_TASK,
                                 .threads = r->threads,
                                 .parse = parse,
                                 .self = x};
    return rf_task_model_open(&how, &x->d, &x->g, err);
}

void pos_model_close(pos_model *x)
{
    rf_graph_free(x->g);
    rf_device_free(x->d);
    pos_tagger_free(x->m);
    rf_arena_free(x->texts);
}
