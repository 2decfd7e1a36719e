/* cells/rnn.h -- inside of rf_rnn: its parameters, for the stepper. */
#ifndef RFI_CELLS_RNN_H
#define RFI_CELLS_RNN_H

#ifndef RF_NO_PLACES
#define RF_NO_PLACES /* messages name the caller of rf_rnn_apply, not a line in here */
#endif
#include <refrain/cell.h>

struct rf_rnn {
    rf_rnn_spec spec;
    const rf_cell *cell; /* the spec's, or that with layer normalization */
    int directions;      /* D */
    int params;          /* of one layer in one direction */
    rf_param **param;    /* [L][D][params] */
};

static inline rf_param *const *rfi_rnn_params(const rf_rnn *r, int layer, int direction)
{
    return r->param + (layer * r->directions + direction) * r->params;
}

#endif
