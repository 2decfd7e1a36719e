/* music/harmony.h -- chords: read from a table, or recognised in what sounds. */
#ifndef MUSIC_HARMONY_H
#define MUSIC_HARMONY_H

#include "align.h"

/* ---- Tables of chords -------------------------------------------------------------------------- */

/* Of pieces by name, when which chord sounds. */
typedef struct music_annotations music_annotations;

/* Read a table of four columns between tabs: piece, beginning and end in seconds, chord ("G:maj7/5",
 * "N"), the rows of a piece together and in order of time.
 * NULL with err: EIO; EFORMAT, where the message names file and line; ENOMEM. */
music_annotations *music_annotations_read(const char *path, rf_error *err);
/* The same of n bytes in memory; `name` stands for the file in messages. */
music_annotations *music_annotations_parse(const char *text, size_t n, const char *name,
                                           rf_error *err);
void music_annotations_free(music_annotations *a);

typedef struct music_annotation {
    double from, to; /* seconds */
    song_chord chord;
} music_annotation;

/* Those of a piece, in order; *n is 0 if there are none. */
const music_annotation *music_annotations_of(const music_annotations *a, const char *piece,
                                             size_t *n);

/* ---- Recognition ------------------------------------------------------------------------------- */

/* What sounds in a stretch of time. */
typedef struct music_sonority {
    double weight[12]; /* steps that each pitch class sounds */
    int bass;          /* pitch class of the lowest that sounds at the beginning, or -1 */
} music_sonority;

/* The chords of n half bars, the first of a bar first: each fits what sounds then, as far as templates tell,
 * and none changes for little (Viterbi).  Errors: ENOMEM. */
rf_status music_harmony_find(const music_sonority *x, int n, song_chord *out, rf_error *err);

#endif
