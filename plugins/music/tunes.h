/* music/tunes.h -- melodies and chords as text.
 *
 *     # a comment
 *     tune mill
 *     title The Mill Wheel
 *     key G major
 *     metre 3/4
 *     tempo 132
 *     programs 73 24
 *     | G: g4 b4 d5 | G D7: b4h d5 |
 *
 * A tune begins with its name; key, metre and tempo (quarter notes a minute) are those of C major, 4/4 and
 * 120 unless said; programs are those of melody and chords, from 0.  A bar is its chords, which share it equally,
 * a colon, and its notes: a letter, # or b, an octave, and how long it lasts: w 4, h 2, q 1 (or nothing), e 1/2,
 * s 1/4 of a quarter note, with a dot half as long again; r rests.  Lines that begin with other words
 * say what this reader has no use for. */
#ifndef MUSIC_TUNES_H
#define MUSIC_TUNES_H

#include "song.h"

typedef struct music_tunes music_tunes;

/* Begin to read n bytes; `name` stands for the file in messages.  Borrowed.  NULL: no memory. */
music_tunes *music_tunes_open(const char *text, size_t n, const char *name);
void music_tunes_free(music_tunes *t);
/* The next tune into *out, NULL at the end.  Errors: EFORMAT, where the message names file and line: "tunes.txt:9:
 * bar 3 has 2.5 quarter notes where 3 are due"; EINVAL, likewise (a metre without a grid); ENOMEM. */
rf_status music_tunes_next(music_tunes *t, song **out, rf_error *err);

#endif
