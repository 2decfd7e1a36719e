/* lab/trace.h -- the options of the verb trace, and its two halves: words that are tagged, models. */
#ifndef LAB_TRACE_H
#define LAB_TRACE_H

#include "film.h"

enum {
    TRACE_CELL,
    TRACE_HIDDEN,
    TRACE_LAYERS,
    TRACE_BIDIRECTIONAL,
    TRACE_INPUTS,
    TRACE_EMBED,
    TRACE_VOCABULARY,
    TRACE_EPOCHS,
    TRACE_RATE,
    TRACE_MEMORY,
    TRACE_WHAT,
    TRACE_LAYER,
    TRACE_UNITS,
    TRACE_SVG,
    TRACE_COUNT
};

enum { LAB_ONE_HOT, LAB_EMBEDDING }; /* of --inputs */

/* The lecture's tagging example, stepped with all weights 1; then a tagger that is trained. */
rf_status lab_trace_words(rf_session *s, const rf_run *r, lab_film *film, rf_graph *g,
                          rf_error *err);
/* What a model does while it reads texts. */
rf_status lab_trace_model(rf_session *s, const rf_run *r, lab_film *film, rf_graph *g,
                          rf_error *err);

#endif
