/* io/layout_place.c -- the third step of a layout: coordinates.
 *
 * Across: each item wants to stand at the mean of its neighbours, and long edges want to be straight.
 * A rank at a time the places nearest to that (weighted least squares) are found that keep the items
 * apart, by pooling those that would come too close.  Along: a rank after the other. */
#include <math.h>

#include "io/diagram.h"

#define GAP        14.0 /* between neighbours of a rank */
#define PORT       22.0 /* from one edge of a box to the next, at most */
#define PORTS_WIDE 0.8  /* the part of a box's side that edges may use */

enum { ONE_SIDED = 8, TWO_SIDED = 60 };

/* ---- Ports -------------------------------------------------------------------------------------- */

static int far_place(const rfi_layout *l, int piece, bool high)
{
    const rfi_piece *p = &l->piece[piece];
    return l->item[high ? p->high : p->low].place;
}

/* The pieces of one side of item u, in the order of their far ends, spread along that side. */
static void set_ports(rfi_layout *l, int u, int *list, int n, bool high)
{
    const rfi_item *x = &l->item[u];
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0; k--) {
            if (far_place(l, list[k - 1], high) <= far_place(l, list[k], high)) break;
            const int t = list[k];
            list[k] = list[k - 1];
            list[k - 1] = t;
        }
    if (x->bend) return;
    const double step = fmin(PORT, PORTS_WIDE * (x->before + x->after) / (n ? n : 1));
    for (int i = 0; i < n; i++) {
        const double port = (i - (n - 1) / 2.0) * step;
        if (high)
            l->piece[list[i]].low_port = port;
        else
            l->piece[list[i]].high_port = port;
    }
}

static void set_all_ports(rfi_layout *l)
{
    for (int u = 0; u < l->items; u++) {
        set_ports(l, u, l->above + l->above_at[u], l->above_at[u + 1] - l->above_at[u], true);
        set_ports(l, u, l->below + l->below_at[u], l->below_at[u + 1] - l->below_at[u], false);
    }
}

/* ---- Across ------------------------------------------------------------------------------------- */

/* A run of items that stand as close as they may: all of them at `value` plus their own offset. */
typedef struct pool {
    double value, weight;
    int items;
} pool;

typedef struct placer {
    rfi_layout *l;
    pool *pool;
    double *offset; /* [items of a rank]: where each stands when the first stands at 0 */
    bool below, above;
} placer;

/* Where item x would like to stand on account of one piece, and how much. */
static void pull(const rfi_layout *l, int piece, bool up, double *sum, double *weight)
{
    const rfi_piece *p = &l->piece[piece];
    const rfi_item *low = &l->item[p->low], *high = &l->item[p->high];
    const double w = low->bend && high->bend ? 8 : low->bend || high->bend ? 2 : 1;
    const double at =
        up ? low->at + p->low_port - p->high_port : high->at + p->high_port - p->low_port;
    *sum += w * at;
    *weight += w;
}

static pool wish(const placer *p, int u)
{
    const rfi_layout *l = p->l;
    double sum = 0, weight = 0;
    if (p->below)
        for (int k = l->below_at[u]; k < l->below_at[u + 1]; k++)
            pull(l, l->below[k], true, &sum, &weight);
    if (p->above)
        for (int k = l->above_at[u]; k < l->above_at[u + 1]; k++)
            pull(l, l->above[k], false, &sum, &weight);
    if (weight > 0) return (pool){sum / weight, weight, 1};
    return (pool){l->item[u].at, 0.1, 1};
}

/* The best places of one rank: isotonic regression by pooling adjacent violators. */
static void place_rank(const placer *p, int r)
{
    const rfi_layout *l = p->l;
    const int *list = l->order + l->first[r], n = l->first[r + 1] - l->first[r];
    int pools = 0, at = 0;
    for (int i = 0; i < n; i++) {
        pool now = wish(p, list[i]);
        p->offset[i] =
            i ? p->offset[i - 1] + l->item[list[i - 1]].after + GAP + l->item[list[i]].before : 0;
        now.value -= p->offset[i];
        for (; pools && p->pool[pools - 1].value >= now.value; pools--) {
            const pool last = p->pool[pools - 1];
            const double weight = last.weight + now.weight;
            now.value = (last.weight * last.value + now.weight * now.value) / weight;
            now.weight = weight;
            now.items += last.items;
        }
        p->pool[pools++] = now;
    }
    for (int k = 0; k < pools; k++)
        for (int i = 0; i < p->pool[k].items; i++, at++)
            l->item[list[at]].at = p->pool[k].value + p->offset[at];
}

static void place_all(const placer *p, bool up)
{
    for (int k = 0; k < p->l->ranks; k++) place_rank(p, up ? k : p->l->ranks - 1 - k);
}

/* ---- Straight edges ----------------------------------------------------------------------------- */

typedef struct range {
    double low, high;
} range;

/* Where item u may stand while its neighbours stay. */
static range room_of(const rfi_layout *l, int u)
{
    const rfi_item *x = &l->item[u];
    const int k = l->first[x->rank] + x->place;
    range r = {-1e9, 1e9};
    if (x->place) {
        const rfi_item *before = &l->item[l->order[k - 1]];
        r.low = before->at + before->after + GAP + x->before;
    }
    if (k + 1 < l->first[x->rank + 1]) {
        const rfi_item *after = &l->item[l->order[k + 1]];
        r.high = after->at - after->before - GAP - x->after;
    }
    return r;
}

/* Within the room of some bends, where the edge is straight on to its box; else near to where they are. */
static double best_of(const rfi_layout *l, int e, int from, int to, range r)
{
    const rfi_piece *first = &l->piece[l->edge_piece[e]],
                    *last = &l->piece[l->edge_piece[e + 1] - 1];
    const double start = l->item[first->low].at + first->low_port;
    const double end = l->item[last->high].at + last->high_port;
    const bool starts = from == l->edge_piece[e], ends = to == l->edge_piece[e + 1] - 1;
    double at = 0;
    if (starts && start >= r.low && start <= r.high) return start;
    if (ends && end >= r.low && end <= r.high) return end;
    for (int k = from; k < to; k++) at += l->item[l->piece[k].high].at / (to - from);
    return fmin(fmax(at, r.low), r.high);
}

/* The bends of an edge in runs, as long as they can be, of one place across. */
static void straighten(rfi_layout *l, int e)
{
    const int end = l->edge_piece[e + 1] - 1; /* the high end of the last piece is a box */
    for (int from = l->edge_piece[e], to; from < end; from = to) {
        range r = room_of(l, l->piece[from].high);
        for (to = from + 1; to < end; to++) {
            const range next = room_of(l, l->piece[to].high);
            const range both = {fmax(r.low, next.low), fmin(r.high, next.high)};
            if (both.low > both.high) break;
            r = both;
        }
        const double at = best_of(l, e, from, to, r);
        for (int k = from; k < to; k++) l->item[l->piece[k].high].at = at;
    }
}

static bool place_across(rfi_layout *l, int edges)
{
    const size_t n = (size_t)l->items + 1;
    placer p = {.l = l};
    p.pool = rf_arena_alloc(l->arena, n * sizeof *p.pool);
    p.offset = rf_arena_alloc(l->arena, n * sizeof *p.offset);
    if (!p.pool || !p.offset) return false;
    for (int k = 0; k < ONE_SIDED; k++) {
        p.below = k % 2;
        p.above = !p.below;
        place_all(&p, p.below);
    }
    p.below = p.above = true;
    for (int k = 0; k < TWO_SIDED; k++) place_all(&p, k % 2);
    for (int k = 0; k < 2; k++)
        for (int e = 0; e < edges; e++)
            if (l->edge_piece[e + 1] - l->edge_piece[e] > 2) straighten(l, e);
    return true;
}

/* The whole begins at 0. */
static void frame(rfi_layout *l)
{
    double low = 0, high = 0;
    for (int u = 0; u < l->items; u++) {
        const rfi_item *x = &l->item[u];
        low = u ? fmin(low, x->at - x->before) : x->at - x->before;
        high = u ? fmax(high, x->at + x->after) : x->at + x->after;
    }
    for (int u = 0; u < l->items; u++) l->item[u].at -= low;
    l->across = high - low;
}

/* ---- Along -------------------------------------------------------------------------------------- */

/* The more an edge goes across, the more room it gets to turn. */
static double gap_above(const rfi_layout *l, int r)
{
    double across = 0;
    bool boxes = true;
    for (int k = l->first[r]; k < l->first[r + 1]; k++) {
        const int u = l->order[k];
        for (int i = l->above_at[u]; i < l->above_at[u + 1]; i++) {
            const rfi_piece *p = &l->piece[l->above[i]];
            const double from = l->item[p->low].at + p->low_port;
            across = fmax(across, fabs(l->item[p->high].at + p->high_port - from));
            boxes = boxes && !(l->item[p->low].bend || l->item[p->high].bend);
        }
    }
    return fmin((boxes ? 34 : 20) + 0.1 * across, 64);
}

static bool place_along(rfi_layout *l)
{
    const size_t n = (size_t)l->ranks + 1;
    l->base = rf_arena_zalloc(l->arena, n * sizeof *l->base);
    l->depth = rf_arena_zalloc(l->arena, n * sizeof *l->depth);
    if (!l->base || !l->depth) return false;
    double at = 0;
    for (int r = 0; r < l->ranks; r++) {
        for (int k = l->first[r]; k < l->first[r + 1]; k++)
            l->depth[r] = fmax(l->depth[r], l->item[l->order[k]].depth);
        l->base[r] = at;
        l->along = at + l->depth[r];
        at = l->along + gap_above(l, r);
    }
    return true;
}

bool rfi_layout_place(rfi_layout *l, int edges)
{
    set_all_ports(l);
    if (!place_across(l, edges)) return false;
    frame(l);
    return place_along(l);
}

bool rfi_layout_make(rfi_layout *l, const rf_diagram *d, const rfi_item *box, const rfi_item *label)
{
    *l = (rfi_layout){.arena = rf_arena_new(0)};
    return l->arena && rfi_layout_rank(l, d, box, label) && rfi_layout_order(l) &&
           rfi_layout_place(l, (int)d->edges);
}
