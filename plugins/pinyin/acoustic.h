/* pinyin/acoustic.h -- the acoustic model: recurrent layers over log-mel steps, scores of units. */
#ifndef PINYIN_ACOUSTIC_H
#define PINYIN_ACOUSTIC_H

#include <refrain/decode.h>
#include <refrain/layers.h>
#include <refrain/training.h>

#include "speech_ear.h"
#include "speech_units.h"

typedef struct speech_shape {
    const rf_cell *cell;
    rf_index hidden; /* H, in each direction */
    int layers;
    bool bidirectional;
    double dropout, forget_bias;
} speech_shape;

typedef struct speech_model {
    speech_shape shape;
    speech_ear ear;
    speech_units units;
    rf_params *params;
    rf_param *mean, *deviation; /* [M] of the training's frames: kept with the rest, not learned */
    rf_rnn *rnn;
    rf_linear_layer out;
    rf_index K; /* units, the blank among them */
} speech_model;

/* Takes the units, whatever it returns.  NULL with err. */
speech_model *speech_model_new(const speech_shape *shape, const speech_ear_spec *ear,
                               speech_units *units, rf_error *err);
void speech_model_free(speech_model *m);

/* x [T,B,I] -> logits [T,B,K]; h0, c0 as of rf_rnn_apply, and the last states in *last (or NULL). */
rf_node speech_model_apply(rf_graph *g, const speech_model *m, rf_node x, const int32_t *lengths,
                           const rf_sequence *first, rf_sequence *last);

#endif
