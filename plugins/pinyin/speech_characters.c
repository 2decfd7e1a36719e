/* pinyin/speech_characters.c -- see speech_characters.h. */
#include "speech_characters.h"

#include <math.h>
#include <stdlib.h>

#define BEAM 16
#define LOST 50.0 /* nats that an answer without characters costs */

rf_status speech_characters_open(speech_characters *c, const char *path, rf_device *d,
                                 double weight, rf_error *err)
{
    *c = (speech_characters){.m = py_model_read(path, err), .weight = weight};
    if (!c->m) return err->status;
    const py_decode_spec spec = {.typing = {.tones = true},
                                 .beam = BEAM,
                                 .nbest = 1,
                                 .mix = c->m->mix,
                                 .words = c->m->words};
    c->d = py_decoder_new(c->m, d, &spec, err);
    return c->d ? RF_OK : err->status;
}

void speech_characters_close(speech_characters *c)
{
    py_decoder_free(c->d);
    py_model_free(c->m);
    *c = (speech_characters){0};
}

rf_status speech_characters_of(speech_characters *c, const speech_units *u, const int32_t *unit,
                               rf_index n, rf_str *out, double *score, rf_error *err)
{
    rf_str pinyin = {0};
    py_answers a = {0};
    rf_status st = RF_OK;
    *score = n ? -LOST : 0;
    speech_units_decode(u, unit, n, &pinyin);
    if (pinyin.failed) st = rf_no_memory(err);
    if (!st && pinyin.n) st = py_decode(c->d, pinyin.s, pinyin.n, &a, err);
    if (!st && a.n) {
        rf_str_put(out, a.at[0].text);
        *score = a.at[0].score;
    }
    if (pinyin.n) py_answers_free(&a);
    rf_str_free(&pinyin);
    return !st && out->failed ? rf_no_memory(err) : st;
}

static int by_score(const void *left, const void *right)
{
    const rf_hypothesis *a = left, *b = right;
    return (a->score < b->score) - (a->score > b->score);
}

rf_status speech_characters_rank(speech_characters *c, const speech_units *u, rf_hypotheses *h,
                                 rf_error *err)
{
    rf_str text = {0};
    rf_status st = RF_OK;
    for (rf_index i = 0; i < h->n && !st; i++) {
        double score;
        rf_str_clear(&text);
        st = speech_characters_of(c, u, h->h[i].tokens, h->h[i].n, &text, &score, err);
        h->h[i].score += c->weight * score;
    }
    rf_str_free(&text);
    qsort(h->h, (size_t)h->n, sizeof *h->h, by_score);
    return st;
}
