/* lab/cell.h -- one cell to look at: its network, and the parts of what the verb cell shows. */
#ifndef LAB_CELL_H
#define LAB_CELL_H

#include <refrain/cell.h>
#include <refrain/task.h>

typedef enum lab_weights { LAB_SEED, LAB_ONES, LAB_ZERO } lab_weights;

/* A network of the cell with its parameters and an input. */
typedef struct lab_specimen {
    rf_rnn_spec spec;
    rf_index T, B;
    rf_real *x; /* [T,B,I] */
    rf_params *params;
    rf_rnn *rnn;
    rf_device *device;
    rf_graph *graph;
} lab_specimen;

/* weights: drawn from the seed, or 1 (what is no "weight_..." is 0), or all 0.
 * Errors: EINVAL (an impossible spec), ENOMEM.  Close it even then. */
rf_status lab_specimen_open(lab_specimen *m, const rf_rnn_spec *spec, lab_weights weights,
                            const rf_run *r, rf_error *err);
void lab_specimen_close(lab_specimen *m);

/* One step of the first layer as a graph of primitive ops: a table, and an SVG picture unless svg is
 * NULL. */
rf_status lab_cell_graph(rf_session *s, lab_specimen *m, const char *svg, rf_error *err);

/* Backpropagation through time as the lecture's sums, for the cell elman: every term, and the sums
 * beside the gradients of the reverse sweep. */
rf_status lab_cell_bptt(rf_session *s, lab_specimen *m, const rf_run *r, rf_error *err);

#endif
