/* tensor/qpack.c -- packed weights in 16 or 8 bits, for inference with few rows. */
#include "tensor/qpack.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static rf_index even(rf_index K) { return (K + 1) / 2 * 2; }

static rf_index width_of(const rfi_qpanels *w) { return (rf_index)w->v * w->lanes; }

rfi_qpanels rfi_qpanels_gates(const rfi_kernels *k, int bits, int G, rf_index H, rf_index K)
{
    assert((bits == 8 || bits == 16) && G >= 1 && G <= 4);
    return (rfi_qpanels){.count = (H + k->lanes - 1) / k->lanes,
                         .K = K,
                         .columns = H,
                         .v = G,
                         .lanes = k->lanes,
                         .bits = bits};
}

size_t rfi_qpanels_bytes(const rfi_qpanels *w)
{
    return (size_t)(w->count * even(w->K) * width_of(w)) * (size_t)w->bits / 8;
}

static uint16_t bf16_of(rf_real x)
{
    const float f = (float)x;
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    if (f != f) return 0x7fc0;
    return (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

/* Row `from` of W becomes column j of the panel, which is `width` wide. */
static void column_bf16(uint16_t *panel, rf_index width, rf_index j, rf_index K,
                        const rf_real *from)
{
    for (rf_index k = 0; k < K; k++) panel[(k / 2 * width + j) * 2 + k % 2] = bf16_of(from[k]);
}

static rf_real column_i8(int8_t *panel, rf_index width, rf_index j, rf_index K, const rf_real *from)
{
    double most = 0;
    for (rf_index k = 0; k < K; k++) most = fmax(most, fabs((double)from[k]));
    const double scale = most / 127;
    for (rf_index k = 0; k < K && most > 0; k++)
        panel[k * width + j] = (int8_t)lrint((double)from[k] / scale);
    return (rf_real)scale;
}

void rfi_qpack_gates(const rfi_qpanels *w, const rf_real *W, rf_index ldw)
{
    const rf_index width = width_of(w), size = even(w->K) * width;
    memset(w->data, 0, rfi_qpanels_bytes(w));
    if (w->bits == 8) memset(w->scale, 0, (size_t)(w->count * width) * sizeof *w->scale);
    for (rf_index g = 0; g < w->v; g++)
        for (rf_index u = 0; u < w->columns; u++) {
            const rf_index p = u / w->lanes, j = g * w->lanes + u % w->lanes;
            const rf_real *from = W + (g * w->columns + u) * ldw;
            if (w->bits == 16)
                column_bf16((uint16_t *)w->data + p * size, width, j, w->K, from);
            else
                w->scale[p * width + j] =
                    column_i8((int8_t *)w->data + p * size, width, j, w->K, from);
        }
}

void rfi_qpanel_mul(const rfi_kernels *k, const rfi_qpanels *w, rf_index p, rf_index m,
                    const rf_real *A, rf_index lda, rf_real *C, rf_index ldc)
{
    const rf_index width = width_of(w), size = even(w->K) * width;
    for (rf_index r = 0; r < m; r++) {
        const rf_real *a = A + r * lda;
        if (w->bits == 16)
            k->panel_bf16(w->v, w->K, a, (const uint16_t *)w->data + p * size, C + r * ldc);
        else
            k->panel_i8(w->v, w->K, a, (const int8_t *)w->data + p * size, w->scale + p * width,
                        C + r * ldc);
    }
}
