/* pinyin/listen_batch.h -- rounds of batches for an acoustic model: recordings, joined and changed, as
 * the network hears them, with the labels they should give. */
#ifndef PINYIN_LISTEN_BATCH_H
#define PINYIN_LISTEN_BATCH_H

#include "acoustic.h"
#include "speech_augment.h"

typedef struct listen_batches {
    /* Set by the caller. */
    const speech_set *set;
    const int32_t *item; /* [n] numbers in the set */
    rf_index n, B;
    int join;
    bool change; /* speed, gain, noise and masks; else joining alone */
    speech_augment augment;
    speech_ear *ear;
    const speech_units *units;
    /* Kept. */
    speech_plan plan;
    rf_bucket_batches *buckets;
    rf_cursor cursor; /* round, and batches taken in it: what a resume needs */
    int64_t planned;  /* the round that plan is of; -1: none */
    speech_sound sound;
    /* The batch. */
    rf_index T, count; /* steps of the longest; sounds */
    rf_real *x;        /* [T,count,I] */
    size_t cap;
    rf_ids label;            /* of sound after sound */
    int32_t *steps, *labels; /* [B] how many of each */
    rf_index *group;         /* [B] its group in the plan */
    rf_real **heard;         /* [B] frames of each, before they are put side by side */
    size_t *heard_cap;
    rf_index *frames;
} listen_batches;

/* Errors: ENOMEM.  End it in either case. */
rf_status listen_batches_begin(listen_batches *b, rf_error *err);
void listen_batches_end(listen_batches *b);
rf_index listen_batches_per_round(const listen_batches *b);
/* 1: a batch; 0: the round is over; negative: a status (ENOMEM). */
int listen_batches_next(listen_batches *b, rf_error *err);

#endif
