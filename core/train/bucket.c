/* train/bucket.c -- batches of sequences of similar length, in an order drawn anew each epoch.
 *
 * Invariant: an epoch's plan (order, cuts, order of the cuts) is a function of seed, epoch and spec;
 * it is made again whenever the cursor is found in another epoch. */
#include <stdlib.h>
#include <string.h>

#include <refrain/train.h>

struct rf_bucket_batches {
    rf_bucket_spec spec;
    uint32_t *order;  /* [n] sequences, batch after batch */
    uint32_t *spare;  /* [n] for sorting */
    uint32_t *cut;    /* [n+1] where each batch begins in `order` */
    uint32_t *turn;   /* [n] batches in the order they are given out */
    int32_t *item;    /* [B] */
    int32_t *lengths; /* [B] */
    uint32_t batches;
    int64_t planned; /* epoch of the plan; -1: none */
    rf_cursor cursor;
};

static bool spec_is_valid(const rf_bucket_spec *spec, rf_error *err)
{
    if (spec->n < 1 || spec->n > INT32_MAX || spec->B < 1 || spec->cells < 0) {
        rf_fail(err, RF_EINVAL,
                "batches: %lld sequences, %lld in a batch; at least 1 of each is due",
                (long long)spec->n, (long long)spec->B);
        return false;
    }
    for (rf_index i = 0; i < spec->n; i++)
        if (spec->lengths[i] < 1) {
            rf_fail(err, RF_EINVAL, "batches: sequence %lld is empty", (long long)i + 1);
            return false;
        }
    return true;
}

rf_bucket_batches *rf_bucket_batches_new(const rf_bucket_spec *spec, rf_error *err)
{
    if (!spec_is_valid(spec, err)) return NULL;
    rf_bucket_batches *s = calloc(1, sizeof *s);
    if (!s) goto no_memory;
    s->spec = *spec;
    if (s->spec.B > spec->n) s->spec.B = spec->n;
    const size_t n = (size_t)spec->n, B = (size_t)s->spec.B;
    s->planned = -1;
    s->order = calloc(4 * n + 1, sizeof *s->order);
    s->item = calloc(2 * B, sizeof *s->item);
    if (!s->order || !s->item) goto no_memory;
    s->spare = s->order + n;
    s->turn = s->spare + n;
    s->cut = s->turn + n;
    s->lengths = s->item + B;
    return s;
no_memory:
    rf_fail(err, RF_ENOMEM, "batches: no memory for %lld sequences", (long long)spec->n);
    rf_bucket_batches_free(s);
    return NULL;
}

void rf_bucket_batches_free(rf_bucket_batches *s)
{
    if (!s) return;
    free(s->order);
    free(s->item);
    free(s);
}

rf_cursor *rf_bucket_batches_cursor(rf_bucket_batches *s) { return &s->cursor; }

/* Stable sort of `order` by length: counting sort on each of the four bytes. */
static void sort_by(rf_bucket_batches *s, const int32_t *lengths)
{
    uint32_t *from = s->order, *to = s->spare;
    const uint32_t n = (uint32_t)s->spec.n;
    for (int shift = 0; shift < 32; shift += 8) {
        uint32_t place[257] = {0};
        for (uint32_t i = 0; i < n; i++) place[1 + (((uint32_t)lengths[i] >> shift) & 255)]++;
        for (int k = 0; k < 256; k++) place[k + 1] += place[k];
        for (uint32_t i = 0; i < n; i++)
            to[place[((uint32_t)lengths[from[i]] >> shift) & 255]++] = from[i];
        uint32_t *t = from;
        from = to;
        to = t;
    }
}

/* What a sequence takes of a batch's cells. */
static rf_index size_of(const rf_bucket_batches *s, uint32_t item)
{
    const int32_t *also = s->spec.also, length = s->spec.lengths[item];
    return also && also[item] > length ? also[item] : length;
}

/* Cut the order into batches of at most B sequences and `cells` of padded size. */
static void cut_batches(rf_bucket_batches *s)
{
    const uint32_t n = (uint32_t)s->spec.n;
    rf_index size = 0, longest = 0;
    s->batches = 0;
    for (uint32_t i = 0; i < n; i++) {
        const rf_index length = size_of(s, s->order[i]);
        if (length > longest) longest = length;
        const bool full = size == s->spec.B ||
                          (s->spec.cells && size > 0 && (size + 1) * longest > s->spec.cells);
        if (full || i == 0) {
            s->cut[s->batches++] = i;
            size = 0;
            longest = length;
        }
        size++;
    }
    s->cut[s->batches] = n;
}

static void plan_epoch(rf_bucket_batches *s)
{
    const uint64_t epoch = (uint64_t)s->cursor.epoch;
    if (s->spec.ordered) {
        for (uint32_t i = 0; i < (uint32_t)s->spec.n; i++) s->order[i] = i;
    } else {
        rf_shuffle(rf_key_make(s->spec.seed, "bucket items", epoch), s->order, (uint32_t)s->spec.n);
        if (s->spec.also) sort_by(s, s->spec.also);
        sort_by(s, s->spec.lengths);
    }
    cut_batches(s);
    if (s->spec.ordered)
        for (uint32_t i = 0; i < s->batches; i++) s->turn[i] = i;
    else
        rf_shuffle(rf_key_make(s->spec.seed, "bucket batches", epoch), s->turn, s->batches);
    s->planned = s->cursor.epoch;
}

rf_index rf_bucket_batches_per_epoch(rf_bucket_batches *s)
{
    if (s->planned != s->cursor.epoch) plan_epoch(s);
    return s->batches;
}

bool rf_bucket_batches_next(rf_bucket_batches *s, rf_bucket_batch *out)
{
    if (s->planned != s->cursor.epoch) plan_epoch(s);
    if (s->cursor.position < 0 || s->cursor.position >= (int64_t)s->batches) {
        s->cursor.epoch++;
        s->cursor.position = 0;
        return false;
    }
    const uint32_t k = s->turn[s->cursor.position++], first = s->cut[k];
    *out = (rf_bucket_batch){.B = s->cut[k + 1] - first, .item = s->item, .lengths = s->lengths};
    for (rf_index b = 0; b < out->B; b++) {
        s->item[b] = (int32_t)s->order[first + b];
        s->lengths[b] = s->spec.lengths[s->item[b]];
        if (s->lengths[b] > out->T) out->T = s->lengths[b];
    }
    return true;
}

void rf_bucket_fill(const rf_bucket_batch *b, const int32_t *tokens, const rf_index *start,
                    int32_t pad, int32_t *out)
{
    for (rf_index k = 0; k < b->B; k++) {
        const int32_t *from = tokens + start[b->item[k]];
        for (rf_index t = 0; t < b->T; t++) out[t * b->B + k] = t < b->lengths[k] ? from[t] : pad;
    }
}

/* ---- What is held out ------------------------------------------------------------------------- */

static rf_status add_loss(rf_graph *g, const rf_bucket_loss *l, const rf_bucket_batch *b,
                          rf_mean_value *mean, rf_error *err)
{
    double units = 0;
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const rf_node y = l->loss(l->self, g, b, &units);
    const rf_status st = rf_graph_status(g, err);
    if (!st) rf_mean_add(mean, (double)rf_value(g, y).data[0], units);
    return st;
}

rf_status rf_bucket_mean(rf_graph *g, const rf_bucket_loss *l, double *mean, rf_error *err)
{
    rf_bucket_batches *batches = rf_bucket_batches_new(&l->batches, err);
    rf_bucket_batch b;
    rf_mean_value sum = {0};
    double done = 0;
    rf_status st = batches ? RF_OK : err->status;
    while (!st && rf_bucket_batches_next(batches, &b)) {
        st = add_loss(g, l, &b, &sum, err);
        done += (double)b.B;
        if (!st && l->tell) st = l->tell(l->self, done, (double)l->batches.n);
    }
    rf_bucket_batches_free(batches);
    *mean = rf_mean_get(&sum);
    return st;
}
