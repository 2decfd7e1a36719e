/* music/roll_model.c -- a network over frames in its file. */
#include <stdio.h>

#include "roll.h"

rf_status roll_shape_of(const rf_setting *v, roll_shape *out, rf_error *err)
{
    *out = (roll_shape){
        .cell = rf_cell_named(&roll_train_options[ROLL_TRAIN_CELL], v[ROLL_TRAIN_CELL].as.s, err),
        .hidden = (rf_index)v[ROLL_TRAIN_HIDDEN].as.i,
        .nade = (rf_index)v[ROLL_TRAIN_NADE].as.i,
        .layers = (int)v[ROLL_TRAIN_LAYERS].as.i,
        .output = (int)v[ROLL_TRAIN_OUTPUT].as.i,
        .variational = v[ROLL_TRAIN_VARIATIONAL].as.i,
        .drop_input = v[ROLL_TRAIN_DROPOUT_INPUT].as.f,
        .drop_hidden = v[ROLL_TRAIN_DROPOUT_HIDDEN].as.f,
        .drop_output = v[ROLL_TRAIN_DROPOUT].as.f,
        .drop_weight = v[ROLL_TRAIN_DROPOUT_WEIGHT].as.f,
        .forget_bias = v[ROLL_TRAIN_FORGET_BIAS].as.f};
    return out->cell ? RF_OK : RF_EINVAL;
}

static bool sized(const rf_model *f, const char *name, rf_index rows, rf_index columns)
{
    const rf_stored *t = rf_model_find(f, name);
    return t && t->shape.rank == 2 && (!rows || t->shape.dim[0] == rows) &&
           t->shape.dim[1] == columns;
}

/* The shape must agree with the tensors before memory is taken for it. */
static bool fits(const rf_model *f, const roll_shape *s)
{
    char last[64];
    snprintf(last, sizeof last, "rnn.weight_hh_l%d", s->layers - 1);
    if (!sized(f, "rnn.weight_ih_l0", 0, RF_KEYS) || !sized(f, last, 0, s->hidden)) return false;
    if (s->output == ROLL_SIGMOID) return sized(f, "output.weight", RF_KEYS, s->hidden);
    return sized(f, "nade.hidden.weight", s->nade, s->hidden) &&
           sized(f, "nade.u", RF_KEYS, s->nade);
}

static rf_status parse(void *self, const rf_model *f, rf_error *err)
{
    roll_model *x = self;
    static const int needed[] = {ROLL_TRAIN_GRID,
                                 ROLL_TRAIN_OUTPUT,
                                 ROLL_TRAIN_NADE,
                                 ROLL_TRAIN_CELL,
                                 ROLL_TRAIN_LAYERS,
                                 ROLL_TRAIN_HIDDEN,
                                 -1};
    roll_shape shape;
    rf_error why = {0};
    rf_status st = rf_task_options_read(f, roll_train_options, x->v, x->texts, err);
    if (!st) st = rf_settings_need(roll_train_options, x->v, needed, rf_model_name(f), err);
    if (st) return st;
    if (roll_shape_of(x->v, &shape, &why))
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       x->v[ROLL_TRAIN_CELL].as.s);
    if (!fits(f, &shape))
        return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                       rf_model_name(f));
    x->grid = (int32_t)x->v[ROLL_TRAIN_GRID].as.i;
    x->m = roll_net_new(&shape, err);
    return x->m ? rf_params_load(x->m->params, f, err) : err->status;
}

rf_status roll_model_open(roll_model *x, const rf_run *r, rf_error *err)
{
    *x = (roll_model){.texts = rf_arena_new(0)};
    if (!x->texts) return rf_no_memory(err);
    const rf_task_opening how = {.path = r->model,
                                 .plugin = MUSIC_ID,
                                 .task = ROLL_TASK,
                                 .threads = r->threads,
                                 .parse = parse,
                                 .self = x};
    return rf_task_model_open(&how, &x->d, &x->g, err);
}

void roll_model_close(roll_model *x)
{
    rf_graph_free(x->g);
    rf_device_free(x->d);
    roll_net_free(x->m);
    rf_arena_free(x->texts);
}
