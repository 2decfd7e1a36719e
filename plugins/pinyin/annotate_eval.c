/* pinyin/annotate_eval.c -- the verb annotate-eval: right readings, beside those of two baselines.
 *
 * What is counted are marked characters, and where all are told, those that have several readings by the
 * model. */
#include "annotate.h"

#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

enum { MOST_SEEN = 64 }; /* readings of one key */

/* ---- Baselines ------------------------------------------------------------------------------- */

/* How often a character has a reading: alone, behind the one before, before the one after, between both. */
enum { KEY_ALONE, KEY_BEFORE, KEY_AFTER, KEY_BOTH, KEYS };

typedef struct key {
    int32_t kind, code[3], reading;
} key;

static key key_at(const an_corpus *c, int32_t from, int32_t to, int32_t k, int kind,
                  int32_t reading)
{
    key x = {.kind = kind, .code = {-1, c->code.at[k], -1}, .reading = reading};
    const bool before = kind == KEY_BEFORE || kind == KEY_BOTH;
    const bool after = kind == KEY_AFTER || kind == KEY_BOTH;
    x.code[0] = !before ? -2 : k > from ? c->code.at[k - 1] : -1;
    x.code[2] = !after ? -2 : k + 1 < to ? c->code.at[k + 1] : -1;
    return x;
}

static bool learn_baselines(rf_map *seen, const an_corpus *c)
{
    for (size_t i = 0; i < an_corpus_count(c); i++)
        for (int32_t k = c->start.at[i]; k < c->start.at[i + 1]; k++)
            for (int kind = 0; kind < KEYS && c->reading.at[k] >= 0; kind++) {
                const key x =
                    key_at(c, c->start.at[i], c->start.at[i + 1], k, kind, c->reading.at[k]);
                if (rf_map_add(seen, (const char *)&x, sizeof x, 1) == INT64_MIN) return false;
            }
    return true;
}

/* Counts of each class of a character under one key; their sum. */
static double counts_of(const rf_map *seen, key x, const uint16_t *reading, int32_t n, double *out)
{
    double all = 0;
    for (int32_t i = 0; i < n; i++) {
        x.reading = reading[i];
        out[i] = (double)rf_map_get(seen, (const char *)&x, sizeof x, 0);
        all += out[i];
    }
    return all;
}

static int32_t best_of(const double *x, int32_t n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* The reading between both neighbours; if they were never seen so, beside either, by the mean of their
 * parts; if neither, the most frequent. */
static int32_t by_neighbours(const rf_map *seen, const an_corpus *c, int32_t from, int32_t to,
                             int32_t k, const uint16_t *reading, int32_t n)
{
    double x[MOST_SEEN], sum[MOST_SEEN] = {0};
    bool any = false;
    if (counts_of(seen, key_at(c, from, to, k, KEY_BOTH, 0), reading, n, x) > 0)
        return best_of(x, n);
    for (int kind = KEY_BEFORE; kind <= KEY_AFTER; kind++) {
        const double all = counts_of(seen, key_at(c, from, to, k, kind, 0), reading, n, x);
        any = any || all > 0;
        for (int32_t i = 0; i < n && all > 0; i++) sum[i] += x[i] / (all + 0.5);
    }
    if (any) return best_of(sum, n);
    counts_of(seen, key_at(c, from, to, k, KEY_ALONE, 0), reading, n, x);
    return best_of(x, n);
}

static int32_t by_frequency(const rf_map *seen, const an_corpus *c, int32_t k,
                            const uint16_t *reading, int32_t n)
{
    double x[MOST_SEEN];
    counts_of(seen, key_at(c, 0, 0, k, KEY_ALONE, 0), reading, n, x);
    return best_of(x, n);
}

/* ---- Counting -------------------------------------------------------------------------------- */

enum { BY_NETWORK, BY_FREQUENCY, BY_NEIGHBOURS, METHODS };

static const struct method {
    const char *name, *metric;
} methods[METHODS] = {{"network", "accuracy"},
                      {"most frequent", "accuracy_most_frequent"},
                      {"neighbours", "accuracy_neighbours"}};

typedef struct tally {
    int64_t n, right[METHODS];
} tally;

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    an_model x;
    an_answer a;
    an_corpus c, known; /* to be told; what baselines learned from */
    rf_map *seen;       /* NULL: no baselines */
    rf_map *characters; /* code -> number of its tally, plus 1 */
    tally all, *each;
    int64_t phrases, shown;
    double done;
    rf_error *err;
} setup;

static rf_status ask(void *ctx, double done, double total)
{
    const setup *u = ctx;
    return u->s->host->progress(u->s->host, done, total, "sentences");
}

static tally *tally_of(setup *u, int32_t code)
{
    const int64_t n = rf_map_get(u->characters, (const char *)&code, sizeof code, 0);
    if (n) return &u->each[n - 1];
    const size_t all = rf_map_count(u->characters);
    if (!rf_resize(&u->each, all + 1, sizeof *u->each) ||
        !rf_map_put(u->characters, (const char *)&code, sizeof code, (int64_t)all + 1))
        return NULL;
    u->each[all] = (tally){0};
    return &u->each[all];
}

/* "…把头发▁长▁长…" around the character. */
static rf_status show_error(setup *u, size_t sentence, int32_t k)
{
    const an_corpus *c = &u->c;
    rf_str text = {0}, told = {0}, right = {0};
    for (int32_t i = c->start.at[sentence]; i < c->start.at[sentence + 1]; i++) {
        char s[4];
        if (i == k || i == k + 1) rf_str_put(&text, "\xe2\x96\x81");
        rf_str_add(&text, s, (size_t)rf_utf8_put(c->code.at[i], s));
    }
    if (k + 1 == c->start.at[sentence + 1]) rf_str_put(&text, "\xe2\x96\x81");
    py_reading_text((uint16_t)c->reading.at[k], &right);
    py_reading_text((uint16_t)u->a.told[k].reading, &told);
    const rf_field row[] = {rf_field_string("text", text.s), rf_field_string("right", right.s),
                            rf_field_string("told", told.s),
                            rf_field_string("by", an_sources[u->a.told[k].source]),
                            rf_field_real("probability", u->a.told[k].p)};
    const bool failed = text.failed || told.failed || right.failed;
    const rf_status st = failed ? rf_no_memory(u->err)
                                : rf_emit_record(u->s->host, (int64_t)sentence, "wrong", row,
                                                 sizeof row / sizeof *row);
    rf_str_free(&text);
    rf_str_free(&told);
    rf_str_free(&right);
    u->shown++;
    return st;
}

/* One character alone is told. */
static bool is_marked(const an_corpus *c, size_t sentence)
{
    int32_t told = 0;
    for (int32_t k = c->start.at[sentence]; k < c->start.at[sentence + 1]; k++)
        told += c->reading.at[k] >= 0;
    return told == 1;
}

static rf_status judge(setup *u, size_t sentence, int32_t k)
{
    const an_corpus *c = &u->c;
    const int32_t from = c->start.at[sentence], to = c->start.at[sentence + 1];
    const int32_t n = u->x.set.count.at[k], first = u->x.set.first.at[k];
    const int32_t right = c->reading.at[k], told = u->a.told[k].reading;
    if (right < 0 || n > MOST_SEEN || (n < 2 && !is_marked(c, sentence))) return RF_OK;
    const uint16_t *reading = u->x.m->lexis.reading + first;
    tally *t = tally_of(u, c->code.at[k]);
    if (!t) return rf_no_memory(u->err);
    bool good[METHODS] = {told == right};
    if (u->seen && n) {
        good[BY_FREQUENCY] = reading[by_frequency(u->seen, c, k, reading, n)] == right;
        good[BY_NEIGHBOURS] = reading[by_neighbours(u->seen, c, from, to, k, reading, n)] == right;
    }
    tally *const both[] = {&u->all, t};
    for (int i = 0; i < 2; i++) {
        both[i]->n++;
        for (int m = 0; m < METHODS; m++) both[i]->right[m] += good[m];
    }
    u->phrases += u->a.told[k].source == AN_PHRASE;
    if (good[BY_NETWORK] || u->shown >= u->r->opt[AN_EVAL_ERRORS].as.i) return RF_OK;
    return show_error(u, sentence, k);
}

/* ---- Results --------------------------------------------------------------------------------- */

static double part(int64_t n, int64_t of) { return of ? (double)n / (double)of : (double)NAN; }

static rf_status tell_characters(setup *u)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_map_count(u->characters) && !st; i++) {
        size_t n;
        int64_t value;
        int32_t code;
        char s[5] = {0};
        memcpy(&code, rf_map_at(u->characters, i, &n, &value), sizeof code);
        rf_utf8_put(code, s);
        const tally *t = &u->each[value - 1];
        const rf_field row[] = {rf_field_string("character", s), rf_field_int("count", t->n),
                                rf_field_real("accuracy", part(t->right[BY_NETWORK], t->n))};
        st = rf_emit_record(u->s->host, -1, "character", row, sizeof row / sizeof *row);
    }
    return st;
}

static rf_status tell(setup *u)
{
    const rf_host *h = u->s->host;
    rf_status st = RF_OK;
    for (int m = 0; m < (u->seen ? METHODS : 1) && !st; m++) {
        const rf_field row[] = {rf_field_string("method", methods[m].name),
                                rf_field_int("characters", u->all.n),
                                rf_field_int("right", u->all.right[m]),
                                rf_field_real("accuracy", part(u->all.right[m], u->all.n))};
        st = rf_emit_record(h, -1, "method", row, sizeof row / sizeof *row);
    }
    for (int m = 0; m < (u->seen ? METHODS : 1) && !st; m++)
        st =
            rf_emit_metric(h, -1, "test", methods[m].metric, part(u->all.right[m], u->all.n), NULL);
    if (!st) st = rf_emit_metric(h, -1, "test", "by_phrase", (double)u->phrases, "characters");
    return st || !u->r->opt[AN_EVAL_CHARACTERS].as.i ? st : tell_characters(u);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status read_all(setup *u)
{
    const rf_setting *compare = &u->r->opt[AN_EVAL_COMPARE];
    rf_status st = an_model_open(&u->x, u->r->model, u->r->threads, u->err);
    for (uint32_t i = 0; i < u->r->arg_count && !st; i++)
        st = an_corpus_read(&u->c, u->r->arg[i], u->err);
    for (uint32_t i = 0; i < compare->count && !st; i++)
        st = an_corpus_read(&u->known, compare->as.list[i], u->err);
    u->characters = rf_map_new();
    u->seen = compare->count ? rf_map_new() : NULL;
    if (st) return st;
    if (!u->characters || (compare->count && !u->seen) ||
        (u->seen && !learn_baselines(u->seen, &u->known)))
        return rf_no_memory(u->err);
    for (size_t i = 0; i < an_corpus_count(&u->c) && !st; i++) {
        const int32_t from = u->c.start.at[i], to = u->c.start.at[i + 1];
        st = an_lexis_encode(&u->x.m->lexis, &u->x.set, u->c.code.at + from, u->c.reading.at + from,
                             (size_t)(to - from), u->err);
    }
    return st;
}

static rf_status eval(setup *u)
{
    rf_status st = read_all(u);
    if (!st)
        st = an_answer_find(&u->a, &u->x, u->c.code.at, u->r->opt[AN_EVAL_SURE].as.f, ask, u,
                            u->err);
    for (size_t i = 0; i < an_corpus_count(&u->c) && !st; i++)
        for (int32_t k = u->c.start.at[i]; k < u->c.start.at[i + 1] && !st; k++)
            st = judge(u, i, k);
    if (!st && !u->all.n)
        st = rf_fail(u->err, RF_EFORMAT, "%s: no character of it has several readings",
                     u->r->arg[0]);
    return st ? st : tell(u);
}

rf_status an_verb_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = eval(&u);
    an_answer_free(&u.a);
    an_model_close(&u.x);
    an_corpus_free(&u.c);
    an_corpus_free(&u.known);
    rf_map_free(u.seen);
    rf_map_free(u.characters);
    free(u.each);
    return rf_session_end(s, st, &err);
}
