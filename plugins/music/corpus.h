/* music/corpus.h -- corpora: files and folders read as songs. */
#ifndef MUSIC_CORPUS_H
#define MUSIC_CORPUS_H

#include <refrain/base.h>

#include "song.h"

#define MUSIC_CORPUS_STEPS ((int64_t)1 << 26) /* of all songs together, at most */

typedef struct music_corpus {
    song **song;    /* [count], in the order of paths and, within a folder, of names */
    rf_split *part; /* [count]: of a roll, that of its set; else by music_corpus_split */
    size_t count, room;
    size_t
        passed; /* pieces that were left out: files that cannot be used, and pieces that are there */
} music_corpus;

/* A score as a song: the metre that lasts longest and the bars of it that have melody; tempo; the key by
 * the signature and what sounds; the melody from the track that is named or placed like one, its highest
 * notes; chords from the other tracks; drums from channel RF_DRUMS.  See align.h for files whose bars
 * are not those of the music.
 * NULL with err: EINVAL (no notes, no melody, a metre without a grid, notes on no grid), ENOMEM. */
song *music_corpus_song(const rf_score *s, const char *name, rf_error *err);

/* Told how many of the files are read, and of each piece that is passed over, why; what is not RF_OK
 * stops it.  `pass` may be NULL. */
typedef struct music_corpus_watch {
    rf_status (*progress)(void *ctx, double done, double total);
    void *ctx;
    rf_status (*pass)(void *ctx, const char *piece, const char *why);
    /* Each piece that is taken and was a score, as that and as a song; may be NULL. */
    rf_status (*take)(void *ctx, const rf_score *s, const song *x);
} music_corpus_watch;

/* Read MIDI files, folders of them (all below), sets of piano rolls (JSON; `steps` of theirs making a
 * quarter note), and tunes as text (.txt; see tunes.h; not in folders), and add their songs.  A piece's name is its file's without folder and ending; of a
 * roll, with part and number: "bach test 12".
 *
 * A table of chords (.tsv, .tsv.gz; see harmony.h) that is named or lies in a folder tells the chords of the
 * pieces with these names that are read after it; in a folder tables come first.
 *
 * A piece with melody, chords and metre of one before is passed over, in whatever key it is; one with the
 * same melody alone goes to the same part.  A file that is named and cannot be used is an error; in a
 * folder it is passed over.  Free by music_corpus_free, also after an error.
 * Errors: EIO, EFORMAT, EINVAL (also more than MUSIC_CORPUS_STEPS), ENOMEM; what `watch` returns. */
rf_status music_corpus_read(music_corpus *out, const char *const *paths, size_t n, int steps,
                            music_corpus_watch watch, rf_error *err);
void music_corpus_free(music_corpus *c);

/* Where a piece belongs, by its name alone: of ten, one to choose by, one to measure on. */
rf_split music_corpus_split(const char *name);

/* Numbers that tell melodies apart, whatever their key; with `all`, chords and drums too. */
uint64_t music_song_hash(const song *s, bool all);

/* For augmentation: a shift in semitones from -5 to 6 that leaves the melody in range, element i of the
 * key's stream. */
int music_corpus_shift(const song *s, rf_key key, uint64_t i);

#endif
