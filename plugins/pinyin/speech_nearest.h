/* pinyin/speech_nearest.h -- the recording that sounds most like another: dynamic time warping of cepstra,
 * a way to recognise words without any learning. */
#ifndef PINYIN_SPEECH_NEAREST_H
#define PINYIN_SPEECH_NEAREST_H

#include "speech_ear.h"

enum { SPEECH_CEPSTRA = 13 };

/* Cepstra of many sounds: sound i has rows x[at[i] .. at[i+1]), each [SPEECH_CEPSTRA]. */
typedef struct speech_templates {
    float *x;
    size_t *at, cap;
    rf_index n, room;
} speech_templates;
/* Add a sound, normalised as a whole.  False: no memory. */
bool speech_templates_add(speech_templates *t, speech_ear *e, const float *x, size_t n);
void speech_templates_free(speech_templates *t);

/* How far a [n] is from b [m], per step of the best way to stretch one to the other (Sakoe & Chiba 1978,
 * symmetric form, slope within a band); INFINITY once it is sure to exceed `least`.  row [2,m+1]. */
double speech_warp(const float *a, size_t n, const float *b, size_t m, double least, double *row);
/* The template nearest to sound a; -1: there is none, or no memory. */
rf_index speech_nearest(const speech_templates *t, const float *a, size_t n);

#endif
