/* translate/translate.h -- the verbs and their options. */
#ifndef TRANSLATE_TRANSLATE_H
#define TRANSLATE_TRANSLATE_H

#include <refrain/training.h>

#define TR_PLUGIN "org.refrain.translate"
#define TR_TASK   "translate"

/* Send a line, to which its end is added: so that an empty one is a line as well.  Errors: the host's,
 * ENOMEM. */
static inline rf_status tr_emit_line(const rf_host *h, int64_t item, rf_str *line, rf_error *err)
{
    rf_str_put(line, "\n");
    if (line->failed) return rf_fail(err, RF_ENOMEM, "no memory for a line");
    return rf_emit_text(h, item, line->s, line->n, NAN);
}

extern const rf_option tr_baseline_options[];
enum {
    TRAIN_COLUMNS,
    TRAIN_VALID,
    TRAIN_VALID_FRACTION,
    TRAIN_SOURCE,
    TRAIN_TARGET,
    TRAIN_SOURCE_LETTERS,
    TRAIN_TARGET_LETTERS,
    TRAIN_SOURCE_UNIT,
    TRAIN_TARGET_UNIT,
    TRAIN_JOINT,
    TRAIN_MERGES,
    TRAIN_MIN_COUNT,
    TRAIN_VOCABULARY,
    TRAIN_LONGEST,
    TRAIN_CELL,
    TRAIN_EMBED,
    TRAIN_HIDDEN,
    TRAIN_ENCODER,
    TRAIN_DECODER,
    TRAIN_ATTEND,
    TRAIN_ATTENTION,
    TRAIN_TIED,
    TRAIN_COPY,
    TRAIN_COVERAGE,
    TRAIN_FORGET_BIAS,
    TRAIN_DROPOUT,
    TRAIN_DROPOUT_INPUT,
    TRAIN_DROPOUT_HIDDEN,
    TRAIN_SMOOTHING,
    TRAIN_SAMPLING,
    TRAIN_COVERAGE_WEIGHT,
    TRAIN_BATCH,
    TRAIN_METRIC,
    TRAIN_KEEP,
    TRAIN_LEARN,
    TRAIN_COUNT = TRAIN_LEARN + RF_LEARN_COUNT
};

/* How a decoder searches, in any verb that does. */
enum {
    SEARCH_BEAM,
    SEARCH_PENALTY,
    SEARCH_COVERAGE,
    SEARCH_MIN,
    SEARCH_MAX,
    SEARCH_REPEAT,
    SEARCH_UNKNOWN,
    SEARCH_BATCH,
    SEARCH_COUNT
};

enum {
    RUN_NBEST = SEARCH_COUNT,
    RUN_PREFIX,
    RUN_ATTENTION,
    RUN_MEMORY,
    RUN_MEMORY_COLUMNS,
    RUN_MEMORY_LEAST,
    RUN_COUNT
};
enum { ALIGN_TARGET = SEARCH_COUNT, ALIGN_SVG, ALIGN_COUNT };
enum { SCORE_COLUMNS, SCORE_BATCH, SCORE_COUNT };
enum { AVERAGE_STORAGE, AVERAGE_COUNT };

extern const rf_option tr_baseline_options[];
extern const rf_option tr_bpe_options[];
extern const rf_option tr_eval_options[];
extern const rf_option tr_train_options[], tr_run_options[], tr_align_options[], tr_score_options[],
    tr_average_options[];

rf_status tr_baseline(rf_session *s, const rf_run *r);
rf_status tr_bpe(rf_session *s, const rf_run *r);
rf_status tr_eval(rf_session *s, const rf_run *r);
rf_status tr_train(rf_session *s, const rf_run *r);
rf_status tr_translate(rf_session *s, const rf_run *r);
rf_status tr_align(rf_session *s, const rf_run *r);
rf_status tr_score(rf_session *s, const rf_run *r);
rf_status tr_average(rf_session *s, const rf_run *r);

#endif
