/* pinyin/speech_augment.h -- what recordings are made into for training: joined with gaps, faster or
 * slower, louder or softer, in noise; and bands of their spectra masked.
 *
 * Everything depends on a seed, a round and the item's number alone. */
#ifndef PINYIN_SPEECH_AUGMENT_H
#define PINYIN_SPEECH_AUGMENT_H

#include "speech_ear.h"
#include "speech_set.h"

typedef struct speech_augment {
    uint64_t seed;
    double gap_least, gap_most; /* seconds of near silence between joined items */
    double speed;               /* each item is played at 1 - speed to 1 + speed */
    speech_resampler *player;   /* lent; with speed 0 it may be NULL */
    double gain;                /* dB up or down at most, of each item */
    double noise;               /* how many sounds get white noise, 10 to 40 dB below them */
    int masks;                  /* of time, and as many of bands */
    double mask_time;           /* the longest, as a part of the frames */
    rf_index mask_bands;        /* the widest */
} speech_augment;

/* Groups of items that are one sound each: every item once a round.  They have 1, 2 ... join items in
 * turn; with `alone` every other group has one, so that single words are not rare. */
typedef struct speech_plan {
    rf_index n, groups;
    int32_t *order;  /* [n] positions in the items */
    rf_index *start; /* [groups+1] */
    int32_t *length; /* [groups] about how many samples, in thousands */
} speech_plan;
/* The number of groups is that of every round.  False: no memory. */
bool speech_plan_new(speech_plan *p, rf_index n, int join, bool alone);
void speech_plan_free(speech_plan *p);
/* item [n]: numbers in the set. */
void speech_plan_round(speech_plan *p, const speech_set *s, const int32_t *item, uint64_t seed,
                       uint64_t round);

/* Make one sound of `count` items.  False: no memory. */
bool speech_augment_join(const speech_augment *a, const speech_set *s, const int32_t *item,
                         rf_index count, uint64_t round, speech_sound *out);
/* Mask normalised frames x [T,M]: 0 is the mean.  Source: Park et al., SpecAugment, Interspeech 2019. */
void speech_augment_mask(const speech_augment *a, int32_t item, uint64_t round, rf_real *x,
                         rf_index T, rf_index M);

#endif
