/* pinyin/model.c -- one model: what belongs together, from the file and into it. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "text.h"

#define META_CHARS "pinyin.chars"
#define META_MIX   "pinyin.mix"
#define META_WORDS "pinyin.word_weight"

void py_model_free(py_model *m)
{
    if (!m) return;
    rf_vocab_free(m->chars);
    py_lexicon_free(&m->x);
    free(m->token);
    free(m->tokens);
    py_ngram_free(&m->by_char);
    py_ngram_free(&m->by_word);
    py_net_free(m->net);
    free(m);
}

rf_status py_model_finish(py_model *m, rf_error *err)
{
    const py_lexicon *x = &m->x;
    const size_t bytes = x->at[x->words];
    uint32_t n = 0;
    m->token = malloc((bytes + 1) * sizeof *m->token);
    m->tokens = calloc((size_t)x->words + 1, sizeof *m->tokens);
    if (!m->token || !m->tokens) return rf_no_memory(err);
    for (int32_t w = 0; w < x->words; w++) {
        for (size_t i = x->at[w]; i < x->at[w + 1];) {
            int32_t code;
            const size_t k = (size_t)rf_utf8_next(x->text + i, x->at[w + 1] - i, &code);
            const int32_t id = rf_vocab_find(m->chars, x->text + i, k);
            m->token[n++] = (uint16_t)(id < 0 ? PY_UNKNOWN : id);
            i += k;
        }
        m->tokens[w + 1] = n;
    }
    return RF_OK;
}

/* ---- Writing --------------------------------------------------------------------------------- */

rf_status py_model_store(const py_model *m, rf_model *f, rf_error *err)
{
    rf_str chars = {0};
    rf_status st = rf_vocab_write(m->chars, &chars, err);
    if (!st) st = rf_model_set_table(f, META_CHARS, chars.s, chars.n, err);
    rf_str_free(&chars);
    if (!st) st = py_lexicon_store(&m->x, f, err);
    if (!st) st = py_ngram_store(&m->by_char, "pinyin.char", f, err);
    if (!st) st = py_ngram_store(&m->by_word, "pinyin.word", f, err);
    if (!st) st = rf_model_set_number(f, META_MIX, m->mix, err);
    return st ? st : rf_model_set_number(f, META_WORDS, m->words, err);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static rf_status load_chars(py_model *m, const rf_model *f, rf_error *err)
{
    size_t n;
    const char *json = rf_model_get_table(f, META_CHARS, &n);
    if (!json) return rf_fail(err, RF_EFORMAT, "%s: has no characters", rf_model_name(f));
    m->chars = rf_vocab_parse(json, n, err);
    if (!m->chars) return err->status;
    return py_chars_good(m->chars)
               ? RF_OK
               : rf_fail(err, RF_EFORMAT, "%s: its characters are damaged", rf_model_name(f));
}

/* The network, unless the model is one of n-grams alone. */
static rf_status load_net(py_model *m, const rf_model *f, rf_error *err)
{
    static const int needed[] = {TRAIN_CELL, TRAIN_HIDDEN, TRAIN_EMBED, TRAIN_LAYERS, -1};
    rf_setting v[TRAIN_COUNT] = {0};
    const rf_stored *e = rf_model_find(f, "embedding.weight");
    const rf_stored *w = rf_model_find(f, "rnn.weight_hh_l0");
    rf_arena *texts = e ? rf_arena_new(0) : NULL;
    if (!e) return RF_OK;
    if (!texts) return rf_no_memory(err);
    rf_status st = rf_task_options_read(f, py_train_options, v, texts, err);
    if (!st) st = rf_settings_need(py_train_options, v, needed, rf_model_name(f), err);
    if (!st) {
        py_net_shape s = py_options_shape(v, rf_vocab_size(m->chars));
        if (!s.cell || !w || e->shape.rank != 2 || w->shape.rank != 2 || e->shape.dim[0] != s.V ||
            e->shape.dim[1] != s.embed || w->shape.dim[1] != s.hidden)
            st = rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                         rf_model_name(f));
        else if (!(m->net = py_net_new(&s, 0, err)))
            st = err->status;
    }
    rf_arena_free(texts);
    return st ? st : py_net_load(m->net, f, err);
}

static rf_status load(py_model *m, const rf_model *f, rf_error *err)
{
    rf_status st = load_chars(m, f, err);
    if (!st) st = py_lexicon_load(&m->x, f, err);
    if (!st) st = py_ngram_load(&m->by_char, "pinyin.char", f, err);
    if (!st) st = py_ngram_load(&m->by_word, "pinyin.word", f, err);
    if (!st && m->by_char.V != rf_vocab_size(m->chars))
        st = rf_fail(err, RF_EFORMAT, "%s: its n-grams have other characters", rf_model_name(f));
    if (!st) st = load_net(m, f, err);
    if (!st) st = py_model_finish(m, err);
    m->mix = m->net ? rf_model_get_number(f, META_MIX, 0.5) : 0;
    m->words = rf_model_get_number(f, META_WORDS, 0.3);
    return st;
}

py_model *py_model_read(const char *path, rf_error *err)
{
    rf_model *f = rf_task_model_read(path, PY_ID, PY_TASK, err);
    py_model *m = f ? calloc(1, sizeof *m) : NULL;
    if (f && !m) rf_no_memory(err);
    if (m && load(m, f, err)) {
        py_model_free(m);
        m = NULL;
    }
    rf_model_free(f);
    return m;
}
