/* caption/exam_model.h -- what a model says of the pictures of an exam. */
#ifndef CAPTION_EXAM_MODEL_H
#define CAPTION_EXAM_MODEL_H

#include "exam.h"
#include "look.h"

typedef struct cap_exam_model {
    const char *path;
    const rf_run *r;
    const rf_host *host;
    const char *features, *folder; /* see cap_look; a model that needs no features is given none */
    const rf_setting *opt;         /* [LOOK_COUNT] */
    bool alone;                    /* whatever --with says */
} cap_exam_model;

/* Errors: those of the model, of what it looks at and of the search. */
rf_status cap_exam_describe(const cap_exam_model *o, cap_exam *x, cap_told *t, rf_error *err);

#endif
