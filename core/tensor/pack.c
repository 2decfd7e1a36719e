/* tensor/pack.c -- weights of a recurrent step, packed for the micro-kernel. */
#include "tensor/pack.h"

#include "tensor/qpack.h"
#include <assert.h>
#include <string.h>

rfi_panels rfi_panels_gates(const rfi_kernels *k, int G, rf_index H, rf_index K)
{
    assert(G >= 1 && G <= 4);
    return (rfi_panels){
        .count = (H + k->lanes - 1) / k->lanes, .K = K, .columns = H, .v = G, .lanes = k->lanes};
}

rfi_panels rfi_panels_columns(const rfi_kernels *k, int v, rf_index N, rf_index K)
{
    assert(v >= 0 && v <= 4);
    const int wide = v ? v : k->wide;
    const rf_index width = (rf_index)wide * k->lanes;
    return (rfi_panels){
        .count = (N + width - 1) / width, .K = K, .columns = N, .v = wide, .lanes = k->lanes};
}

rfi_panels rfi_panels_rows(const rfi_kernels *k, rf_index N, rf_index K)
{
    const rf_index vectors = (N + k->lanes - 1) / k->lanes;
    int v = 4;
    for (int less = 3; less >= 2; less--)
        if ((vectors + less - 1) / less * less < (vectors + v - 1) / v * v) v = less;
    return (rfi_panels){.count = (vectors + v - 1) / v,
                        .K = K,
                        .columns = N,
                        .v = v,
                        .lanes = k->lanes,
                        .rows = true};
}

size_t rfi_panels_size(const rfi_panels *w)
{
    if (w->bits) return (size_t)w->count * rfi_qpanel_bytes(w) / sizeof(rf_real);
    return (size_t)(w->count * w->K * rfi_panel_width(w));
}

static rf_real *panel_at(const rfi_panels *w, rf_index p)
{
    return w->data + p * w->K * rfi_panel_width(w);
}

void rfi_pack_gates(const rfi_kernels *k, const rfi_panels *w, const rf_real *W, rf_index ldw,
                    rf_index first, rf_index last)
{
    if (w->bits) {
        rfi_qpack(w, W, ldw, first, last);
        return;
    }
    for (rf_index p = first; p < last; p++)
        for (int j = 0; j < w->v; j++) {
            rf_index before, n;
            const int group = rfi_panel_group(w, j, &before);
            const rf_index width = (rf_index)group * w->lanes, row = rfi_panel_from(w, p, j, &n);
            rf_real *to = panel_at(w, p) + before + (w->pairs ? j % 2 : j) * w->lanes;
            for (rf_index i = 0; n < w->lanes && i < w->K; i++)
                memset(to + i * width, 0, (size_t)w->lanes * sizeof *to);
            if (n) k->transpose(n, w->K, W + row * ldw, ldw, to, width);
        }
}

void rfi_pack_columns(const rfi_kernels *k, const rfi_panels *w, const rf_real *W, rf_index ldw,
                      rf_index first, rf_index last)
{
    (void)k;
    const rf_index width = rfi_panel_width(w);
    for (rf_index p = first; p < last; p++) {
        rf_real *to = panel_at(w, p);
        const rf_index used = rfi_panel_used(w, p, width);
        for (rf_index i = 0; i < w->K; i++, to += width) {
            memcpy(to, W + i * ldw + p * width, (size_t)used * sizeof *to);
            if (used < width) memset(to + used, 0, (size_t)(width - used) * sizeof *to);
        }
    }
}
