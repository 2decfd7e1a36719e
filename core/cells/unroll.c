/* cells/unroll.c -- a layer from primitive ops, one step after the other: the textbook's graph. */
#include "cells/sequence.h"

/* ---- Products of a step ---------------------------------------------------------------------------- */

/* The blocks whose product block `row` is a part of: where they begin, and how many they are. */
static int group_of(const rf_cell *c, int row, int *blocks)
{
    const int split = c->rules->split ? c->rules->split : c->gates;
    *blocks = row < split ? split : c->gates - split;
    return row < split ? 0 : split;
}

/* a W^T of the blocks from `first` on, normalised by gains and biases ln[0], ln[1]. */
static rf_node normed_product(const rfi_unroll *u, rf_node a, rf_node w, int first, int blocks,
                              const rf_node *ln)
{
    rf_graph *g = u->g;
    const rf_index H = u->H, from = first * H, n = blocks * H;
    const rf_node p = rf_linear(g, a, rf_rows(g, w, from, n), RF_NONE);
    return rf_layer_norm(g, p, rf_rows(g, ln[0], from, n), rf_rows(g, ln[1], from, n),
                         RFI_NORM_EPS);
}

/* Block `row` of a W^T + b; k 0: from the input, 1: from the state. */
static rf_node product(rfi_unroll *u, int k, rf_node a, int row, rf_node b)
{
    rf_graph *g = u->g;
    const rf_index H = u->H;
    if (b != RF_NONE) b = rf_rows(g, b, row * H, H);
    if (!u->cell->layer_norm) return rf_linear(g, a, rf_rows(g, u->w[k], row * H, H), b);
    int blocks;
    const int first = group_of(u->cell, row, &blocks);
    rf_node *p = &u->product[k][first > 0];
    if (*p == RF_NONE) *p = normed_product(u, a, u->w[k], first, blocks, u->ln + 2 * k);
    const rf_node part = blocks == 1 ? *p : rf_slice(g, *p, 1, (row - first) * H, H);
    return b == RF_NONE ? part : rf_add(g, part, b);
}

rf_node rfi_unroll_input(rfi_unroll *u, int row)
{
    if (!u->projected) return product(u, 0, u->x, row, u->w[2]);
    return rf_add(u->g, rf_slice(u->g, u->x, 1, row * u->H, u->H),
                  rf_rows(u->g, u->w[2], row * u->H, u->H));
}

rf_node rfi_unroll_state(rfi_unroll *u, int row, rf_node h, rf_node b)
{
    return product(u, 1, h, row, b);
}

rf_node rfi_unroll_block(rfi_unroll *u, int row)
{
    const rf_node wx = rfi_unroll_input(u, row);
    return rf_add(u->g, wx, rfi_unroll_state(u, row, u->h, u->w[3]));
}

void rfi_unroll_forget_state(rfi_unroll *u) { u->product[1][0] = u->product[1][1] = RF_NONE; }

rf_node rfi_unroll_activate(rf_graph *g, rfi_activation a, rf_node x)
{
    if (a == ACT_TANH) return rf_tanh(g, x);
    if (a == ACT_RELU) return rf_relu(g, x);
    return a == ACT_SIGMOID ? rf_sigmoid(g, x) : x;
}

rf_node rfi_unroll_cell(const rfi_unroll *u)
{
    if (!u->cell->layer_norm) return u->c;
    return rf_layer_norm(u->g, u->c, u->ln[4], u->ln[5], RFI_NORM_EPS);
}

/* ---- Steps ------------------------------------------------------------------------------------------ */

/* [B,1]: 1 where the sequence is active at step t. */
static rf_node active_mask(rf_graph *g, const int32_t *lengths, rf_index t, rf_index B)
{
    rf_real *m = rf_graph_alloc(g, (size_t)B * sizeof *m);
    for (rf_index b = 0; m && b < B; b++) m[b] = t < lengths[b];
    return m ? rf_constant(g, m, RF_SHAPE(B, 1)) : RF_POISON;
}

/* m new + (1 - m) old */
static rf_node choose(rf_graph *g, rf_node m, rf_node fresh, rf_node old)
{
    return rf_add(g, rf_mul(g, m, fresh), rf_mul(g, rf_affine(g, m, -1, 1), old));
}

/* A step's length, for each sequence or for all. */
static rf_node step_length(rf_graph *g, const rfi_sequence_attr *a, rf_index t, rf_index B)
{
    if (!a->cell->timed) return RF_NONE;
    const double part = 1.0 / a->substeps;
    if (!a->dt) return rf_scalar(g, a->step * part);
    return rf_affine(g, rf_constant(g, a->dt + t * B, RF_SHAPE(B, 1)), part, 0);
}

/* One step; the states move on, out is returned. */
static rf_node unroll_step(rfi_unroll *u, const rfi_sequence_attr *a, rf_index t, rf_index B)
{
    rf_graph *g = u->g;
    const rf_node h0 = u->h, c0 = u->c;
    for (int k = 0; k < 2; k++) u->product[k][0] = u->product[k][1] = RF_NONE;
    u->dt = step_length(g, a, t, B);
    u->out = RF_NONE;
    a->cell->rules->unroll(u);
    if (u->out == RF_NONE) u->out = u->h;
    if (!a->lengths) return u->out;
    const rf_node m = active_mask(g, a->lengths, t, B);
    u->h = choose(g, m, u->h, h0);
    if (u->c != RF_NONE) u->c = choose(g, m, u->c, c0);
    for (int k = 0; k < GATES; k++)
        if (u->last[k] != RF_NONE) u->last[k] = rf_mul(g, m, u->last[k]);
    return rf_mul(g, m, u->out);
}

/* Slots [T+1], the states h by time, and out [T]; the last c is returned. */
static rf_node unroll(rfi_unroll *u, const rfi_sequence_attr *a, rf_node x, rf_node *slot,
                      rf_node *out)
{
    const rf_shape s = rf_shape_of(u->g, x);
    const rf_index T = s.dim[0], B = s.dim[1];
    slot[a->reverse ? T : 0] = u->h;
    for (rf_index i = 0; i < T; i++) {
        const rf_index t = a->reverse ? T - 1 - i : i;
        u->x = rf_reshape(u->g, rf_rows(u->g, x, t, 1), RF_SHAPE(B, s.dim[2]));
        out[t] = unroll_step(u, a, t, B);
        slot[a->reverse ? t : t + 1] = u->h;
    }
    return u->c;
}

/* Node arrays for unroll, and zero states where none are given. */
static rf_node *unroll_start(rfi_unroll *u, rf_graph *g, const rfi_sequence_attr *a, rf_node x,
                             rf_node h, rf_node c, const rf_node *w)
{
    const rf_shape xs = rf_shape_of(g, x), us = rf_shape_of(g, w[1]);
    if (xs.rank != 3 || us.rank != 2) return NULL;
    const rf_shape state = RF_SHAPE(xs.dim[1], us.dim[1]);
    *u = (rfi_unroll){.g = g, .cell = a->cell, .w = w, .h = h, .c = c, .H = us.dim[1]};
    u->substeps = a->substeps;
    u->projected = a->projected;
    u->ln = w + rfi_cell_own_params(a->cell);
    if (h == RF_NONE) u->h = rf_zeros(g, state);
    if (c == RF_NONE && a->cell->states > 1) u->c = rf_zeros(g, state);
    return rf_graph_alloc(g, (size_t)(2 * xs.dim[0] + 3) * sizeof(rf_node));
}

rf_sequence rfi_sequence_unroll(rf_graph *g, const rfi_sequence_attr *a, rf_node x, rf_node h0,
                                rf_node c0, const rf_node *w)
{
    rfi_unroll u;
    rf_node *slot = unroll_start(&u, g, a, x, h0, c0, w);
    if (!slot) return (rf_sequence){RF_POISON, RF_POISON, RF_POISON};
    const rf_index T = rf_shape_of(g, x).dim[0];
    rf_node *out = slot + T + 1;
    const rf_node c = unroll(&u, a, x, slot, out);
    return (rf_sequence){.out = rf_stack(g, (int)T, out), .h = slot[a->reverse ? 0 : T], .c = c};
}

rf_node rfi_sequence_expand(rf_graph *g, const rf_call *call, const rf_node *x)
{
    const rfi_sequence_attr *a = call->attr;
    rfi_unroll u;
    rf_node *slot = unroll_start(&u, g, a, x[RFI_IN_X], x[RFI_IN_H], x[RFI_IN_C], x + RFI_IN_W);
    if (!slot) return RF_POISON;
    const rf_index T = rf_shape_of(g, x[RFI_IN_X]).dim[0];
    rf_node *out = slot + T + 1;
    const rf_node c = unroll(&u, a, x[RFI_IN_X], slot, out);
    int n = (int)T + 1;
    const bool apart = rfi_sequence_out_apart(a);
    if (apart) out[T] = slot[a->reverse ? 0 : T];
    rf_node *y = apart ? out : slot;
    if (a->cell->states > 1) y[n++] = c; /* the slots' place after T is out's first, read no more */
    return rf_stack(g, n, y);
}
