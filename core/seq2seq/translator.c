/* seq2seq/translator.c -- hypotheses step by step, without a graph.
 *
 * The encoder goes over a graph once a batch; what the decoder needs of it is copied.  Then every step
 * is the recurrent layers' rf_stepper, the attention of each row over its own sentence, and two
 * products.  Invariant: row r belongs to sentence[r]; a step allocates nothing. */
#include "seq2seq/seq2seq.h"

#include "tensor/blas.h"
#include "tensor/device.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rf_translator {
    rf_device *device;
    const rf_seq2seq *m;
    rf_index most, rows;
    rf_stepper *lower, *upper; /* lower NULL unless attention is between */
    char *state;               /* of a stepper, where it is put together */
    size_t state_bytes;

    /* Of the sentences that were read. */
    rf_index S, B;
    int32_t extra;      /* tokens from V on */
    int32_t *lengths;   /* [B] */
    int32_t *copies;    /* [B,S], with copy */
    rf_real *source;    /* what follows, in one piece */
    size_t source_room; /* reals of it */
    rf_real *keys;      /* [B,S,H] */
    rf_real *projected; /* [B,S,A], or the keys */
    rf_real *h0, *c0;   /* [layers,B,H] */

    /* Of the rows. */
    int32_t *numbers;                        /* what follows, in one piece */
    int32_t *sentence, *sentence_before;     /* [most] */
    rf_real *row;                            /* what follows, in one piece */
    size_t row_room;                         /* reals of it */
    rf_real *weights, *cover, *cover_before; /* [most,S] */
    rf_real *fed, *fed_before;               /* [most,O], o of the last step */
    rf_real *x;                              /* [most, input of the first layer] */
    rf_real *query;                          /* [most,A] */
    rf_real *seen;                           /* [most,2H]: state and context */
    rf_real *act;                            /* [threads,A] */
    rf_real *scores;                         /* [most, V + extra] */
};

static rf_index hidden(const rf_translator *t) { return t->m->spec.hidden; }
static rf_index compared(const rf_translator *t) { return rfi_seq2seq_compared(&t->m->spec); }

/* ---- Making -------------------------------------------------------------------------------------- */

rf_translator *rf_translator_new(rf_device *d, const rf_seq2seq *m, rf_index rows, rf_error *err)
{
    rf_translator *t = calloc(1, sizeof *t);
    if (!t || rows < 1) {
        free(t);
        return rf_fail(err, t ? RF_EINVAL : RF_ENOMEM, "translator: no memory, or no rows"), NULL;
    }
    *t = (rf_translator){.device = d, .m = m, .most = rows};
    t->upper = rf_stepper_new(d, m->upper, rows, err);
    if (t->upper && m->lower) t->lower = rf_stepper_new(d, m->lower, rows, err);
    if (t->upper && (t->lower || !m->lower)) return t;
    rf_translator_free(t);
    return NULL;
}

void rf_translator_free(rf_translator *t)
{
    if (!t) return;
    rf_stepper_free(t->lower);
    rf_stepper_free(t->upper);
    rf_aligned_free(t->source);
    rf_aligned_free(t->row);
    free(t->state);
    free(t->lengths);
    free(t->numbers);
    free(t);
}

void rf_translator_refresh(rf_translator *t)
{
    if (t->lower) rf_stepper_refresh(t->lower);
    rf_stepper_refresh(t->upper);
}

/* ---- Reading the source -------------------------------------------------------------------------- */

/* The next n reals of a piece, a multiple of 64 bytes further on; at NULL: only count. */
static rf_real *take(rf_real *at, size_t *used, rf_index n)
{
    rf_real *p = at ? at + *used : NULL;
    *used += ((size_t)n + 15) / 16 * 16;
    return p;
}

static size_t plan_source(rf_translator *t)
{
    const rf_index n = t->B * t->S * hidden(t);
    const rf_index state = t->m->spec.decoder_layers * t->B * hidden(t);
    size_t used = 0;
    t->keys = take(t->source, &used, rfi_seq2seq_attends(t->m) ? n : 0);
    t->projected =
        t->m->attention.key ? take(t->source, &used, t->B * t->S * compared(t)) : t->keys;
    t->h0 = take(t->source, &used, state);
    t->c0 = take(t->source, &used, state);
    return used;
}

static size_t plan_rows(rf_translator *t)
{
    const rf_index H = hidden(t), O = t->m->width, n = t->most;
    const rf_index V = t->m->spec.target + t->extra;
    size_t used = 0;
    t->weights = take(t->row, &used, n * t->S);
    t->cover = take(t->row, &used, n * t->S);
    t->cover_before = take(t->row, &used, n * t->S);
    t->fed = take(t->row, &used, n * O);
    t->fed_before = take(t->row, &used, n * O);
    t->x = take(t->row, &used, n * (t->m->spec.embed + O));
    t->query = take(t->row, &used, n * compared(t));
    t->seen = take(t->row, &used, 2 * n * H);
    t->act = take(t->row, &used, rf_device_threads(t->device) * compared(t));
    t->scores = take(t->row, &used, n * V);
    return used;
}

/* A piece of at least n reals; one that is large enough stays. */
static bool room_for(rf_real **piece, size_t *room, size_t n)
{
    if (*piece && n <= *room) return true;
    rf_aligned_free(*piece);
    *piece = rf_aligned_calloc(n, sizeof **piece);
    *room = n;
    return *piece;
}

static bool reserve(rf_translator *t)
{
    free(t->lengths);
    free(t->numbers);
    t->lengths = calloc((size_t)(t->B * (t->S + 1)), sizeof *t->lengths);
    t->numbers = calloc((size_t)(2 * t->most), sizeof *t->numbers);
    const bool rooms = room_for(&t->source, &t->source_room, plan_source(t)) &&
                       room_for(&t->row, &t->row_room, plan_rows(t));
    if (!t->lengths || !t->numbers || !rooms) return false;
    t->copies = t->lengths + t->B;
    t->sentence = t->numbers;
    t->sentence_before = t->numbers + t->most;
    plan_source(t);
    plan_rows(t);
    return true;
}

static void copy_node(const rf_graph *g, rf_node x, rf_real *to)
{
    const rf_tensor v = rf_value(g, x);
    memcpy(to, v.data, (size_t)rf_shape_count(v.shape) * sizeof *to);
}

static void keep(rf_translator *t, const rf_graph *g, const rf_seq2seq_batch *b,
                 const rfi_encoded *e, const rf_attention_memory *memory)
{
    if (memory->keys != RF_NONE) copy_node(g, memory->keys, t->keys);
    if (t->projected != t->keys) copy_node(g, memory->projected, t->projected);
    copy_node(g, e->h, t->h0);
    if (e->c != RF_NONE) copy_node(g, e->c, t->c0);
    memcpy(t->lengths, b->source_lengths, (size_t)t->B * sizeof *t->lengths);
    for (rf_index k = 0; t->m->spec.copy && k < t->B; k++)
        for (rf_index s = 0; s < t->S; s++) t->copies[k * t->S + s] = b->copies[s * t->B + k];
}

rf_status rf_translator_read(rf_translator *t, rf_graph *g, const rf_seq2seq_batch *b,
                             int32_t extra, rf_error *err)
{
    const rfi_encoded e = rfi_seq2seq_encode(g, t->m, b);
    rf_attention_memory memory = {0};
    if (rfi_seq2seq_attends(t->m))
        memory = rf_attention_layer_prepare(g, &t->m->attention, e.states, b->source_lengths);
    const rf_status st = rf_graph_status(g, err);
    if (st) return st;
    t->S = b->S;
    t->B = b->B;
    t->extra = t->m->spec.copy ? extra : 0;
    if (!reserve(t)) {
        t->B = 0;
        return rf_fail(err, RF_ENOMEM, "translator: no memory");
    }
    keep(t, g, b, &e, &memory);
    return RF_OK;
}

/* ---- States -------------------------------------------------------------------------------------- */

/* Layers [from, from + count) of the first states into a stepper, sentence i in row i. */
static bool put_state(rf_translator *t, rf_stepper *s, rf_index from, rf_index count, rf_index rows)
{
    const rf_index H = hidden(t);
    rf_stepper_reset(s, rows);
    const size_t bytes = rf_stepper_state_bytes(s), n = (size_t)(rows * H) * sizeof(rf_real);
    if (bytes > t->state_bytes) {
        char *more = realloc(t->state, bytes);
        if (!more) return false;
        t->state = more;
        t->state_bytes = bytes;
    }
    memset(t->state, 0, bytes);
    for (rf_index l = 0; l < count; l++) {
        char *to = t->state + (size_t)l * (bytes / (size_t)count);
        memcpy(to, t->h0 + (from + l) * t->B * H, n);
        if (t->m->spec.cell->states > 1) memcpy(to + n, t->c0 + (from + l) * t->B * H, n);
    }
    rf_stepper_set_state(s, t->state);
    return true;
}

static void reset(void *self, rf_index rows)
{
    rf_translator *t = self;
    const rf_index layers = t->m->spec.decoder_layers, low = t->lower != NULL;
    t->rows = rows <= t->B ? rows : 0;
    if (!t->rows) return;
    for (rf_index r = 0; r < rows; r++) t->sentence[r] = (int32_t)r;
    memset(t->cover, 0, (size_t)(rows * t->S) * sizeof *t->cover);
    memset(t->fed, 0, (size_t)(rows * t->m->width) * sizeof *t->fed);
    const bool done = (!low || put_state(t, t->lower, 0, 1, rows)) &&
                      put_state(t, t->upper, low, layers - low, rows);
    if (!done) t->rows = 0;
}

static void gather(void *self, const int32_t *from, rf_index rows)
{
    rf_translator *t = self;
    const rf_index S = t->S, O = t->m->width;
    rf_real *cover = t->cover_before, *fed = t->fed_before;
    int32_t *sentence = t->sentence_before;
    for (rf_index k = 0; k < rows; k++) {
        sentence[k] = t->sentence[from[k]];
        memcpy(cover + k * S, t->cover + from[k] * S, (size_t)S * sizeof *cover);
        memcpy(fed + k * O, t->fed + from[k] * O, (size_t)O * sizeof *fed);
    }
    t->cover_before = t->cover, t->cover = cover;
    t->fed_before = t->fed, t->fed = fed;
    t->sentence_before = t->sentence, t->sentence = sentence;
    if (t->lower) rf_stepper_gather(t->lower, from, rows);
    rf_stepper_gather(t->upper, from, rows);
    t->rows = rows;
}

/* ---- Attention ----------------------------------------------------------------------------------- */

/* v · tanh(q + k [+ w_c cover]) */
static rf_real additive(const rf_translator *t, const rf_real *q, const rf_real *k, rf_real cover,
                        rf_real *act)
{
    const rfi_kernels *f = t->device->k;
    const rf_index A = compared(t);
    f->add(A, q, k, act);
    if (t->m->attention.cover) f->axpy(A, cover, t->m->attention.cover->value.data, act);
    f->tanh(A, act, act);
    return f->dot(A, act, t->m->attention.v->value.data);
}

/* Weights, coverage and context of one row; its state stands in seen [.., 0:H]. */
static void attend_row(rf_translator *t, rf_index r, rf_real *act)
{
    const rfi_kernels *f = t->device->k;
    const rf_index H = hidden(t), A = compared(t);
    const rf_index S = t->S, b = t->sentence[r], n = t->lengths[b];
    const bool sum = t->m->attention.kind == RF_ATTENTION_ADDITIVE;
    rf_real *state = t->seen + r * 2 * H, *context = state + H;
    rf_real *w = t->weights + r * S, *cover = t->cover + r * S;
    const rf_real *k = t->projected + b * S * A, *q = sum ? t->query + r * A : state;
    for (rf_index s = 0; s < n; s++, k += A)
        w[s] = sum ? additive(t, q, k, cover[s], act) : f->dot(H, q, k);
    f->softmax(n, w, w);
    memset(w + n, 0, (size_t)(S - n) * sizeof *w);
    memset(context, 0, (size_t)H * sizeof *context);
    for (rf_index s = 0; s < n; s++) f->axpy(H, w[s], t->keys + (b * S + s) * H, context);
    f->add(S, cover, w, cover);
}

static void attend_worker(void *ctx, int thread, int threads)
{
    rf_translator *t = ctx;
    rf_index r, end;
    rfi_split(t->rows, 1, thread, threads, &r, &end);
    for (; r < end; r++) attend_row(t, r, t->act + thread * compared(t));
}

/* Multiplications below which waking other threads costs more than it gives. */
enum { ALONE = 100000 };

static void attend(rf_translator *t, const rf_real *state)
{
    const rf_index H = hidden(t), A = compared(t);
    for (rf_index r = 0; r < t->rows; r++)
        memcpy(t->seen + r * 2 * H, state + r * H, (size_t)H * sizeof *state);
    if (!rfi_seq2seq_attends(t->m)) return;
    if (t->m->attention.kind == RF_ATTENTION_ADDITIVE)
        rfi_gemm(t->device, false, true, t->rows, A, H, 1, state, H,
                 t->m->attention.query->value.data, H, 0, t->query, A);
    if (t->rows * t->S * A < ALONE)
        attend_worker(t, 0, 1);
    else
        rf_device_run(t->device, attend_worker, t);
}

/* ---- Steps --------------------------------------------------------------------------------------- */

/* What the first layer reads: embeddings, and o of the last step where that is fed. */
static void put_inputs(rf_translator *t, const int32_t *tokens)
{
    const rf_seq2seq_spec *s = &t->m->spec;
    const rf_index E = s->embed, O = s->attend == RF_ATTEND_FEED ? t->m->width : 0;
    const rf_real *table = t->m->target.weight->value.data;
    for (rf_index r = 0; r < t->rows; r++) {
        rf_real *x = t->x + r * (E + O);
        const int32_t id = tokens[r] < s->target ? tokens[r] : s->unknown;
        for (rf_index i = 0; i < E; i++) x[i] = (rf_real)t->m->loud * table[id * E + i];
        if (O) memcpy(x + E, t->fed + r * O, (size_t)O * sizeof *x);
    }
}

/* y = x W^T + b, row by row; b may be NULL. */
static void apply(const rf_translator *t, const rf_linear_layer *l, const rf_real *x, rf_index ldx,
                  rf_real *y, rf_index ldy)
{
    const rf_index O = l->weight->value.shape.dim[0], I = l->weight->value.shape.dim[1];
    rfi_gemm(t->device, false, true, t->rows, O, I, 1, x, ldx, l->weight->value.data, I, 0, y, ldy);
    for (rf_index r = 0; l->bias && r < t->rows; r++)
        t->device->k->add(O, y + r * ldy, l->bias->value.data, y + r * ldy);
}

/* ln(γ p + (1 − γ) Σ a) of all tokens, those of the source from V on too. */
static void mix_copies(rf_translator *t, rf_index r)
{
    const rf_index V = t->m->spec.target, all = V + t->extra, b = t->sentence[r];
    const rf_real *w = t->weights + r * t->S, *o = t->fed + r * t->m->width;
    rf_real *p = t->scores + r * all;
    const double logit = (double)t->device->k->dot(t->m->width, o, t->m->gate.weight->value.data) +
                         (double)t->m->gate.bias->value.data[0];
    const rf_real gate = (rf_real)(1 / (1 + exp(-logit)));
    t->device->k->softmax(V, p, p);
    for (rf_index v = 0; v < V; v++) p[v] *= gate;
    memset(p + V, 0, (size_t)t->extra * sizeof *p);
    for (rf_index s = 0; s < t->lengths[b]; s++) {
        const int32_t v = t->copies[b * t->S + s];
        if (v >= 0 && v < all) p[v] += (1 - gate) * w[s];
    }
    for (rf_index v = 0; v < all; v++) p[v] = (rf_real)log((double)p[v] + 1e-10);
}

static const rf_real *step(void *self, const int32_t *tokens, rf_index rows)
{
    rf_translator *t = self;
    const rf_index H = hidden(t), O = t->m->width, V = t->m->spec.target + t->extra;
    if (!t->rows || rows != t->rows) return NULL;
    put_inputs(t, tokens);
    const rf_real *state = rf_stepper_step(t->lower ? t->lower : t->upper, t->x);
    attend(t, state);
    if (t->lower) {
        state = rf_stepper_step(t->upper, t->seen);
        for (rf_index r = 0; r < rows; r++)
            memcpy(t->seen + r * 2 * H, state + r * H, (size_t)H * sizeof *state);
    }
    apply(t, &t->m->combine, t->seen, 2 * H, t->fed, O);
    t->device->k->tanh(rows * O, t->fed, t->fed);
    apply(t, &t->m->output, t->fed, O, t->scores, V);
    for (rf_index r = 0; t->m->spec.copy && r < rows; r++) mix_copies(t, r);
    return t->scores;
}

rf_scorer rf_translator_scorer(rf_translator *t)
{
    return (rf_scorer){.self = t,
                       .vocabulary = t->m->spec.target + t->extra,
                       .rows = t->most,
                       .normalized = t->m->spec.copy,
                       .reset = reset,
                       .step = step,
                       .gather = gather};
}

/* ---- What was attended to ------------------------------------------------------------------------ */

const rf_real *rf_translator_weights(const rf_translator *t, rf_index row)
{
    return t->weights + row * t->S;
}

const rf_real *rf_translator_coverage(const rf_translator *t, rf_index row)
{
    return t->cover + row * t->S;
}

int32_t rf_translator_length(const rf_translator *t, rf_index row)
{
    return t->lengths[t->sentence[row]];
}

double rf_translator_covered(const rf_translator *t, rf_index row)
{
    const rf_real *c = rf_translator_coverage(t, row);
    double sum = 0;
    for (rf_index s = 0; s < rf_translator_length(t, row); s++)
        sum += log(fmin(fmax((double)c[s], 1e-10), 1));
    return sum;
}
