/* caption/set.c -- see set.h. */
#include "set.h"

#include <stdlib.h>

void cap_set_free(cap_set *s)
{
    free(s->row);
    free(s->language);
    free(s->start);
    free(s->length);
    free(s->first);
    free(s->count);
    free(s->longest);
    rf_ids_free(&s->token);
    *s = (cap_set){0};
}

static bool grow(cap_set *s)
{
    if (s->n < s->cap) return true;
    const size_t cap = s->cap ? 2 * (size_t)s->cap : 256;
    if (!rf_resize(&s->row, cap, sizeof *s->row) ||
        !rf_resize(&s->language, cap, sizeof *s->language) ||
        !rf_resize(&s->start, cap, sizeof *s->start) ||
        !rf_resize(&s->length, cap, sizeof *s->length))
        return false;
    s->cap = (rf_index)cap;
    return true;
}

/* What stands in token from `from` on is a caption. */
static void close_caption(cap_set *s, int32_t row, int language, size_t from)
{
    s->row[s->n] = row;
    s->language[s->n] = language;
    s->start[s->n] = (rf_index)from;
    s->length[s->n] = (int32_t)(s->token.n - from);
    s->n++;
}

rf_status cap_set_add(cap_set *s, const rf_vocab *x, int32_t row, int language, const char *text,
                      rf_error *err)
{
    if (!grow(s)) return rf_no_memory(err);
    const size_t from = s->token.n;
    const rf_status st = cap_lexis_encode(x, language, text, &s->token, err);
    if (!st) close_caption(s, row, language, from);
    return st;
}

rf_status cap_set_add_tokens(cap_set *s, int32_t row, int language, const int32_t *token, size_t n,
                             rf_error *err)
{
    const size_t from = s->token.n;
    for (size_t i = 0; i < n; i++) rf_ids_add(&s->token, token[i]);
    rf_ids_add(&s->token, CAP_END);
    if (!grow(s) || s->token.failed) return rf_no_memory(err);
    close_caption(s, row, language, from);
    return RF_OK;
}

void cap_set_drop(cap_set *s) { s->token.n = (size_t)s->start[--s->n]; }

rf_status cap_set_group(cap_set *s, bool together, rf_error *err)
{
    const size_t room = (size_t)s->n + 1;
    if (!rf_resize(&s->first, room, sizeof *s->first) ||
        !rf_resize(&s->count, room, sizeof *s->count) ||
        !rf_resize(&s->longest, room, sizeof *s->longest))
        return rf_no_memory(err);
    s->groups = 0;
    for (rf_index i = 0; i < s->n; i++) {
        const bool same = together && i && s->row[i] >= 0 && s->row[i] == s->row[i - 1];
        const rf_index k = same ? s->groups - 1 : s->groups++;
        if (!same) s->first[k] = i, s->count[k] = s->longest[k] = 0;
        s->count[k]++;
        if (s->length[i] > s->longest[k]) s->longest[k] = s->length[i];
    }
    return RF_OK;
}

/* ---- Batches ------------------------------------------------------------------------------------- */

/* The captions of groups, and for each the number of its group. */
static rf_index members(const cap_set *s, const int32_t *item, rf_index G, int32_t *caption,
                        int32_t *which)
{
    rf_index n = 0;
    for (rf_index k = 0; k < G; k++)
        for (int32_t i = 0; i < s->count[item[k]]; i++) {
            which[n] = (int32_t)k;
            caption[n++] = (int32_t)s->first[item[k]] + i;
        }
    return n;
}

/* Targets and what is read before them, [T,B]. */
static bool put_tokens(rf_graph *g, const cap_set *s, const int32_t *caption, rf_seq2seq_batch *out)
{
    const rf_index B = out->B;
    for (rf_index b = 0; b < B; b++)
        if (s->length[caption[b]] > out->T) out->T = s->length[caption[b]];
    const rf_index n = out->T * B;
    int32_t *target = rf_graph_alloc(g, (size_t)(2 * n + 1) * sizeof *target);
    if (!target) return false;
    int32_t *input = target + n;
    for (rf_index i = 0; i < n; i++) {
        const rf_index c = caption[i % B], t = i / B;
        target[i] = t < s->length[c] ? s->token.at[s->start[c] + t] : -1;
        input[i] = !t ? CAP_BEGIN + s->language[c] : target[i - B] < 0 ? CAP_PAD : target[i - B];
    }
    out->target = target;
    out->input = input;
    return true;
}

/* Lengths: all places of each. */
static bool put_lengths(rf_graph *g, const cap_sight *sight, rf_seq2seq_batch *out)
{
    int32_t *lengths = rf_graph_alloc(g, (size_t)out->B * sizeof *lengths);
    if (!lengths) return false;
    out->S = cap_sight_places(sight);
    for (rf_index b = 0; b < out->B; b++) lengths[b] = (int32_t)out->S;
    out->source_lengths = lengths;
    return true;
}

bool cap_set_batch(rf_graph *g, const cap_set *s, const cap_sight *sight, const int32_t *item,
                   rf_index G, rf_seq2seq_batch *out)
{
    rf_index B = 0;
    for (rf_index k = 0; k < G; k++) B += s->count[item[k]];
    int32_t *caption = rf_graph_alloc(g, (size_t)(2 * B + G) * sizeof *caption);
    if (!caption) return false;
    int32_t *which = caption + B, *row = which + B;
    for (rf_index k = 0; k < G; k++) row[k] = s->row[s->first[item[k]]];
    *out = (rf_seq2seq_batch){.B = members(s, item, G, caption, which)};
    if (!put_tokens(g, s, caption, out) || !put_lengths(g, sight, out)) return false;
    out->features = cap_sight_see(sight, g, row, G, which, B);
    return true;
}

bool cap_set_begin(rf_graph *g, const cap_sight *sight, const int32_t *row, rf_index P,
                   rf_seq2seq_batch *out)
{
    int32_t *which = rf_graph_alloc(g, (size_t)P * sizeof *which);
    *out = (rf_seq2seq_batch){.B = P};
    if (!which || !put_lengths(g, sight, out)) return false;
    for (rf_index p = 0; p < P; p++) which[p] = (int32_t)p;
    out->features = cap_sight_see(sight, g, row, P, which, P);
    return true;
}
