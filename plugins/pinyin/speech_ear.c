/* pinyin/speech_ear.c -- see speech_ear.h. */
#include "speech_ear.h"

#include <stdlib.h>
#include <string.h>

rf_status speech_ear_init(speech_ear *e, const speech_ear_spec *spec, rf_error *err)
{
    const rf_index M = speech_mel_numbers(&spec->mel);
    *e = (speech_ear){.spec = *spec, .M = M, .W = spec->slopes ? 3 * M : M};
    e->I = e->W * spec->stack;
    e->mel = speech_mel_new(&spec->mel, err);
    if (!e->mel) return err->status;
    if (!speech_sums_new(&e->sums, M)) return rf_no_memory(err);
    return RF_OK;
}

void speech_ear_free(speech_ear *e)
{
    speech_mel_free(e->mel);
    speech_sums_free(&e->sums);
    free(e->frame);
    free(e->wide);
    *e = (speech_ear){0};
}

static bool room(rf_real **x, size_t *cap, size_t n)
{
    if (n <= *cap) return true;
    if (!rf_resize(x, n + n / 2, sizeof **x)) return false;
    *cap = n + n / 2;
    return true;
}

rf_index speech_ear_frames(speech_ear *e, const float *x, size_t n)
{
    const rf_index T = speech_mel_frames(e->mel, n);
    if (!room(&e->frame, &e->frames, (size_t)(T * e->M) + 1)) return -1;
    for (rf_index t = 0; t < T; t++) speech_mel_frame(e->mel, x, n, t, e->frame + t * e->M);
    return T;
}

void speech_ear_normalise(speech_ear *e, rf_index T)
{
    speech_normalise(e->spec.norm, &e->sums, e->mean, e->deviation, e->frame, T);
}

/* Frames with their slopes: e->wide [T,W], from frame `from` on. */
static bool widen(speech_ear *e, const rf_real *x, rf_index T, rf_index from)
{
    const rf_index M = e->M, W = e->W;
    if (!room(&e->wide, &e->wides, (size_t)(T * W + T * M) + 1)) return false;
    rf_real *slope = e->wide + T * W; /* [T,M] */
    const rf_index first = from < SPEECH_SLOPE ? 0 : from - SPEECH_SLOPE;
    for (rf_index t = first; t < T; t++) speech_slope(x, T, M, t, slope + t * M);
    for (rf_index t = from; t < T; t++) {
        rf_real *to = e->wide + t * W;
        memcpy(to, x + t * M, (size_t)M * sizeof *to);
        memcpy(to + M, slope + t * M, (size_t)M * sizeof *to);
        speech_slope(slope, T, M, t, to + 2 * M);
    }
    return true;
}

bool speech_ear_steps(speech_ear *e, const rf_real *x, rf_index T, rf_index first, rf_index count,
                      rf_real *out, rf_index stride)
{
    const rf_index stack = e->spec.stack, W = e->W;
    if (e->spec.slopes && !widen(e, x, T, first * stack)) return false;
    const rf_real *rows = e->spec.slopes ? e->wide : x;
    for (rf_index s = 0; s < count; s++)
        for (rf_index k = 0; k < stack; k++) {
            rf_index t = (first + s) * stack + k;
            if (t >= T) t = T - 1;
            memcpy(out + s * stride + k * W, rows + t * W, (size_t)W * sizeof *out);
        }
    return true;
}
