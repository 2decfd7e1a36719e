/* refrain/diagram.h -- pictures of graphs as SVG: boxes in layers, joined by smooth edges.
 *
 *     rf_diagram *d = rf_diagram_new("e = (a + b)·(b + 1)", RF_DIAGRAM_UP);
 *     int a = rf_diagram_node(d, RF_DIAGRAM_INPUT, "a", "= 2", "de/da = 2");
 *     int c = rf_diagram_node(d, RF_DIAGRAM_PLAIN, "c = a + b", "= 3", NULL);
 *     rf_diagram_edge(d, a, c, "∂c/∂a = 1");
 *     st = rf_diagram_write(d, "graph.svg", &err);
 *
 * Every node stands in a layer beyond those of its inputs; edges pass between the boxes, never
 * through them; nothing that is written overlaps.  A picture stands alone (no scripts, no fonts of its
 * own, white ground), and the same graph gives the same bytes.  All text is UTF-8.
 *
 * Source: Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures,
 * IEEE Trans. SMC 11, 1981. */
#ifndef REFRAIN_DIAGRAM_H
#define REFRAIN_DIAGRAM_H

#include <refrain/base.h>

RF_BEGIN

typedef struct rf_diagram rf_diagram;

/* Where edges lead: from the inputs at the bottom up, or from left to right. */
typedef enum rf_flow { RF_DIAGRAM_UP, RF_DIAGRAM_RIGHT } rf_flow;

/* What a node is; each has a ground of its own. */
typedef enum rf_look {
    RF_DIAGRAM_PLAIN,    /* an operation: white */
    RF_DIAGRAM_INPUT,    /* blue */
    RF_DIAGRAM_OUTPUT,   /* orange */
    RF_DIAGRAM_PARAM,    /* what is learned: green */
    RF_DIAGRAM_CONSTANT, /* grey */
    RF_DIAGRAM_LOOKS
} rf_look;

/* NULL: no memory.  The title may be NULL. */
RF_API rf_diagram *rf_diagram_new(const char *title, rf_flow flow);
RF_API void rf_diagram_free(rf_diagram *d);

/* Add a node.
 *
 *   label   its first line, in bold
 *   text    further lines, separated by "\n"; or NULL
 *   accent  likewise, below these and in another colour: derivatives, say; or NULL
 *
 * Returns its number, from 0 on; -1: no memory.  Everything is copied. */
RF_API int rf_diagram_node(rf_diagram *d, rf_look look, const char *label, const char *text,
                           const char *accent);

/* Add an edge between two nodes; several edges between the same two are drawn beside each other.
 * The label (or NULL) is written in the colour of accents.  An edge that closes a circle is drawn
 * against the flow.  False: no memory, no such node, or from == to. */
RF_API bool rf_diagram_edge(rf_diagram *d, int from, int to, const char *label);

/* A line of text below the picture; may be called again.  False: no memory. */
RF_API bool rf_diagram_note(rf_diagram *d, const char *line);

/* Append the picture.  The string's `failed` is set when memory runs out. */
RF_API void rf_diagram_svg(const rf_diagram *d, rf_str *out);
/* Write it to a file, atomically (see rf_writer). */
RF_API rf_status rf_diagram_write(const rf_diagram *d, const char *path, rf_error *err);

RF_END
#endif
