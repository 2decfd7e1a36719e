/* lecture.h -- what the tests of the lecture's formulas share: numbers, the functions σ tanh softmax, and
 * a cell with drawn numbers beside what the library makes of them.
 *
 * Nothing is shared with the library but the numbers of the parameters: gates are summed element by
 * element, products of Jacobians are formed as matrices. */
#ifndef RF_TESTS_GRAD_LECTURE_H
#define RF_TESTS_GRAD_LECTURE_H

#include <math.h>
#include <string.h>

#include <refrain/cell.h>

#include "../graph_suite.h"

enum { T = 5, I = 3, H = 4, K = 3, PARAMS = 12, LARGEST = 9 * H * H };
static const double CLOSE = 1e-12;

static inline double drawn(const char *what, int i)
{
    return 2 * rf_uniform(rf_key_make(5, what, 0), (uint64_t)i) - 1;
}

static inline void draw(const char *what, int n, double *out)
{
    for (int i = 0; i < n; i++) out[i] = drawn(what, i);
}

static inline void same(const double *a, const double *b, int n)
{
    for (int i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(a[i], b[i], CLOSE);
}

/* ---- Functions, as section 2 has them --------------------------------------------------------------- */

static inline double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static inline double tanh_of(double x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); }

static inline void softmax(const double *z, int n, double *out)
{
    double sum = 0;
    for (int j = 0; j < n; j++) sum += exp(z[j]);
    for (int i = 0; i < n; i++) out[i] = exp(z[i]) / sum;
}

/* ---- A cell, its numbers, and what the library makes of them -------------------------------------- */

typedef struct net {
    const rf_cell *cell;
    int n;
    const char *name[PARAMS];
    rf_shape shape[PARAMS];
    double w[PARAMS][LARGEST];
    double x[T][I], h0[H], c0[H];
    double out[T][H], c[H]; /* of the fused op */
} net;

/* The number of a parameter; -1: the cell has none of that name. */
static inline int find(const net *n, const char *name)
{
    for (int k = 0; k < n->n; k++)
        if (strcmp(n->name[k], name) == 0) return k;
    return -1;
}

static inline void run_fused(net *n)
{
    rf_node w[PARAMS];
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "test", 0));
    for (int k = 0; k < n->n; k++) w[k] = rf_constant(g, n->w[k], n->shape[k]);
    const rf_node x = rf_constant(g, &n->x[0][0], RF_SHAPE(T, 1, I));
    const rf_node h0 = rf_constant(g, n->h0, RF_SHAPE(1, H));
    const rf_node c0 = n->cell->states > 1 ? rf_constant(g, n->c0, RF_SHAPE(1, H)) : RF_NONE;
    const rf_sequence s = rf_cell_sequence(g, n->cell, x, h0, c0, w, NULL, false, NULL);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(g, NULL), RF_OK);
    memcpy(n->out, rf_value(g, s.out).data, sizeof n->out);
    if (s.c != RF_NONE) memcpy(n->c, rf_value(g, s.c).data, sizeof n->c);
}

/* A cell with drawn numbers; without biases as the lecture writes some. */
static inline void net_open(net *n, const char *cell, bool biases)
{
    *n = (net){.cell = rf_cell_find(cell)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(n->cell);
    while (n->n < PARAMS && rf_cell_param(n->cell, n->n, I, H, &n->name[n->n], &n->shape[n->n])) {
        const bool none = !biases && strncmp(n->name[n->n], "bias", 4) == 0;
        if (!none) draw(n->name[n->n], (int)rf_shape_count(n->shape[n->n]), n->w[n->n]);
        n->n++;
    }
    draw("input", T * I, &n->x[0][0]);
    draw("h0", H, n->h0);
    draw("c0", H, n->c0);
    run_fused(n);
}

/* Row r of gate `letter` in weight_ih, weight_hh and the biases. */
static inline int row_of(const net *n, char letter, int r)
{
    return (int)(strchr(n->cell->order, letter) - n->cell->order) * H + r;
}

static inline double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int j = 0; j < n; j++) sum += a[j] * b[j];
    return sum;
}

/* (W x)_r, (U h)_r, b_r of a gate. */
static inline double W(const net *n, char gate, int r, const double *x)
{
    return dot(n->w[0] + row_of(n, gate, r) * I, x, I);
}
static inline double U(const net *n, char gate, int r, const double *h)
{
    return dot(n->w[1] + row_of(n, gate, r) * H, h, H);
}
static inline double bias(const net *n, char gate, int r)
{
    return n->w[2][row_of(n, gate, r)] + n->w[3][row_of(n, gate, r)];
}

/* (W·[h, x])_r: one matrix over both, made of the halves. */
static inline double joined(const net *n, char gate, int r, const double *h, const double *x)
{
    double row[H + I], v[H + I];
    memcpy(row, n->w[1] + row_of(n, gate, r) * H, H * sizeof *row);
    memcpy(row + H, n->w[0] + row_of(n, gate, r) * I, I * sizeof *row);
    memcpy(v, h, H * sizeof *v);
    memcpy(v + H, x, I * sizeof *v);
    return dot(row, v, H + I);
}

typedef struct state {
    double h[H], c[H];
    double i[H], f[H], o[H]; /* the gates of the last step */
} state;

/* One step as a page of paper has it: from the old state to the new one. */
typedef void step_fn(const net *n, const double *x, const state *old, state *s);

static inline void follow(const net *n, step_fn *step)
{
    state old = {{0}}, s = {{0}};
    memcpy(old.h, n->h0, sizeof old.h);
    memcpy(old.c, n->c0, sizeof old.c);
    for (int t = 0; t < T; t++) {
        step(n, n->x[t], &old, &s);
        same(n->out[t], s.h, H);
        old = s;
    }
    if (n->cell->states > 1) same(n->c, s.c, H);
}

static inline void check_cell(const char *cell, step_fn *step)
{
    net n;
    net_open(&n, cell, true);
    follow(&n, step);
}

#endif
