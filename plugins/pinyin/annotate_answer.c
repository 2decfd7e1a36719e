/* pinyin/annotate_answer.c -- readings of all characters: by the network, phrases, or what is usual. */
#include <stdlib.h>

#include "annotate.h"
#include "source.h"

const char *const an_sources[] = {"none", "network", "phrase", "only", "usual", NULL};

typedef struct job {
    an_answer *a;
    const an_model *x;
    double sure;
} job;

void an_answer_free(an_answer *a)
{
    free(a->told);
    free(a->p);
    *a = (an_answer){0};
}

/* What is known without the network. */
static an_told without(const an_lexis *x, const an_set *set, rf_index k, int32_t code)
{
    const int32_t hint = set->column[AN_HINT].at[k] - 1;
    an_told t = {.reading = -1, .p = (double)NAN, .at = -1};
    if (!py_is_hanzi(code)) return t;
    t.reading = hint >= 0 ? hint : an_lexis_usual(x, code);
    if (t.reading >= 0) t.source = hint >= 0 ? AN_PHRASE : AN_USUAL;
    return t;
}

static rf_status take(void *ctx, int32_t item, int32_t place, const rf_real *p, rf_error *err)
{
    const job *j = ctx;
    const an_set *set = &j->x->set;
    const an_lexis *x = &j->x->m->lexis;
    const rf_index k = set->start[item] + place;
    const int32_t n = set->count.at[k], first = set->first.at[k];
    an_answer *a = j->a;
    an_told *t = &a->told[k];
    int32_t best = 0, phrase = -1;
    if (a->n + n > a->cap) {
        const rf_index cap = 2 * a->cap + n + 64;
        if (!rf_resize(&a->p, (size_t)cap, sizeof *a->p)) return rf_no_memory(err);
        a->cap = cap;
    }
    t->at = a->n;
    for (int32_t i = 0; i < n; i++) {
        a->p[a->n++] = p[i];
        if (p[i] > p[best]) best = i;
        if (x->reading[first + i] == set->column[AN_HINT].at[k] - 1) phrase = i;
    }
    t->source = n > 1 ? AN_NETWORK : AN_ONLY;
    if (phrase >= 0 && phrase != best && (double)p[best] < j->sure) {
        t->source = AN_PHRASE;
        best = phrase;
    }
    t->reading = x->reading[first + best];
    t->p = (double)p[best];
    return RF_OK;
}

rf_status an_answer_find(an_answer *a, an_model *x, const int32_t *code, double sure,
                         rf_status (*tell)(void *ctx, double done, double total), void *ctx,
                         rf_error *err)
{
    const rf_index n = (rf_index)x->set.first.n;
    job j = {.a = a, .x = x, .sure = sure};
    an_walk w = {.g = x->g, .m = x->m, .set = &x->set, .each = take, .ctx = &j};
    a->n = 0;
    if (!rf_resize(&a->told, (size_t)n + 1, sizeof *a->told)) return rf_no_memory(err);
    for (rf_index k = 0; k < n; k++) a->told[k] = without(&x->m->lexis, &x->set, k, code[k]);
    w.tell = tell;
    w.tell_ctx = ctx;
    return an_walk_run(&w, err);
}
