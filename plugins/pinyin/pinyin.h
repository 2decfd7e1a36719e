/* pinyin/pinyin.h -- what the verbs share: an open model with its device. */
#ifndef PINYIN_PINYIN_H
#define PINYIN_PINYIN_H

#include "decode.h"
#include "options.h"

typedef struct py_reader {
    py_model *m;
    rf_device *d;
} py_reader;

/* The model of --model, or the installed one.  Errors: EIO, EFORMAT, EINVAL (none), ENOMEM.  Close
 * it even then. */
rf_status py_reader_open(py_reader *x, rf_session *s, const rf_run *r, rf_error *err);
void py_reader_close(py_reader *x);

/* A picture of the lattice of a line and the answers to it.  Errors: ENOMEM, EIO. */
rf_status py_lattice_draw(py_decoder *x, const char *line, size_t n, const py_answers *answers,
                          const char *path, rf_error *err);

rf_status py_verb_train(rf_session *s, const rf_run *r);
rf_status py_verb_decode(rf_session *s, const rf_run *r);
rf_status py_verb_score(rf_session *s, const rf_run *r);
rf_status py_verb_eval(rf_session *s, const rf_run *r);
rf_status py_verb_type(rf_session *s, const rf_run *r);

#endif
