/* translate/model.c -- see model.h. */
#include "model.h"

#include <string.h>

/* ---- Options --------------------------------------------------------------------------------- */

rf_seq2seq_spec tr_spec_of(const rf_setting *v, const tr_lexis *x)
{
    const bool joint = v[TRAIN_JOINT].as.i == TR_JOINT;
    return (rf_seq2seq_spec){.cell = rf_cell_find(v[TRAIN_CELL].as.s),
                             .source = tr_units_size(x->side[0]),
                             .target = tr_units_size(x->side[1]),
                             .unknown = TR_UNK,
                             .embed = (rf_index)v[TRAIN_EMBED].as.i,
                             .hidden = (rf_index)v[TRAIN_HIDDEN].as.i,
                             .encoder_layers = (int)v[TRAIN_ENCODER].as.i,
                             .decoder_layers = (int)v[TRAIN_DECODER].as.i,
                             .attend = (rf_attend)v[TRAIN_ATTEND].as.i,
                             .attention = (rf_attention_kind)v[TRAIN_ATTENTION].as.i,
                             .shared = joint,
                             .tied = v[TRAIN_TIED].as.i,
                             .copy = v[TRAIN_COPY].as.i,
                             .coverage = v[TRAIN_COVERAGE].as.i,
                             .forget_bias = v[TRAIN_FORGET_BIAS].as.f,
                             .drop_input = v[TRAIN_DROPOUT_INPUT].as.f,
                             .drop_hidden = v[TRAIN_DROPOUT_HIDDEN].as.f,
                             .drop_output = v[TRAIN_DROPOUT].as.f,
                             .smoothing = v[TRAIN_COPY].as.i ? 0 : v[TRAIN_SMOOTHING].as.f,
                             .sampling = v[TRAIN_SAMPLING].as.f,
                             .coverage_weight = v[TRAIN_COVERAGE_WEIGHT].as.f};
}

rf_status tr_check_options(const rf_setting *v, rf_error *err)
{
    if (!rf_cell_named(&tr_train_options[TRAIN_CELL], v[TRAIN_CELL].as.s, err)) return RF_EINVAL;
    if (v[TRAIN_HIDDEN].as.i % 2)
        return rf_fail(err, RF_EINVAL, "--hidden: is odd; both directions have half of it each");
    if (v[TRAIN_ATTEND].as.i == RF_ATTEND_BETWEEN && v[TRAIN_DECODER].as.i < 2)
        return rf_fail(err, RF_EINVAL,
                       "--attend between: needs two --decoder-layers at least; or --attend after");
    if (v[TRAIN_COVERAGE].as.i && (v[TRAIN_ATTEND].as.i != RF_ATTEND_FEED ||
                                   v[TRAIN_ATTENTION].as.i != RF_ATTENTION_ADDITIVE))
        return rf_fail(err, RF_EINVAL,
                       "--coverage: goes with --attend feed and --attention additive");
    return RF_OK;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool sized(const rf_model *f, const char *name, rf_index rows, rf_index columns)
{
    const rf_stored *t = rf_model_find(f, name);
    return t && t->shape.rank == 2 && (!rows || t->shape.dim[0] == rows) &&
           t->shape.dim[1] == columns;
}

/* The shape must agree with the tensors before memory is taken for it. */
static rf_status check_sizes(const rf_model *f, const rf_seq2seq_spec *s, rf_error *err)
{
    const rf_index H = s->hidden;
    const char *decoder =
        s->attend == RF_ATTEND_BETWEEN ? "decoder.0.weight_hh_l0" : "decoder.weight_hh_l0";
    const bool fits = (s->shared ? sized(f, "embed.weight", s->source, s->embed)
                                 : sized(f, "source.weight", s->source, s->embed) &&
                                       sized(f, "target.weight", s->target, s->embed)) &&
                      sized(f, "encoder.weight_hh_l0", 0, H / 2) && sized(f, decoder, 0, H) &&
                      sized(f, "combine.weight", s->tied ? s->embed : H, 2 * H);
    if (fits) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                   rf_model_name(f));
}

static rf_status read_lexis(tr_model *x, const rf_model *f, rf_error *err)
{
    x->lexis.side[0] = tr_units_load(f, TR_META_SOURCE, err);
    if (x->lexis.side[0]) x->lexis.side[1] = tr_units_load(f, TR_META_TARGET, err);
    if (!x->lexis.side[1]) return err->status;
    return x->v[TRAIN_COPY].as.i ? tr_lexis_copy(&x->lexis, err) : RF_OK;
}

static rf_status parse(void *self, const rf_model *f, rf_error *err)
{
    tr_model *x = self;
    static const int needed[] = {TRAIN_CELL,    TRAIN_EMBED,  TRAIN_HIDDEN,    TRAIN_ENCODER,
                                 TRAIN_DECODER, TRAIN_ATTEND, TRAIN_ATTENTION, TRAIN_TIED,
                                 TRAIN_COPY,    TRAIN_JOINT,  TRAIN_COVERAGE,  -1};
    rf_status st = rf_task_options_read(f, tr_train_options, x->v, x->texts, err);
    if (!st) st = rf_settings_need(tr_train_options, x->v, needed, rf_model_name(f), err);
    if (!st) st = read_lexis(x, f, err);
    if (st) return st;
    const rf_seq2seq_spec spec = tr_spec_of(x->v, &x->lexis);
    if (!spec.cell)
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       x->v[TRAIN_CELL].as.s);
    st = check_sizes(f, &spec, err);
    if (st) return st;
    x->params = rf_params_new();
    x->m = x->params ? rf_seq2seq_new(&spec, x->params, err) : NULL;
    if (!x->params) return rf_no_memory(err);
    return x->m ? rf_params_load(x->params, f, err) : err->status;
}

rf_status tr_model_open(tr_model *x, const char *path, const rf_run *r, rf_error *err)
{
    *x = (tr_model){.texts = rf_arena_new(0)};
    if (!x->texts) return rf_no_memory(err);
    const rf_task_opening how = {.path = path,
                                 .plugin = TR_PLUGIN,
                                 .task = TR_TASK,
                                 .threads = r->threads,
                                 .parse = parse,
                                 .self = x};
    return rf_task_model_open(&how, &x->d, &x->g, err);
}

void tr_model_close(tr_model *x)
{
    rf_seq2seq_free(x->m);
    rf_params_free(x->params);
    rf_graph_free(x->g);
    rf_device_free(x->d);
    tr_lexis_free(&x->lexis);
    rf_arena_free(x->texts);
}
