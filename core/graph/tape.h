/* graph/tape.h -- inside of rf_graph: the tape, and what rules share.
 *
 * Nodes stand in creation order; node 0 is RF_NONE.  A node's values never move; the array of nodes
 * may, so nobody keeps a pointer to a node across a builder. */
#ifndef RFI_GRAPH_TAPE_H
#define RFI_GRAPH_TAPE_H

#ifndef RF_NO_PLACES
#define RF_NO_PLACES
#endif
#include <refrain/graph.h>

typedef struct rfi_node {
    const rf_op *op;
    const void *attr;
    rf_real *value;
    rf_real *tangent, *grad; /* memory, once needed; NULL in views and (grad) in parameters */
    void *saved;
    rf_param *param;  /* of a parameter */
    const char *name; /* NULL: none */
    rf_shape shape;
    rf_index count;
    rf_node root;      /* whose memory this is: itself unless a view */
    rf_index offset;   /* of a view in its root */
    uint32_t first, n; /* inputs: edge[first .. first+n) */
    uint32_t sweep;    /* the sweep that grad belongs to */
    bool wants;        /* has a gradient: depends on a variable or parameter */
    bool moving;       /* has a tangent that is not zero */
} rfi_node;

struct rf_graph {
    rf_device *device;
    rf_arena *memory;  /* values, gradients, saved memory: until rf_graph_begin */
    rf_arena *scratch; /* until the rule returns */
    rfi_node *node;
    uint32_t count, node_cap;
    rf_node *edge;
    uint32_t edges, edge_cap;
    rf_mode mode;
    rf_key key;
    uint32_t keys; /* given out since rf_graph_begin */
    uint32_t sweep;
    rf_index visits;
    rf_node current; /* whose tangent or adjoint rule runs */
    int lane_dim;    /* rf_graph_set_lanes */
    rf_index lane_from, lane_total;
    bool textbook; /* builders of fused ops build the expansion instead */
    rf_error error;
    const char *file; /* where the builder was called */
    int line;
    struct rfi_profile *profile; /* NULL: nothing is timed */
};

static inline rfi_node *rfi_at(const rf_graph *g, rf_node x) { return &g->node[x]; }

/* A call's record for node x (op, attr, inputs and, unless x is new, y and saved), its arrays in
 * scratch.  False: no memory; the graph is poisoned. */
bool rfi_call_begin(rf_graph *g, rf_call *c, const rf_op *op, int n, const rf_node *in);
bool rfi_call_of(rf_graph *g, rf_call *c, rf_node x);
/* Forget the nodes from number `count` on; their memory stays in use. */
void rfi_graph_truncate(rf_graph *g, uint32_t count);
/* Poison the graph; the message may name the builder's place.  Returns RF_POISON. */
rf_node rfi_poison(rf_graph *g, rf_status status, const char *what, const char *text);
/* The expansion of node x on the same inputs, behind the tape. */
rf_node rfi_expand_node(rf_graph *g, rf_node x);

/* lanes.c: dropout of x, whose entries of one dimension are lanes of a larger batch; `dim` is shared
 * as in rf_dropout_shared, -1: none. */
bool rfi_has_lanes(const rf_graph *g, rf_node x);
rf_node rfi_dropout_lanes(rf_graph *g, rf_node x, double p, int dim, rf_key key);

/* A timed rule: start, run, stop. */
typedef enum rfi_rule { RFI_FORWARD, RFI_BACKWARD } rfi_rule;
typedef struct rfi_timer {
    double start, outside;
} rfi_timer;
rfi_timer rfi_profile_start(struct rfi_profile *p);
void rfi_profile_stop(struct rfi_profile *p, rfi_timer t, const rf_call *c, rfi_rule rule);

/* In an adjoint rule: the parameter that input i is, or is a view of; NULL: none. */
rf_param *rfi_call_param(const rf_call *c, int i);
/* Name a row of a sparse parameter as one that has a gradient. */
static inline void rfi_param_touch(rf_param *p, rf_index row)
{
    if (p->touched[row]) return;
    p->touched[row] = 1;
    p->row[p->rows++] = (int32_t)row;
}

#endif
