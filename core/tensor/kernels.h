/* tensor/kernels.h -- the table of float kernels, one row for each instruction set.
 *
 * Kernels work on one thread and on contiguous ranges, allocate nothing and need no alignment.
 * Elementwise kernels may work in place, and give the same bits however a range is cut in parts.
 * Reductions give bits that depend on their n alone; to split one over threads use tensor/vec.h. */
#ifndef RFI_TENSOR_KERNELS_H
#define RFI_TENSOR_KERNELS_H

#include "base/philox.h"
#include "tensor/isa.h"
#include <stdbool.h>

/* Numbers of one optimiser step.  The gradient used is g clip (+ decay p where decay is coupled). */
typedef struct rfi_update {
    rf_real lr;
    rf_real clip;         /* 1, or max_norm / norm when the norm is too large */
    rf_real decay;        /* weight decay */
    rf_real beta1, beta2; /* momentum; smoothing of the squares */
    rf_real eps;
    rf_real bias1, bias2; /* adam: 1 - beta1^t, 1 - beta2^t for step t = 1, 2 ... */
    bool nesterov;
} rfi_update;

/* y = f(x); z = a op b; p -= what the gradient g says, with state s1, s2 (NULL where unused). */
typedef void rfi_map_fn(rf_index n, const rf_real *x, rf_real *y);
typedef void rfi_zip_fn(rf_index n, const rf_real *a, const rf_real *b, rf_real *z);
typedef void rfi_mask_fn(rf_index n, rf_real s, const uint32_t *bits, rf_index from,
                         const rf_real *x, rf_real *y);
typedef void rfi_update_fn(const rfi_update *u, rf_index n, const rf_real *g, rf_real *p,
                           rf_real *s1, rf_real *s2);

typedef struct rfi_kernels {
    const char *name; /* "avx512" */
    int isa;          /* RFI_ISA_AVX512: index into tables made by RFI_ISA_ROWS */
    int lanes;
    int wide; /* vectors in a panel of a block */

    rfi_map_fn *exp, *log, *sigmoid, *tanh, *relu, *sqrt;
    rfi_zip_fn *add, *sub, *mul, *div;
    rfi_zip_fn *mul_add;    /* z += a b */
    rfi_zip_fn *sigmoid_bp; /* z += a b (1 - b): adjoint of b = sigmoid x, a = gb, z = gx */
    rfi_zip_fn *tanh_bp;    /* z += a (1 - b b) */
    rfi_zip_fn *relu_bp;    /* z += b > 0 ? a : 0 */
    /* y[i] += sum over t < count of a[t][i] b[t][i], in that order. */
    void (*pairs)(rf_index n, int count, const rf_real *const *a, const rf_real *const *b,
                  rf_real *y);
    /* y[i] = min(max(bias[i] + that sum, low), high); bias NULL: 0. */
    void (*pairs_clip)(rf_index n, int count, const rf_real *const *a, const rf_real *const *b,
                       const rf_real *bias, rf_real low, rf_real high, rf_real *y);
    void (*scale)(rf_index n, rf_real s, const rf_real *x, rf_real *y); /* y = s x */
    void (*affine)(rf_index n, rf_real s, rf_real t, const rf_real *x,
                   rf_real *y);                                        /* y = s x + t */
    void (*axpy)(rf_index n, rf_real s, const rf_real *x, rf_real *y); /* y += s x */
    /* y[r, c] = min(max(y[r, c] + b[c], low), high), rows ldy apart; b NULL: 0. */
    void (*clip_rows)(rf_index rows, rf_index n, const rf_real *b, rf_real low, rf_real high,
                      rf_real *y, rf_index ldy);

    rf_real (*sum)(rf_index n, const rf_real *x);
    rf_real (*dot)(rf_index n, const rf_real *a, const rf_real *b);
    rf_real (*max)(rf_index n, const rf_real *x); /* n > 0; NaN may be passed over */
    double (*sumsq)(rf_index n, const rf_real *x);
    bool (*finite)(rf_index n, const rf_real *x);

    /* x = e^(x + b - m), b NULL: 0, with m the largest x + b; returns the sum. */
    rf_real (*exp_row)(rf_index n, const rf_real *b, rf_real *x, rf_real *m);
    /* One row.  softmax: y = e^x / sum e^x.  log_softmax: y = x - ln sum e^x. */
    rfi_map_fn *softmax, *log_softmax;
    /* -ln softmax(x)[target]; gx = scale (softmax(x) - onehot(target)) unless gx is NULL.
     * gx may be x. */
    rf_real (*softmax_xent)(rf_index n, const rf_real *x, rf_index target, rf_real scale,
                            rf_real *gx);

    /* sgd: g' = clip g + decay p, p -= lr g'.  momentum: s1 = beta1 s1 + g', p -= lr s1 (nesterov:
     * g' + beta1 s1).  rmsprop: s2 = beta2 s2 + (1 - beta2) g'^2, p -= lr g' / (sqrt s2 + eps).
     * adam: s1, s2 smoothed with beta1, beta2, p -= lr (s1/bias1) / (sqrt(s2/bias2) + eps);
     * adamw: the decay is lr decay p, apart from g.  As in PyTorch's torch.optim. */
    rfi_update_fn *sgd, *momentum, *rmsprop, *adam, *adamw;

    /* C[m, v lanes] (+)= A[m, K] panel[K, v lanes], v in 1..4: see tensor/pack.h. */
    void (*panel)(int v, rf_index m, rf_index K, const rf_real *A, rf_index lda,
                  const rf_real *panel, rf_real *C, rf_index ldc, bool accumulate);
    /* Strips of A [m,K], and of A stored turned, [K,m]; C (+)= strips panel, whose columns are wide
     * lanes where it is whole, else lanes: see tensor/block.h.  factor: of each stored row, or NULL;
     * sums [m]: the stored rows are added to it, or NULL. */
    void (*pack_rows)(rf_index m, rf_index K, const rf_real *A, rf_index lda, const rf_real *factor,
                      rf_real *to);
    void (*pack_turned)(rf_index m, rf_index K, const rf_real *A, rf_index lda,
                        const rf_real *factor, rf_real *sums, rf_real *to);
    void (*block)(bool whole, rf_index m, rf_index K, const rf_real *strips, const rf_real *panel,
                  rf_real *C, rf_index ldc, bool accumulate);
    /* As panel, with weights in few bits, see tensor/qpack.h; for int8 A is made by row_i8. */
    void (*panel_bf16)(int v, rf_index m, rf_index K, const rf_real *A, rf_index lda,
                       const uint16_t *panel, rf_real *C, rf_index ldc, bool accumulate);
    void (*row_i8)(rf_index K, const rf_real *a, void *row);
    void (*panel_i8)(int v, rf_index m, rf_index K, const void *A, const uint8_t *panel,
                     const rf_real *scale, rf_real *C, rf_index ldc, bool accumulate);
    /* Y[c, r] = X[r, c] for r < rows, c < cols; ldx, ldy: distance of rows of X and of Y. */
    void (*transpose)(rf_index rows, rf_index cols, const rf_real *X, rf_index ldx, rf_real *Y,
                      rf_index ldy);
    /* Y[r, c] = X[r, c] for r < rows, c < cols. */
    void (*copy_rows)(rf_index rows, rf_index cols, const rf_real *X, rf_index ldx, rf_real *Y,
                      rf_index ldy);

    /* The mask of dropout.  draw_bits: words first .. first+words-1, where bit i % 32 of word i / 32
     * is set, unless word i % 4 of rf_random(key, i / 4) is below `below`.
     * mask: y = x f, mask_add: y += x f, with f[i] = s where bit from + i is set, else 0. */
    void (*draw_bits)(rf_key key, uint32_t below, uint64_t first, rf_index words, uint32_t *bits);
    rfi_mask_fn *mask, *mask_add;
} rfi_kernels;

RFI_ISA_DECLARE(rfi_kernels, rfi_kernels);
extern const rfi_kernels rfi_kernels_vnni;

/* Row for an instruction set, or NULL when the build or this CPU has it not. */
const rfi_kernels *rfi_kernels_for(int isa);
/* The best row of this CPU, lowered by REFRAIN_ISA=c|avx2|avx512|avx512vnni in the environment. */
const rfi_kernels *rfi_kernels_best(void);

#endif
