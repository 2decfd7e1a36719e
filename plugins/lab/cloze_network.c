/* lab/cloze_network.c -- see cloze.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cloze.h"

/* ---- The network ----------------------------------------------------------------------------- */

static rf_status build(lab_cloze *c, rf_error *err)
{
    const lab_cloze_shape *s = &c->shape;
    const rf_index wide = 2 * s->hidden;
    const rf_rnn_spec rnn = {.cell = s->cell,
                             .input = s->embed,
                             .hidden = s->both ? s->hidden : wide,
                             .layers = s->layers,
                             .dropout = s->dropout,
                             .forget_bias = 1};
    c->params = rf_params_new();
    if (!c->params) return rf_no_memory(err);
    rf_status st =
        rf_embedding_layer_init(&c->in, c->params, "embedding.", c->V, s->embed, 0.1, err);
    if (st) return st;
    c->forward = rf_rnn_new(&rnn, c->params, "forward.", err);
    if (c->forward && s->both) c->backward = rf_rnn_new(&rnn, c->params, "backward.", err);
    if (!c->forward || (s->both && !c->backward)) return err->status;
    return rf_linear_layer_init(&c->out, c->params, "output.", wide, c->V, true, err);
}

rf_status lab_cloze_init(lab_cloze *c, const lab_cloze_shape *shape, rf_tokenizer *tokens,
                         const lab_samples *samples, rf_error *err)
{
    *c = (lab_cloze){.shape = *shape,
                     .tokens = tokens,
                     .samples = samples,
                     .V = rf_tokenizer_size(tokens),
                     .edge = rf_tokenizer_eos(tokens)};
    return build(c, err);
}

void lab_cloze_free(lab_cloze *c)
{
    rf_rnn_free(c->forward);
    rf_rnn_free(c->backward);
    rf_params_free(c->params);
    rf_bucket_batches_free(c->batches);
    *c = (lab_cloze){0};
}

/* ids [T+2,B], an edge before and after each of the sentences; lengths [B] with these two.  What the
 * output layer sees of each of the T words: [T,B,2H]. */
static rf_node contexts(rf_graph *g, const lab_cloze *c, const int32_t *ids, rf_index T, rf_index B,
                        const int32_t *lengths)
{
    const rf_node e = rf_embedding_layer_apply(g, &c->in, ids, RF_SHAPE(T + 2, B));
    const rf_node x = rf_dropout(g, e, c->shape.dropout);
    rf_node before = rf_rnn_apply(g, c->forward, x, RF_NONE, RF_NONE, lengths).out;
    before = rf_rows(g, before, 0, T); /* →h_{t−1} */
    if (!c->backward) return rf_dropout(g, before, c->shape.dropout);
    rf_node after = rf_reverse(g, x, lengths);
    after = rf_rnn_apply(g, c->backward, after, RF_NONE, RF_NONE, lengths).out;
    after = rf_rows(g, rf_reverse(g, after, lengths), 2, T); /* ←h_{t+1} */
    const rf_node sides[] = {before, after};
    return rf_dropout(g, rf_concat(g, 2, sides, 2), c->shape.dropout);
}

/* ---- Batches --------------------------------------------------------------------------------- */

/* The batch as ids with edges, its lengths with them, and its words as targets. */
typedef struct laid_out {
    int32_t *ids, *lengths, *target;
    rf_index T, B, words;
} laid_out;

static bool lay_out(rf_graph *g, const lab_cloze *c, const lab_set *set, const rf_bucket_batch *b,
                    laid_out *o)
{
    const size_t n = (size_t)(b->T * b->B), B = (size_t)b->B;
    *o = (laid_out){.T = b->T, .B = b->B};
    o->ids = rf_graph_alloc(g, (n + 2 * B) * sizeof *o->ids);
    o->lengths = rf_graph_alloc(g, B * sizeof *o->lengths);
    o->target = rf_graph_alloc(g, n * sizeof *o->target);
    if (!o->ids || !o->lengths || !o->target) return false;
    for (rf_index k = 0; k < b->B; k++) {
        o->ids[k] = o->ids[(b->T + 1) * b->B + k] = c->edge;
        o->lengths[k] = b->lengths[k] + 2;
        o->words += b->lengths[k];
    }
    rf_bucket_fill(b, c->samples->ids.at, set->start, c->edge, o->ids + b->B);
    rf_bucket_fill(b, c->samples->ids.at, set->start, -1, o->target);
    return true;
}

static int next(void *self, rf_error *err)
{
    lab_cloze *c = self;
    (void)err;
    return rf_bucket_batches_next(c->batches, &c->batch);
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    lab_cloze *c = self;
    laid_out o;
    if (!lay_out(g, c, c->set, &c->batch, &o)) return RF_POISON;
    *units = (double)o.words;
    const rf_node x = contexts(g, c, o.ids, o.T, o.B, o.lengths);
    return rf_linear_cross_entropy(g, x, rf_parameter(g, c->out.weight),
                                   rf_parameter(g, c->out.bias), o.target);
}

static bool stop(void *self)
{
    const lab_cloze *c = self;
    return rf_training_stop(c->base);
}

/* ---- Held-out sentences ------------------------------------------------------------------------ */

static rf_status score_batch(lab_cloze *c, rf_graph *g, const lab_set *set,
                             const rf_bucket_batch *b, rf_error *err)
{
    laid_out o;
    rf_index counted = 0;
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    if (!lay_out(g, c, set, b, &o)) return rf_graph_status(g, err);
    const rf_node x = contexts(g, c, o.ids, o.T, o.B, o.lengths);
    const rf_node logits = rf_linear_layer_apply(g, &c->out, x);
    const rf_node mean = rf_cross_entropy(g, logits, o.target);
    rf_status st = rf_graph_status(g, err);
    if (st) return st;
    c->score.nats += (double)rf_value(g, mean).data[0] * (double)o.words;
    c->score.right +=
        rf_count_correct(rf_value(g, logits).data, o.target, o.T * o.B, c->V, &counted);
    c->score.blanks += counted;
    return RF_OK;
}

static rf_status score(lab_cloze *c, rf_graph *g, const lab_set *set, rf_error *err)
{
    const rf_bucket_spec spec = {.lengths = set->lengths, .n = set->n, .B = 32};
    rf_bucket_batches *batches = rf_bucket_batches_new(&spec, err);
    rf_bucket_batch b;
    rf_status st = batches ? RF_OK : err->status;
    while (!st && rf_bucket_batches_next(batches, &b)) {
        st = score_batch(c, g, set, &b, err);
        rf_training_stop(c->base);
        if (!st) st = c->base->stopped;
    }
    rf_bucket_batches_free(batches);
    return st;
}

rf_status lab_cloze_learn(lab_cloze *c, rf_training *base, rf_graph *g, const lab_set *train,
                          const lab_set *valid, rf_error *err)
{
    const rf_bucket_spec spec = {
        .lengths = train->lengths, .n = train->n, .B = c->shape.batch, .seed = base->seed};
    rf_fit_result result = {0};
    c->base = base;
    c->set = train;
    rf_params_init(c->params, base->seed);
    c->batches = rf_bucket_batches_new(&spec, err);
    if (!c->batches) return err->status;
    base->params = c->params;
    base->cursor = rf_bucket_batches_cursor(c->batches);
    base->per_epoch = (spec.n + spec.B - 1) / spec.B;
    const rf_slot cursor = {"cursor", RF_SLOT_I64, RF_SHAPE(2), base->cursor, 0, 0};
    const rf_fit_task task = {.self = c, .next = next, .loss = loss, .stop = stop};
    rf_status st = rf_training_fit(base, task, g, &cursor, 1, &result, err);
    return st ? st : score(c, g, valid, err);
}

/* ---- Blanks ---------------------------------------------------------------------------------- */

rf_status lab_cloze_encode(rf_tokenizer *tokens, const char *sentence, rf_ids *ids, rf_ids *blanks,
                           rf_error *err)
{
    rf_status st = RF_OK;
    for (const char *at = sentence; !st;) {
        const char *blank = strstr(at, LAB_BLANK);
        const size_t n = blank ? (size_t)(blank - at) : strlen(at);
        st = rf_tokenizer_encode(tokens, at, n, "sentence", ids, NULL, err);
        if (!blank || st) break;
        rf_ids_add(blanks, (int32_t)ids->n);
        rf_ids_add(ids, rf_tokenizer_unk(tokens));
        at = blank + strlen(LAB_BLANK);
    }
    return !st && (ids->failed || blanks->failed) ? rf_no_memory(err) : st;
}

/* Keep (id, p) among the `top` best. */
static void insert(lab_cloze_word *out, size_t top, int32_t id, double p)
{
    size_t k = top;
    while (k && (out[k - 1].id < 0 || out[k - 1].p < p)) k--;
    if (k == top) return;
    memmove(out + k + 1, out + k, (top - 1 - k) * sizeof *out);
    out[k] = (lab_cloze_word){id, p};
}

rf_status lab_cloze_fill(const lab_cloze *c, rf_graph *g, const rf_ids *ids, int32_t at,
                         lab_cloze_word *out, size_t top, rf_error *err)
{
    const rf_index T = (rf_index)ids->n;
    const int32_t length = (int32_t)T + 2, unk = rf_tokenizer_unk(c->tokens);
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    int32_t *edged = rf_graph_alloc(g, (size_t)length * sizeof *edged);
    if (edged) {
        edged[0] = edged[T + 1] = c->edge;
        memcpy(edged + 1, ids->at, (size_t)T * sizeof *edged);
    }
    const rf_node x = edged ? contexts(g, c, edged, T, 1, &length) : RF_POISON;
    const rf_node p = rf_softmax(g, rf_linear_layer_apply(g, &c->out, rf_rows(g, x, at, 1)));
    rf_status st = rf_graph_status(g, err);
    const rf_real *share = rf_value(g, p).data;
    for (size_t k = 0; k < top; k++) out[k] = (lab_cloze_word){-1, 0};
    for (int32_t i = 0; i < c->V && !st; i++)
        if (i != unk && i != c->edge) insert(out, top, i, share[i]);
    return st;
}
