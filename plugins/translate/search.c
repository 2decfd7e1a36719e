/* translate/search.c -- see search.h.
 *
 * A batch is searched without a graph; where attention is asked for, or an unknown token is to be
 * replaced, what was found is read once more by a graph, which knows it of every token. */
#include "search.h"

#include <math.h>
#include <refrain/train.h>
#include <stdlib.h>
#include <string.h>

/* ---- Lines ----------------------------------------------------------------------------------- */

rf_status tr_search_begin(tr_search *s, rf_error *err)
{
    s->t = rf_translator_new(s->d, s->m, s->B * s->beam, err);
    return s->t ? RF_OK : err->status;
}

void tr_search_clear(tr_search *s)
{
    for (rf_index i = 0; s->found && i < s->lines; i++) rf_hypotheses_free(&s->found[i]);
    tr_set_clear(&s->set);
    tr_text_clear(&s->pieces);
    s->lines = 0;
}

void tr_search_end(tr_search *s)
{
    tr_search_clear(s);
    rf_translator_free(s->t);
    tr_set_free(&s->set);
    tr_text_free(&s->pieces);
    free(s->first_piece);
    free(s->empty);
    free(s->found);
}

static bool grow(tr_search *s)
{
    if (s->lines < s->cap) return true;
    const size_t cap = s->cap ? 2 * (size_t)s->cap : 64;
    if (!rf_resize(&s->first_piece, cap, sizeof *s->first_piece) ||
        !rf_resize(&s->empty, cap, sizeof *s->empty) ||
        !rf_resize(&s->found, cap, sizeof *s->found))
        return false;
    s->cap = (rf_index)cap;
    return true;
}

rf_status tr_search_add(tr_search *s, const char *line, size_t n, rf_error *err)
{
    if (!grow(s)) return rf_no_memory(err);
    s->first_piece[s->lines] = s->pieces.n;
    const rf_status st = tr_set_add(&s->set, s->lexis, line, n, NULL, 0, &s->pieces, err);
    if (st) return st;
    s->empty[s->lines] = s->set.lengths[0][s->lines] == 1;
    s->found[s->lines] = (rf_hypotheses){0};
    s->lines++;
    return RF_OK;
}

/* ---- Searching ------------------------------------------------------------------------------- */

static double coverage(void *ctx, rf_index row, const int32_t *tokens, rf_index n)
{
    const tr_search *s = ctx;
    (void)tokens;
    (void)n;
    return s->beta * rf_translator_covered(s->t, row);
}

static rf_beam_spec beam_of(tr_search *s, rf_index line, const uint8_t *forbid)
{
    static const int32_t start[] = {TR_BOS};
    const rf_index most = s->most ? s->most : 2 * s->set.lengths[0][line] + 20;
    const rf_index given = s->prefix ? (rf_index)s->prefix->n : 0;
    return (rf_beam_spec){.beam = s->beam,
                          .best = s->best,
                          .prompt = start,
                          .prompts = 1,
                          .prefix = given ? s->prefix->at : NULL,
                          .prefixes = given,
                          .max_length = most > given ? most : given + 1,
                          .min_length = s->shortest,
                          .end = TR_EOS,
                          .penalty = RF_LENGTH_GNMT,
                          .alpha = s->alpha,
                          .no_repeat = s->no_repeat,
                          .forbid = forbid,
                          .bonus = s->beta > 0 ? coverage : NULL,
                          .ctx = s,
                          .malus = true};
}

/* Tokens from V on that the lines can be copied from. */
static int32_t extra_of(const tr_search *s, const int32_t *item, rf_index B)
{
    const int32_t V = tr_units_size(s->lexis->side[1]);
    int32_t most = V - 1;
    for (rf_index k = 0; s->set.copies.n && k < B; k++) {
        const int32_t *c = s->set.copies.at + s->set.start[0][item[k]];
        for (int32_t i = 0; i < s->set.lengths[0][item[k]]; i++)
            if (c[i] > most) most = c[i];
    }
    return most + 1 - V;
}

static void forbid_tokens(const tr_search *s, uint8_t *forbid, size_t V)
{
    memset(forbid, s->ends, V);
    forbid[TR_PAD] = forbid[TR_BOS] = 1;
    forbid[TR_EOS] = 0;
}

/* Lines item [B] at once. */
static rf_status search_batch(tr_search *s, const int32_t *item, rf_index B, rf_error *err)
{
    rf_seq2seq_batch b;
    const int32_t extra = extra_of(s, item, B), V = tr_units_size(s->lexis->side[1]) + extra;
    rf_graph_begin(s->g, RF_INFER, (rf_key){0});
    rf_beam_spec *spec = calloc((size_t)B, sizeof *spec);
    rf_hypotheses *out = calloc((size_t)B, sizeof *out);
    uint8_t *forbid = calloc((size_t)V, 1);
    rf_status st = spec && out && forbid ? RF_OK : rf_no_memory(err);
    if (!st && !tr_set_batch(s->g, &s->set, item, B, &b)) st = rf_no_memory(err);
    if (!st) st = rf_translator_read(s->t, s->g, &b, extra, err);
    if (!st) forbid_tokens(s, forbid, (size_t)V);
    for (rf_index k = 0; !st && k < B; k++) spec[k] = beam_of(s, item[k], forbid);
    if (!st) {
        s->told.scorer = rf_translator_scorer(s->t);
        const rf_scorer scorer = rf_told_scorer_of(&s->told);
        st = rf_beam_search_many(&scorer, spec, B, out, err);
        if (s->told.stopped) st = s->told.stopped;
    }
    for (rf_index k = 0; !st && k < B; k++) s->found[item[k]] = out[k];
    free(spec);
    free(out);
    free(forbid);
    return st;
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* A hypothesis of a batch on its way to its text. */
typedef struct told {
    rf_index line, rank;
    const rf_hypothesis *h;
    rf_index row; /* in the graph's batch; -1: not in it */
} told;

static bool has_unknown(const rf_hypothesis *h)
{
    for (rf_index i = 0; i < h->n; i++)
        if (h->tokens[i] == TR_UNK) return true;
    return false;
}

/* Sources and translations once more, as pairs that a graph reads: those that need it. */
static rf_status pairs_of(const tr_search *s, told *all, rf_index n, tr_set *pairs, rf_error *err)
{
    rf_index rows = 0;
    for (rf_index i = 0; i < n; i++) {
        all[i].row = -1;
        if (!s->attention && !(s->replace && has_unknown(all[i].h))) continue;
        all[i].row = rows++;
    }
    const size_t room = (size_t)rows + 1;
    for (int k = 0; k < 2; k++)
        if (!rf_resize(&pairs->start[k], room, sizeof(rf_index)) ||
            !rf_resize(&pairs->lengths[k], room, sizeof(int32_t)))
            return rf_no_memory(err);
    for (rf_index i = 0; i < n; i++) {
        const rf_index row = all[i].row, from = s->set.start[0][all[i].line];
        if (row < 0) continue;
        pairs->start[0][row] = (rf_index)pairs->token[0].n;
        pairs->start[1][row] = (rf_index)pairs->token[1].n;
        pairs->lengths[0][row] = s->set.lengths[0][all[i].line];
        pairs->lengths[1][row] = (int32_t)all[i].h->n + 1;
        for (int32_t k = 0; k < pairs->lengths[0][row]; k++) {
            rf_ids_add(&pairs->token[0], s->set.token[0].at[from + k]);
            if (s->set.copies.n) rf_ids_add(&pairs->copies, s->set.copies.at[from + k]);
        }
        for (rf_index k = 0; k < all[i].h->n; k++)
            rf_ids_add(&pairs->token[1], all[i].h->tokens[k]);
        rf_ids_add(&pairs->token[1], TR_EOS);
    }
    pairs->n = rows;
    return pairs->token[0].failed || pairs->token[1].failed || pairs->copies.failed
               ? rf_no_memory(err)
               : RF_OK;
}

/* The attention [T,B,S] of all pairs; NULL with RF_OK: of none. */
static rf_status read_again(const tr_search *s, const tr_set *pairs, rf_seq2seq_batch *b,
                            const rf_real **weights, rf_error *err)
{
    *weights = NULL;
    if (!pairs->n) return RF_OK;
    rf_graph_begin(s->g, RF_INFER, (rf_key){0});
    int32_t *item = rf_graph_alloc(s->g, (size_t)pairs->n * sizeof *item);
    for (rf_index i = 0; item && i < pairs->n; i++) item[i] = (int32_t)i;
    if (!item || !tr_set_batch(s->g, pairs, item, pairs->n, b)) return rf_no_memory(err);
    const rf_forced f = rf_seq2seq_forced(s->g, s->m, b);
    const rf_status st = rf_graph_status(s->g, err);
    if (!st) *weights = rf_value(s->g, f.weights).data;
    return st;
}

static const char *source_piece(const tr_search *s, rf_index line, rf_index i)
{
    const bool end = i + 1 >= s->set.lengths[0][line];
    return end ? "" : tr_text_line(&s->pieces, s->first_piece[line] + (size_t)i, NULL);
}

/* What token i of an answer is; attention [S] or NULL. */
static const char *piece_of(const tr_search *s, rf_index line, int32_t id, const rf_real *attention)
{
    const int32_t V = tr_units_size(s->lexis->side[1]);
    const int32_t *copies = s->set.copies.at + (s->set.copies.n ? s->set.start[0][line] : 0);
    const rf_index n = s->set.lengths[0][line] - 1;
    if (id < V && (id != TR_UNK || !s->replace || !attention || n < 1))
        return tr_units_at(s->lexis->side[1], id);
    if (id < V) return source_piece(s, line, rf_argmax(attention, n));
    for (rf_index i = 0; i < n; i++)
        if (copies[i] == id) return source_piece(s, line, i);
    return RF_UNK;
}

/* An answer's text from its pieces. */
static bool compose(const tr_search *s, const char *const *piece, rf_index n, rf_str *text)
{
    rf_str all = {0};
    for (rf_index i = 0; i < n; i++) {
        if (i) rf_str_put(&all, " ");
        rf_str_put(&all, piece[i]);
    }
    rf_str_put(text, "");
    if (all.n) tr_units_compose(s->lexis->side[1], all.s, all.n, text);
    const bool done = !all.failed && !text->failed;
    rf_str_free(&all);
    return done;
}

/* Memory of one answer. */
typedef struct answering {
    rf_str text;
    const char **piece[2];
    rf_real *attention;
} answering;

static bool fill(const tr_search *s, const told *w, const rf_seq2seq_batch *b,
                 const rf_real *weights, answering *m, tr_answer *a)
{
    const rf_index S = s->set.lengths[0][w->line], T = w->h->n + 1;
    const bool known = w->row >= 0 && weights;
    if (!rf_resize(&m->piece[0], (size_t)S, sizeof **m->piece) ||
        !rf_resize(&m->piece[1], (size_t)T, sizeof **m->piece) ||
        !rf_resize(&m->attention, (size_t)(S * T), sizeof *m->attention))
        return false;
    for (rf_index t = 0; known && t < T; t++)
        memcpy(m->attention + t * S, weights + (t * b->B + w->row) * b->S,
               (size_t)S * sizeof *weights);
    for (rf_index i = 0; i < S; i++) m->piece[0][i] = source_piece(s, w->line, i);
    for (rf_index t = 0; t + 1 < T; t++)
        m->piece[1][t] = piece_of(s, w->line, w->h->tokens[t], known ? m->attention + t * S : NULL);
    m->piece[1][T - 1] = "";
    rf_str_clear(&m->text);
    if (!compose(s, m->piece[1], T - 1, &m->text)) return false;
    *a = (tr_answer){.text = m->text.s, .score = w->h->score, .logp = w->h->logp};
    if (!s->attention) return true;
    a->source = S;
    a->target = T;
    a->source_piece = m->piece[0];
    a->target_piece = m->piece[1];
    a->attention = m->attention;
    return true;
}

static rf_status give(tr_search *s, told *all, rf_index n, rf_error *err)
{
    tr_set pairs = {0};
    answering m = {0};
    rf_seq2seq_batch b;
    const rf_real *weights = NULL;
    rf_status st = pairs_of(s, all, n, &pairs, err);
    if (!st) st = read_again(s, &pairs, &b, &weights, err);
    for (rf_index i = 0; i < n && !st; i++) {
        tr_answer a;
        st = fill(s, &all[i], &b, weights, &m, &a) ? RF_OK : rf_no_memory(err);
        if (!st) st = s->each(s->ctx, all[i].line, all[i].rank, &a, err);
    }
    rf_str_free(&m.text);
    free(m.piece[0]);
    free(m.piece[1]);
    free(m.attention);
    tr_set_free(&pairs);
    return st;
}

/* All answers of a line. */
static rf_status answer(tr_search *s, rf_index line, rf_error *err)
{
    const rf_hypotheses *f = &s->found[line];
    const tr_answer none = {.text = "", .score = (double)NAN, .logp = (double)NAN};
    if (s->empty[line]) return s->each(s->ctx, line, 0, &none, err);
    told *all = calloc((size_t)f->n, sizeof *all);
    if (!all) return rf_no_memory(err);
    for (rf_index i = 0; i < f->n; i++) all[i] = (told){.line = line, .rank = i, .h = &f->h[i]};
    const rf_status st = give(s, all, f->n, err);
    free(all);
    return st;
}

/* ---- All ------------------------------------------------------------------------------------- */

/* Lines that are not empty, shortest first: a counting sort, as lengths are small. */
static rf_index sort_lines(const tr_search *s, int32_t *order)
{
    int32_t longest = 0;
    rf_index n = 0;
    for (rf_index i = 0; i < s->lines; i++)
        if (s->set.lengths[0][i] > longest) longest = s->set.lengths[0][i];
    for (int32_t length = 2; length <= longest; length++)
        for (rf_index i = 0; i < s->lines; i++)
            if (s->set.lengths[0][i] == length) order[n++] = (int32_t)i;
    return n;
}

rf_status tr_search_run(tr_search *s, bool refresh, rf_error *err)
{
    int32_t *order = calloc((size_t)s->lines + 1, sizeof *order);
    if (!order) return rf_no_memory(err);
    const rf_index n = sort_lines(s, order);
    rf_status st = RF_OK;
    if (refresh) rf_translator_refresh(s->t);
    for (rf_index i = 0; i < s->lines; i++) rf_hypotheses_free(&s->found[i]);
    s->told = (rf_told_scorer){.tell = s->tell, .ctx = s->ctx, .total = (double)n};
    for (rf_index at = 0; at < n && !st; at += s->B) {
        const rf_index left = n - at;
        s->told.done = (double)at;
        st = search_batch(s, order + at, left < s->B ? left : s->B, err);
    }
    for (rf_index i = 0; i < s->lines && !st; i++) st = answer(s, i, err);
    free(order);
    return st;
}
