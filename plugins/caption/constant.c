/* caption/constant.c -- the one caption that describes all pictures best.
 *
 * BLEU of a text that is said of every picture needs no look at the pictures one by one: for each n-gram it
 * is enough to know in how many pictures some reference has it once, twice, three times; and for each
 * length how much the closest references have in all.  So every caption that there is can be tried. */
#include <math.h>
#include <refrain/metric_text.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"

enum { ORDER = 4, LONGEST = 64 };

typedef struct candidate {
    const char *words;
    double bleu;
} candidate;

typedef struct table {
    rf_vocab *word;
    /* n ids and a count: in how many pictures a reference has the n-gram as often */
    rf_map *pictures;
    /* words of the closest references of all pictures, by a text's length */
    double closest[LONGEST + 1];
    rf_index n;   /* pictures */
    size_t order; /* of the BLEU that candidates are sorted by */
} table;

typedef struct setup {
    const cap_baseline *b;
    int language;
    table table;
    rf_map *seen;    /* candidates */
    candidate *best; /* [finalists] best first */
    rf_index have;
    double done, total;
    rf_error *err;
} setup;

static rf_status tell(setup *u)
{
    return u->b->tell ? u->b->tell(u->b->ctx, u->done, u->total) : RF_OK;
}

/* Whether a picture decides what is best. */
static bool decides(const cap_baseline *b, rf_index picture)
{
    if (b->choose) return cap_captions_within(&b->x->c, picture, b->choose);
    return cap_exam_learns(b->x, picture);
}

/* ---- N-grams ------------------------------------------------------------------------------------- */

/* Words as ids, at most LONGEST.  False: no memory, or more. */
static bool put_ids(rf_vocab *v, const char *words, bool add, rf_ids *out)
{
    for (const char *at = words; *at;) {
        const size_t n = strcspn(at, " ");
        const int32_t id = add ? rf_vocab_add(v, at, n) : rf_vocab_find(v, at, n);
        if (out->n == LONGEST || (add && id < 0)) return false;
        rf_ids_add(out, id);
        at += n + (at[n] == ' ');
    }
    return !out->failed;
}

static bool count_grams(const rf_ids *x, rf_map *count)
{
    bool done = true;
    for (size_t n = 1; n <= ORDER; n++)
        for (size_t i = 0; i + n <= x->n && done; i++)
            done = rf_map_add(count, (const char *)&x->at[i], n * sizeof *x->at, 1) != INT64_MIN;
    return done;
}

/* An n-gram and how often it is there as one key. */
static size_t key_of(const char *gram, size_t n, int64_t count, char key[(ORDER + 1) * 4])
{
    const int32_t c = (int32_t)count;
    memcpy(key, gram, n);
    memcpy(key + n, &c, sizeof c);
    return n + sizeof c;
}

/* ---- The pictures that decide -------------------------------------------------------------------- */

static bool merge_most(rf_map *into, const rf_map *from)
{
    bool done = true;
    for (size_t i = 0; i < rf_map_count(from) && done; i++) {
        size_t n;
        int64_t count;
        const char *gram = rf_map_at(from, i, &n, &count);
        if (count > rf_map_get(into, gram, n, 0)) done = rf_map_put(into, gram, n, count);
    }
    return done;
}

/* Of a reference longer than all candidates the first words count. */
static bool add_reference(table *t, const char *words, rf_map *most, bool *has)
{
    rf_ids ids = {0};
    rf_map *count = rf_map_new();
    const bool fits = put_ids(t->word, words, true, &ids) || ids.n == LONGEST;
    const bool done = fits && count && count_grams(&ids, count) && merge_most(most, count);
    if (done) has[ids.n] = true;
    rf_map_free(count);
    rf_ids_free(&ids);
    return done;
}

static bool add_counts(table *t, const rf_map *most)
{
    char key[(ORDER + 1) * 4];
    bool done = true;
    for (size_t i = 0; i < rf_map_count(most); i++) {
        size_t n;
        int64_t count;
        const char *gram = rf_map_at(most, i, &n, &count);
        for (int64_t k = 1; k <= count && done; k++) {
            const size_t bytes = key_of(gram, n, k, key);
            done = rf_map_add(t->pictures, key, bytes, 1) != INT64_MIN;
        }
    }
    return done;
}

/* Of two equally close lengths the shorter one, for every length that a text may have. */
static void add_closest(table *t, const bool *has)
{
    for (int length = 0; length <= LONGEST; length++) {
        int best = -1;
        for (int k = 0; k <= LONGEST; k++)
            if (has[k] && (best < 0 || abs(k - length) < abs(best - length))) best = k;
        t->closest[length] += best;
    }
}

static rf_status add_picture(setup *u, rf_index picture)
{
    cap_exam *x = u->b->x;
    bool has[LONGEST + 1] = {false}, any = false;
    rf_map *most = rf_map_new();
    rf_status st = most ? RF_OK : rf_no_memory(u->err);
    for (rf_index k = x->start[picture]; k < x->start[picture + 1] && !st; k++) {
        if (x->c.caption[x->mine[k]].language != u->language) continue;
        const char *words = cap_exam_words(x, x->mine[k], u->err);
        if (!words) st = u->err->status;
        if (!st && !add_reference(&u->table, words, most, has)) st = rf_no_memory(u->err);
        any = true;
    }
    if (!st && any && !add_counts(&u->table, most)) st = rf_no_memory(u->err);
    if (!st && any) add_closest(&u->table, has);
    u->table.n += any;
    rf_map_free(most);
    return st;
}

static rf_status read_pictures(setup *u)
{
    rf_status st = RF_OK;
    u->table.word = rf_vocab_new();
    u->table.pictures = rf_map_new();
    if (!u->table.word || !u->table.pictures) return rf_no_memory(u->err);
    for (rf_index p = 0; p < u->b->x->c.pictures && !st; p++)
        if (decides(u->b, p)) st = add_picture(u, p);
    if (st || u->table.n) return st;
    return rf_fail(u->err, RF_EINVAL,
                   "%s: no picture with a caption in '%s' says which constant caption is best",
                   u->b->choose ? "--valid-split" : "--train-split", cap_languages[u->language]);
}

/* ---- Candidates ---------------------------------------------------------------------------------- */

/* BLEU, each count a tiny bit larger, so that texts without a right n-gram still have an order. */
static double bleu_of(const table *t, const rf_ids *x, const rf_map *count)
{
    const double tiny = 1e-9, n = (double)t->n, length = n * (double)x->n;
    double right[ORDER] = {0}, logs = 0;
    char key[(ORDER + 1) * 4];
    for (size_t i = 0; i < rf_map_count(count); i++) {
        size_t bytes;
        int64_t times;
        const char *gram = rf_map_at(count, i, &bytes, &times);
        for (int64_t k = 1; k <= times; k++)
            right[bytes / 4 - 1] +=
                (double)rf_map_get(t->pictures, key, key_of(gram, bytes, k, key), 0);
    }
    for (size_t k = 0; k < t->order; k++) {
        const double all = x->n > k ? n * (double)(x->n - k) : 0;
        logs += log((right[k] + tiny) / (all + tiny)) / (double)t->order;
    }
    const double closest = t->closest[x->n];
    return exp(logs + (length < closest ? 1 - closest / length : 0));
}

static void keep_best(setup *u, candidate c)
{
    rf_index at = u->have;
    while (at > 0 && c.bleu > u->best[at - 1].bleu) at--;
    if (at == u->b->finalists) return;
    if (u->have < u->b->finalists) u->have++;
    memmove(&u->best[at + 1], &u->best[at], (size_t)(u->have - at - 1) * sizeof *u->best);
    u->best[at] = c;
}

static rf_status try_caption(setup *u, rf_index caption)
{
    const char *words = cap_exam_words(u->b->x, caption, u->err);
    if (!words) return u->err->status;
    const size_t n = strlen(words);
    if (!n || rf_map_get(u->seen, words, n, 0)) return RF_OK;
    rf_ids ids = {0};
    rf_map *count = rf_map_new();
    bool done = count && rf_map_put(u->seen, words, n, 1);
    const bool fits = put_ids(u->table.word, words, false, &ids);
    done = done && !ids.failed && count_grams(&ids, count);
    if (done && fits) keep_best(u, (candidate){words, bleu_of(&u->table, &ids, count)});
    rf_map_free(count);
    rf_ids_free(&ids);
    return done ? RF_OK : rf_no_memory(u->err);
}

static rf_status try_captions(setup *u)
{
    const cap_exam *x = u->b->x;
    rf_status st = RF_OK;
    for (rf_index i = 0; i < x->c.n && !st; i++) {
        const cap_caption *c = &x->c.caption[i];
        if (c->language == u->language && cap_exam_learns(x, c->picture)) st = try_caption(u, i);
        if (!st && i % 256 == 0) st = tell(u);
    }
    if (st || u->have) return st;
    return rf_fail(u->err, RF_EINVAL, "--train-split: no caption in '%s' to learn from",
                   cap_languages[u->language]);
}

/* ---- The finalists ------------------------------------------------------------------------------- */

static rf_status add_sentence(setup *u, rf_text_metric *s, const char *words, rf_index picture,
                              const char **reference)
{
    cap_exam *x = u->b->x;
    size_t n = 0;
    for (rf_index k = x->start[picture]; k < x->start[picture + 1]; k++) {
        if (x->c.caption[x->mine[k]].language != u->language) continue;
        reference[n] = cap_exam_words(x, x->mine[k], u->err);
        if (!reference[n++]) return u->err->status;
    }
    return n ? rf_text_metric_add(s, words, reference, n, u->err) : RF_OK;
}

static rf_status measure(setup *u, const char *words, double *out)
{
    const cap_exam *x = u->b->x;
    rf_text_score score;
    const char **reference = calloc((size_t)x->c.n + 1, sizeof *reference);
    rf_text_metric *s = cap_metric_new(u->b->metric, u->err);
    rf_status st = s && reference ? RF_OK : rf_no_memory(u->err);
    for (rf_index p = 0; p < x->c.pictures && !st; p++) {
        if (decides(u->b, p)) st = add_sentence(u, s, words, p, reference);
        if (!st && p % 64 == 0) st = tell(u);
    }
    if (!st) rf_text_metric_corpus(s, &score);
    if (!st) *out = score.value;
    rf_text_metric_free(s);
    free(reference);
    return st;
}

static rf_status choose(setup *u, const char **words)
{
    double best = -1, value = 0;
    rf_status st = RF_OK;
    for (rf_index i = 0; i < u->have && !st; i++) {
        st = measure(u, u->best[i].words, &value);
        u->done++;
        if (st || value <= best) continue;
        best = value;
        *words = u->best[i].words;
    }
    return st;
}

/* BLEU-n if that is what decides, else BLEU-4. */
static size_t order_of(int metric)
{
    const char *name = rf_text_metric_name_at(metric);
    const bool bleu = !strncmp(name, "bleu-", 5) && name[5] >= '1' && name[5] <= '0' + ORDER;
    return bleu ? (size_t)(name[5] - '0') : ORDER;
}

static rf_status find(setup *u, const char **words)
{
    u->table.order = order_of(u->b->metric);
    rf_status st = read_pictures(u);
    u->seen = rf_map_new();
    u->best = calloc((size_t)u->b->finalists + 1, sizeof *u->best);
    if (!st && (!u->seen || !u->best)) st = rf_no_memory(u->err);
    if (!st) st = try_captions(u);
    u->total = (double)u->have;
    if (!st) st = choose(u, words);
    rf_vocab_free(u->table.word);
    rf_map_free(u->table.pictures);
    rf_map_free(u->seen);
    free(u->best);
    return st;
}

rf_status cap_baseline_constant(const cap_baseline *b, cap_told *t, rf_error *err)
{
    rf_error local = {0};
    const char *words[CAP_LANGUAGES] = {0};
    rf_status st = RF_OK;
    for (rf_index i = 0; i < b->x->n && !st; i++) {
        const int language = b->x->item[i].language;
        setup u = {.b = b, .language = language, .err = err ? err : &local};
        if (!words[language]) st = find(&u, &words[language]);
        t->words[i] = words[language];
    }
    return st;
}
