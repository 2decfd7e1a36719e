/* pos/tagger.c -- see tagger.h. */
#include "tagger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Building -------------------------------------------------------------------------------- */

static rf_status add_tables(pos_tagger *m, rf_error *err)
{
    rf_status st = RF_OK;
    for (int t = 0; t < POS_TABLES && !st; t++) {
        char prefix[32];
        if (!pos_lexis_uses(&m->lexis, t)) continue;
        snprintf(prefix, sizeof prefix, "%s.", pos_table_names[t]);
        st = rf_embedding_layer_init(&m->table[t], m->params, prefix,
                                     rf_vocab_size(m->lexis.table[t]), m->shape.embed[t], 0.1, err);
    }
    return st;
}

static rf_index inputs_of(const pos_tagger *m)
{
    rf_index n = m->lexis.spelling ? 2 * m->shape.spelling : 0;
    for (int c = 0; c < m->lexis.columns; c++) n += m->shape.embed[m->lexis.column[c].table];
    return n;
}

static rf_status add_rnns(pos_tagger *m, rf_error *err)
{
    const pos_shape *s = &m->shape;
    const rf_rnn_spec letters = {.cell = s->cell,
                                 .input = s->embed[POS_LETTER],
                                 .hidden = s->spelling,
                                 .layers = 1,
                                 .bidirectional = true,
                                 .forget_bias = s->forget_bias};
    const rf_rnn_spec units = {.cell = s->cell,
                               .input = inputs_of(m),
                               .hidden = s->hidden,
                               .layers = s->layers,
                               .bidirectional = s->bidirectional,
                               .dropout = s->drop_hidden,
                               .forget_bias = s->forget_bias};
    if (m->lexis.spelling) m->spelling = rf_rnn_new(&letters, m->params, "spelling.", err);
    if (m->lexis.spelling && !m->spelling) return err->status ? err->status : RF_EINVAL;
    m->rnn = rf_rnn_new(&units, m->params, "rnn.", err);
    return m->rnn ? RF_OK : err->status ? err->status : RF_EINVAL;
}

/* A sentence begins and ends with whole words. */
static rf_status make_forbid(pos_tagger *m, rf_error *err)
{
    const int32_t K = m->K;
    const int task = m->lexis.task;
    if (task != POS_WORDS) return RF_OK;
    m->forbid = calloc((size_t)(K + 1) * (size_t)(K + 1), 1);
    if (!m->forbid) return rf_no_memory(err);
    for (int32_t i = 0; i < K; i++) {
        const int place = pos_label_place(task, i);
        m->forbid[K * (K + 1) + i] = place == POS_I || place == POS_E;
        m->forbid[i * (K + 1) + K] = place == POS_I || place == POS_B;
        for (int32_t j = 0; j < K; j++) m->forbid[i * (K + 1) + j] = !pos_label_follows(task, i, j);
    }
    return RF_OK;
}

static rf_status build(pos_tagger *m, rf_error *err)
{
    const rf_index out = m->shape.hidden * (m->shape.bidirectional ? 2 : 1);
    m->params = rf_params_new();
    if (!m->params) return rf_no_memory(err);
    rf_status st = make_forbid(m, err);
    if (!st) st = add_tables(m, err);
    if (!st) st = add_rnns(m, err);
    if (!st) st = rf_linear_layer_init(&m->out, m->params, "output.", out, m->K, true, err);
    if (!st && m->shape.crf)
        st = rf_crf_layer_init(&m->crf, m->params, "crf.", m->K, m->forbid, err);
    return st;
}

pos_tagger *pos_tagger_new(const pos_shape *shape, pos_lexis *lexis, rf_error *err)
{
    pos_tagger *m = calloc(1, sizeof *m);
    if (!m) {
        pos_lexis_free(lexis);
        rf_no_memory(err);
        return NULL;
    }
    m->shape = *shape;
    m->lexis = *lexis;
    *lexis = (pos_lexis){0};
    m->K = pos_labels(m->lexis.task, rf_vocab_size(m->lexis.tags));
    if (!build(m, err)) return m;
    pos_tagger_free(m);
    return NULL;
}

void pos_tagger_free(pos_tagger *m)
{
    if (!m) return;
    rf_rnn_free(m->spelling);
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
    pos_lexis_free(&m->lexis);
    free(m->forbid);
    free(m);
}

/* ---- Inputs ---------------------------------------------------------------------------------- */

/* While training, a unit is now and then one that is not known. */
static void forget_some(rf_graph *g, const pos_tagger *m, int table, int32_t *ids, rf_index n)
{
    const double a = m->shape.drop_words, *count = m->lexis.count[table];
    if (rf_graph_mode(g) != RF_TRAIN || a <= 0 || !count || table == POS_SHAPE) return;
    const rf_key key = rf_graph_next_key(g);
    for (rf_index i = 0; i < n; i++)
        if (ids[i] && rf_uniform(key, (uint64_t)i) < a / (a + count[ids[i]])) ids[i] = 0;
}

static rf_node column(rf_graph *g, const pos_tagger *m, const pos_set *set,
                      const rf_bucket_batch *b, int c)
{
    const int table = m->lexis.column[c].table;
    int32_t *ids = rf_graph_alloc(g, (size_t)(b->T * b->B) * sizeof *ids);
    if (!ids) return RF_POISON;
    rf_bucket_fill(b, set->column[c].at, set->start, 0, ids);
    forget_some(g, m, table, ids, b->T * b->B);
    return rf_embedding_layer_apply(g, &m->table[table], ids, RF_SHAPE(b->T, b->B));
}

/* The spellings of a batch, each once. */
typedef struct spellings {
    int32_t *which;   /* [n] numbers in the set */
    int32_t *lengths; /* [n] letters */
    int32_t *place;   /* [T,B] numbers from 0 to n - 1 */
    rf_index n, longest;
} spellings;

static bool find_spellings(rf_graph *g, const pos_set *set, const rf_bucket_batch *b, spellings *s)
{
    const rf_index cells = b->T * b->B, all = (rf_index)rf_map_count(set->spellings);
    int32_t *number = rf_graph_alloc(g, (size_t)all * sizeof *number);
    s->place = rf_graph_alloc(g, (size_t)cells * sizeof *s->place);
    s->which = rf_graph_alloc(g, (size_t)cells * sizeof *s->which);
    s->lengths = rf_graph_alloc(g, (size_t)cells * sizeof *s->lengths);
    if (!number || !s->place || !s->which || !s->lengths) return false;
    memset(number, -1, (size_t)all * sizeof *number);
    rf_bucket_fill(b, set->spelling.at, set->start, -1, s->place);
    for (rf_index i = 0; i < cells; i++) {
        const int32_t k = s->place[i];
        if (k < 0) {
            s->place[i] = 0;
            continue;
        }
        if (number[k] < 0) {
            const int32_t n = set->letters_at.at[k + 1] - set->letters_at.at[k];
            if (n > s->longest) s->longest = n;
            s->which[s->n] = k;
            s->lengths[s->n] = n;
            number[k] = (int32_t)s->n++;
        }
        s->place[i] = number[k];
    }
    return true;
}

/* [T,B,2*S]: the last states of both directions over each word's letters. */
static rf_node spelled(rf_graph *g, const pos_tagger *m, const pos_set *set,
                       const rf_bucket_batch *b)
{
    spellings s = {0};
    if (!find_spellings(g, set, b, &s)) return RF_POISON;
    const rf_index n = s.n, L = s.longest, S = m->shape.spelling;
    int32_t *ids = rf_graph_alloc(g, (size_t)(L * n) * sizeof *ids);
    if (!ids) return RF_POISON;
    for (rf_index k = 0; k < n; k++) {
        const int32_t *from = set->letters.at + set->letters_at.at[s.which[k]];
        for (rf_index t = 0; t < L; t++) ids[t * n + k] = t < s.lengths[k] ? from[t] : 0;
    }
    forget_some(g, m, POS_LETTER, ids, L * n);
    const rf_node x = rf_embedding_layer_apply(g, &m->table[POS_LETTER], ids, RF_SHAPE(L, n));
    const rf_sequence q = rf_rnn_apply(g, m->spelling, x, RF_NONE, RF_NONE, s.lengths);
    const rf_node last = rf_reshape(g, rf_transpose(g, q.h, 0, 1), RF_SHAPE(n, 2 * S));
    return rf_embedding(g, last, s.place, RF_SHAPE(b->T, b->B));
}

/* ---- Applying -------------------------------------------------------------------------------- */

rf_node pos_tagger_apply(rf_graph *g, const pos_tagger *m, const pos_set *set,
                         const rf_bucket_batch *b)
{
    rf_node part[POS_COLUMNS + 1];
    int n = 0;
    for (int c = 0; c < m->lexis.columns; c++) part[n++] = column(g, m, set, b, c);
    if (m->lexis.spelling) part[n++] = spelled(g, m, set, b);
    const rf_node x = rf_dropout(g, rf_concat(g, n, part, 2), m->shape.drop_input);
    const rf_node h = rf_rnn_apply(g, m->rnn, x, RF_NONE, RF_NONE, b->lengths).out;
    return rf_linear_layer_apply(g, &m->out, rf_dropout(g, h, m->shape.drop_output));
}

rf_node pos_tagger_loss(rf_graph *g, const pos_tagger *m, const pos_set *set,
                        const rf_bucket_batch *b, double *units)
{
    int32_t *y = rf_graph_alloc(g, (size_t)(b->T * b->B) * sizeof *y);
    *units = 0;
    if (!y) return RF_POISON;
    rf_bucket_fill(b, set->label.at, set->start, -1, y);
    for (rf_index k = 0; k < b->B; k++) *units += b->lengths[k];
    const rf_node scores = pos_tagger_apply(g, m, set, b);
    if (!m->shape.crf) return rf_cross_entropy(g, scores, y);
    return rf_crf_layer_loss(g, &m->crf, scores, b->lengths, y);
}

rf_chain pos_tagger_chain(const pos_tagger *m, rf_tensor scores, const rf_bucket_batch *b,
                          rf_index k, const uint64_t *allowed)
{
    rf_chain c = {.T = b->lengths[k],
                  .K = m->K,
                  .stride = b->B * m->K,
                  .emission = scores.data + k * m->K,
                  .forbid = m->forbid,
                  .allowed = allowed};
    if (m->shape.crf) {
        c.transitions = m->crf.transitions->value.data;
        c.start = m->crf.start->value.data;
        c.end = m->crf.end->value.data;
    }
    return c;
}
