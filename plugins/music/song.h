/* music/song.h -- a song on a grid: the form that corpora are read into, that networks learn, and that
 * is composed.
 *
 * Time goes in steps, SONG_QUARTER to a quarter note, and in whole bars, the same metre throughout.
 * At every step the melody strikes a pitch, holds it, or rests, and a set of drums is struck; every half
 * bar has a chord.  The bass is not kept: it follows from chords and metre when a score is made. */
#ifndef MUSIC_SONG_H
#define MUSIC_SONG_H

#include <refrain/music.h>

#define SONG_QUARTER   4  /* steps a quarter note */
#define SONG_BAR_MOST  32 /* steps a bar at most */
#define SONG_BARS_MOST 4096
#define SONG_LOWEST    48 /* pitches of melodies, C3 to B5: what lies outside is moved by octaves */
#define SONG_HIGHEST   83

/* ---- Scales ------------------------------------------------------------------------------------ */

typedef struct song_scale {
    const char *name;
    uint16_t notes; /* bit k: k semitones above the tonic belong to it */
    bool minor;     /* whether its signature is that of a minor key */
} song_scale;

/* Scale i; NULL past the last.  0 is major, 1 minor. */
const song_scale *song_scale_at(int i);
/* Its number, or -1. */
int song_scale_find(const char *name);
/* "C", "f#", "Bb" as a pitch class 0 .. 11, or -1. */
int song_tonic_find(const char *name);
/* "F#" or "Gb", as the key signature of the scale has it. */
const char *song_tonic_name(int tonic, int scale);
/* The signature: sharps, or flats if negative. */
int song_sharps(int tonic, int scale);

/* ---- Chords ------------------------------------------------------------------------------------ */

typedef struct song_chord {
    int8_t root;    /* pitch class 0 .. 11; -1: none */
    int8_t quality; /* of the table; 0 where there is no chord */
} song_chord;

typedef struct song_quality {
    const char *suffix; /* "", "m", "7" ... */
    uint16_t notes;     /* bit k: k semitones above the root belong to it */
} song_quality;

#define SONG_QUALITIES                                                                             \
    9 /* major, minor, dominant 7th, major 7th, minor 7th, diminished, half
                            diminished, augmented, suspended 4th */
#define SONG_CHORDS (1 + 12 * SONG_QUALITIES)

const song_quality *song_quality_at(int i);
/* All chords by number: 0 none, else 1 + root + 12 * quality; and back. */
int song_chord_number(song_chord c);
song_chord song_chord_at(int number);
/* The pitch classes of a chord: bit k is pitch class k. */
uint16_t song_chord_notes(song_chord c);
/* "C", "F#m7", "Bbmaj7", "N" of n bytes.  False: no chord. */
bool song_chord_parse(const char *s, size_t n, song_chord *out);
const char *song_chord_name(song_chord c, bool flats, char buf[12]);

/* ---- Drums ------------------------------------------------------------------------------------- */

#define SONG_DRUMS 9
/* The pitch of drum i: kick, snare, closed hi-hat, open hi-hat, low, middle and high tom, crash, ride. */
int song_drum_pitch(int i);
/* Which drum stands for a pitch of General MIDI's drums, or -1. */
int song_drum_of(int pitch);

/* ---- Songs ------------------------------------------------------------------------------------- */

typedef enum song_act { SONG_REST, SONG_PRESS, SONG_HOLD } song_act;

typedef struct song_note {
    uint8_t act;   /* song_act; SONG_HOLD only after PRESS or HOLD */
    uint8_t pitch; /* SONG_LOWEST .. SONG_HIGHEST while it sounds, else 0 */
} song_note;

typedef struct song {
    char *name;           /* the piece it comes from: what is split by, never two parts of one */
    char *title;          /* or NULL */
    int32_t beats, unit;  /* metre */
    int32_t bar, bars;    /* steps a bar, even; bars */
    double qpm;           /* quarter notes a minute */
    int32_t tonic, scale; /* pitch class; of the table of scales */
    bool has_chords, has_drums;
    int32_t programs[3]; /* General MIDI, from 0, of melody, chords and bass */
    song_note *melody;   /* [bars * bar] */
    song_chord *chord;   /* [bars * 2], each for bar / 2 steps */
    uint16_t *drums;     /* [bars * bar], bit i: drum i is struck */
    char *section;       /* [bars + 1] letters, 'A' ..., as far as known, else ' '; ends with 0 */
} song;

/* Rests, no chords, no drums, 120 quarter notes a minute, C major.  NULL with err: EINVAL (a metre whose
 * bar has an odd number of steps or more than SONG_BAR_MOST; bars), ENOMEM. */
song *song_new(const char *name, int beats, int unit, int bars, rf_error *err);
void song_free(song *s);
song *song_copy(const song *s, int first, int bars, rf_error *err);

/* Steps of a song. */
static inline int song_steps(const song *s) { return s->bars * s->bar; }

/* A pitch brought into range by octaves. */
int song_fold(int pitch);

/* All pitches and chords up by `semitones`; the melody stays in range by octaves, as a whole where that
 * is possible. */
void song_transpose(song *s, int semitones);

/* What becomes a track of a score. */
enum { SONG_MELODY = 1, SONG_HARMONY = 2, SONG_BASS = 4, SONG_BEAT = 8, SONG_ALL = 15 };

/* The song as a score: tracks "Melody", "Chords", "Bass", "Drums", of which `tracks` chooses, with General MIDI
 * programs, tempo, metre and key signature.  NULL with err: ENOMEM. */
rf_score *song_score(const song *s, unsigned tracks, rf_error *err);

#endif
