/* lab/classify.c -- what the verbs classify-... share: reading by options, and trained models. */
#include "classify.h"

#include <string.h>

/* ---- Reading --------------------------------------------------------------------------------- */

lab_reading lab_classify_reading(const rf_setting *v, const rf_setting *net)
{
    static const char separators[] = {0, ',', '\t', ';', ' '};
    return (lab_reading){.input = (int)net[NET_INPUT].as.i,
                         .per_frame = net[NET_LABEL_OF].as.i,
                         .pixels = (int)net[NET_PIXELS].as.i,
                         .scale = (int)net[NET_SCALE].as.i,
                         .separator = separators[v[READ_SEPARATOR].as.i],
                         .header = (int)v[READ_HEADER].as.i,
                         .label = v[READ_LABEL].as.s,
                         .text = v[READ_TEXT].as.s,
                         .sequence = v[READ_SEQUENCE].as.s,
                         .ignore = v[READ_IGNORE].as.s,
                         .end = v[READ_END].as.s,
                         .counts = v[READ_COUNTS].as.s};
}

rf_status lab_classify_read(lab_samples *s, const lab_reading *how, const rf_run *r,
                            const rf_setting *v, rf_error *err)
{
    static const char *const standard_input[] = {"-"};
    const char *images = v[READ_IMAGES].as.s, *labels = v[READ_LABELS].as.s;
    if (how->input == LAB_IMAGES) {
        if (!images || r->arg_count)
            return rf_fail(err, RF_EINVAL, "--images: a file of images is due, and no operands");
        if (!labels && !how->unlabelled)
            return rf_fail(err, RF_EINVAL, "--labels: a file with the labels of %s is due", images);
        return lab_samples_images(s, how, images, how->unlabelled ? NULL : labels, err);
    }
    if (images || labels)
        return rf_fail(err, RF_EINVAL, "--%s: --input is not images", images ? "images" : "labels");
    if (!r->arg_count) return lab_samples_read(s, how, standard_input, 1, err);
    return lab_samples_read(s, how, r->arg, r->arg_count, err);
}

rf_status lab_classify_progress(void *session, double done, double total)
{
    const rf_session *s = session;
    return s->host->progress(s->host, done, total, "sequences");
}

rf_status lab_classify_whole(lab_set *set, const lab_samples *s, rf_error *err)
{
    bool done = true;
    for (rf_index i = 0; i < s->n && done; i++)
        done = lab_set_add(set, s->item[i].start, s->item[i].length, (int32_t)i);
    return done ? RF_OK : rf_no_memory(err);
}

/* ---- The network ----------------------------------------------------------------------------- */

lab_classifier_shape lab_classify_shape(const rf_setting *v)
{
    return (lab_classifier_shape){.network = (int)v[NET_NETWORK].as.i,
                                  .input = (int)v[NET_INPUT].as.i,
                                  .per_frame =
                                      v[NET_LABEL_OF].as.i && v[NET_INPUT].as.i == LAB_FRAMES,
                                  .cell = rf_cell_find(v[NET_CELL].as.s),
                                  .embed = (rf_index)v[NET_EMBED].as.i,
                                  .hidden = (rf_index)v[NET_HIDDEN].as.i,
                                  .attention = (rf_index)v[NET_ATTENTION].as.i,
                                  .layers = (int)v[NET_LAYERS].as.i,
                                  .pool = (int)v[NET_POOL].as.i,
                                  .bidirectional = v[NET_BIDIRECTIONAL].as.i,
                                  .layer_norm = v[NET_LAYER_NORM].as.i,
                                  .identity = v[NET_IDENTITY].as.i,
                                  .forget_bias = v[NET_FORGET_BIAS].as.f,
                                  .chrono = v[NET_CHRONO].as.f,
                                  .drop_units = v[NET_DROPOUT_UNITS].as.f,
                                  .drop_input = v[NET_DROPOUT_INPUT].as.f,
                                  .drop_hidden = v[NET_DROPOUT_HIDDEN].as.f,
                                  .drop_output = v[NET_DROPOUT].as.f,
                                  .balance = v[NET_BALANCE].as.i != 0};
}

rf_status lab_classify_check(const rf_setting *v, rf_error *err)
{
    const rf_cell *cell =
        rf_cell_named(&lab_classify_train_options[NET_CELL], v[NET_CELL].as.s, err);
    if (!cell) return RF_EINVAL;
    if (v[NET_IDENTITY].as.i && cell->gates != 1)
        return rf_fail(err, RF_EINVAL, "--identity: the cell %s has gates; elman-relu has none",
                       cell->name);
    if (v[NET_LABEL_OF].as.i && v[NET_INPUT].as.i != LAB_FRAMES)
        return rf_fail(err, RF_EINVAL, "--label-of frame: --input is not frames");
    if (v[NET_WINDOW].as.i && !v[NET_LABEL_OF].as.i)
        return rf_fail(err, RF_EINVAL, "--window: is for --label-of frame");
    return RF_OK;
}

/* ---- A trained model --------------------------------------------------------------------------- */

static rf_vocab *read_classes(const rf_model *f, rf_error *err)
{
    size_t n = 0;
    const char *json = rf_model_get_table(f, LAB_META_CLASSES, &n);
    rf_vocab *classes = json ? rf_vocab_parse(json, n, err) : NULL;
    if (!json) rf_fail(err, RF_EFORMAT, "%s: has no labels", rf_model_name(f));
    if (!classes || rf_vocab_size(classes)) return classes;
    rf_fail(err, RF_EFORMAT, "%s: has no labels", rf_model_name(f));
    rf_vocab_free(classes);
    return NULL;
}

/* The shape must agree with the tensors before memory is taken for it. */
static rf_status check_size(const rf_model *f, const rf_setting *v, rf_error *err)
{
    const rf_stored *w = rf_model_find(f, "rnn.weight_hh_l0");
    const rf_stored *e = rf_model_find(f, "embedding.weight");
    const bool recurrent = v[NET_NETWORK].as.i == LAB_RECURRENT;
    const bool text = v[NET_INPUT].as.i == LAB_TEXT;
    if (!recurrent ||
        (w && w->shape.rank == 2 && w->shape.dim[1] == v[NET_HIDDEN].as.i &&
         (!text || (e && e->shape.rank == 2 && e->shape.dim[1] == v[NET_EMBED].as.i))))
        return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                   rf_model_name(f));
}

static rf_status parse_model(void *self, const rf_model *f, rf_error *err)
{
    lab_trained_model *x = self;
    static const int needed[] = {
        NET_INPUT,         NET_LABEL_OF,  NET_PIXELS,     NET_NETWORK, NET_CELL,
        NET_LAYERS,        NET_HIDDEN,    NET_EMBED,      NET_POOL,    NET_UNIT,
        NET_BIDIRECTIONAL, NET_ATTENTION, NET_MAX_LENGTH, NET_SCALE,   -1};
    const rf_stored *mean = rf_model_find(f, "input.mean");
    rf_status st = rf_task_options_read(f, lab_classify_train_options, x->net, x->texts, err);
    if (!st)
        st = rf_settings_need(lab_classify_train_options, x->net, needed, rf_model_name(f), err);
    if (!st) st = check_size(f, x->net, err);
    if (st) return st;
    const bool text = x->net[NET_INPUT].as.i == LAB_TEXT;
    const lab_classifier_shape shape = lab_classify_shape(x->net);
    if (!shape.cell)
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       x->net[NET_CELL].as.s);
    if (!text && (!mean || mean->shape.rank != 1 || mean->shape.dim[0] < 1))
        return rf_fail(err, RF_EFORMAT, "%s: has no tensor input.mean", rf_model_name(f));
    rf_vocab *classes = read_classes(f, err);
    rf_tokenizer *tokens = classes && text ? rf_task_tokenizer_read(f, err) : NULL;
    if (!classes || (text && !tokens)) {
        rf_vocab_free(classes);
        return err->status;
    }
    x->m = lab_classifier_new(&shape, tokens, classes, text ? 0 : mean->shape.dim[0], err);
    return x->m ? rf_params_load(x->m->params, f, err) : err->status;
}

rf_status lab_trained_open(lab_trained_model *x, const rf_run *r, rf_error *err)
{
    *x = (lab_trained_model){.texts = rf_arena_new(0)};
    const rf_task_opening how = {.path = r->model,
                                 .plugin = LAB_ID,
                                 .task = LAB_CLASSIFY,
                                 .threads = r->threads,
                                 .parse = parse_model,
                                 .self = x};
    if (!x->texts) return rf_no_memory(err);
    const rf_status st = rf_task_model_open(&how, &x->d, &x->g, err);
    if (st) return st;
    memcpy(x->v, r->opt, READ_END_OF_ROWS * sizeof *x->v);
    for (int i = 0; i < READ_COUNT; i++)
        if (!x->v[i].set && x->net[i].set) x->v[i] = x->net[i];
    return RF_OK;
}

void lab_trained_close(lab_trained_model *x)
{
    rf_graph_free(x->g);
    rf_device_free(x->d);
    lab_classifier_free(x->m);
    rf_arena_free(x->texts);
}

rf_status lab_trained_read(lab_trained_model *x, lab_samples *s, const rf_run *r, bool unlabelled,
                           bool plain, rf_error *err)
{
    lab_reading how = lab_classify_reading(x->v, x->net);
    how.known = x->m->classes;
    how.features = x->m->I;
    how.unlabelled = unlabelled;
    how.plain = plain && how.input == LAB_TEXT;
    rf_status st = lab_classify_read(s, &how, r, x->v, err);
    if (st || !x->m->tokens) return st;
    return lab_samples_encode(s, x->m->tokens, (rf_index)x->net[NET_MAX_LENGTH].as.i, err);
}
