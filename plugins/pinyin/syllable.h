/* pinyin/syllable.h -- the syllables of standard Chinese in letters, and readings with tones.
 *
 * A base is a syllable without its tone: its place in the alphabetic table, ü written v.  A reading
 * is base * 8 + tone; tone 1 to 4, 5 the neutral one, 0 not known. */
#ifndef PINYIN_SYLLABLE_H
#define PINYIN_SYLLABLE_H

#include <refrain/text.h>

#define PY_SYLLABLE_LETTERS    6 /* of the longest, zhuang */
#define PY_READING(base, tone) ((uint16_t)((base)*8 + (tone)))
#define PY_BASE(reading)       ((reading) >> 3)
#define PY_TONE(reading)       ((reading)&7)

int py_syllable_count(void);
/* NULL past the end. */
const char *py_syllable_at(int base);
/* -1: there is none.  "lue" and "jv" are lve and ju. */
int py_syllable_find(const char *letters, size_t n);
/* The syllables that begin with these letters: *count of them from the one returned on. */
int py_syllable_prefix(const char *letters, size_t n, int *count);

/* The letter at s, its case and mark taken off: 'a' to 'z', ü being 'v'.
 *
 *   tone   1 to 4 where it has a mark, else 0
 *
 * Returns its bytes, a combining mark included; 0: no letter of pinyin. */
size_t py_letter(const char *s, size_t n, char *letter, int *tone);

/* "shēng", "sheng1", "lü4", "lv4", "de5", "de" (tone 0) in n bytes.  False: no such syllable. */
bool py_reading_parse(const char *s, size_t n, uint16_t *reading);
/* "sheng1"; without a tone as it is. */
void py_reading_text(uint16_t reading, rf_str *out);
/* "shēng", "lǜ"; without a tone or with the neutral one, no mark. */
void py_reading_marked(uint16_t reading, rf_str *out);

/* Groups of sounds that some do not keep apart: names of --fuzzy; NULL past the end. */
const char *py_fuzzy_name(int i);
/* A list of them, "z-zh,n-l" or "all" -> bits.  False: *item of *n bytes is none. */
bool py_fuzzy_parse(const char *list, uint32_t *groups, const char **item, size_t *n);
/* Other bases that groups say for one: out[4], each with how many sounds differ.  Their number. */
int py_fuzzy_others(int base, uint32_t groups, int out[4], int differ[4]);

/* The k-th base that misspelled letters may stand for, "zhogn" or "liou"; -1: no more. */
int py_correction(const char *letters, size_t n, int k);

#endif
