/* caption/sight.c -- see sight.h. */
#include "sight.h"

#include <string.h>

void cap_sight_give(cap_sight *s, const cap_features *f)
{
    s->kind = CAP_GIVEN;
    s->feature = f->x;
    s->channels = f->row.dim[f->row.rank - 1];
    s->rows = f->row.rank > 1 ? f->row.dim[0] : 1;
    s->columns = f->width / (s->rows * s->channels);
}

rf_index cap_sight_places(const cap_sight *s) { return s->rows * s->columns; }

static bool has_places(const cap_sight *s) { return cap_sight_places(s) > 1; }

rf_index cap_sight_width(const cap_sight *s) { return s->channels + (has_places(s) ? 2 : 0); }

/* ---- Places -------------------------------------------------------------------------------------- */

static rf_real along(rf_index i, rf_index n)
{
    return n > 1 ? (rf_real)(2 * (double)i / (double)(n - 1) - 1) : 0;
}

/* [S,B,2]: down, and to the right. */
static rf_node places(const cap_sight *s, rf_graph *g, rf_index B)
{
    const rf_index S = cap_sight_places(s);
    rf_real *at = rf_graph_alloc(g, (size_t)(2 * S * B) * sizeof *at);
    if (!at) return RF_POISON;
    for (rf_index i = 0; i < S * B; i++) {
        at[2 * i] = along(i / B / s->columns, s->rows);
        at[2 * i + 1] = along(i / B % s->columns, s->columns);
    }
    return rf_borrow(g, at, RF_SHAPE(S, B, 2));
}

/* ---- Maps ---------------------------------------------------------------------------------------- */

/* [S,B,C] of given features. */
static rf_node given(const cap_sight *s, rf_graph *g, const int32_t *row, const int32_t *which,
                     rf_index B)
{
    const rf_index S = cap_sight_places(s), C = s->channels;
    rf_real *x = rf_graph_alloc(g, (size_t)(S * B * C) * sizeof *x);
    if (!x) return RF_POISON;
    for (rf_index b = 0; b < B; b++) {
        const int32_t r = row[which[b]];
        for (rf_index i = 0; i < S; i++) {
            rf_real *to = x + (i * B + b) * C;
            if (r < 0 || s->kind == CAP_BLIND)
                memset(to, 0, (size_t)C * sizeof *to);
            else
                memcpy(to, s->feature + (r * S + i) * C, (size_t)C * sizeof *to);
        }
    }
    return rf_borrow(g, x, RF_SHAPE(S, B, C));
}

/* [P,size,size,3]. */
static rf_node pixels(const cap_sight *s, rf_graph *g, const int32_t *row, rf_index P)
{
    const rf_shape shape = RF_SHAPE(P, s->size, s->size, 3);
    rf_real *x = rf_graph_alloc(g, (size_t)rf_shape_count(shape) * sizeof *x);
    cap_view view = {.grey = s->view.grey};
    if (!x) return RF_POISON;
    if (rf_graph_mode(g) == RF_TRAIN) view = s->view;
    cap_album_look(s->album, &view, rf_graph_device(g), row, P, x);
    return rf_borrow(g, x, shape);
}

/* [S,B,C] of pictures, each of which goes through the network once. */
static rf_node seen(const cap_sight *s, rf_graph *g, const int32_t *row, rf_index P,
                    const int32_t *which, rf_index B)
{
    const rf_index S = cap_sight_places(s), C = s->channels;
    const rf_node map = rf_convnet_forward(g, s->net, pixels(s, g, row, P));
    if (map == RF_POISON) return map;
    const rf_node each =
        rf_embedding(g, rf_reshape(g, map, RF_SHAPE(P, S * C)), which, RF_SHAPE(B));
    return rf_transpose(g, rf_reshape(g, each, RF_SHAPE(B, S, C)), 0, 1);
}

rf_node cap_sight_see(const cap_sight *s, rf_graph *g, const int32_t *row, rf_index P,
                      const int32_t *which, rf_index B)
{
    rf_node x = s->kind == CAP_SEEN ? seen(s, g, row, P, which, B) : given(s, g, row, which, B);
    x = rf_dropout(g, x, s->dropout);
    if (!has_places(s)) return x;
    const rf_node both[] = {x, places(s, g, B)};
    return rf_concat(g, 2, both, 2);
}
