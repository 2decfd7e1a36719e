/* pinyin/annotate_net.c -- see annotate_net.h. */
#include "annotate_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const tables[AN_TABLES] = {"char.", "pair.", "hint.", "place."};

/* The table of each column. */
static const int table_of[AN_COLUMNS] = {
    [AN_CHAR] = AN_TABLE_CHAR, [AN_BEFORE] = AN_TABLE_PAIR, [AN_AFTER] = AN_TABLE_PAIR,
    [AN_HINT] = AN_TABLE_HINT, [AN_OTHER] = AN_TABLE_HINT,  [AN_PLACE] = AN_TABLE_PLACE};

enum { PLACE_SIZE = 4, WALK_BATCH = 64, WALK_CELLS = 64 * 128 };

/* ---- Building -------------------------------------------------------------------------------- */

static rf_index size_of(const an_net *m, int table)
{
    const an_shape *s = &m->shape;
    const rf_index size[] = {s->embed, s->pair, s->hint, PLACE_SIZE};
    return m->lexis.x.words || table < AN_TABLE_HINT ? size[table] : 0;
}

static rf_index rows_of(const an_net *m, int table)
{
    const rf_index rows[] = {rf_vocab_size(m->lexis.chars), rf_vocab_size(m->lexis.pairs), AN_HINTS,
                             AN_PLACES};
    return rows[table];
}

static rf_index inputs_of(const an_net *m)
{
    rf_index n = 0;
    for (int c = 0; c < AN_COLUMNS; c++) n += size_of(m, table_of[c]);
    return n;
}

/* What the tensors of a member begin with: "", "1." ... and then the layer. */
static const char *prefix_of(int member, const char *layer, char out[32])
{
    if (member)
        snprintf(out, 32, "%d.%s", member, layer);
    else
        snprintf(out, 32, "%s", layer);
    return out;
}

static rf_status build_member(an_net *m, int k, rf_error *err)
{
    char name[32];
    an_member *e = &m->member[k];
    const rf_index I = inputs_of(m), D = I + 2 * m->shape.hidden;
    const rf_index K = rf_vocab_size(m->lexis.classes);
    const rf_rnn_spec spec = {.cell = m->shape.cell,
                              .input = I,
                              .hidden = m->shape.hidden,
                              .layers = m->shape.layers,
                              .bidirectional = true,
                              .dropout = m->shape.layers > 1 ? m->shape.drop_output : 0,
                              .forget_bias = 1};
    rf_status st = RF_OK;
    for (int t = 0; t < AN_TABLES && !st; t++)
        if (size_of(m, t))
            st = rf_embedding_layer_init(&e->table[t], m->params, prefix_of(k, tables[t], name),
                                         rows_of(m, t), size_of(m, t), 0.1, err);
    if (!st && !(e->rnn = rf_rnn_new(&spec, m->params, prefix_of(k, "rnn.", name), err)))
        st = err->status ? err->status : RF_EINVAL;
    if (!st)
        st = rf_embedding_layer_init(&e->reading, m->params, prefix_of(k, "reading.", name), K, D,
                                     0.05, err);
    if (!st)
        st = rf_embedding_layer_init(&e->bias, m->params, prefix_of(k, "bias.", name), K, 1, 0.01,
                                     err);
    if (st) return st;
    return rf_linear_layer_init(&e->trust, m->params, prefix_of(k, "trust.", name), D, AN_PHRASES,
                                true, err);
}

static rf_status build(an_net *m, rf_error *err)
{
    rf_status st = (m->params = rf_params_new()) ? RF_OK : rf_no_memory(err);
    for (int k = 0; k < m->shape.members && !st; k++) st = build_member(m, k, err);
    return st;
}

an_net *an_net_new(const an_shape *shape, an_lexis *lexis, rf_error *err)
{
    an_net *m = calloc(1, sizeof *m);
    if (!m) {
        an_lexis_free(lexis);
        rf_no_memory(err);
        return NULL;
    }
    m->shape = *shape;
    m->lexis = *lexis;
    *lexis = (an_lexis){0};
    if (!build(m, err)) return m;
    an_net_free(m);
    return NULL;
}

void an_net_free(an_net *m)
{
    if (!m) return;
    for (int k = 0; k < m->shape.members; k++) rf_rnn_free(m->member[k].rnn);
    rf_params_free(m->params);
    an_lexis_free(&m->lexis);
    free(m);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static bool is_asked(const an_set *set, rf_index k, bool told)
{
    return set->count.at[k] > 0 && (!told || set->right.at[k] >= 0);
}

static bool take_rows(rf_graph *g, const an_set *set, const rf_bucket_batch *b, bool told,
                      an_rows *r)
{
    *r = (an_rows){.R = 1};
    for (rf_index i = 0; i < b->B; i++)
        for (rf_index t = 0; t < b->lengths[i]; t++) {
            const rf_index k = set->start[b->item[i]] + t;
            if (!is_asked(set, k, told)) continue;
            r->n++;
            if (set->count.at[k] > r->R) r->R = set->count.at[k];
        }
    int32_t **const one[] = {&r->item, &r->place, &r->at, &r->count, &r->right};
    rf_real **const many[] = {&r->shut, &r->agree[0], &r->agree[1]};
    const size_t n = (size_t)(r->n ? r->n : 1), cells = n * (size_t)r->R;
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        if (!(*one[i] = rf_graph_alloc(g, n * sizeof **one[i]))) return false;
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        if (!(*many[i] = rf_graph_alloc(g, cells * sizeof **many[i]))) return false;
    return (r->class = rf_graph_alloc(g, cells * sizeof *r->class)) != NULL;
}

/* What has no class is filled up with the character's first. */
static void fill_row(const an_net *m, const an_set *set, rf_index k, const an_rows *r, rf_index row)
{
    const int32_t first = set->first.at[k], count = set->count.at[k];
    const int32_t hint[] = {set->column[AN_HINT].at[k] - 1, set->column[AN_OTHER].at[k] - 1};
    r->count[row] = count;
    r->right[row] = set->right.at[k];
    for (int32_t j = 0; j < r->R; j++) {
        const rf_index at = row * r->R + j;
        r->class[at] = j < count ? first + j : first;
        r->shut[at] = j < count ? 0 : (rf_real)-1e4;
        for (int p = 0; p < AN_PHRASES; p++)
            r->agree[p][at] = j < count && m->lexis.reading[first + j] == hint[p];
    }
}

bool an_rows_find(rf_graph *g, const an_net *m, const an_set *set, const rf_bucket_batch *b,
                  bool told, an_rows *out)
{
    rf_index row = 0;
    if (!take_rows(g, set, b, told, out)) return false;
    for (rf_index i = 0; i < b->B; i++)
        for (rf_index t = 0; t < b->lengths[i]; t++) {
            const rf_index k = set->start[b->item[i]] + t;
            if (!is_asked(set, k, told)) continue;
            out->item[row] = b->item[i];
            out->place[row] = (int32_t)t;
            out->at[row] = (int32_t)(t * b->B + i);
            fill_row(m, set, k, out, row++);
        }
    return true;
}

/* ---- Applying -------------------------------------------------------------------------------- */

/* While training, a character or a pair is now and then one that is not known; so is a phrase. */
static void forget_some(rf_graph *g, const an_net *m, int table, int32_t *ids, rf_index n)
{
    const double a = m->shape.drop_known;
    const double *count = table == AN_TABLE_CHAR   ? m->lexis.char_count
                          : table == AN_TABLE_PAIR ? m->lexis.pair_count
                                                   : NULL;
    if (rf_graph_mode(g) != RF_TRAIN || a <= 0 || !count) return;
    const rf_key key = rf_graph_next_key(g);
    for (rf_index i = 0; i < n; i++)
        if (ids[i] && rf_uniform(key, (uint64_t)i) < a / (a + count[ids[i]])) ids[i] = 0;
}

static rf_node column(rf_graph *g, const an_net *m, const an_member *e, const an_set *set,
                      const rf_bucket_batch *b, int c)
{
    int32_t *ids = rf_graph_alloc(g, (size_t)(b->T * b->B) * sizeof *ids);
    if (!ids) return RF_POISON;
    rf_bucket_fill(b, set->column[c].at, set->start, 0, ids);
    forget_some(g, m, table_of[c], ids, b->T * b->B);
    return rf_embedding_layer_apply(g, &e->table[table_of[c]], ids, RF_SHAPE(b->T, b->B));
}

/* [n,D]: what the network sees of each row. */
static rf_node features(rf_graph *g, const an_net *m, const an_member *e, const an_set *set,
                        const rf_bucket_batch *b, const an_rows *rows)
{
    rf_node part[AN_COLUMNS];
    int n = 0;
    for (int c = 0; c < AN_COLUMNS; c++)
        if (size_of(m, table_of[c])) part[n++] = column(g, m, e, set, b, c);
    const rf_node x = rf_dropout(g, rf_concat(g, n, part, 2), m->shape.drop_input);
    const rf_index I = inputs_of(m), H = 2 * m->shape.hidden, cells = b->T * b->B;
    const rf_node h = rf_rnn_apply(g, e->rnn, x, RF_NONE, RF_NONE, b->lengths).out;
    const rf_node xs =
        rf_embedding(g, rf_reshape(g, x, RF_SHAPE(cells, I)), rows->at, RF_SHAPE(rows->n));
    const rf_node hs =
        rf_embedding(g, rf_reshape(g, h, RF_SHAPE(cells, H)), rows->at, RF_SHAPE(rows->n));
    const rf_node both[] = {xs, hs};
    return rf_dropout(g, rf_concat(g, 2, both, 1), m->shape.drop_output);
}

/* [n,R] */
static rf_node scores(rf_graph *g, const an_net *m, const an_member *e, const an_set *set,
                      const rf_bucket_batch *b, const an_rows *rows)
{
    const rf_index n = rows->n, R = rows->R, D = inputs_of(m) + 2 * m->shape.hidden;
    const rf_node y = features(g, m, e, set, b, rows);
    const rf_node w = rf_embedding_layer_apply(g, &e->reading, rows->class, RF_SHAPE(n, R));
    const rf_node usual = rf_embedding_layer_apply(g, &e->bias, rows->class, RF_SHAPE(n, R));
    const rf_node own = rf_sum_dim(g, rf_mul(g, w, rf_reshape(g, y, RF_SHAPE(n, 1, D))), 2, false);
    const rf_node trust = rf_linear_layer_apply(g, &e->trust, y);
    rf_node score = rf_add(g, own, rf_reshape(g, usual, RF_SHAPE(n, R)));
    for (int p = 0; p < AN_PHRASES; p++)
        score = rf_add(
            g, score,
            rf_mul(g, rf_slice(g, trust, 1, p, 1), rf_borrow(g, rows->agree[p], RF_SHAPE(n, R))));
    return rf_add(g, score, rf_borrow(g, rows->shut, RF_SHAPE(n, R)));
}

/* The mean over members of what each gives. */
static rf_node mean(rf_graph *g, const an_net *m, const an_set *set, const rf_bucket_batch *b,
                    const an_rows *rows, bool loss)
{
    rf_node sum = RF_NONE;
    for (int k = 0; k < m->shape.members; k++) {
        const rf_node s = scores(g, m, &m->member[k], set, b, rows);
        const rf_node one = loss ? rf_cross_entropy(g, s, rows->right) : rf_softmax(g, s);
        sum = k ? rf_add(g, sum, one) : one;
    }
    return rf_affine(g, sum, 1.0 / m->shape.members, 0);
}

rf_node an_net_loss(rf_graph *g, const an_net *m, const an_set *set, const rf_bucket_batch *b,
                    const an_rows *rows)
{
    return mean(g, m, set, b, rows, true);
}

rf_node an_net_apply(rf_graph *g, const an_net *m, const an_set *set, const rf_bucket_batch *b,
                     const an_rows *rows)
{
    return mean(g, m, set, b, rows, false);
}

/* ---- Walking --------------------------------------------------------------------------------- */

static rf_status walk_batch(const an_walk *w, const rf_bucket_batch *b, rf_error *err)
{
    an_rows rows;
    rf_graph_begin(w->g, RF_INFER, (rf_key){0});
    if (!an_rows_find(w->g, w->m, w->set, b, w->told, &rows)) return rf_no_memory(err);
    if (!rows.n) return RF_OK;
    const rf_node p = an_net_apply(w->g, w->m, w->set, b, &rows);
    rf_status st = rf_graph_status(w->g, err);
    for (rf_index i = 0; i < rows.n && !st; i++)
        st = w->each(w->ctx, rows.item[i], rows.place[i], rf_value(w->g, p).data + i * rows.R, err);
    return st;
}

rf_status an_walk_run(const an_walk *w, rf_error *err)
{
    const rf_bucket_spec spec = {
        .lengths = w->set->lengths, .n = w->set->n, .B = WALK_BATCH, .cells = WALK_CELLS};
    rf_bucket_batch b;
    double done = 0;
    if (!w->set->n) return RF_OK;
    rf_bucket_batches *batches = rf_bucket_batches_new(&spec, err);
    rf_status st = batches ? RF_OK : err->status;
    while (!st && rf_bucket_batches_next(batches, &b)) {
        st = walk_batch(w, &b, err);
        done += (double)b.B;
        if (!st && w->tell) st = w->tell(w->tell_ctx, done, (double)w->set->n);
    }
    rf_bucket_batches_free(batches);
    return st;
}
