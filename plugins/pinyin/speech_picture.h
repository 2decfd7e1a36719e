/* pinyin/speech_picture.h -- what was heard as an SVG picture: the spectrum, and under it the units where
 * they are said. */
#ifndef PINYIN_SPEECH_PICTURE_H
#define PINYIN_SPEECH_PICTURE_H

#include <refrain/tensor.h>

typedef struct speech_picture {
    const char *title;
    const rf_real *frame;        /* [frames,M] normalised */
    rf_index frames, M, bands;   /* the first `bands` of M are drawn */
    double hop;                  /* seconds of a frame */
    const char *const *unit;     /* [n], in the order of time */
    const double *from, *to, *p; /* [n] seconds; p: how sure, 0 to 1 */
    rf_index n;
} speech_picture;

/* A picture stands alone, and the same input gives the same bytes. */
void speech_picture_svg(const speech_picture *x, rf_str *out);

#endif
