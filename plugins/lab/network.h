/* lab/network.h -- a recurrent network with an output layer, as the lab's experiments train it. */
#ifndef LAB_NETWORK_H
#define LAB_NETWORK_H

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/task.h>

#include "tasks.h"

/* A row of the table of cells, how its weights begin and how it learns. */
typedef struct lab_cell_kind {
    const char *name;
    const rf_cell *cell;
    bool identity; /* weight_hh begins as the identity.  Le, Jaitly, Hinton 2015 */
    double rate;   /* a learning rate of its own, or 0 */
} lab_cell_kind;

/* Option o's "elman,irnn:0.0001,lstm": names, some with a learning rate; *n of at most `most`.  "irnn"
 * is elman-relu that begins as the identity.  EINVAL: there is no such cell; did you mean ... */
rf_status lab_cells_parse(const rf_option *o, const char *names, lab_cell_kind *out, int most,
                          int *n, rf_error *err);

typedef struct lab_network_spec {
    lab_cell_kind cell;
    rf_index hidden;
    int layers;
    double forget_bias; /* of an LSTM's forget gates, at the beginning */
} lab_network_spec;

typedef struct lab_network {
    lab_network_spec spec;
    rf_params *params;
    rf_rnn *rnn;
    rf_linear_layer output;
    rf_index I, K;
} lab_network;

/* For batches like b; parameters drawn from the seed. */
rf_status lab_network_init(lab_network *net, const lab_network_spec *spec, const lab_batch *b,
                           uint64_t seed, rf_error *err);
void lab_network_free(lab_network *net);

/* Steps [from, from + count) of the batch as input: [count,B,I]. */
rf_node lab_network_input(rf_graph *g, const lab_network *net, const lab_batch *b, rf_index from,
                          rf_index count);
/* The mean loss of a whole batch. */
rf_node lab_network_loss(rf_graph *g, const lab_network *net, const lab_batch *b);
/* The loss of what is asked at the last step, where the network's output is h [B,H]: the mean over
 * the batch. */
rf_node lab_network_last_loss(rf_graph *g, const lab_network *net, const lab_batch *b, rf_node h);

/* How a network does on batches: start as {0}. */
enum { LAB_DISTANCES = 40 };
typedef struct lab_score {
    rf_mean_value loss;
    rf_mean_value metric;
    rf_mean_value by_distance[LAB_DISTANCES];
} lab_score;
/* Group k of distances ends with 1, 2, 3, 4, 6, 8, 12, 16, 24 ... */
int64_t lab_distance_to(int k);
/* Add batch b, which the graph is begun for. */
rf_status lab_network_score(rf_graph *g, const lab_network *net, const lab_batch *b, lab_score *s,
                            rf_error *err);

#endif
