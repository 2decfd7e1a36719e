/* graph/op_depthwise.c -- convolution where each channel has a window of its own.
 *
 * Every rule is a sum over pairs of runs of channels, y[i] += sum_t a[t][i] b[t][i]: forward of cells
 * of the map and taps of the weights, back to the map of gradients and taps, to the weights of cells
 * and gradients.  One kernel does them all.  Weights [C,kh,kw] are turned to [kh,kw,C] first. */
#include "graph/plane.h"
#include "tensor/vec.h"

enum { PAIRS = 32, CHANNELS = 64 };

typedef struct job {
    const rf_call *c;
    const rfi_plane *p;
    const rf_real *x, *w, *b, *gy; /* w [kh,kw,C] */
    rf_real *y;
    bool add;
    rf_conv_act act;
    rf_real low, high;
} job;

/* Runs of n channels that wait to be added to y. */
typedef struct pairs {
    const rfi_kernels *k;
    rf_index n;
    int count;
    const rf_real *a[PAIRS], *b[PAIRS];
    rf_real *y;
} pairs;

static void flush(pairs *s)
{
    s->k->pairs(s->n, s->count, s->a, s->b, s->y);
    s->count = 0;
}

static void push(pairs *s, const rf_real *a, const rf_real *b)
{
    if (s->count == PAIRS) flush(s);
    s->a[s->count] = a;
    s->b[s->count++] = b;
}

static rf_real *turned(const rf_call *c, const rfi_plane *p, const rf_real *w)
{
    const rf_index taps = p->kh * p->kw;
    rf_real *t = rf_graph_scratch(c->graph, (size_t)(p->C * taps) * sizeof *t);
    if (t) c->device->k->transpose(p->C, taps, w, taps, t, p->C);
    return t;
}

/* ---- Forward ------------------------------------------------------------------------------------- */

static void forward_cell(const job *q, pairs *s, rf_index row, rf_index i, rf_index j)
{
    const rfi_plane *p = q->p;
    const rf_real *map = q->x + row / p->OH * p->H * p->W * p->C;
    const rf_index y = rfi_plane_y(p, i), x = rfi_plane_x(p, j);
    rf_index t, bottom, left, right;
    rfi_plane_span(y, p->kh, p->H, &t, &bottom);
    rfi_plane_span(x, p->kw, p->W, &left, &right);
    for (; t < bottom; t++)
        for (rf_index u = left; u < right; u++)
            push(s, map + ((y + t) * p->W + x + u) * p->C, q->w + (t * p->kw + u) * p->C);
}

/* A row of cells by way of memory: windows of more taps than wait at once, and sums added to. */
static void add_row(const job *q, pairs *s, rf_index row)
{
    const rfi_plane *p = q->p;
    rf_real *y = q->y + row * p->OW * p->C;
    if (!q->add) memset(y, 0, (size_t)(p->OW * p->C) * sizeof *y);
    for (rf_index j = 0; j < p->OW; j++) {
        s->y = y + j * p->C;
        forward_cell(q, s, row, row % p->OH, j);
        flush(s);
    }
    if (q->b || q->act != RF_CONV_LINEAR)
        s->k->clip_rows(p->OW, p->C, q->b, q->low, q->high, y, p->C);
}

/* The same with bias and activation before a cell is written. */
static void write_row(const job *q, pairs *s, rf_index row)
{
    const rfi_plane *p = q->p;
    for (rf_index j = 0; j < p->OW; j++) {
        forward_cell(q, s, row, row % p->OH, j);
        s->k->pairs_clip(s->n, s->count, s->a, s->b, q->b, q->low, q->high,
                         q->y + (row * p->OW + j) * p->C);
        s->count = 0;
    }
}

static void forward_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const bool at_once = !q->add && q->p->kh * q->p->kw <= PAIRS;
    pairs s = {.k = q->c->device->k, .n = q->p->C};
    rf_index row, end;
    rfi_split(q->p->B * q->p->OH, 1, thread, threads, &row, &end);
    for (; row < end; row++) (at_once ? write_row : add_row)(q, &s, row);
}

static rf_index work_of(const rfi_plane *p) { return rfi_plane_rows(p) * p->kh * p->kw * p->C; }

void rfi_depthwise(const rfi_conv_product *w)
{
    job q = {.c = w->c, .p = w->p, .x = w->x, .b = w->b, .y = w->y, .add = w->add, .act = w->act};
    q.w = turned(w->c, w->p, w->w);
    rfi_conv_range(w->act, &q.low, &q.high);
    if (q.w) rfi_vec_share(w->c->device, work_of(w->p), forward_part, &q);
}

/* ---- Back ------------------------------------------------------------------------------------------- */

/* All windows that see cell (y, x) of an image. */
static void map_cell(const job *q, pairs *s, rf_index image, rf_index y, rf_index x)
{
    const rfi_plane *p = q->p;
    for (rf_index t = 0; t < p->kh; t++) {
        const rf_index i = y + p->top - t;
        if (i < 0 || i % p->sy || i / p->sy >= p->OH) continue;
        const rf_real *gy = q->gy + (image * p->OH + i / p->sy) * p->OW * p->C;
        for (rf_index u = 0; u < p->kw; u++) {
            const rf_index j = x + p->left - u;
            if (j < 0 || j % p->sx || j / p->sx >= p->OW) continue;
            push(s, gy + j / p->sx * p->C, q->w + (t * p->kw + u) * p->C);
        }
    }
}

static void map_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const rfi_plane *p = q->p;
    pairs s = {.k = q->c->device->k, .n = p->C};
    rf_index row, end;
    rfi_split(p->B * p->H, 1, thread, threads, &row, &end);
    for (; row < end; row++)
        for (rf_index x = 0; x < p->W; x++) {
            s.y = q->y + (row * p->W + x) * p->C;
            map_cell(q, &s, row / p->H, row % p->H, x);
            flush(&s);
        }
}

/* Tap (t, u) of the channels from `at` on: over all places. */
static void weigh_tap(const job *q, pairs *s, rf_index t, rf_index u, rf_index at)
{
    const rfi_plane *p = q->p;
    s->y = q->y + (t * p->kw + u) * p->C + at;
    for (rf_index row = 0; row < p->B * p->OH; row++) {
        const rf_index y = rfi_plane_y(p, row % p->OH) + t;
        if (y < 0 || y >= p->H) continue;
        const rf_real *x = q->x + (row / p->OH * p->H + y) * p->W * p->C + at;
        const rf_real *gy = q->gy + row * p->OW * p->C + at;
        for (rf_index j = 0; j < p->OW; j++) {
            const rf_index to = rfi_plane_x(p, j) + u;
            if (to >= 0 && to < p->W) push(s, x + to * p->C, gy + j * p->C);
        }
    }
    flush(s);
}

/* Taps and runs of channels are dealt out, each whole: its sum has one order. */
static void weight_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const rfi_plane *p = q->p;
    const rf_index runs = (p->C + CHANNELS - 1) / CHANNELS;
    rf_index i, end;
    rfi_split(p->kh * p->kw * runs, 1, thread, threads, &i, &end);
    for (; i < end; i++) {
        const rf_index tap = i / runs, at = i % runs * CHANNELS;
        pairs s = {.k = q->c->device->k, .n = p->C - at < CHANNELS ? p->C - at : CHANNELS};
        weigh_tap(q, &s, tap / p->kw, tap % p->kw, at);
    }
}

void rfi_depthwise_back(const rf_call *c, const rfi_plane *p, const rf_real *gy, rf_real *gx,
                        rf_real *gw)
{
    job q = {.c = c, .p = p, .x = c->x[0].data, .gy = gy};
    if (gx && (q.w = turned(c, p, c->x[1].data)) != NULL) {
        q.y = gx;
        rfi_vec_share(c->device, work_of(p), map_part, &q);
    }
    const rf_index taps = p->kh * p->kw;
    if (!gw || !(q.y = turned(c, p, gw))) return;
    rfi_vec_share(c->device, work_of(p), weight_part, &q);
    c->device->k->transpose(taps, p->C, q.y, p->C, gw, taps);
}
