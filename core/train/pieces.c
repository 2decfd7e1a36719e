/* train/pieces.c -- walk over all parameters in pieces, on all threads. */
#include "train/pieces.h"

typedef struct walk {
    const rf_params *ps;
    bool rows_only;
    rfi_piece_fn fn;
    void *ctx;
    rf_index pieces;
    int groups;
} walk;

static rf_index row_size(const rf_param *p)
{
    const rf_index rows = p->value.shape.dim[0];
    return rows > 0 ? rf_shape_count(p->value.shape) / rows : 0;
}

static rf_index count_pieces(const walk *w, const rf_param *p)
{
    if (p->frozen) return 0;
    if (w->rows_only && p->sparse) return p->rows;
    return (rf_shape_count(p->value.shape) + RFI_PIECE - 1) / RFI_PIECE;
}

/* Pieces from .. to-1 of parameter p. */
static void walk_param(const walk *w, int group, size_t index, rf_param *p, rf_index from,
                       rf_index to)
{
    const bool rows = w->rows_only && p->sparse;
    const rf_index size = rows ? row_size(p) : RFI_PIECE, all = rf_shape_count(p->value.shape);
    for (rf_index k = from; k < to; k++) {
        const rf_index first = (rows ? p->row[k] : k) * size;
        const rf_index left = all - first;
        w->fn(w->ctx, group, index, p, first, size < left ? size : left);
    }
}

static void walk_group(const walk *w, int group)
{
    const rf_index from = w->pieces * group / w->groups, to = w->pieces * (group + 1) / w->groups;
    rf_index base = 0;
    for (size_t i = 0; i < rf_params_count(w->ps) && base < to; i++) {
        rf_param *p = rf_params_at(w->ps, i);
        const rf_index n = count_pieces(w, p);
        const rf_index a = from > base ? from - base : 0, b = to - base < n ? to - base : n;
        if (a < b) walk_param(w, group, i, p, a, b);
        base += n;
    }
}

static void walk_thread(void *ctx, int thread, int threads)
{
    const walk *w = ctx;
    const int from = w->groups * thread / threads, to = w->groups * (thread + 1) / threads;
    for (int group = from; group < to; group++) walk_group(w, group);
}

void rfi_pieces_run(rf_device *d, const rf_params *ps, bool rows_only, rfi_piece_fn fn, void *ctx)
{
    walk w = {.ps = ps, .rows_only = rows_only, .fn = fn, .ctx = ctx};
    for (size_t i = 0; i < rf_params_count(ps); i++)
        w.pieces += count_pieces(&w, rf_params_at(ps, i));
    w.groups = w.pieces < RFI_GROUPS ? (int)w.pieces : RFI_GROUPS;
    if (w.groups > 0) rf_device_run(d, walk_thread, &w);
}
