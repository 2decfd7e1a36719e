/* pinyin/speech_stream.h -- listening: sound in pieces of any size, units out as they are understood.
 *
 *     speech_stream *s = speech_stream_new(&spec, &err);
 *     while (there is sound) {
 *         speech_stream_feed(s, x, n, &err);
 *         speech_stream_best(s, 1, &best, &err);     // up to now
 *     }
 *     speech_stream_finish(s, &err);                  // what is left
 *     speech_stream_best(s, n, &best, &err);
 *     speech_stream_reset(s);                         // another sound
 *
 * A network that listens from left to right carries its state on: with frames normalised as they come,
 * or not at all, pieces change nothing.  One that listens from both ends hears windows: `chunk` seconds
 * at a time, with `context` seconds before and after.  A sound that ends before the first window is full
 * is heard as a whole, and then it is normalised as a whole where the model was trained so. */
#ifndef PINYIN_SPEECH_STREAM_H
#define PINYIN_SPEECH_STREAM_H

#include "acoustic.h"

typedef struct speech_stream_spec {
    speech_model *m;
    rf_graph *g;
    double chunk, context; /* seconds */
    rf_index beam;         /* 0: the best unit of each step */
    bool keep;             /* frames and scores, for speech_stream_heard */
} speech_stream_spec;

typedef struct speech_stream speech_stream;
/* NULL with err: ENOMEM.  What the spec names is borrowed. */
speech_stream *speech_stream_new(const speech_stream_spec *spec, rf_error *err);
void speech_stream_free(speech_stream *s);
/* Begin another sound. */
void speech_stream_reset(speech_stream *s);
/* n more samples, one channel at the model's rate.  Errors: ENOMEM, those of the graph. */
rf_status speech_stream_feed(speech_stream *s, const float *x, size_t n, rf_error *err);
/* No more comes.  Errors: likewise. */
rf_status speech_stream_finish(speech_stream *s, rf_error *err);
/* The best up to now; of silence nothing is understood.  Free it by rf_hypotheses_free.  Errors: ENOMEM. */
rf_status speech_stream_best(const speech_stream *s, rf_index best, rf_hypotheses *out,
                             rf_error *err);

/* With `keep`: normalised frames [frames,M], and scores [T,K] of the steps up to now.  Valid until the
 * next call. */
typedef struct speech_heard {
    const rf_real *frame, *logp;
    rf_index frames, T;
} speech_heard;
speech_heard speech_stream_heard(const speech_stream *s);
double speech_stream_seconds(const speech_stream *s, rf_index step); /* when a step begins */

#endif
