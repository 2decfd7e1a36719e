/* graph/plane.h -- windows that move over maps [B,H,W,C]: what convolution and pooling share. */
#ifndef RFI_GRAPH_PLANE_H
#define RFI_GRAPH_PLANE_H

#include "graph/ops.h"
#include "tensor/kernels.h"

/* Sizes of a map, of the windows on it, and of what comes out; cells outside the map are 0. */
typedef struct rfi_plane {
    rf_index B, H, W, C;
    rf_index OH, OW, O;      /* O: channels that come out */
    rf_index kh, kw, sy, sx; /* window and stride */
    rf_index top, left;      /* padding before the first row and column */
    rf_index groups, Cg, Og; /* channels of a group, in and out */
} rfi_plane;

static inline rf_index rfi_plane_rows(const rfi_plane *p) { return p->B * p->OH * p->OW; }
/* Numbers of a window of one group. */
static inline rf_index rfi_plane_taps(const rfi_plane *p) { return p->kh * p->kw * p->Cg; }

/* Where rows of the output begin on the map: that of output oy at tap 0; may be outside. */
static inline rf_index rfi_plane_y(const rfi_plane *p, rf_index oy) { return oy * p->sy - p->top; }
static inline rf_index rfi_plane_x(const rfi_plane *p, rf_index ox) { return ox * p->sx - p->left; }

/* The taps from .. to-1 of a window of k that begins at `at` and lie within 0 .. n-1. */
static inline void rfi_plane_span(rf_index at, rf_index k, rf_index n, rf_index *from, rf_index *to)
{
    *from = at < 0 ? -at : 0;
    *to = n - at < k ? n - at : k;
    if (*from > *to) *from = *to = 0;
}

/* Sizes of the output from x [B,H,W,C], window, stride [2] and padding [4]: top, left, bottom, right.
 * False after rf_call_fail: x has other dimensions, or no window fits. */
bool rfi_plane_fit(const rf_call *c, rf_index kh, rf_index kw, const int32_t *stride,
                   const int32_t *pad, rfi_plane *p);

/* What an activation cuts off: y = min(max(y, low), high). */
void rfi_conv_range(rf_conv_act act, rf_real *low, rf_real *high);

/* The windows of places r .. end-1 of a group, one after the other, [end - r, kh, kw, Cg]. */
void rfi_plane_windows(const rfi_kernels *k, const rfi_plane *p, const rf_real *x, rf_index r,
                       rf_index end, rf_index group, rf_real *to);

/* A window of one cell that takes every cell: the map is its own matrix of windows. */
static inline bool rfi_plane_pointwise(const rfi_plane *p)
{
    return p->kh == 1 && p->kw == 1 && p->sy == 1 && p->sx == 1 && p->OH == p->H && p->OW == p->W;
}

/* ---- Products: windows times weights ----------------------------------------------------------- */

/* y = act(x * w + b), b NULL: 0; or, with add, y += x * w, then act. */
typedef struct rfi_conv_product {
    const rf_call *c;
    const rfi_plane *p;
    const rf_real *x, *w, *b;
    rf_real *y;
    bool add;
    rf_conv_act act;
} rfi_conv_product;
void rfi_conv_multiply(const rfi_conv_product *q);

/* ---- Depthwise: a window of its own for each channel ------------------------------------------- */

/* The same with weights [C,kh,kw]. */
void rfi_depthwise(const rfi_conv_product *q);
/* gx += what gy [B,OH,OW,C] says through w; gw += likewise through x. */
void rfi_depthwise_back(const rf_call *c, const rfi_plane *p, const rf_real *gy, rf_real *gx,
                        rf_real *gw);

#endif
