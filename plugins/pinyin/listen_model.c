/* pinyin/listen_model.c -- see listen_model.h. */
#include "listen_model.h"

#include "model.h"

speech_shape listen_shape_of(const rf_setting *v)
{
    return (speech_shape){.cell = rf_cell_find(v[LISTEN_TRAIN_CELL].as.s),
                          .hidden = (rf_index)v[LISTEN_TRAIN_HIDDEN].as.i,
                          .layers = (int)v[LISTEN_TRAIN_LAYERS].as.i,
                          .bidirectional = v[LISTEN_TRAIN_BIDIRECTIONAL].as.i,
                          .dropout = v[LISTEN_TRAIN_DROPOUT].as.f,
                          .forget_bias = v[LISTEN_TRAIN_FORGET_BIAS].as.f};
}

speech_ear_spec listen_ear_of(const rf_setting *v)
{
    const speech_mel_spec mel = {.rate = (int)v[LISTEN_TRAIN_RATE].as.i,
                                 .mels = (int)v[LISTEN_TRAIN_MELS].as.i,
                                 .low = v[LISTEN_TRAIN_LOW].as.f,
                                 .floor = v[LISTEN_TRAIN_FLOOR].as.f,
                                 .pitch = v[LISTEN_TRAIN_PITCH].as.i,
                                 .window = 25,
                                 .hop = 10,
                                 .emphasis = 0.97};
    return (speech_ear_spec){.mel = mel,
                             .norm = (speech_norm)v[LISTEN_TRAIN_NORM].as.i,
                             .slopes = v[LISTEN_TRAIN_SLOPES].as.i,
                             .stack = (rf_index)v[LISTEN_TRAIN_STACK].as.i};
}

int listen_kind_of(const rf_setting *v)
{
    const int kind = (int)v[LISTEN_TRAIN_UNITS].as.i;
    return kind == SPEECH_PARTS && v[LISTEN_TRAIN_TONES].as.i ? SPEECH_TONES : kind;
}

/* ---- Reading ---------------------------------------------------------------------------------------- */

static rf_status read_units(const rf_model *f, int kind, speech_units *u, rf_error *err)
{
    *u = (speech_units){.kind = kind, .unit = rf_task_vocab_read(f, SPEECH_META_UNITS, err)};
    if (!u->unit) return err->status;
    if (!speech_kind_syllables(kind)) return RF_OK;
    u->syllable = rf_task_vocab_read(f, SPEECH_META_SYLLABLES, err);
    return u->syllable ? speech_units_link(u, err) : err->status;
}

/* The options must agree with the tensors before memory is taken for them. */
static rf_status check_sizes(const rf_model *f, const rf_setting *v, const speech_units *u,
                             rf_error *err)
{
    const speech_shape s = listen_shape_of(v);
    const rf_index out = s.hidden * (s.bidirectional ? 2 : 1);
    const speech_mel_spec mel = listen_ear_of(v).mel;
    const rf_stored *w = rf_model_find(f, "output.weight"), *mean = rf_model_find(f, "ear.mean");
    if (!s.cell)
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       v[LISTEN_TRAIN_CELL].as.s);
    if (w && mean && rf_shape_equal(w->shape, RF_SHAPE(rf_vocab_size(u->unit), out)) &&
        rf_shape_equal(mean->shape, RF_SHAPE(speech_mel_numbers(&mel))))
        return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                   rf_model_name(f));
}

static rf_status parse(void *self, const rf_model *f, rf_error *err)
{
    listen_model *x = self;
    static const int needed[] = {
        LISTEN_TRAIN_UNITS,  LISTEN_TRAIN_RATE,   LISTEN_TRAIN_MELS,          LISTEN_TRAIN_LOW,
        LISTEN_TRAIN_NORM,   LISTEN_TRAIN_SLOPES, LISTEN_TRAIN_STACK,         LISTEN_TRAIN_CELL,
        LISTEN_TRAIN_LAYERS, LISTEN_TRAIN_HIDDEN, LISTEN_TRAIN_BIDIRECTIONAL, -1};
    speech_units u = {0};
    rf_status st = rf_task_options_read(f, listen_train_options, x->v, x->texts, err);
    if (!st) st = rf_settings_need(listen_train_options, x->v, needed, rf_model_name(f), err);
    if (!st) st = read_units(f, listen_kind_of(x->v), &u, err);
    if (!st) st = check_sizes(f, x->v, &u, err);
    if (st) {
        speech_units_free(&u);
        return st;
    }
    const speech_shape shape = listen_shape_of(x->v);
    const speech_ear_spec ear = listen_ear_of(x->v);
    x->m = speech_model_new(&shape, &ear, &u, err);
    return x->m ? rf_params_load(x->m->params, f, err) : err->status;
}

rf_status listen_model_open(listen_model *x, const char *path, const rf_run *r, rf_error *err)
{
    *x = (listen_model){.texts = rf_arena_new(0)};
    if (!x->texts) return rf_no_memory(err);
    const rf_task_opening how = {.path = path,
                                 .plugin = PY_ID,
                                 .task = SPEECH_TASK,
                                 .threads = r->threads,
                                 .parse = parse,
                                 .self = x};
    return rf_task_model_open(&how, &x->d, &x->g, err);
}

void listen_model_close(listen_model *x)
{
    rf_graph_free(x->g);
    rf_device_free(x->d);
    speech_model_free(x->m);
    rf_arena_free(x->texts);
}
