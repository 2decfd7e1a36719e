/* net.h -- a recurrent network with a graph of its own, for tests. */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include <refrain/cell.h>

#include "suite.h"

typedef struct net {
    rf_device *device;
    rf_graph *graph;
    rf_params *params;
    rf_rnn *rnn;
} net;

static inline net net_new(const rf_rnn_spec *spec, const char *prefix, uint64_t seed)
{
    net n = {.device = rf_device_new(2, NULL), .params = rf_params_new()};
    n.graph = rf_graph_new(n.device);
    n.rnn = rf_rnn_new(spec, n.params, prefix, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(n.rnn);
    rf_params_init(n.params, seed);
    return n;
}

static inline void net_close(net *n)
{
    rf_rnn_free(n->rnn);
    rf_params_free(n->params);
    rf_graph_free(n->graph);
    rf_device_free(n->device);
}

#endif
