/* caption/judge.c -- see judge.h. */
#include "judge.h"

#include <math.h>
#include <refrain/metric_text.h>
#include <stdlib.h>
#include <string.h>

void cap_judge_free(cap_judge *j)
{
    free(j->wish);
    free(j->first);
    free(j->count);
    free(j->reference);
    rf_arena_free(j->texts);
    *j = (cap_judge){0};
}

/* ---- References ---------------------------------------------------------------------------------- */

static bool grow(cap_judge *j)
{
    if (!j->texts && !(j->texts = rf_arena_new(1 << 14))) return false;
    if (j->n == j->cap) {
        const size_t cap = j->cap ? 2 * (size_t)j->cap : 64;
        if (!rf_resize(&j->wish, cap, sizeof *j->wish) ||
            !rf_resize(&j->first, cap, sizeof *j->first) ||
            !rf_resize(&j->count, cap, sizeof *j->count))
            return false;
        j->cap = (rf_index)cap;
    }
    if (j->references < j->reference_cap) return true;
    const size_t cap = j->reference_cap ? 2 * j->reference_cap : 256;
    if (!rf_resize(&j->reference, cap, sizeof *j->reference)) return false;
    j->reference_cap = cap;
    return true;
}

rf_status cap_judge_add(cap_judge *j, int32_t row, int language, const char *text, rf_error *err)
{
    rf_str words = {0};
    if (!grow(j)) return rf_no_memory(err);
    rf_status st = cap_words(language, text, strlen(text), &words, err);
    char *copy = st ? NULL : rf_arena_strdup(j->texts, words.s ? words.s : "");
    rf_str_free(&words);
    if (!copy) return st ? st : rf_no_memory(err);
    const cap_wish *last = j->n ? &j->wish[j->n - 1] : NULL;
    if (!last || last->row != row || last->language != language) {
        j->wish[j->n] = (cap_wish){row, language};
        j->first[j->n] = j->references;
        j->count[j->n++] = 0;
    }
    j->count[j->n - 1]++;
    j->reference[j->references++] = copy;
    return RF_OK;
}

/* ---- Descriptions -------------------------------------------------------------------------------- */

typedef struct judging {
    const cap_judge *j;
    rf_text_metric *metric[CAP_LANGUAGES][CAP_MEASURES];
    rf_index count[CAP_LANGUAGES];
} judging;

static rf_status judge_one(void *ctx, rf_index i, rf_index rank, const cap_answer *a, rf_error *err)
{
    judging *u = ctx;
    const cap_judge *j = u->j;
    const int language = j->wish[i].language;
    const char *const *reference = (const char *const *)j->reference + j->first[i];
    (void)rank;
    u->count[language]++;
    rf_status st = RF_OK;
    for (int m = 0; m < CAP_MEASURES && !st; m++)
        st = rf_text_metric_add(u->metric[language][m], a->words, reference, j->count[i], err);
    return st;
}

static bool begin(judging *u, rf_error *err)
{
    static const char *const names[CAP_MEASURES] = {
        [CAP_EXACT] = "exact", [CAP_CIDER] = "cider", [CAP_BLEU] = "bleu"};
    for (int l = 0; l < CAP_LANGUAGES; l++)
        for (int m = 0; m < CAP_MEASURES; m++) {
            u->metric[l][m] = cap_metric_new(rf_text_metric_find(names[m]), err);
            if (!u->metric[l][m]) return false;
        }
    return true;
}

static double measured(const judging *u, int language, int m)
{
    rf_text_score score;
    if (!u->count[language]) return (double)NAN;
    rf_text_metric_corpus(u->metric[language][m], &score);
    return score.value;
}

rf_status cap_judge_run(const cap_judge *j, cap_search *s, double out[CAP_LANGUAGES][CAP_MEASURES],
                        rf_error *err)
{
    judging u = {.j = j};
    s->each = judge_one;
    s->ctx = &u;
    rf_status st = begin(&u, err) ? cap_search_run(s, j->wish, j->n, true, err) : err->status;
    for (int l = 0; l < CAP_LANGUAGES; l++)
        for (int m = 0; m < CAP_MEASURES; m++) {
            if (!st) out[l][m] = measured(&u, l, m);
            rf_text_metric_free(u.metric[l][m]);
        }
    return st;
}
