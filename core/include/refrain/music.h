/* refrain/music.h -- music as data: scores, MIDI files, and sets of piano rolls.
 *
 * A score is what a MIDI file says about notes: tracks of notes in ticks, of which so many make a
 * quarter note, and where tempo, metre and key change.  It is read from and written to Standard MIDI
 * Files, snapped to a grid, and drawn.
 *
 * A piano roll says of every time step which keys of the piano sound.  A set has three parts, to
 * learn from, to choose by and to measure on, as the sets of Boulanger-Lewandowski et al. (ICML
 * 2012) have. */
#ifndef REFRAIN_MUSIC_H
#define REFRAIN_MUSIC_H

#include <refrain/base.h>

RF_BEGIN

#define RF_KEYS       88 /* of a piano, from A0 to C8 */
#define RF_KEY_LOWEST 21 /* MIDI pitch of key 0 */

typedef enum rf_split { RF_SPLIT_TRAIN, RF_SPLIT_VALID, RF_SPLIT_TEST, RF_SPLITS } rf_split;

/* "train", "valid", "test". */
RF_API const char *rf_split_name(rf_split part);

/* One piece.  Its keys belong to the set. */
typedef struct rf_roll {
    rf_index steps;      /* T; may be 0 */
    const uint8_t *keys; /* [T,88], 1 where a key sounds, else 0 */
} rf_roll;

typedef struct rf_rolls rf_rolls;

/* Read a set from a JSON file, gzip or not:
 *
 *     {"train": [[[60, 64, 67], [62, 65], []], ...], "valid": [...], "test": [...]}
 *
 * parts, pieces, time steps, MIDI pitches from 21 to 108 in any order; -1 stands for a voice that
 * rests.  Names other than those of the parts are passed over.
 *
 * NULL with err: EIO; EFORMAT, where the message names file and place: "jsb.json: train, piece 3,
 * step 14: 140 where a pitch from 21 to 108 is due", "jsb.json:12:7: '[' expected"; ENOMEM. */
RF_API rf_rolls *rf_rolls_read(const char *path, rf_error *err);
/* The same of n bytes in memory; `name` stands for the file in messages. */
RF_API rf_rolls *rf_rolls_parse(const char *json, size_t n, const char *name, rf_error *err);
RF_API void rf_rolls_free(rf_rolls *r);

/* How many pieces a part has, and piece i of it. */
RF_API rf_index rf_rolls_count(const rf_rolls *r, rf_split part);
RF_API rf_roll rf_rolls_at(const rf_rolls *r, rf_split part, rf_index i);

/* ---- Scores ------------------------------------------------------------------------------------ */

#define RF_TICK_MOST ((int64_t)1 << 40) /* no tick of a score is later */
#define RF_DRUMS     9                  /* the channel whose pitches are drums */

typedef struct rf_tone {
    int64_t on, len;  /* ticks; len > 0 */
    uint8_t pitch;    /* 0 .. 127; 60 is C4, middle C; on RF_DRUMS, a drum */
    uint8_t velocity; /* 1 .. 127 */
} rf_tone;

/* What one instrument plays. */
typedef struct rf_track {
    char *name;      /* UTF-8, or NULL */
    uint8_t channel; /* 0 .. 15 */
    uint8_t program; /* 0 .. 127, as General MIDI counts instruments, from 0 */
    rf_tone *tone;   /* [count], by on, then pitch, then len */
    size_t count, room;
} rf_track;

typedef struct rf_tempo {
    int64_t tick;
    uint32_t us;    /* microseconds per quarter note, 1 .. 2^24 - 1 */
    double seconds; /* when that is; kept by rf_score_order */
} rf_tempo;

typedef struct rf_metre {
    int64_t tick;
    int32_t beats, unit; /* 6 and 8: 6/8; beats 1 .. 255, unit a power of 2 up to 128 */
    int64_t bar;         /* the number of the bar that begins there; kept by rf_score_order */
} rf_metre;

typedef struct rf_signature {
    int64_t tick;
    int32_t sharps; /* -7 .. 7; flats are negative */
    bool minor;
} rf_signature;

/* Read its fields, change it by the functions below only. */
typedef struct rf_score {
    char *title;      /* UTF-8, or NULL */
    int32_t division; /* ticks per quarter note, 1 .. 32767 */
    int64_t end;      /* no note ends later */
    rf_track *track;  /* [tracks] */
    size_t tracks, track_room;
    /* By tick, none twice.  Before the first, and without any: 120 quarter notes a minute, 4/4, C major. */
    rf_tempo *tempo;
    size_t tempos, tempo_room;
    rf_metre *metre;
    size_t metres, metre_room;
    rf_signature *signature;
    size_t signatures, signature_room;
} rf_score;

/* An empty score.  NULL: no memory. */
RF_API rf_score *rf_score_new(int32_t division);
RF_API void rf_score_free(rf_score *s);
/* Set the title; NULL for none.  Copied, here and below.  False: no memory, here and below. */
RF_API bool rf_score_name(rf_score *s, const char *title);
/* Add a track without notes, which becomes s->track[s->tracks - 1]; a note to track i; or a change,
 * which replaces one at the same tick.  After the last addition call rf_score_order. */
RF_API bool rf_score_add_track(rf_score *s, const char *name, int channel, int program);
RF_API bool rf_score_add_tone(rf_score *s, size_t i, rf_tone tone);
RF_API bool rf_score_add_tempo(rf_score *s, int64_t tick, uint32_t us);
RF_API bool rf_score_add_metre(rf_score *s, int64_t tick, int beats, int unit);
RF_API bool rf_score_add_signature(rf_score *s, int64_t tick, int sharps, bool minor);
/* Sort everything, keep the last of changes at one tick, and set `end`, when tempi begin, and bars. */
RF_API bool rf_score_order(rf_score *s);

/* Notes of all tracks. */
RF_API size_t rf_score_count(const rf_score *s);
/* When a tick is, in seconds from the beginning. */
RF_API double rf_score_seconds(const rf_score *s, int64_t tick);

/* A bar: a change of metre begins a new one, even within a bar. */
typedef struct rf_bar {
    int64_t number;      /* from 0 */
    int64_t start, end;  /* ticks */
    int32_t beats, unit; /* its metre */
} rf_bar;

/* The bar that a tick is in, and the one after a bar. */
RF_API rf_bar rf_score_bar(const rf_score *s, int64_t tick);
RF_API rf_bar rf_score_bar_next(const rf_score *s, const rf_bar *bar);
/* How many bars there are up to `end`. */
RF_API int64_t rf_score_bars(const rf_score *s);

/* The score on a grid of `steps` lines per quarter note, one tick apart: notes begin at the nearest
 * line, last at least one step, and end at the nearest line but not after the track's next one of the
 * same pitch begins; of several that begin together on one pitch the longest stays.  Changes of tempo,
 * metre and key move to the nearest line too.  NULL: no memory. */
RF_API rf_score *rf_score_quantize(const rf_score *s, int32_t steps);

/* A roll as a score of one track, a time step lasting 1/steps of a quarter note; keys that sound in
 * steps that follow one another are held.  NULL: no memory. */
RF_API rf_score *rf_roll_score(const rf_roll *r, int32_t steps);

/* ---- MIDI files -------------------------------------------------------------------------------- */

/* Read a Standard MIDI File of type 0 or 1, gzip or not.
 *
 * Every part of the file that one channel plays with one program is a track; parts without notes are
 * passed over, and the first part's name is the title.  A note that nobody ends lasts until its part
 * does; two on one key at once end in the order they began; none is shorter than a tick.  Names that
 * are not UTF-8 are taken as Latin-1.  With a SMPTE division a quarter note stands for a second of
 * film.  Controllers, bends, pressure and texts other than names are passed over, and so is whatever
 * follows the last part.
 *
 * NULL with err: EIO; ENOMEM; ENOTSUP (type 2); EFORMAT, where the message names file and byte:
 * "song.mid: byte 10: 65535 tracks where at most 3 have room".
 * Source: Standard MIDI Files 1.0, RP-001, MIDI Manufacturers Association 1996. */
RF_API rf_score *rf_midi_read(const char *path, rf_error *err);
/* The same of n bytes in memory; `name` stands for the file in messages. */
RF_API rf_score *rf_midi_parse(const void *bytes, size_t n, const char *name, rf_error *err);

/* Append the score as a file of type 1: a part with title, tempi, metres and keys, then one a track.
 * Read again, it gives the same score, if every track has notes and if of two notes of a track on one
 * pitch the first that begins is the first that ends.  Tracks with different programs on one channel
 * set theirs before each note.
 * Errors: ENOMEM; EINVAL (more than 65,534 tracks). */
RF_API rf_status rf_midi_bytes(const rf_score *s, rf_str *out, rf_error *err);
/* Write that to a file, atomically (see rf_writer). */
RF_API rf_status rf_midi_write(const rf_score *s, const char *path, rf_error *err);

/* ---- Names ------------------------------------------------------------------------------------- */

/* "Acoustic Grand Piano" ... of the 128 programs of General MIDI; "Closed Hi-Hat" ... of its drums,
 * pitches 35 to 81, NULL elsewhere. */
RF_API const char *rf_program_name(int program);
RF_API const char *rf_drum_name(int pitch);
/* "C4", "F#3" of a pitch, into buf. */
RF_API const char *rf_pitch_name(int pitch, char buf[8]);
/* "D major", "Bb minor" of a signature, into buf. */
RF_API const char *rf_signature_name(int sharps, bool minor, char buf[16]);

/* ---- Pictures ---------------------------------------------------------------------------------- */

/* Which bars to draw. */
typedef struct rf_extract {
    int64_t first, count; /* from bar `first`, counted from 0; 0 bars: all that follow */
} rf_extract;

#define RF_BARS_DRAWN 2000 /* a picture shows no more bars */

/* Append the score as an SVG piano roll: time to the right in lines of whole bars, pitch upwards, a
 * colour for each track, drums in lanes of their own below, and a legend.  The string's `failed` is
 * set when memory runs out. */
RF_API void rf_score_svg(const rf_score *s, rf_extract part, rf_str *out);
/* Write it to a file, atomically (see rf_writer).  Errors: EIO, ENOMEM. */
RF_API rf_status rf_score_draw(const rf_score *s, rf_extract part, const char *path, rf_error *err);

RF_END
#endif
