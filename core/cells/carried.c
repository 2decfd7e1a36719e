/* cells/carried.c -- what a recurrent network left behind, for the next window to begin with. */
#define RF_NO_PLACES
#include <refrain/cell.h>
#include <string.h>

static size_t bytes_of(const rf_carried *s)
{
    return (size_t)rf_shape_count(s->shape) * sizeof(rf_real);
}

bool rf_carried_init(rf_carried *s, const rf_rnn *r, rf_index B)
{
    const rf_rnn_spec *spec = rf_rnn_describe(r);
    const rf_index layers = (rf_index)spec->layers * (spec->bidirectional ? 2 : 1);
    *s = (rf_carried){.shape = RF_SHAPE(layers, B, spec->hidden)};
    const size_t n = (size_t)rf_shape_count(s->shape);
    s->h = rf_aligned_calloc(n, sizeof *s->h);
    if (spec->cell->states > 1) s->c = rf_aligned_calloc(n, sizeof *s->c);
    return s->h && (s->c || spec->cell->states == 1);
}

void rf_carried_free(rf_carried *s)
{
    rf_aligned_free(s->h);
    rf_aligned_free(s->c);
    *s = (rf_carried){0};
}

void rf_carried_reset(rf_carried *s)
{
    memset(s->h, 0, bytes_of(s));
    if (s->c) memset(s->c, 0, bytes_of(s));
}

void rf_carried_keep(rf_carried *s, const rf_graph *g, rf_sequence q)
{
    const rf_real *h = rf_value(g, q.h).data, *c = s->c ? rf_value(g, q.c).data : NULL;
    if (h) memcpy(s->h, h, bytes_of(s));
    if (c) memcpy(s->c, c, bytes_of(s));
}

rf_sequence rf_carried_apply(rf_graph *g, const rf_rnn *r, rf_node x, const rf_carried *s)
{
    const rf_node h0 = rf_borrow(g, s->h, s->shape);
    const rf_node c0 = s->c ? rf_borrow(g, s->c, s->shape) : RF_NONE;
    return rf_rnn_apply(g, r, x, h0, c0, NULL);
}
