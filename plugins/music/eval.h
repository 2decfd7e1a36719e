/* music/eval.h -- sets of songs that are compared, their tables and pictures. */
#ifndef MUSIC_EVAL_H
#define MUSIC_EVAL_H

#include "judge.h"
#include "music.h"
#include "stats.h"
#include "valid.h"

#define MUSIC_RULES 32

/* A set of songs in numbers. */
typedef struct music_set {
    const char *name;
    music_stats stats;
    music_nats nats; /* of the songs that are measured on, by this set's maker */
    int64_t songs, valid, different, copied; /* copied: with a melody that was learned from */
    int64_t broken[MUSIC_RULES];             /* songs that break each rule */
    rf_map *seen;                            /* all of them */
} music_set;

/* Errors: ENOMEM. */
rf_status music_set_begin(music_set *s, const char *name, rf_error *err);
void music_set_end(music_set *s);
/* Count a song in; `broken` are the rules that it breaks, and `learned` has the melodies that were learned
 * from, or is NULL.  Errors: ENOMEM. */
rf_status music_set_add(music_set *s, const song *x, uint32_t broken, const rf_map *learned,
                        rf_error *err);

/* Send the tables: what songs cost, what they are like, how far from those of set 0, which rules they
 * keep. */
rf_status music_sets_tell(const rf_host *h, const music_set *s, int n);
/* Draw intervals, lengths and repetition of all sets.  Errors: EIO, ENOMEM. */
rf_status music_sets_plot(const music_set *s, int n, const char *path, rf_error *err);

#endif
