/* caption/exam_model.c -- what a model says of the pictures of an exam. */
#include <stdlib.h>
#include <string.h>

#include "exam_model.h"

typedef struct setup {
    const cap_exam_model *o;
    cap_exam *x;
    cap_told *told;
    cap_model model;
    cap_look look;
    cap_search q;
    const char **file; /* [pictures that are described] */
    rf_index *item;    /* [as many, CAP_LANGUAGES]: -1: none */
    rf_index *item_of; /* of a batch's wishes */
    cap_wish *wish;
    int32_t *row;
    rf_index n, from;
    rf_str text;
    rf_error *err;
} setup;

/* Each picture once, with its items in all languages. */
static rf_status list_pictures(setup *u)
{
    const cap_exam *x = u->x;
    rf_index *place = calloc((size_t)x->c.pictures + 1, sizeof *place); /* from 1 */
    u->file = calloc((size_t)x->n + 1, sizeof *u->file);
    u->item = calloc(CAP_LANGUAGES * (size_t)x->n + 1, sizeof *u->item);
    const bool done = place && u->file && u->item;
    for (rf_index i = 0; done && i < CAP_LANGUAGES * x->n; i++) u->item[i] = -1;
    for (rf_index i = 0; done && i < x->n; i++) {
        rf_index *at = &place[x->item[i].picture];
        if (!*at) *at = ++u->n;
        u->file[*at - 1] = x->c.file[x->item[i].picture];
        u->item[(*at - 1) * CAP_LANGUAGES + x->item[i].language] = i;
    }
    free(place);
    return done ? RF_OK : rf_no_memory(u->err);
}

static rf_status check_languages(const setup *u)
{
    for (rf_index i = 0; i < u->x->n; i++)
        if (!cap_model_knows(&u->model, u->x->item[i].language))
            return rf_fail(u->err, RF_EINVAL, "%s: has not learned '%s'; --language says which",
                           u->o->path, cap_languages[u->x->item[i].language]);
    return RF_OK;
}

static rf_status each(void *ctx, rf_index i, rf_index rank, const cap_answer *a, rf_error *err)
{
    setup *u = ctx;
    const rf_index item = u->item_of[i];
    (void)rank;
    rf_str_clear(&u->text); /* as it is written: in Chinese without blanks */
    rf_str_put(&u->text, "");
    cap_words_join(u->x->item[item].language, a->words, strlen(a->words), &u->text);
    if (u->text.failed) return rf_no_memory(u->err);
    return cap_told_say(u->told, u->x, item, u->text.s, u->text.n, err);
}

static rf_status tell(void *watcher, double done, double total)
{
    const setup *u = watcher;
    (void)done, (void)total;
    return u->o->host->progress(u->o->host, (double)u->from, (double)u->n, "pictures");
}

static rf_status prepare(setup *u)
{
    rf_status st = cap_model_open(&u->model, u->o->path, u->o->r, u->err);
    if (!st) st = check_languages(u);
    if (!st) st = list_pictures(u);
    if (st) return st;
    u->look = (cap_look){.x = &u->model,
                         .name = u->o->path,
                         .host = u->o->host,
                         .opt = u->o->opt,
                         .threads = u->o->r->threads,
                         .alone = u->o->alone,
                         .folder = u->o->folder,
                         .file = u->file,
                         .n = u->n};
    if (u->model.n.sight.kind == CAP_GIVEN) u->look.features = u->o->features;
    st = cap_look_begin(&u->look, u->err);
    if (st) return st;
    u->q = cap_look_search(&u->look);
    u->q.B = CAP_LANGUAGES * (rf_index)u->o->opt[LOOK_BATCH].as.i;
    u->q.each = each;
    u->q.tell = tell;
    u->q.ctx = u->q.watcher = u;
    u->wish = calloc((size_t)u->q.B, sizeof *u->wish);
    u->item_of = calloc((size_t)u->q.B, sizeof *u->item_of);
    u->row = calloc((size_t)u->q.B, sizeof *u->row);
    if (!u->wish || !u->item_of || !u->row) return rf_no_memory(u->err);
    return cap_search_begin(&u->q, u->err);
}

static rf_status describe_batch(setup *u, rf_index B)
{
    rf_index wishes = 0;
    const rf_status st = cap_look_at(&u->look, u->from, B, u->row, u->err);
    for (rf_index b = 0; b < B; b++)
        for (int l = 0; l < CAP_LANGUAGES; l++) {
            const rf_index item = u->item[(u->from + b) * CAP_LANGUAGES + l];
            if (item < 0) continue;
            u->item_of[wishes] = item;
            u->wish[wishes++] = (cap_wish){u->row[b], l};
        }
    return st ? st : cap_search_run(&u->q, u->wish, wishes, false, u->err);
}

rf_status cap_exam_describe(const cap_exam_model *o, cap_exam *x, cap_told *t, rf_error *err)
{
    rf_error local = {0};
    setup u = {.o = o, .x = x, .told = t, .err = err ? err : &local};
    rf_status st = prepare(&u);
    const rf_index batch = u.q.B / CAP_LANGUAGES;
    for (; u.from < u.n && !st; u.from += batch)
        st = describe_batch(&u, u.n - u.from < batch ? u.n - u.from : batch);
    cap_search_end(&u.q);
    cap_look_end(&u.look);
    cap_model_close(&u.model);
    free(u.file);
    free(u.item);
    free(u.item_of);
    free(u.wish);
    free(u.row);
    rf_str_free(&u.text);
    return st;
}
