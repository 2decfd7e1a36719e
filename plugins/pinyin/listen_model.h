/* pinyin/listen_model.h -- acoustic models in files. */
#ifndef PINYIN_LISTEN_MODEL_H
#define PINYIN_LISTEN_MODEL_H

#include "acoustic.h"
#include "listen.h"

typedef struct listen_model {
    rf_setting v[LISTEN_TRAIN_COUNT]; /* those that it was trained with */
    rf_arena *texts;
    speech_model *m;
    rf_device *d;
    rf_graph *g;
} listen_model;

/* What the options say. */
speech_shape listen_shape_of(const rf_setting *v);
speech_ear_spec listen_ear_of(const rf_setting *v);
int listen_kind_of(const rf_setting *v); /* SPEECH_WORDS ... */

/* Read it, and make a device and a graph.  Close it in either case. */
rf_status listen_model_open(listen_model *x, const char *path, const rf_run *r, rf_error *err);
void listen_model_close(listen_model *x);

#endif
