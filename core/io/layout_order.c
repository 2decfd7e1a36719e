/* io/layout_order.c -- the second step of a layout: the order of the items on each rank, so that few
 * edges cross.
 *
 * Ranks are swept up and down; each item moves to the mean of the places of its neighbours on the rank
 * before, then neighbours change places where that helps.  The best order seen is kept. */
#include <stdlib.h>
#include <string.h>

#include "io/diagram.h"

enum { SWEEPS = 24, SWAPS = 4 };

/* Depth first from what nothing uses, so that first operands stand first. */
static void set_places(const rfi_layout *l, int u, int *filled, int *stack)
{
    int n = 0;
    stack[n++] = u;
    while (n) {
        rfi_item *x = &l->item[u = stack[--n]];
        if (x->place >= 0) continue;
        x->place = filled[x->rank]++;
        l->order[l->first[x->rank] + x->place] = u;
        for (int k = l->below_at[u + 1] - 1; k >= l->below_at[u]; k--) {
            const int v = l->piece[l->below[k]].low;
            if (l->item[v].place < 0) stack[n++] = v;
        }
    }
}

static bool first_order(rfi_layout *l)
{
    const size_t ranks = (size_t)l->ranks + 2, items = (size_t)l->items + 1;
    int *filled = rf_arena_zalloc(l->arena, ranks * sizeof *filled);
    int *stack = rf_arena_alloc(l->arena, (items + (size_t)l->pieces) * sizeof *stack);
    l->first = rf_arena_zalloc(l->arena, ranks * sizeof *l->first);
    l->order = rf_arena_alloc(l->arena, items * sizeof *l->order);
    if (!filled || !stack || !l->first || !l->order) return false;
    for (int u = 0; u < l->items; u++) {
        l->item[u].place = -1;
        l->first[l->item[u].rank + 1]++;
    }
    for (int r = 0; r < l->ranks; r++) l->first[r + 1] += l->first[r];
    for (int u = 0; u < l->items; u++)
        if (l->above_at[u] == l->above_at[u + 1]) set_places(l, u, filled, stack);
    return true;
}

/* ---- Crossings ---------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Of the pieces between rank r and the next: pairs out of order, by a tree of counts.
 * Source: Barth, Juenger, Mutzel: Simple and efficient bilayer cross counting, GD 2002. */
static long crossings_at(const rfi_layout *l, int r, int *ends, int *tree)
{
    const int width = l->first[r + 2] - l->first[r + 1];
    long count = 0;
    int seen = 0;
    memset(tree, 0, ((size_t)width + 1) * sizeof *tree);
    for (int k = l->first[r]; k < l->first[r + 1]; k++) {
        const int u = l->order[k];
        int n = 0;
        for (int i = l->above_at[u]; i < l->above_at[u + 1]; i++)
            ends[n++] = l->item[l->piece[l->above[i]].high].place;
        qsort(ends, (size_t)n, sizeof *ends, by_value);
        for (int i = 0; i < n; i++) {
            int smaller = 0;
            for (int at = ends[i] + 1; at > 0; at &= at - 1) smaller += tree[at];
            count += seen - smaller;
        }
        for (int i = 0; i < n; i++, seen++)
            for (int at = ends[i] + 1; at <= width; at += at & -at) tree[at]++;
    }
    return count;
}

static long crossings(const rfi_layout *l, int *ends, int *tree)
{
    long count = 0;
    for (int r = 0; r + 1 < l->ranks; r++) count += crossings_at(l, r, ends, tree);
    return count;
}

/* ---- Sweeps ------------------------------------------------------------------------------------- */

/* The far ends of an item's pieces on one side. */
typedef struct side {
    const int *list, *at;
    bool high;
} side;

static side side_of(const rfi_layout *l, bool above)
{
    return above ? (side){l->above, l->above_at, true} : (side){l->below, l->below_at, false};
}

static const rfi_item *far_end(const rfi_layout *l, side s, int k)
{
    const rfi_piece *p = &l->piece[s.list[k]];
    return &l->item[s.high ? p->high : p->low];
}

static void set_key(const rfi_layout *l, side s, int u)
{
    rfi_item *x = &l->item[u];
    double sum = 0;
    const int n = s.at[u + 1] - s.at[u];
    for (int k = s.at[u]; k < s.at[u + 1]; k++) sum += far_end(l, s, k)->place;
    x->key = n ? sum / n : x->place;
}

/* Stable, and short ranks are the rule. */
static void sort_rank(const rfi_layout *l, int r)
{
    int *list = l->order + l->first[r];
    const int n = l->first[r + 1] - l->first[r];
    for (int i = 1; i < n; i++) {
        const int u = list[i];
        int k = i;
        for (; k > 0 && l->item[list[k - 1]].key > l->item[u].key; k--) list[k] = list[k - 1];
        list[k] = u;
    }
    for (int i = 0; i < n; i++) l->item[list[i]].place = i;
}

static void sweep(const rfi_layout *l, bool up)
{
    const side s = side_of(l, !up);
    for (int k = 0; k < l->ranks; k++) {
        const int r = up ? k : l->ranks - 1 - k;
        for (int i = l->first[r]; i < l->first[r + 1]; i++) set_key(l, s, l->order[i]);
        sort_rank(l, r);
    }
}

/* How many fewer crossings there are on one side when u and v, neighbours, change places. */
static int gain_of(const rfi_layout *l, side s, int u, int v)
{
    int gain = 0;
    for (int i = s.at[u]; i < s.at[u + 1]; i++)
        for (int j = s.at[v]; j < s.at[v + 1]; j++) {
            const int a = far_end(l, s, i)->place, b = far_end(l, s, j)->place;
            gain += (a > b) - (a < b);
        }
    return gain;
}

static bool swap_neighbours(const rfi_layout *l)
{
    bool better = false;
    for (int r = 0; r < l->ranks; r++)
        for (int k = l->first[r]; k + 1 < l->first[r + 1]; k++) {
            const int u = l->order[k], v = l->order[k + 1];
            const int gain =
                gain_of(l, side_of(l, true), u, v) + gain_of(l, side_of(l, false), u, v);
            if (gain <= 0) continue;
            l->order[k] = v;
            l->order[k + 1] = u;
            l->item[v].place--;
            l->item[u].place++;
            better = true;
        }
    return better;
}

static void keep(int *to, const int *from, int n)
{
    if (n) memcpy(to, from, (size_t)n * sizeof *to);
}

static void restore(rfi_layout *l, const int *best)
{
    keep(l->order, best, l->items);
    for (int r = 0; r < l->ranks; r++)
        for (int k = l->first[r]; k < l->first[r + 1]; k++)
            l->item[l->order[k]].place = k - l->first[r];
}

bool rfi_layout_order(rfi_layout *l)
{
    const size_t n = (size_t)l->items + 2;
    int *ends = rf_arena_alloc(l->arena, ((size_t)l->pieces + 1) * sizeof *ends);
    int *tree = rf_arena_alloc(l->arena, n * sizeof *tree);
    int *best = rf_arena_alloc(l->arena, n * sizeof *best);
    if (!ends || !tree || !best || !first_order(l)) return false;
    long least = crossings(l, ends, tree);
    keep(best, l->order, l->items);
    for (int k = 0; k < SWEEPS && least; k++) {
        sweep(l, k % 2);
        for (int i = 0; i < SWAPS && swap_neighbours(l); i++) {
        }
        const long count = crossings(l, ends, tree);
        if (count >= least) continue;
        least = count;
        keep(best, l->order, l->items);
    }
    restore(l, best);
    return true;
}
