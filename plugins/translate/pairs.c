/* translate/pairs.c -- see pairs.h. */
#include "pairs.h"

#include <stdlib.h>
#include <string.h>

/* ---- How lines become tokens ----------------------------------------------------------------- */

rf_status tr_lexis_copy(tr_lexis *x, rf_error *err)
{
    bool done = (x->target = rf_map_new()) != NULL;
    for (int32_t id = TR_SPECIAL; done && id < tr_units_size(x->side[1]); id++) {
        const char *piece = tr_units_at(x->side[1], id);
        done = rf_map_put(x->target, piece, strlen(piece), id);
    }
    return done ? RF_OK : rf_no_memory(err);
}

void tr_lexis_free(tr_lexis *x)
{
    tr_units_free(x->side[0]);
    tr_units_free(x->side[1]);
    rf_map_free(x->target);
}

/* ---- Sets ------------------------------------------------------------------------------------ */

void tr_set_free(tr_set *s)
{
    for (int k = 0; k < 2; k++) {
        free(s->start[k]);
        free(s->lengths[k]);
        rf_ids_free(&s->token[k]);
    }
    rf_ids_free(&s->copies);
}

void tr_set_clear(tr_set *s)
{
    s->n = 0;
    s->token[0].n = s->token[1].n = s->copies.n = 0;
}

static bool grow(tr_set *s)
{
    if (s->n < s->cap) return true;
    const size_t cap = s->cap ? 2 * (size_t)s->cap : 256;
    for (int k = 0; k < 2; k++)
        if (!rf_resize(&s->start[k], cap, sizeof *s->start[k]) ||
            !rf_resize(&s->lengths[k], cap, sizeof *s->lengths[k]))
            return false;
    s->cap = (rf_index)cap;
    return true;
}

/* What copying gives of a piece: its id in the target, or a number from `known` on, the same for the
 * same piece of this sentence. */
static int32_t copy_of(const tr_lexis *x, rf_map *own, const char *piece)
{
    const size_t n = strlen(piece);
    const int32_t known = tr_units_size(x->side[1]);
    const int64_t id = rf_map_get(x->target, piece, n, rf_map_get(own, piece, n, -1));
    if (id >= 0) return (int32_t)id;
    const int32_t fresh = known + (int32_t)rf_map_count(own);
    return rf_map_put(own, piece, n, fresh) ? fresh : -1;
}

/* The source's numbers to copy, then those of target tokens that only copying gives. */
static bool add_copies(tr_set *s, const tr_lexis *x, const tr_text *from, const tr_text *to)
{
    rf_map *own = rf_map_new();
    if (!own) return false;
    for (size_t i = 0; i < from->n; i++)
        rf_ids_add(&s->copies, copy_of(x, own, tr_text_line(from, i, NULL)));
    rf_ids_add(&s->copies, -1); /* of TR_EOS */
    int32_t *y = s->token[1].at ? s->token[1].at + s->start[1][s->n] : NULL;
    for (size_t i = 0; i < to->n; i++) {
        size_t n;
        const char *piece = tr_text_line(to, i, &n);
        if (y[i] == TR_UNK) y[i] = (int32_t)rf_map_get(own, piece, n, TR_UNK);
    }
    rf_map_free(own);
    return !s->copies.failed;
}

static rf_status add_side(tr_set *s, const tr_lexis *x, int side, const char *line, size_t n,
                          tr_text *pieces, rf_error *err)
{
    rf_ids *ids = &s->token[side];
    s->start[side][s->n] = (rf_index)ids->n;
    s->lengths[side][s->n] = 0;
    if (!line) return RF_OK;
    const rf_status st = tr_units_encode(x->side[side], line, n, ids, pieces, err);
    rf_ids_add(ids, TR_EOS);
    s->lengths[side][s->n] = (int32_t)((rf_index)ids->n - s->start[side][s->n]);
    return !st && ids->failed ? rf_no_memory(err) : st;
}

rf_status tr_set_add(tr_set *s, const tr_lexis *x, const char *source, size_t n, const char *target,
                     size_t m, tr_text *pieces, rf_error *err)
{
    tr_text own[2] = {{{0}}, {{0}}};
    if (!grow(s)) return rf_no_memory(err);
    rf_status st = add_side(s, x, 0, source, n, x->target || pieces ? &own[0] : NULL, err);
    if (!st) st = add_side(s, x, 1, target, m, x->target ? &own[1] : NULL, err);
    if (!st && x->target && !add_copies(s, x, &own[0], &own[1])) st = rf_no_memory(err);
    for (size_t i = 0; pieces && !st && i < own[0].n; i++) {
        size_t len;
        const char *piece = tr_text_line(&own[0], i, &len);
        if (!tr_text_add(pieces, piece, len)) st = rf_no_memory(err);
    }
    tr_text_free(&own[0]);
    tr_text_free(&own[1]);
    s->n += !st;
    return st;
}

/* Take the last pair back. */
static void drop_last(tr_set *s)
{
    s->n--;
    for (int k = 0; k < 2; k++) s->token[k].n = (size_t)s->start[k][s->n];
    if (s->copies.n) s->copies.n = (size_t)s->start[0][s->n];
}

rf_status tr_set_lines(tr_set *s, const tr_lexis *x, const tr_parallel *p, const int32_t *which,
                       rf_index n, int32_t longest, rf_error *err)
{
    rf_status st = RF_OK;
    for (rf_index i = 0; i < n && !st; i++) {
        size_t from, to;
        const size_t line = which ? (size_t)which[i] : (size_t)i;
        const char *source = tr_text_line(&p->side[0], line, &from);
        const char *target = tr_text_line(&p->side[1], line, &to);
        st = tr_set_add(s, x, source, from, target, to, NULL, err);
        if (st || !longest) continue;
        if (s->lengths[0][s->n - 1] > longest + 1 || s->lengths[1][s->n - 1] > longest + 1)
            drop_last(s);
    }
    return st;
}

/* ---- Batches --------------------------------------------------------------------------------- */

/* Tokens of one side [longest,B], filled up with `pad`. */
static int32_t *side_of(rf_graph *g, const tr_set *s, int side, const rf_ids *ids,
                        const int32_t *item, rf_index B, int32_t pad, rf_index *longest)
{
    *longest = 0;
    for (rf_index k = 0; k < B; k++)
        if (s->lengths[side][item[k]] > *longest) *longest = s->lengths[side][item[k]];
    const rf_index T = *longest;
    int32_t *x = rf_graph_alloc(g, (size_t)(T * B + 1) * sizeof *x);
    for (rf_index k = 0; x && k < B; k++) {
        const int32_t *from = ids->at + s->start[side][item[k]];
        for (rf_index t = 0; t < T; t++)
            x[t * B + k] = t < s->lengths[side][item[k]] ? from[t] : pad;
    }
    return x;
}

/* What the decoder reads: TR_BOS, then the targets before. */
static int32_t *inputs_of(rf_graph *g, const rf_seq2seq_batch *b)
{
    int32_t *x = rf_graph_alloc(g, (size_t)(b->T * b->B + 1) * sizeof *x);
    for (rf_index i = 0; x && i < b->T * b->B; i++) {
        const int32_t before = i < b->B ? TR_BOS : b->target[i - b->B];
        x[i] = before < 0 ? TR_PAD : before;
    }
    return x;
}

bool tr_set_batch(rf_graph *g, const tr_set *s, const int32_t *item, rf_index B,
                  rf_seq2seq_batch *out)
{
    int32_t *lengths = rf_graph_alloc(g, (size_t)B * sizeof *lengths);
    *out = (rf_seq2seq_batch){.B = B, .source_lengths = lengths};
    for (rf_index k = 0; lengths && k < B; k++) lengths[k] = s->lengths[0][item[k]];
    out->source = side_of(g, s, 0, &s->token[0], item, B, TR_PAD, &out->S);
    if (s->copies.n) out->copies = side_of(g, s, 0, &s->copies, item, B, -1, &out->S);
    out->target = side_of(g, s, 1, &s->token[1], item, B, -1, &out->T);
    out->input = out->target ? inputs_of(g, out) : NULL;
    return lengths && out->source && out->input && (!s->copies.n || out->copies);
}
