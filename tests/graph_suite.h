/* graph_suite.h -- a device and a graph that all tests of a suite share:
 *
 *     CU_SuiteInfo suites[] = {{"sums", open_all, close_all, .pTests = tests}, CU_SUITE_INFO_NULL};
 *
 * GRAPH_THREADS may be defined before it is included. */
#ifndef TESTS_GRAPH_SUITE_H
#define TESTS_GRAPH_SUITE_H

#include <refrain/graph.h>

#include "suite.h"

#ifndef GRAPH_THREADS
#define GRAPH_THREADS 1
#endif

static rf_device *device;
static rf_graph *g;

static inline int open_all(void)
{
    device = rf_device_new(GRAPH_THREADS, NULL);
    g = device ? rf_graph_new(device) : NULL;
    return !g;
}

static inline int close_all(void)
{
    rf_graph_free(g);
    rf_device_free(device);
    return 0;
}

#endif
