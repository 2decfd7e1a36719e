/* music/corpus.h -- corpora: files and folders read as songs. */
#ifndef MUSIC_CORPUS_H
#define MUSIC_CORPUS_H

#include <refrain/base.h>

#include "song.h"

typedef struct music_corpus {
    song **song; /* [count], in the order of paths and, within a folder, of names */
    size_t count, room;
    size_t passed; /* files that were left out, as having no melody or a metre without a grid */
} music_corpus;

/* A score as a song: its first metre, tempo and key signature (or the key it sounds like), bars from its
 * beginning; the melody from the track that is named or placed like one, its highest notes; chords from
 * a track named like them, or from all that sounds; drums from channel RF_DRUMS.
 * NULL with err: EINVAL (no notes, no melody, a metre without a grid), ENOMEM. */
song *music_corpus_song(const rf_score *s, const char *name, rf_error *err);

/* Told how many of the files are read; what is not RF_OK stops it. */
typedef struct music_corpus_watch {
    rf_status (*progress)(void *ctx, double done, double total);
    void *ctx;
} music_corpus_watch;

/* Read MIDI files, folders of them (all below), and sets of piano rolls (JSON; all parts, `steps` of theirs making a quarter note), and add their
 * songs.  A piece's name is its file's, for a roll with part and number.  A file that is named and cannot be used is an
 * error; in a folder it is passed over and counted.  Free by music_corpus_free, also after an error.
 * Errors: EIO, EFORMAT, EINVAL, ENOMEM; what `watch` returns. */
rf_status music_corpus_read(music_corpus *out, const char *const *paths, size_t n, int steps,
                            music_corpus_watch watch, rf_error *err);
void music_corpus_free(music_corpus *c);

#endif
