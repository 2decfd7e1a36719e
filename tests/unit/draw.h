/* draw.h -- numbers that tests begin with. */
#ifndef TESTS_UNIT_DRAW_H
#define TESTS_UNIT_DRAW_H

#include <refrain/graph.h>
#include <stdlib.h>

/* n numbers in [-1, 1), the same for the same stream. */
static inline rf_real *draw(rf_index n, const char *stream)
{
    rf_real *p = malloc((size_t)(n ? n : 1) * sizeof *p);
    const rf_key key = rf_key_make(5, stream, 0);
    for (rf_index i = 0; i < n; i++) p[i] = (rf_real)(2 * rf_uniform(key, (uint64_t)i) - 1);
    return p;
}

static inline rf_node drawn(rf_graph *g, const char *stream, rf_shape s)
{
    rf_real *p = draw(rf_shape_count(s), stream);
    rf_node x = rf_variable(g, p, s);
    free(p);
    return x;
}

#endif
