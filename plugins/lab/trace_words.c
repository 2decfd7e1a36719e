/* lab/trace_words.c -- the lecture's tagging example: 购物 is a noun in one sentence and a verb in the
 * other, which only a memory can tell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "tagger.h"
#include "trace.h"
#include "trainer.h"

static const char *const lecture[] = {"我/n 爱/v 购物/n", "我/n 在/pre 华联/n 购物/v"};

#define SEND(S, TABLE, ROW) rf_emit_record((S)->host, -1, TABLE, ROW, sizeof ROW / sizeof *ROW)

/* ---- Step by step, all weights 1 ------------------------------------------------------------------- */

static rf_status emit_vectors(rf_session *s, const lab_tagger *m)
{
    rf_status st = RF_OK;
    const rf_index E = m->spec.input;
    for (int32_t w = 0; m->in.weight && w < rf_vocab_size(m->text->words) && !st; w++) {
        const rf_field row[] = {rf_field_string("word", lab_word(m->text, w)),
                                rf_field_reals("vector", m->in.weight->value.data + w * E, &E, 1)};
        st = SEND(s, "embedding", row);
    }
    return st;
}

/* Memory is the state that the step before left behind. */
static rf_status step_sentence(rf_session *s, const lab_tagger *m, rf_graph *g, int k,
                               rf_error *err)
{
    const lab_sentence *sentence = &m->text->sentence[k];
    const rf_index I = m->spec.input, H = m->spec.hidden, O = m->outputs;
    lab_tagger_reading r;
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "trace", 0));
    const rf_tensor start = rf_value(g, rf_zeros(g, RF_SHAPE(H)));
    rf_status st = lab_tagger_read(&r, g, m, sentence, err);
    if (st) return st;
    const rf_real *x = rf_value(g, r.in).data, *h = rf_value(g, r.state).data;
    const rf_real *y = rf_value(g, r.scores).data;
    for (int t = 0; t < sentence->n && !st; t++) {
        const rf_real *before = t && m->memory ? h + (t - 1) * H : start.data;
        const rf_field row[] = {rf_field_int("sentence", k + 1),
                                rf_field_int("step", t + 1),
                                rf_field_string("word", lab_word(m->text, sentence->word[t])),
                                rf_field_reals("input", x + t * I, &I, 1),
                                rf_field_reals("memory", before, &H, 1),
                                rf_field_reals("state", h + t * H, &H, 1),
                                rf_field_reals("output", y + t * O, &O, 1)};
        st = SEND(s, "memory", row);
    }
    return st;
}

static rf_status step_all(rf_session *s, const lab_tagger_shape *shape, const lab_sentences *text,
                          uint64_t seed, rf_graph *g, rf_error *err)
{
    lab_tagger m;
    rf_status st = lab_tagger_open(&m, shape, text, seed, err);
    if (!st) {
        lab_tagger_set_ones(&m);
        st = emit_vectors(s, &m);
    }
    for (int k = 0; k < text->count && !st; k++) st = step_sentence(s, &m, g, k, err);
    lab_tagger_close(&m);
    return st;
}

/* ---- Trained ---------------------------------------------------------------------------------------- */

typedef struct lesson {
    const lab_tagger *m;
    double loss; /* of the last step */
} lesson;

static rf_node loss(void *self, rf_graph *g, int64_t step)
{
    const lesson *l = self;
    (void)step;
    return lab_tagger_loss(g, l->m);
}

static rf_status told(void *self, const rf_fit_event *e, bool *enough)
{
    lesson *l = self;
    (void)enough;
    l->loss = e->learned;
    return RF_OK;
}

/* Every step reads all sentences: an epoch. */
static rf_status train(rf_session *s, const lab_tagger *m, const rf_run *r, rf_graph *g,
                       rf_error *err)
{
    const int64_t epochs = r->opt[TRACE_EPOCHS].as.i;
    lesson l = {.m = m};
    lab_trained done;
    lab_training t = {.host = s->host,
                      .params = m->params,
                      .graph = g,
                      .seed = r->seed,
                      .rate = r->opt[TRACE_RATE].as.f,
                      .steps = epochs,
                      .every = 1,
                      .total = (double)epochs,
                      .self = &l,
                      .loss = loss,
                      .told = told};
    rf_status st = lab_train(&t, &done, err);
    return st ? st : rf_emit_metric(s->host, -1, "train", "loss", l.loss, "nats");
}

/* A row for each word: its tag, the network's, and the probability of every tag. */
static rf_status emit_tags(rf_session *s, const lab_tagger *m, int k, const rf_real *p,
                           rf_mean_value *right)
{
    enum { FIXED = 5 };
    const lab_sentence *sentence = &m->text->sentence[k];
    rf_field row[FIXED + LAB_TAGS_MAX];
    rf_status st = RF_OK;
    for (int t = 0; t < sentence->n && !st; t++) {
        const rf_real *at = p + t * m->outputs;
        const int32_t guess = (int32_t)rf_argmax(at, m->outputs), tag = sentence->tag[t];
        if (tag >= 0) rf_mean_add(right, guess == tag, 1);
        row[0] = rf_field_int("sentence", k + 1);
        row[1] = rf_field_int("step", t + 1);
        row[2] = rf_field_string("word", lab_word(m->text, sentence->word[t]));
        row[3] = rf_field_string("tag", lab_tag(m->text, tag));
        row[4] = rf_field_string("guess", lab_tag(m->text, guess));
        for (int i = 0; i < m->outputs; i++)
            row[FIXED + i] = rf_field_real(lab_tag(m->text, i), round(1e4 * (double)at[i]) / 1e4);
        st = rf_emit_record(s->host, -1, "tag", row, FIXED + (size_t)m->outputs);
    }
    return st;
}

static rf_status read_sentence(rf_session *s, const lab_tagger *m, lab_film *film, rf_graph *g,
                               int k, rf_mean_value *right, rf_error *err)
{
    const lab_sentence *sentence = &m->text->sentence[k];
    const char *label[LAB_WORDS_MAX];
    lab_tagger_reading r;
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "trace", 0));
    rf_status st = lab_tagger_read(&r, g, m, sentence, err);
    if (st) return st;
    for (int t = 0; t < sentence->n; t++) label[t] = lab_word(m->text, sentence->word[t]);
    const rf_real *p = rf_value(g, rf_softmax(g, r.scores)).data;
    if (!p) return rf_graph_status(g, err);
    st = emit_tags(s, m, k, p, right);
    return st ? st : lab_film_add(film, g, m->spec.cell, &r.steps, label, err);
}

static rf_status train_and_read(rf_session *s, const rf_run *r, const lab_tagger_shape *shape,
                                const lab_sentences *text, lab_film *film, rf_graph *g,
                                rf_error *err)
{
    lab_tagger m;
    rf_mean_value right = {0};
    rf_status st = lab_tagger_open(&m, shape, text, r->seed, err);
    if (!st) st = train(s, &m, r, g, err);
    for (int k = 0; k < text->count && !st; k++) st = read_sentence(s, &m, film, g, k, &right, err);
    if (!st)
        st =
            rf_emit_metric(s->host, -1, "tagged words", "accuracy", 100 * rf_mean_get(&right), "%");
    lab_tagger_close(&m);
    return st;
}

/* ---- Both -------------------------------------------------------------------------------------------- */

static rf_status trace_words(rf_session *s, const rf_run *r, const lab_sentences *text,
                             lab_film *film, rf_graph *g, rf_error *err)
{
    const rf_setting *o = r->opt;
    const rf_cell *cell = rf_cell_named(&lab_trace_options[TRACE_CELL], o[TRACE_CELL].as.s, err);
    const int tags = rf_vocab_size(text->tags);
    const rf_index wish = o[TRACE_HIDDEN].as.i;
    if (!cell) return RF_EINVAL;
    lab_tagger_shape shape = {.cell = rf_cell_find("elman-identity"),
                              .hidden = wish ? wish : 2,
                              .outputs = tags ? tags : 2,
                              .layers = 1,
                              .memory = o[TRACE_MEMORY].as.i != 0};
    if (o[TRACE_INPUTS].as.i == LAB_EMBEDDING) shape.embed = o[TRACE_EMBED].as.i;
    rf_status st = step_all(s, &shape, text, r->seed, g, err);
    if (st || !text->tagged || !o[TRACE_EPOCHS].as.i) return st;
    shape.cell = cell;
    shape.hidden = wish ? wish : 8;
    shape.layers = (int)o[TRACE_LAYERS].as.i;
    shape.bidirectional = o[TRACE_BIDIRECTIONAL].as.i != 0;
    return train_and_read(s, r, &shape, text, film, g, err);
}

rf_status lab_trace_words(rf_session *s, const rf_run *r, lab_film *film, rf_graph *g,
                          rf_error *err)
{
    lab_sentences text;
    const size_t n = sizeof lecture / sizeof *lecture;
    rf_status st =
        r->arg_count
            ? lab_sentences_read(&text, r->arg, r->arg_count, r->opt[TRACE_VOCABULARY].as.s, err)
            : lab_sentences_read(&text, lecture, n, r->opt[TRACE_VOCABULARY].as.s, err);
    if (!st) st = trace_words(s, r, &text, film, g, err);
    lab_sentences_free(&text);
    return st;
}
