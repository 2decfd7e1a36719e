/* pos/align.c -- see align.h. */
#include "align.h"

#include <string.h>

typedef struct maker {
    const pos_corpus *c;
    rf_arena *a; /* of one sentence */
    rf_division *d;
} maker;

/* A row that has an id and a form alone.  False: no memory. */
static bool make_row(const maker *k, rf_row *row, rf_row_kind kind, int32_t first, int32_t last,
                     size_t at, size_t n)
{
    char *form = rf_arena_alloc(k->a, n + 1);
    *row = (rf_row){.kind = kind, .first = first, .last = last, .head = -1};
    if (!form) return false;
    memcpy(form, k->c->text.s + at, n);
    form[n] = 0;
    row->column[RF_FORM] = form;
    return true;
}

/* The number of the last part of the multiword token that begins with word i. */
static int32_t last_part(const pos_corpus *c, rf_index i, rf_index end, int32_t id)
{
    for (i++; i < end && c->word[i].part == POS_LATER; i++) id++;
    return id;
}

static rf_status add_sentence(const maker *k, rf_index s, rf_error *err)
{
    const pos_corpus *c = k->c;
    const rf_index from = c->start[s], to = c->start[s + 1];
    rf_row *row = rf_arena_alloc(k->a, 2 * (size_t)(to - from) * sizeof *row);
    int32_t *word = rf_arena_alloc(k->a, (size_t)(to - from) * sizeof *word);
    rf_sentence sentence = {.row = row, .word = word};
    bool done = row && word;
    for (rf_index i = from; i < to && done; i++) {
        const pos_word *w = &c->word[i];
        const int32_t id = (int32_t)(i - from) + 1;
        if (w->part == POS_FIRST)
            done = make_row(k, &row[sentence.rows++], RF_ROW_RANGE, id, last_part(c, i, to, id),
                            w->token, w->token_n);
        word[sentence.words++] = (int32_t)sentence.rows;
        done = done && make_row(k, &row[sentence.rows++], RF_ROW_WORD, id, id, w->at, w->n);
    }
    return done ? rf_division_add(k->d, &sentence, err) : rf_no_memory(err);
}

/* NULL with err. */
static rf_division *divide(const pos_corpus *c, rf_error *err)
{
    const maker k = {.c = c, .a = rf_arena_new(0), .d = rf_division_new()};
    rf_status st = k.a && k.d ? RF_OK : rf_no_memory(err);
    for (rf_index s = 0; s < c->n && !st; s++) {
        st = add_sentence(&k, s, err);
        rf_arena_reset(k.a);
    }
    rf_arena_free(k.a);
    if (!st) return k.d;
    rf_division_free(k.d);
    return NULL;
}

rf_status pos_align(const pos_corpus *right, const pos_corpus *told, rf_index *to,
                    rf_division_score *sentences, rf_error *err)
{
    rf_division *a = divide(right, err), *b = a ? divide(told, err) : NULL;
    rf_division_scores scores = {0};
    rf_status st = a && b ? rf_division_compare(a, b, &scores, err) : err->status;
    for (rf_index i = 0; i < right->words; i++) to[i] = -1;
    for (size_t i = 0; i < scores.aligned && !st; i++)
        to[scores.pair[2 * i]] = scores.pair[2 * i + 1];
    *sentences = scores.sentences;
    rf_division_free(a);
    rf_division_free(b);
    return st;
}
