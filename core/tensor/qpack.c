/* tensor/qpack.c -- packed weights in 16 or 8 bits, for inference with few rows. */
#include "tensor/qpack.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static rf_index rounded_up(rf_index n, rf_index to) { return (n + to - 1) / to * to; }

/* Bytes of the scales before a panel of int8. */
static size_t head_bytes(const rfi_panels *w)
{
    return w->bits == 8 ? (size_t)rfi_panel_width(w) * sizeof(rf_real) : 0;
}

size_t rfi_qpanel_bytes(const rfi_panels *w)
{
    assert(w->bits == 16 || w->bits == 8);
    const rf_index width = rfi_panel_width(w);
    const rf_index body = w->bits == 16 ? 2 * rounded_up(w->K, 2) : rounded_up(w->K, 4);
    return (size_t)rounded_up((rf_index)head_bytes(w) + body * width, 64);
}

static char *panel_at(const rfi_panels *w, rf_index p)
{
    return (char *)w->data + (size_t)p * rfi_qpanel_bytes(w);
}

/* Nearest, ties to even; NaN stays NaN. */
static uint16_t bf16_of(rf_real x)
{
    const float f = (float)x;
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    if (f != f) return 0x7fc0;
    return (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

/* A row of W becomes column j of a panel that is `width` wide. */
static void column_bf16(uint16_t *panel, rf_index width, rf_index j, rf_index K,
                        const rf_real *from)
{
    for (rf_index k = 0; k < K; k++) panel[(k / 2 * width + j) * 2 + k % 2] = bf16_of(from[k]);
}

/* The column's scale.  A column that is not finite has a scale that is not. */
static rf_real column_i8(uint8_t *panel, rf_index width, rf_index j, rf_index K,
                         const rf_real *from)
{
    float most = 0, none = 0;
    for (rf_index k = 0; k < K; k++) {
        const float x = fabsf((float)from[k]);
        most = x > most ? x : most;
        none += 0 * x;
    }
    const float inverse = none == 0 && most > 1e-30f ? 127 / most : 0;
    for (rf_index k = 0; k < K && inverse > 0; k++)
        panel[(k / 4 * width + j) * 4 + k % 4] = (uint8_t)(lrintf((float)from[k] * inverse) + 128);
    return (rf_real)(most / 127 + none);
}

static void pack_vector(const rfi_panels *w, rf_index p, rf_index j, const rf_real *W, rf_index ldw)
{
    const rf_index width = rfi_panel_width(w);
    rf_index n;
    const rf_real *from = W + rfi_panel_from(w, p, j, &n) * ldw;
    char *panel = panel_at(w, p);
    rf_real *scale = (void *)panel;
    for (rf_index i = 0; i < n; i++, from += ldw) {
        const rf_index column = j * w->lanes + i;
        if (w->bits == 16)
            column_bf16((void *)panel, width, column, w->K, from);
        else
            scale[column] = column_i8((uint8_t *)panel + head_bytes(w), width, column, w->K, from);
    }
}

void rfi_qpack(const rfi_panels *w, const rf_real *W, rf_index ldw, rf_index first, rf_index last)
{
    const size_t head = head_bytes(w), bytes = rfi_qpanel_bytes(w);
    for (rf_index p = first; p < last; p++) {
        memset(panel_at(w, p), 0, head);
        memset(panel_at(w, p) + head, w->bits == 16 ? 0 : 128, bytes - head);
        for (rf_index j = 0; j < w->v; j++) pack_vector(w, p, j, W, ldw);
    }
}

void rfi_qrows(const rfi_kernels *k, rf_index m, rf_index K, const rf_real *A, rf_index lda,
               void *out)
{
    for (rf_index r = 0; r < m; r++)
        k->row_i8(K, A + r * lda, (char *)out + (size_t)r * rfi_qrow_bytes(K));
}

void rfi_qpanel_mul(const rfi_kernels *k, const rfi_panels *w, rf_index p, rf_index m,
                    const void *A, rf_index lda, rf_real *C, rf_index ldc, bool accumulate)
{
    const char *panel = panel_at(w, p);
    if (w->bits == 16)
        k->panel_bf16(w->v, m, w->K, A, lda, (const void *)panel, C, ldc, accumulate);
    else
        k->panel_i8(w->v, m, w->K, A, (const uint8_t *)panel + head_bytes(w), (const void *)panel,
                    C, ldc, accumulate);
}
