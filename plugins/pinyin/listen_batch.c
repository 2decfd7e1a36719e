/* pinyin/listen_batch.c -- see listen_batch.h. */
#include "listen_batch.h"

#include <stdlib.h>
#include <string.h>

rf_status listen_batches_begin(listen_batches *b, rf_error *err)
{
    const size_t B = (size_t)b->B;
    b->planned = -1;
    b->augment.player = speech_resampler_new(1);
    b->steps = calloc(B, sizeof *b->steps);
    b->labels = calloc(B, sizeof *b->labels);
    b->group = calloc(B, sizeof *b->group);
    b->heard = calloc(B, sizeof *b->heard);
    b->heard_cap = calloc(B, sizeof *b->heard_cap);
    b->frames = calloc(B, sizeof *b->frames);
    const bool done = b->steps && b->labels && b->group && b->heard && b->heard_cap && b->frames &&
                      b->augment.player;
    if (done && speech_plan_new(&b->plan, b->n, b->join, true)) return RF_OK;
    return rf_no_memory(err);
}

void listen_batches_end(listen_batches *b)
{
    for (rf_index i = 0; b->heard && i < b->B; i++) free(b->heard[i]);
    speech_resampler_free(b->augment.player);
    speech_plan_free(&b->plan);
    rf_bucket_batches_free(b->buckets);
    speech_sound_free(&b->sound);
    rf_ids_free(&b->label);
    free(b->x);
    free(b->steps);
    free(b->labels);
    free(b->group);
    free(b->heard);
    free(b->heard_cap);
    free(b->frames);
}

rf_index listen_batches_per_round(const listen_batches *b)
{
    return (b->plan.groups + b->B - 1) / b->B;
}

/* Make the plan of the cursor's round, and go to its place there. */
static rf_status plan(listen_batches *b, rf_error *err)
{
    const uint64_t round = (uint64_t)b->cursor.epoch;
    if (b->planned == b->cursor.epoch) return RF_OK;
    speech_plan_round(&b->plan, b->set, b->item, b->augment.seed, round);
    rf_bucket_batches_free(b->buckets);
    const rf_bucket_spec spec = {
        .lengths = b->plan.length, .n = b->plan.groups, .B = b->B, .seed = b->augment.seed + round};
    b->buckets = rf_bucket_batches_new(&spec, err);
    if (!b->buckets) return err->status;
    rf_bucket_batches_cursor(b->buckets)->position = b->cursor.position;
    b->planned = b->cursor.epoch;
    return RF_OK;
}

static bool keep_frames(listen_batches *b, rf_index k, rf_index T)
{
    const size_t n = (size_t)(T * b->ear->M);
    if (n > b->heard_cap[k]) {
        if (!rf_resize(&b->heard[k], n, sizeof **b->heard)) return false;
        b->heard_cap[k] = n;
    }
    if (n) memcpy(b->heard[k], b->ear->frame, n * sizeof **b->heard);
    b->frames[k] = T;
    return true;
}

/* Sound k of the batch: group g of the plan. */
static bool hear(listen_batches *b, rf_index k, rf_index g)
{
    const speech_plan *p = &b->plan;
    const int32_t *item = p->order + p->start[g];
    const rf_index count = p->start[g + 1] - p->start[g];
    const uint64_t round = (uint64_t)b->cursor.epoch;
    speech_augment a = b->augment;
    if (!b->change) a.speed = a.gain = a.noise = 0;
    if (!speech_augment_join(&a, b->set, item, count, round, &b->sound)) return false;
    const rf_index T = speech_ear_frames(b->ear, b->sound.x, b->sound.n);
    if (T < 0) return false;
    speech_ear_normalise(b->ear, T);
    if (b->change) speech_augment_mask(&a, item[0], round, b->ear->frame, T, b->ear->M);
    const size_t before = b->label.n;
    for (rf_index i = 0; i < count; i++)
        speech_units_encode(b->units, speech_set_clean(b->set, item[i]), &b->label);
    b->labels[k] = (int32_t)(b->label.n - before);
    b->steps[k] = (int32_t)speech_steps(T, b->ear->spec.stack);
    b->group[k] = g;
    return keep_frames(b, k, T) && !b->label.failed;
}

/* x [T,count,I] from what was heard; what is beyond an end is zero. */
static bool lay_out(listen_batches *b)
{
    const rf_index I = b->ear->I, n = b->T * b->count * I;
    if ((size_t)n > b->cap) {
        if (!rf_resize(&b->x, (size_t)n, sizeof *b->x)) return false;
        b->cap = (size_t)n;
    }
    if (n) memset(b->x, 0, (size_t)n * sizeof *b->x);
    for (rf_index k = 0; k < b->count; k++)
        if (!speech_ear_steps(b->ear, b->heard[k], b->frames[k], 0, b->steps[k], b->x + k * I,
                              b->count * I))
            return false;
    return true;
}

int listen_batches_next(listen_batches *b, rf_error *err)
{
    rf_bucket_batch batch;
    const rf_status st = plan(b, err);
    if (st) return st;
    if (!rf_bucket_batches_next(b->buckets, &batch)) {
        b->cursor = (rf_cursor){b->cursor.epoch + 1, 0};
        return 0;
    }
    b->T = 0;
    b->count = batch.B;
    b->label.n = 0;
    for (rf_index k = 0; k < b->count; k++) {
        if (!hear(b, k, batch.item[k])) return rf_no_memory(err);
        if (b->steps[k] > b->T) b->T = b->steps[k];
    }
    b->cursor.position++;
    return lay_out(b) ? 1 : rf_no_memory(err);
}
