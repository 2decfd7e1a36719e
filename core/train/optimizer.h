/* train/optimizer.h -- inside of rf_optimizer, for the state file. */
#ifndef RFI_TRAIN_OPTIMIZER_H
#define RFI_TRAIN_OPTIMIZER_H

#include <refrain/train.h>

/* Counters that a resume needs, in one array. */
enum { RFI_OPT_STEPS, RFI_OPT_AVERAGED, RFI_OPT_AVERAGING, RFI_OPT_VALIDATIONS, RFI_OPT_COUNTERS };

struct rf_optimizer {
    rf_optimizer_spec spec;
    rf_params *ps;
    size_t n;          /* parameters */
    rf_real **first;   /* [n] momentum or first moment; the pointers are NULL where unused */
    rf_real **second;  /* [n] second moment */
    rf_real **average; /* [n] mean of the parameters since averaging began */
    rf_real *memory;   /* what the three point into */
    int64_t *counters; /* [RFI_OPT_COUNTERS] */
    /* nt-asgd: [0] the best metric of all but the last `patience` validations, then those, as a ring. */
    double *past;
};

#endif
