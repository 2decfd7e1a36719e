/* io/layout_rank.c -- the first step of a layout: which rank each box stands on, and the bends of edges
 * that pass through ranks on their way.
 *
 * Where edges have labels, boxes stand on every other rank, and the labels on those between. */
#include <string.h>

#include "io/diagram.h"

typedef struct ranker {
    rf_arena *arena;
    const rf_diagram *d;
    int boxes, edges;
    int *out, *out_at; /* edges that leave a box, after turning those that close a circle */
    int *in, *in_at;
    int *sorted; /* boxes, inputs before what uses them */
    int *rank;
    bool *back;
    int step; /* ranks from one box to the next, at least */
} ranker;

/* Numbers 0 .. m-1 by key, stable: those of key k are list[at[k] .. at[k+1]). */
static int *bucket(rf_arena *a, int n, int m, const int *key, int stride, int **at)
{
    int *start = rf_arena_zalloc(a, ((size_t)n + 2) * sizeof *start);
    int *list = rf_arena_alloc(a, ((size_t)m + 1) * sizeof *list);
    *at = start;
    if (!start || !list) return NULL;
    for (int i = 0; i < m; i++) start[key[(size_t)i * (size_t)stride] + 2]++;
    for (int k = 0; k < n; k++) start[k + 2] += start[k + 1];
    for (int i = 0; i < m; i++) list[start[key[(size_t)i * (size_t)stride] + 1]++] = i;
    return list;
}

enum { NEW, OPEN, DONE };

/* Depth first from `root`: boxes that are finished go to the front of `sorted`; an edge to a box that
 * is still open closes a circle. */
static int visit(ranker *r, int root, int *state, int *next, int *stack, int left)
{
    int n = 0;
    stack[n++] = root;
    state[root] = OPEN;
    while (n) {
        const int u = stack[n - 1];
        if (next[u] == r->out_at[u + 1]) {
            state[u] = DONE;
            r->sorted[--left] = u;
            n--;
            continue;
        }
        const int e = r->out[next[u]++], v = r->d->edge[e].to;
        r->back[e] = state[v] == OPEN;
        if (state[v] != NEW) continue;
        state[v] = OPEN;
        stack[n++] = v;
    }
    return left;
}

static bool sort_boxes(ranker *r)
{
    const size_t bytes = ((size_t)r->boxes + 1) * sizeof(int);
    int *state = rf_arena_zalloc(r->arena, bytes), *next = rf_arena_alloc(r->arena, bytes);
    int *stack = rf_arena_alloc(r->arena, bytes), left = r->boxes;
    r->sorted = rf_arena_alloc(r->arena, bytes);
    if (!state || !next || !stack || !r->sorted) return false;
    if (r->boxes) memcpy(next, r->out_at, (size_t)r->boxes * sizeof *next);
    for (int u = r->boxes - 1; u >= 0; u--)
        if (state[u] == NEW) left = visit(r, u, state, next, stack, left);
    return true;
}

static int low_of(const ranker *r, int e)
{
    return r->back[e] ? r->d->edge[e].to : r->d->edge[e].from;
}

static int high_of(const ranker *r, int e)
{
    return r->back[e] ? r->d->edge[e].from : r->d->edge[e].to;
}

/* Both lists of edges, as the boxes stand along the flow. */
static bool connect(ranker *r)
{
    int *key = rf_arena_alloc(r->arena, 2 * ((size_t)r->edges + 1) * sizeof *key);
    if (!key) return false;
    for (int e = 0; e < r->edges; e++) {
        key[2 * e] = low_of(r, e);
        key[2 * e + 1] = high_of(r, e);
    }
    r->out = bucket(r->arena, r->boxes, r->edges, key, 2, &r->out_at);
    r->in = bucket(r->arena, r->boxes, r->edges, key + 1, 2, &r->in_at);
    return r->out && r->in;
}

/* As low as the inputs allow. */
static void longest_paths(ranker *r)
{
    for (int i = 0; i < r->boxes; i++) {
        const int u = r->sorted[i];
        for (int k = r->out_at[u]; k < r->out_at[u + 1]; k++) {
            const int v = high_of(r, r->out[k]), least = r->rank[u] + r->step;
            if (r->rank[v] < least) r->rank[v] = least;
        }
    }
}

/* Boxes that have more edges ahead than behind move up to where these are shortest. */
static bool tighten(ranker *r)
{
    bool moved = false;
    for (int i = r->boxes - 1; i >= 0; i--) {
        const int u = r->sorted[i], ahead = r->out_at[u + 1] - r->out_at[u];
        int most = INT32_MAX;
        if (ahead <= r->in_at[u + 1] - r->in_at[u]) continue;
        for (int k = r->out_at[u]; k < r->out_at[u + 1]; k++) {
            const int limit = r->rank[high_of(r, r->out[k])] - r->step;
            if (limit < most) most = limit;
        }
        moved |= most != r->rank[u];
        r->rank[u] = most;
    }
    return moved;
}

static bool make_ranks(ranker *r, const rfi_item *label)
{
    const size_t boxes = (size_t)r->boxes + 1, edges = (size_t)r->edges + 1;
    int *key = rf_arena_alloc(r->arena, edges * sizeof *key);
    r->rank = rf_arena_zalloc(r->arena, boxes * sizeof *r->rank);
    r->back = rf_arena_zalloc(r->arena, edges * sizeof *r->back);
    if (!key || !r->rank || !r->back) return false;
    r->step = 1;
    for (int e = 0; e < r->edges; e++) {
        key[e] = r->d->edge[e].from;
        if (label[e].depth > 0) r->step = 2;
    }
    r->out = bucket(r->arena, r->boxes, r->edges, key, 1, &r->out_at);
    if (!r->out || !sort_boxes(r) || !connect(r)) return false;
    longest_paths(r);
    for (int k = 0; k < 8 && tighten(r); k++) {
    }
    return true;
}

/* ---- Items and pieces --------------------------------------------------------------------------- */

#define BEND 5.0 /* room that an edge takes on both sides */

static bool allocate(rfi_layout *l, const ranker *r)
{
    size_t pieces = 0;
    for (int e = 0; e < r->edges; e++)
        pieces += (size_t)(r->rank[high_of(r, e)] - r->rank[low_of(r, e)]);
    const size_t items = (size_t)r->boxes + pieces - (size_t)r->edges;
    if (items > INT32_MAX / 2 || pieces > INT32_MAX / 2) return false;
    l->item = rf_arena_zalloc(l->arena, (items + 1) * sizeof *l->item);
    l->piece = rf_arena_zalloc(l->arena, (pieces + 1) * sizeof *l->piece);
    l->edge_piece = rf_arena_alloc(l->arena, ((size_t)r->edges + 1) * sizeof *l->edge_piece);
    l->back = r->back;
    l->items = (int)items;
    l->pieces = (int)pieces;
    return l->item && l->piece && l->edge_piece;
}

/* One edge from rank to rank; its label stands on the last of its bends. */
static void cut_edge(rfi_layout *l, const ranker *r, int e, int *item, int *piece,
                     const rfi_item *label)
{
    int low = low_of(r, e);
    const int end = high_of(r, e), last = r->rank[end];
    l->edge_piece[e] = *piece;
    for (int k = r->rank[low] + 1; k <= last; k++) {
        const int high = k == last ? end : (*item)++;
        if (k < last) {
            l->item[high] = (rfi_item){.before = BEND, .after = BEND};
            if (k == last - 1 && label[e].depth > 0) l->item[high] = label[e];
            l->item[high].rank = k;
            l->item[high].bend = true;
        }
        l->piece[(*piece)++] = (rfi_piece){.low = low, .high = high};
        low = high;
    }
}

static bool index_pieces(rfi_layout *l)
{
    int *key = rf_arena_alloc(l->arena, 2 * ((size_t)l->pieces + 1) * sizeof *key);
    if (!key) return false;
    for (int p = 0; p < l->pieces; p++) {
        key[2 * p] = l->piece[p].low;
        key[2 * p + 1] = l->piece[p].high;
    }
    l->above = bucket(l->arena, l->items, l->pieces, key, 2, &l->above_at);
    l->below = bucket(l->arena, l->items, l->pieces, key + 1, 2, &l->below_at);
    return l->above && l->below;
}

bool rfi_layout_rank(rfi_layout *l, const rf_diagram *d, const rfi_item *box, const rfi_item *label)
{
    ranker r = {
        .arena = l->arena, .d = d, .boxes = (int)d->boxes, .edges = (int)d->edges, .step = 1};
    if (!make_ranks(&r, label) || !allocate(l, &r)) return false;
    int item = r.boxes, piece = 0;
    for (int u = 0; u < r.boxes; u++) {
        l->item[u] = box[u];
        l->item[u].rank = r.rank[u];
        if (r.rank[u] >= l->ranks) l->ranks = r.rank[u] + 1;
    }
    for (int e = 0; e < r.edges; e++) cut_edge(l, &r, e, &item, &piece, label);
    l->edge_piece[r.edges] = piece;
    return index_pieces(l);
}
