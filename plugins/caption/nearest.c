/* caption/nearest.c -- captions of the pictures whose features are most alike; and the table of baselines. */
#include <math.h>
#include <refrain/metric_text.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "feature_file.h"

typedef struct neighbour {
    rf_index picture;
    double cosine;
} neighbour;

typedef struct setup {
    const cap_baseline *b;
    cap_features f;
    rf_index *row; /* [pictures] of the features, -1: none */
    double *norm;  /* [rows] */
    neighbour *near;
    const char **words; /* captions of the neighbours */
    rf_error *err;
} setup;

static double dot(const rf_real *a, const rf_real *b, rf_index n)
{
    double sum = 0;
    for (rf_index i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static rf_status read_features(setup *u)
{
    const cap_captions *c = &u->b->x->c;
    if (!u->b->features)
        return rf_fail(u->err, RF_EINVAL, "--features: nearest pictures are told by features");
    rf_status st = cap_features_read(&u->f, u->b->features, "features", u->err);
    if (st) return st;
    u->row = calloc((size_t)c->pictures + 1, sizeof *u->row);
    u->norm = calloc((size_t)u->f.n + 1, sizeof *u->norm);
    u->near = calloc((size_t)u->b->neighbours + 1, sizeof *u->near);
    u->words = calloc((size_t)c->n + 1, sizeof *u->words);
    if (!u->row || !u->norm || !u->near || !u->words) return rf_no_memory(u->err);
    for (rf_index p = 0; p < c->pictures; p++) u->row[p] = cap_features_find(&u->f, c->file[p]);
    for (rf_index i = 0; i < u->f.n; i++) {
        const rf_real *x = u->f.x + i * u->f.width;
        u->norm[i] = sqrt(dot(x, x, u->f.width));
    }
    return RF_OK;
}

static bool has_language(const cap_exam *x, rf_index picture, int language)
{
    for (rf_index k = x->start[picture]; k < x->start[picture + 1]; k++)
        if (x->c.caption[x->mine[k]].language == language) return true;
    return false;
}

/* The pictures most like one, the most alike first; how many. */
static rf_index find_near(setup *u, const cap_item *item)
{
    const cap_exam *x = u->b->x;
    const rf_index mine = u->row[item->picture], width = u->f.width;
    rf_index have = 0;
    for (rf_index p = 0; p < x->c.pictures; p++) {
        const rf_index row = u->row[p];
        if (row < 0 || p == item->picture || !cap_exam_learns(x, p)) continue;
        if (!has_language(x, p, item->language)) continue;
        const double norms = u->norm[row] * u->norm[mine];
        const double cosine =
            dot(u->f.x + row * width, u->f.x + mine * width, width) / (norms > 0 ? norms : 1);
        rf_index at = have;
        while (at > 0 && cosine > u->near[at - 1].cosine) at--;
        if (at == u->b->neighbours) continue;
        if (have < u->b->neighbours) have++;
        memmove(&u->near[at + 1], &u->near[at], (size_t)(have - at - 1) * sizeof *u->near);
        u->near[at] = (neighbour){p, cosine};
    }
    return have;
}

/* ---- Captions ------------------------------------------------------------------------------------ */

/* How alike caption i is to all others, in all. */
static rf_status add_likeness(setup *u, rf_index n, rf_index i, double *sum)
{
    rf_text_metric *s = cap_metric_new(rf_text_metric_find("rouge-l"), u->err);
    rf_status st = s ? RF_OK : rf_no_memory(u->err);
    for (rf_index k = 0; k < n && !st; k++)
        if (k != i) st = rf_text_metric_add(s, u->words[i], &u->words[k], 1, u->err);
    rf_text_score score = {0};
    if (!st) rf_text_metric_corpus(s, &score);
    *sum = score.value;
    rf_text_metric_free(s);
    return st;
}

static rf_status choose_caption(setup *u, rf_index near, int language, const char **out)
{
    cap_exam *x = u->b->x;
    rf_index n = 0;
    double best = -1, sum = 0;
    rf_status st = RF_OK;
    for (rf_index i = 0; i < near; i++)
        for (rf_index k = x->start[u->near[i].picture]; k < x->start[u->near[i].picture + 1]; k++) {
            if (x->c.caption[x->mine[k]].language != language) continue;
            u->words[n] = cap_exam_words(x, x->mine[k], u->err);
            if (!u->words[n++]) return u->err->status;
        }
    for (rf_index i = 0; i < n && !st; i++) {
        st = add_likeness(u, n, i, &sum);
        if (st || sum <= best) continue;
        best = sum;
        *out = u->words[i];
    }
    return st;
}

static rf_status describe(setup *u, rf_index i, cap_told *t)
{
    const cap_exam *x = u->b->x;
    const cap_item *item = &x->item[i];
    if (u->row[item->picture] < 0)
        return rf_fail(u->err, RF_EFORMAT, "%s: no features of %.120s", u->b->features,
                       x->c.file[item->picture]);
    const rf_index near = find_near(u, item);
    if (!near)
        return rf_fail(
            u->err, RF_EINVAL,
            "--train-split: no picture with features and a caption in '%s' to learn from",
            cap_languages[item->language]);
    if (u->b->from) u->b->from[i] = x->c.file[u->near[0].picture];
    if (u->b->cosine) u->b->cosine[i] = u->near[0].cosine;
    return choose_caption(u, near, item->language, &t->words[i]);
}

rf_status cap_baseline_nearest(const cap_baseline *b, cap_told *t, rf_error *err)
{
    rf_error local = {0};
    setup u = {.b = b, .err = err ? err : &local};
    rf_status st = read_features(&u);
    for (rf_index i = 0; i < b->x->n && !st; i++) {
        st = describe(&u, i, t);
        if (!st && b->tell) st = b->tell(b->ctx, (double)i + 1, (double)b->x->n);
    }
    cap_features_free(&u.f);
    free(u.row);
    free(u.norm);
    free(u.near);
    free(u.words);
    return st;
}

/* ---- The table ----------------------------------------------------------------------------------- */

const char *const cap_baselines[] = {[CAP_CONSTANT] = "constant", [CAP_NEAREST] = "nearest", NULL};

rf_status cap_baseline_run(int which, const cap_baseline *b, cap_told *t, rf_error *err)
{
    static rf_status (*const run[])(const cap_baseline *, cap_told *, rf_error *) = {
        [CAP_CONSTANT] = cap_baseline_constant, [CAP_NEAREST] = cap_baseline_nearest};
    return run[which](b, t, err);
}
