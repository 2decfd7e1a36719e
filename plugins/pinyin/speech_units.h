/* pinyin/speech_units.h -- what a network writes: words, characters, or the parts of toned syllables.
 *
 * Unit 0 is CTC's blank.  A syllable is written zhong1, lve4, men5: v for u with dots, 5 for the neutral
 * tone; its parts are the initial, zh, and the final with the tone, ong1; or the tone is one by itself:
 * zh, ong, 1. */
#ifndef PINYIN_SPEECH_UNITS_H
#define PINYIN_SPEECH_UNITS_H

#include <refrain/text.h>

enum { SPEECH_WORDS, SPEECH_PARTS, SPEECH_CHARS, SPEECH_TONES };

/* Does it write pinyin? */
static inline bool speech_kind_syllables(int kind)
{
    return kind == SPEECH_PARTS || kind == SPEECH_TONES;
}

typedef struct speech_units {
    int kind;
    rf_vocab *unit;     /* NULL: none yet */
    rf_vocab *syllable; /* those of the training; NULL: of words and characters */
    float *follow; /* [K,K] what a final is worth behind an initial, 0: behind none; with it: */
    unsigned char *tones; /* SPEECH_TONES: [K,K] bit t: it was seen in tone t */
} speech_units;

/* "Lüè", "lüe4", "lve4" -> "lve4"; "de" -> "de5".  False: no syllable. */
bool speech_syllable_parse(const char *s, size_t n, char out[16]);
/* Bytes of the initial of such a syllable, 0 to 2. */
size_t speech_syllable_initial(const char *s);

/* The tokens of a transcript as they are compared and written, single blanks between them: words as they
 * are, syllables, or characters without blanks.  False: one is no syllable; *wrong, *n are that. */
bool speech_units_clean(int kind, const char *text, rf_str *out, const char **wrong, size_t *n);

/* Units from clean transcripts: count them, then make the vocabulary.  Errors: ENOMEM. */
rf_status speech_units_count(int kind, const char *clean, rf_map *units, rf_map *syllables,
                             rf_error *err);
rf_status speech_units_make(speech_units *u, int kind, const rf_map *units, const rf_map *syllables,
                            rf_error *err);
void speech_units_free(speech_units *u);
/* Where the vocabularies are there already: what follows what.  Errors: ENOMEM. */
rf_status speech_units_link(speech_units *u, rf_error *err);

/* Append the units of a clean transcript.  False: one is not known; it is left out. */
bool speech_units_encode(const speech_units *u, const char *clean, rf_ids *out);
/* Append n units as a clean transcript. */
void speech_units_decode(const speech_units *u, const int32_t *id, rf_index n, rf_str *out);
/* rf_ctc_spec.follow and .end, ctx being the units: parts make whole syllables, and known ones. */
double speech_units_follow(void *ctx, int64_t state, int32_t label, int64_t *next);
double speech_units_end(void *ctx, int64_t state);

#endif
