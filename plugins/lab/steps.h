/* lab/steps.h -- what a recurrent network does at each step: its gates and states, read from the graph
 * of its formulas, in which they have names. */
#ifndef LAB_STEPS_H
#define LAB_STEPS_H

#include <refrain/cell.h>

/* One gate or state of one layer in one direction. */
typedef struct lab_track {
    const char *name; /* as the cell's equations have it: "i_t" */
    int layer;        /* from 0 on */
    bool reverse;
    rf_node *node; /* [T] by time, each [B,H] */
} lab_track;

enum { LAB_TRACKS = 16 }; /* of one layer in one direction, at most */

/* All of it lives as long as the graph's nodes. */
typedef struct lab_steps {
    rf_index T, B;
    lab_track *track; /* [count], layer by layer, in the order in which they are computed */
    int count;
    rf_node *in;     /* [layers]: what each layer reads, [T,B,..] */
    rf_sequence all; /* as rf_rnn_apply returns them */
} lab_steps;

/* Unroll a network that reads x [T,B,I] from zero states, from primitive ops.  Its parameters are those
 * that rf_rnn_new puts into ps under the prefix.  A cell that names no state has its output as "h_t".
 * Errors: those of the graph. */
rf_status lab_steps_unroll(lab_steps *s, rf_graph *g, const rf_rnn_spec *spec, const rf_params *ps,
                           const char *prefix, rf_node x, rf_error *err);

/* The numbers of a track at step t, of sequence b: [H]. */
const rf_real *lab_steps_value(const rf_graph *g, const lab_track *k, rf_index t, rf_index b);

#endif
