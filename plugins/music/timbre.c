/* music/timbre.c -- how the sixteen families of General MIDI sound, and its drums. */
#include "voice.h"

#define FAMILY 8 /* programs */

/* In the order of General MIDI: eight programs to a row. */
static const voice_timbre timbres[16] = {
    /* piano */
    {VOICE_SINES, 0.30, 0.003, 2.2, 0, 0.12, .partials = 12, .slope = 1.1, .even = 1, .fade = 0.9,
     .stretch = 3e-4},
    /* chromatic percussion */
    {VOICE_FM, 0.30, 0.001, 0.9, 0, 0.30, .ratio = 3.5, .index = 1.6, .index_decay = 0.25},
    /* organ */
    {VOICE_SINES, 0.16, 0.008, 1, 1, 0.05, .partials = 8, .slope = 0.9, .even = 1.2},
    /* guitar */
    {VOICE_STRING, 0.5, 0.001, 8, 0, 0.08, .partials = 1, .even = 1, .bright = 0.5},
    /* bass */
    {VOICE_STRING, 0.6, 0.002, 5, 0, 0.06, .partials = 1, .even = 1, .bright = 0.25},
    /* strings */
    {VOICE_SINES, 0.16, 0.07, 1, 1, 0.15, .partials = 16, .slope = 1.2, .even = 1, .spread = 7},
    /* ensemble */
    {VOICE_SINES, 0.15, 0.10, 1, 1, 0.22, .partials = 12, .slope = 1.35, .even = 0.9, .spread = 12},
    /* brass */
    {VOICE_FM, 0.22, 0.035, 0.25, 0.8, 0.08, .ratio = 1, .index = 2.2, .index_decay = 1.5},
    /* reed */
    {VOICE_SINES, 0.20, 0.03, 1, 1, 0.07, .partials = 14, .slope = 0.8, .even = 0.25},
    /* pipe */
    {VOICE_SINES, 0.28, 0.05, 1, 1, 0.09, .partials = 4, .slope = 2.2, .even = 1},
    /* synth lead */
    {VOICE_SINES, 0.17, 0.008, 0.4, 0.8, 0.06, .partials = 20, .slope = 1, .even = 0, .spread = 5},
    /* synth pad */
    {VOICE_SINES, 0.16, 0.30, 1, 1, 0.50, .partials = 10, .slope = 1.5, .even = 1, .spread = 14},
    /* synth effects */
    {VOICE_FM, 0.20, 0.12, 2, 0.6, 0.50, .ratio = 2, .index = 1.2, .index_decay = 2},
    /* ethnic */
    {VOICE_STRING, 0.8, 0.001, 6, 0, 0.15, .partials = 1, .even = 1, .bright = 0.75},
    /* percussive */
    {VOICE_FM, 0.34, 0.001, 0.35, 0, 0.20, .ratio = 1.41, .index = 1.3, .index_decay = 0.12},
    /* sound effects */
    {VOICE_FM, 0.20, 0.05, 0.8, 0.3, 0.40, .ratio = 0.5, .index = 4, .index_decay = 0.6}};

/* Programs that sound like another family than the one they stand in: harpsichord, clavinet and dulcimer
 * are plucked, and so is the harp; timpani are struck; ethnic instruments are of all kinds. */
static const struct {
    unsigned char program, family;
} strays[] = {{6, 3},  {7, 3},   {15, 3},  {45, 3},  {46, 3}, {47, 14},
              {55, 7}, {108, 1}, {109, 8}, {110, 5}, {111, 8}};

const voice_timbre *voice_timbre_of(int program)
{
    for (size_t i = 0; i < sizeof strays / sizeof *strays; i++)
        if (strays[i].program == program) return &timbres[strays[i].family];
    return &timbres[program / FAMILY];
}

enum {
    KICK,
    STICK,
    SNARE,
    CLAP,
    TOM,
    HAT,
    PEDAL,
    OPEN,
    CRASH,
    RIDE,
    BELL,
    SHAKER,
    BONGO,
    BLOCK,
    TRIANGLE,
    WHISTLE,
    KINDS
};

static const voice_drum drums[KINDS] = {
    [KICK] = {0.95, 1, 130, 46, 0.035, 0.16, 0.10, 0.006, 0.3, 0},
    [STICK] = {0.40, 1, 900, 800, 0.01, 0.02, 0.5, 0.008, 0.6, -0.1},
    [SNARE] = {0.55, 0.5, 240, 180, 0.03, 0.07, 0.8, 0.11, 0.55, 0.05},
    [CLAP] = {0.45, 0, 1, 1, 1, 0.01, 1, 0.09, 0.6, 0.15},
    [TOM] = {0.70, 1, 180, 110, 0.08, 0.20, 0.08, 0.03, 0.2, 0},
    [HAT] = {0.28, 0, 1, 1, 1, 0.01, 1, 0.030, 0.95, 0.3},
    [PEDAL] = {0.24, 0, 1, 1, 1, 0.01, 1, 0.020, 0.9, 0.3},
    [OPEN] = {0.28, 0, 1, 1, 1, 0.01, 1, 0.22, 0.95, 0.3},
    [CRASH] = {0.38, 0, 1, 1, 1, 0.01, 1, 0.80, 0.85, -0.35},
    [RIDE] = {0.24, 0.15, 3100, 3100, 1, 0.4, 1, 0.35, 0.95, -0.3},
    [BELL] = {0.26, 1, 2400, 2390, 1, 0.30, 0.2, 0.1, 0.95, -0.3},
    [SHAKER] = {0.24, 0, 1, 1, 1, 0.01, 1, 0.045, 0.9, 0.4},
    [BONGO] = {0.55, 1, 340, 290, 0.02, 0.09, 0.15, 0.01, 0.4, 0.35},
    [BLOCK] = {0.40, 1, 1150, 1100, 0.01, 0.035, 0.1, 0.005, 0.5, 0.25},
    [TRIANGLE] = {0.20, 1, 4700, 4690, 1, 0.45, 0.1, 0.02, 0.9, -0.4},
    [WHISTLE] = {0.18, 1, 2200, 2300, 0.1, 0.20, 0.25, 0.2, 0.8, 0.2}};

#define LOWEST 35

/* Pitches 35 to 81, and which of those each is nearest to. */
static const unsigned char kinds[] = {
    KICK,    KICK,    STICK,  SNARE,  CLAP,  SNARE, TOM,   HAT,    TOM,   PEDAL,    TOM,     OPEN,
    TOM,     TOM,     CRASH,  TOM,    RIDE,  CRASH, BELL,  SHAKER, CRASH, BELL,     CRASH,   SHAKER,
    RIDE,    BONGO,   BONGO,  BONGO,  BONGO, BONGO, TOM,   TOM,    BELL,  BELL,     SHAKER,  SHAKER,
    WHISTLE, WHISTLE, SHAKER, SHAKER, BLOCK, BLOCK, BLOCK, BONGO,  BONGO, TRIANGLE, TRIANGLE};

const voice_drum *voice_drum_of(int pitch)
{
    const int k = pitch - LOWEST;
    return &drums[k >= 0 && k < (int)sizeof kinds ? kinds[k] : BLOCK];
}
