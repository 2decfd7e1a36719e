/* pinyin/pitch.h -- how high a voice is in a frame. */
#ifndef PINYIN_PITCH_H
#define PINYIN_PITCH_H

#include <refrain/tensor.h>

/* Frames of at most `window` samples are made about 8,000 samples per second by means of neighbours.
 * Their pitch is the lag of 70 to 500 Hz at which they are most like themselves,
 *     r(lag) = sum x_t x_(t+lag) / sqrt(sum x_t^2 sum x_(t+lag)^2),
 * at a peak, up to an eighth being taken off r for the longest, lest two periods be taken for one.
 * Source: Talkin, "A robust algorithm for pitch tracking", 1995, without the tracking. */
typedef struct speech_pitch speech_pitch;
enum { SPEECH_PITCH = 2 }; /* numbers: v = max(r, 0)^2, how clear it is, and v ln(pitch / 200 Hz) */
/* NULL: no memory. */
speech_pitch *speech_pitch_new(int rate, size_t window);
void speech_pitch_free(speech_pitch *p);
void speech_pitch_of(speech_pitch *p, const float *x, size_t n, rf_real out[SPEECH_PITCH]);

#endif
