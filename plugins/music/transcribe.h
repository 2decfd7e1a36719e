/* music/transcribe.h -- a score as a song. */
#ifndef MUSIC_TRANSCRIBE_H
#define MUSIC_TRANSCRIBE_H

#include "harmony.h"

/* As music_corpus_song (corpus.h), with the chords that are known of the piece, if any: chord [chords]. */
song *music_transcribe(const rf_score *s, const char *name, const music_annotation *chord,
                       size_t chords, rf_error *err);

#endif
