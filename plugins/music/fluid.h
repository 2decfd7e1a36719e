/* music/fluid.h -- FluidSynth, where it is installed. */
#ifndef MUSIC_FLUID_H
#define MUSIC_FLUID_H

#include "sound.h"

/* The library and a sound font, found at run time. */
typedef struct music_fluid music_fluid;

/* Open the library and find the font: `font`, or with NULL the first of the usual places that has one.
 * NULL with err: ENOTSUP (no library, no font). */
music_fluid *music_fluid_open(const char *font, rf_error *err);
void music_fluid_close(music_fluid *f);
/* Its font's file. */
const char *music_fluid_font(const music_fluid *f);
/* Add the score to the sound.  Errors: EFORMAT (not a sound font), ENOMEM; what `watch` returns. */
rf_status music_synth_fluid(music_fluid *f, music_sound *out, const rf_score *s, music_watch watch,
                            rf_error *err);

#endif
