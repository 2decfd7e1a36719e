/* music/theory.c -- tables of scales, chords and drums, and their names. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "song.h"

/* ---- Scales ------------------------------------------------------------------------------------ */

static const song_scale scales[] = {{"major", 0xAB5, false},           {"minor", 0x5AD, true},
                                    {"harmonic-minor", 0x9AD, true},   {"dorian", 0x6AD, true},
                                    {"mixolydian", 0x6B5, false},      {"pentatonic", 0x295, false},
                                    {"minor-pentatonic", 0x4A9, true}, {"blues", 0x4E9, true}};

#define SCALES ((int)(sizeof scales / sizeof *scales))

const song_scale *song_scale_at(int i) { return i >= 0 && i < SCALES ? &scales[i] : NULL; }

int song_scale_find(const char *name)
{
    for (int i = 0; i < SCALES; i++)
        if (!strcmp(scales[i].name, name)) return i;
    return -1;
}

/* A letter with its accidentals; *used of s. */
static int pitch_class(const char *s, size_t n, size_t *used)
{
    static const int letters[] = {9, 11, 0, 2, 4, 5, 7};
    if (!n || !isalpha((unsigned char)*s)) return -1;
    const int letter = toupper((unsigned char)*s) - 'A';
    if (letter < 0 || letter > 6) return -1;
    *used = 1;
    if (n < 2 || (s[1] != '#' && s[1] != 'b')) return letters[letter];
    *used = 2;
    return (letters[letter] + (s[1] == '#' ? 1 : 11)) % 12;
}

int song_tonic_find(const char *name)
{
    size_t used = 0;
    const int pc = pitch_class(name, strlen(name), &used);
    return pc >= 0 && !name[used] ? pc : -1;
}

static const char *name_of(int pc, bool flats)
{
    static const char *const sharp[] = {"C",  "C#", "D",  "D#", "E",  "F",
                                        "F#", "G",  "G#", "A",  "A#", "B"};
    static const char *const flat[] = {"C",  "Db", "D",  "Eb", "E",  "F",
                                       "Gb", "G",  "Ab", "A",  "Bb", "B"};
    return (flats ? flat : sharp)[pc];
}

int song_sharps(int tonic, int scale)
{
    const int fifths = (tonic + (scales[scale].minor ? 3 : 0)) * 7 % 12;
    return fifths > 6 ? fifths - 12 : fifths;
}

const char *song_tonic_name(int tonic, int scale)
{
    return name_of(tonic, song_sharps(tonic, scale) < 0);
}

/* ---- Chords ------------------------------------------------------------------------------------ */

static const song_quality qualities[SONG_QUALITIES] = {
    {"", 0x091},    {"m", 0x089},    {"7", 0x491},   {"maj7", 0x891}, {"m7", 0x489},
    {"dim", 0x049}, {"m7b5", 0x449}, {"aug", 0x111}, {"sus4", 0x0A1}};

const song_quality *song_quality_at(int i)
{
    return i >= 0 && i < SONG_QUALITIES ? &qualities[i] : NULL;
}

int song_chord_number(song_chord c) { return c.root < 0 ? 0 : 1 + c.root + 12 * c.quality; }

song_chord song_chord_at(int number)
{
    if (number <= 0 || number >= SONG_CHORDS) return (song_chord){-1, 0};
    return (song_chord){(int8_t)((number - 1) % 12), (int8_t)((number - 1) / 12)};
}

/* The low 12 bits of a set of pitch classes, moved up. */
static uint16_t turn(unsigned set, int by)
{
    return (uint16_t)((set << by | set >> (12 - by)) & 0xFFF);
}

uint16_t song_chord_notes(song_chord c)
{
    return c.root < 0 ? 0 : turn(qualities[c.quality].notes, c.root);
}

bool song_chord_parse(const char *s, size_t n, song_chord *out)
{
    size_t used = 0;
    if (n == 1 && *s == 'N') {
        *out = (song_chord){-1, 0};
        return true;
    }
    const int root = pitch_class(s, n, &used);
    if (root < 0 || !isupper((unsigned char)*s)) return false;
    for (int q = 0; q < SONG_QUALITIES; q++) {
        const char *suffix = qualities[q].suffix;
        if (strlen(suffix) != n - used || memcmp(suffix, s + used, n - used)) continue;
        *out = (song_chord){(int8_t)root, (int8_t)q};
        return true;
    }
    return false;
}

const char *song_chord_name(song_chord c, bool flats, char buf[12])
{
    if (c.root < 0) return "N";
    snprintf(buf, 12, "%s%s", name_of(c.root, flats), qualities[c.quality].suffix);
    return buf;
}

/* ---- Drums ------------------------------------------------------------------------------------- */

static const uint8_t drum_pitches[SONG_DRUMS] = {36, 38, 42, 46, 41, 47, 50, 49, 51};

int song_drum_pitch(int i) { return drum_pitches[i]; }

/* From 35, the acoustic bass drum, to 59, the second ride; others are nearest to none. */
int song_drum_of(int pitch)
{
    static const int8_t of[] = {0, 0, 1, 1, 1, 1, 4,  2, 4,  2, 5,  3, 5,
                                5, 7, 6, 8, 7, 8, -1, 7, -1, 7, -1, 8};
    return pitch >= 35 && pitch < 35 + (int)sizeof of ? of[pitch - 35] : -1;
}
