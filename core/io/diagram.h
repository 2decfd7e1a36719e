/* io/diagram.h -- the inside of a diagram: what is drawn, and where the layout puts it.
 *
 * The layout knows two directions: along the flow, and across it.  Only diagram.c knows which of them
 * is up. */
#ifndef IO_DIAGRAM_H
#define IO_DIAGRAM_H

#include <refrain/diagram.h>

typedef struct rfi_box {
    rf_look look;
    char *label, *text, *accent; /* the last two may be NULL */
} rfi_box;

typedef struct rfi_edge {
    int from, to;
    char *label; /* NULL: none */
} rfi_edge;

struct rf_diagram {
    rf_flow flow;
    char *title;
    rfi_box *box;
    rfi_edge *edge;
    char **note;
    size_t boxes, edges, notes;
};

/* What takes room in a layer: a node, or a bend of an edge on its way through.
 *   before, after  how far it reaches across, on both sides of its anchor
 *   depth          its size along the flow
 *   at             its anchor, across */
typedef struct rfi_item {
    double before, after, depth, at;
    double key; /* while ordering: where it would like to stand */
    int rank, place;
    bool bend;
} rfi_item;

/* A piece of an edge between neighbouring ranks.
 *   low, high            items; high stands one rank further along the flow
 *   low_port, high_port  where it meets them, relative to their anchors */
typedef struct rfi_piece {
    int low, high;
    double low_port, high_port;
} rfi_piece;

/* Invariants: items are the boxes, then the bends of each edge from low to high; order[first[r] ..
 * first[r+1]) are the items of rank r, apart from each other, from one side to the other; pieces of
 * edge e are piece[edge_piece[e] .. edge_piece[e+1]), from low to high. */
typedef struct rfi_layout {
    rf_arena *arena; /* holds all of it */
    rfi_item *item;
    rfi_piece *piece;
    int *edge_piece;       /* [edges + 1] */
    bool *back;            /* [edges]: high is `from` */
    int *order, *first;    /* [items], [ranks + 1] */
    double *base, *depth;  /* [ranks]: where a rank begins along the flow, and its size */
    int *above, *above_at; /* pieces that leave item i for the next rank: above[above_at[i] ..] */
    int *below, *below_at; /* pieces that reach it from the rank before */
    int items, pieces, ranks;
    double across, along; /* of the whole */
} rfi_layout;

/* Sizes of the boxes ([boxes], in item form) and of edge labels ([edges], depth 0: none) in; a layout
 * out.  False: no memory.  The caller frees l->arena in any case. */
bool rfi_layout_make(rfi_layout *l, const rf_diagram *d, const rfi_item *box,
                     const rfi_item *label);
/* Its three steps, one file each: ranks and pieces, order within a rank, places across. */
bool rfi_layout_rank(rfi_layout *l, const rf_diagram *d, const rfi_item *box,
                     const rfi_item *label);
bool rfi_layout_order(rfi_layout *l);
bool rfi_layout_place(rfi_layout *l, int edges);

#endif
