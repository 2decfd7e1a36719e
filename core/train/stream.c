/* train/stream.c -- windows of a long token stream, for truncated backpropagation through time.
 *
 * Invariant: the transitions 0 .. n-2 are cut into B lanes of equal length L (the last ones may run
 * past the end), and a window is a function of the cursor, seed and spec alone.  Which of the lanes
 * are read here changes nothing else. */
#include <stdlib.h>

#include <refrain/train.h>

struct rf_stream_batches {
    rf_stream_spec spec;
    rf_index lane;  /* L: transitions in a lane */
    int32_t *x, *y; /* [T,B] */
    rf_cursor cursor;
};

static bool lanes_fit(const rf_stream_spec *s, rf_error *err)
{
    if (s->lane_from >= 0 && s->lanes > 0 && s->lane_from <= s->B - s->lanes) return true;
    rf_fail(err, RF_EINVAL, "batches: lanes %lld to %lld of %lld", (long long)s->lane_from,
            (long long)(s->lane_from + s->lanes - 1), (long long)s->B);
    return false;
}

rf_stream_batches *rf_stream_batches_new(const rf_stream_spec *spec, rf_error *err)
{
    if (spec->n < 2 || spec->B < 1 || spec->T < 1) {
        rf_fail(err, RF_EINVAL,
                "batches: %lld tokens in %lld lanes of windows of %lld; at least 2, "
                "1 and 1 are due",
                (long long)spec->n, (long long)spec->B, (long long)spec->T);
        return NULL;
    }
    rf_stream_batches *s = calloc(1, sizeof *s);
    if (!s) {
        rf_fail(err, RF_ENOMEM, "batches: no memory");
        return NULL;
    }
    s->spec = *spec;
    const rf_index pairs = spec->n - 1;
    if (s->spec.B > pairs) s->spec.B = pairs;
    if (!s->spec.lanes) s->spec.lanes = s->spec.B;
    s->lane = (pairs + s->spec.B - 1) / s->spec.B;
    if (s->spec.T > s->lane) s->spec.T = s->lane;
    if (!lanes_fit(&s->spec, err)) goto fail;
    s->x = rf_aligned_calloc((size_t)(2 * s->spec.T), (size_t)s->spec.lanes * sizeof *s->x);
    if (!s->x) {
        rf_fail(err, RF_ENOMEM, "batches: no memory for %lld lanes of %lld",
                (long long)s->spec.lanes, (long long)s->spec.T);
        goto fail;
    }
    s->y = s->x + s->spec.T * s->spec.lanes;
    return s;
fail:
    rf_stream_batches_free(s);
    return NULL;
}

void rf_stream_batches_free(rf_stream_batches *s)
{
    if (!s) return;
    rf_aligned_free(s->x);
    free(s);
}

rf_cursor *rf_stream_batches_cursor(rf_stream_batches *s) { return &s->cursor; }

rf_index rf_stream_batches_per_epoch(const rf_stream_batches *s)
{
    return (s->lane + s->spec.T - 1) / s->spec.T + (s->spec.vary && s->lane > 1 ? 1 : 0);
}

/* Steps of this epoch's first window: T, or 1 .. T by lot. */
static rf_index first_window(const rf_stream_batches *s)
{
    if (!s->spec.vary) return s->spec.T;
    rf_key key = rf_key_make(s->spec.seed, "stream window", (uint64_t)s->cursor.epoch);
    return 1 + (rf_index)(rf_uniform(key, 0) * (double)s->spec.T);
}

/* One lane's part of a window, column b: time first, so its entries are B apart. */
static rf_index fill_lane(rf_stream_batches *s, rf_index b, rf_index start, rf_index steps)
{
    const rf_index B = s->spec.lanes, pairs = s->spec.n - 1;
    const rf_index base = (s->spec.lane_from + b) * s->lane + start;
    rf_index count = pairs - base;
    if (count < 0) count = 0;
    if (count > steps) count = steps;
    for (rf_index t = 0; t < count; t++) {
        s->x[t * B + b] = s->spec.tokens[base + t];
        s->y[t * B + b] = s->spec.tokens[base + t + 1];
    }
    for (rf_index t = count; t < steps; t++) {
        s->x[t * B + b] = 0;
        s->y[t * B + b] = -1;
    }
    return count;
}

bool rf_stream_batches_next(rf_stream_batches *s, rf_stream_batch *out)
{
    const int64_t k = s->cursor.position;
    const rf_index start = k <= 0 ? 0 : first_window(s) + (k - 1) * s->spec.T;
    if (k < 0 || k > s->lane || start >= s->lane) {
        s->cursor.epoch++;
        s->cursor.position = 0;
        return false;
    }
    rf_index steps = k == 0 ? first_window(s) : s->spec.T;
    if (steps > s->lane - start) steps = s->lane - start;
    *out = (rf_stream_batch){.T = steps, .B = s->spec.lanes, .x = s->x, .y = s->y, .first = k == 0};
    for (rf_index b = 0; b < s->spec.lanes; b++) out->count += fill_lane(s, b, start, steps);
    s->cursor.position++;
    return true;
}
