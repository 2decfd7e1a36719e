/* caption/describe.c -- the verb describe: pictures, or their features, to sentences. */
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"
#include "overlay.h"

#define INSTALLED "caption/scenes.safetensors"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    cap_model x;
    cap_search q;
    cap_look look;
    int32_t *row;  /* of a batch */
    rf_index from; /* where the batch begins */
    int language[CAP_LANGUAGES];
    rf_index languages;
    cap_wish *wish; /* of a batch */
    rf_str text;
    cap_overlay overlay;
    rf_index drawn; /* the picture that the overlay has last; -1: none */
    rf_error *err;
} setup;

static const rf_setting *option(const setup *u, int i) { return &u->r->opt[i]; }

/* ---- Answers ------------------------------------------------------------------------------------- */

static rf_status draw(setup *u, rf_index picture, const cap_answer *a)
{
    const char *path = u->look.file[picture];
    cap_image im = {0}, small = {0};
    rf_status st = RF_OK;
    if (u->drawn != picture) {
        st = cap_image_read(&im, path, u->look.background, u->err);
        if (!st)
            st = cap_image_resize(&im, u->x.v[TRAIN_CROP].as.f, 2 * CAP_OVERLAY_SIDE,
                                  2 * CAP_OVERLAY_SIDE, &small, u->err);
        if (!st) st = cap_overlay_picture(&u->overlay, &small, u->err);
        cap_image_free(&im);
        cap_image_free(&small);
        u->drawn = picture;
    }
    const cap_looking l = {.title = u->text.s,
                           .n = a->n,
                           .word = a->word,
                           .attention = a->attention,
                           .rows = u->x.n.sight.rows,
                           .columns = u->x.n.sight.columns};
    return st ? st : cap_overlay_add(&u->overlay, &l, u->err);
}

static rf_status send(const setup *u, rf_index picture, int language, rf_index rank,
                      const cap_answer *a)
{
    const rf_index words[] = {a->n};
    const rf_index map[] = {a->n, u->x.n.sight.rows, u->x.n.sight.columns};
    const bool weights = option(u, DESCRIBE_ATTENTION)->as.i;
    const size_t places = a->attention ? 3 : 0;
    const rf_field row[] = {rf_field_string("file", u->look.file[picture]),
                            rf_field_string("language", cap_languages[language]),
                            rf_field_int("rank", rank + 1),
                            rf_field_string("caption", u->text.s),
                            rf_field_real("score", a->score),
                            rf_field_real("log_p", a->logp),
                            rf_field_strings("words", a->word, words, 1),
                            rf_field_reals("attention", a->attention, map, 3)};
    if (weights) return rf_emit_record(u->s->host, picture, "description", row, places ? 8 : 7);
    if (option(u, DESCRIBE_NBEST)->as.i)
        return rf_emit_record(u->s->host, picture, "description", row, 6);
    const rf_field brief[] = {row[0], row[1], row[3]};
    return rf_emit_record(u->s->host, picture, "description", brief, 3);
}

/* Answer of wish i: those of a picture are one after the other. */
static rf_status each(void *ctx, rf_index i, rf_index rank, const cap_answer *a, rf_error *err)
{
    setup *u = ctx;
    const rf_index picture = u->from + i / u->languages;
    (void)err;
    rf_str_clear(&u->text);
    cap_words_join(u->wish[i].language, a->words, strlen(a->words), &u->text);
    rf_str_put(&u->text, "");
    if (u->text.failed) return rf_no_memory(u->err);
    rf_status st = send(u, picture, u->wish[i].language, rank, a);
    if (!st && !rank && option(u, DESCRIBE_SVG)->as.s) st = draw(u, picture, a);
    return st;
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static rf_status tell(void *watcher, double done, double total)
{
    const setup *u = watcher;
    (void)total;
    return u->s->host->progress(u->s->host, (double)u->from + done / (double)u->languages,
                                (double)u->look.n, "pictures");
}

static rf_status open_model(setup *u)
{
    char path[4096];
    if (u->r->model) return cap_model_open(&u->x, u->r->model, u->r, u->err);
    if (!u->s->host->data_path(u->s->host, INSTALLED, path, sizeof path))
        return cap_model_open(&u->x, path, u->r, u->err);
    return rf_fail(u->err, RF_EINVAL, "--model: is needed, as no " INSTALLED " is installed");
}

/* Which languages: what is asked for, of what the model knows. */
static rf_status choose_languages(setup *u)
{
    const int64_t asked = option(u, DESCRIBE_LANGUAGE)->as.i;
    for (int l = 0; l < CAP_LANGUAGES; l++)
        if ((asked == CAP_BOTH || asked == l) && cap_model_knows(&u->x, l))
            u->language[u->languages++] = l;
    if (u->languages) return RF_OK;
    return rf_fail(u->err, RF_EINVAL, "--language %s: the model has not learned it",
                   cap_languages[asked]);
}

static rf_status check(setup *u)
{
    const bool svg = option(u, DESCRIBE_SVG)->as.s;
    if (svg && (u->x.v[TRAIN_ATTENTION].as.i > RF_ATTENTION_GENERAL ||
                cap_sight_places(&u->x.n.sight) < 2))
        return rf_fail(u->err, RF_EINVAL, "--svg: the model does not attend to places");
    if (!u->r->arg_count && !option(u, DESCRIBE_FEATURES)->as.s)
        return rf_fail(u->err, RF_EINVAL, "IMAGE: is needed, or --features");
    return RF_OK;
}

static rf_status prepare(setup *u)
{
    rf_status st = open_model(u);
    if (!st) st = choose_languages(u);
    if (!st) st = check(u);
    if (st) return st;
    u->look = (cap_look){.x = &u->x,
                         .name = u->r->model ? u->r->model : "the model",
                         .host = u->s->host,
                         .features = option(u, DESCRIBE_FEATURES)->as.s,
                         .opt = option(u, DESCRIBE_LOOK),
                         .threads = u->r->threads,
                         .file = u->r->arg,
                         .n = u->r->arg_count};
    st = cap_look_begin(&u->look, u->err);
    if (st) return st;
    const rf_index best = (rf_index)option(u, DESCRIBE_NBEST)->as.i;
    u->q = cap_look_search(&u->look);
    u->q.B = (rf_index)u->look.opt[LOOK_BATCH].as.i * u->languages;
    if (best) u->q.best = best;
    if (u->q.beam < best) u->q.beam = best;
    u->q.attention = option(u, DESCRIBE_ATTENTION)->as.i || option(u, DESCRIBE_SVG)->as.s;
    u->q.each = each;
    u->q.tell = tell;
    u->q.ctx = u->q.watcher = u;
    return cap_search_begin(&u->q, u->err);
}

/* The next B pictures. */
static rf_status describe_batch(setup *u, rf_index B)
{
    rf_status st = cap_look_at(&u->look, u->from, B, u->row, u->err);
    for (rf_index i = 0; i < B * u->languages; i++)
        u->wish[i] = (cap_wish){u->row[i / u->languages], u->language[i % u->languages]};
    return st ? st : cap_search_run(&u->q, u->wish, B * u->languages, false, u->err);
}

static rf_status describe(setup *u)
{
    rf_status st = prepare(u);
    if (st) return st;
    const char *svg = option(u, DESCRIBE_SVG)->as.s;
    const rf_index batch = u->q.B / u->languages;
    u->row = calloc((size_t)batch, sizeof *u->row);
    u->wish = calloc((size_t)u->q.B, sizeof *u->wish);
    if (!u->row || !u->wish) return rf_no_memory(u->err);
    const rf_index n = u->look.n;
    for (u->from = 0; u->from < n && !st; u->from += batch)
        st = describe_batch(u, n - u->from < batch ? n - u->from : batch);
    if (st || !svg) return st;
    st = cap_overlay_write(&u->overlay, svg, u->err);
    return st ? st : rf_emit_plot(u->s->host, svg);
}

rf_status cap_describe(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .drawn = -1, .err = &err};
    const rf_status st = describe(&u);
    cap_search_end(&u.q);
    cap_overlay_free(&u.overlay);
    cap_look_end(&u.look);
    cap_model_close(&u.x);
    free(u.row);
    free(u.wish);
    rf_str_free(&u.text);
    return rf_session_end(s, st, &err);
}
