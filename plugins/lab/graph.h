/* lab/graph.h -- what the files of the verb graph share. */
#ifndef LAB_GRAPH_H
#define LAB_GRAPH_H

#include "formula.h"
#include "lab.h"

/* One run: a derivation, its formulas, and all derivatives of its output both ways. */
typedef struct lab_view {
    rf_session *session;
    lab_program *p;
    lab_derivation d;
    lab_formulas f;
    bool forward, reverse; /* which sweeps are shown, step by step */
    int64_t paths;         /* at most so many are listed for an input */
    rf_index outputs;      /* elements of the output */
    int *input, inputs;    /* terms */
    rf_real **by_forward;  /* [inputs]: [outputs, elements of the input] */
    rf_real **by_reverse;
    lab_cost cost[2]; /* of all sweeps: forward, reverse */
    int64_t item;     /* of the next heading */
} lab_view;

enum { LAB_FORWARD, LAB_REVERSE };

/* Numbers within a text: 2.5, [1,2,3]; where there are more than `most`, their shape.  x NULL: zeros. */
void lab_put_values(rf_str *out, const rf_real *x, rf_shape s, rf_index most);
/* The shape of d output / d term: that of the one where the other is a scalar. */
rf_shape lab_derivative_shape(rf_shape output, rf_shape input);

/* graph_tables.c: everything as tables. */
rf_status lab_show_graph(lab_view *v);
/* graph_draw.c: the picture, and the same as Graphviz DOT.  "-" sends it out as text. */
rf_status lab_draw_graph(lab_view *v, const char *path, rf_error *err);
rf_status lab_dot_graph(lab_view *v, const char *path, rf_error *err);

#endif
