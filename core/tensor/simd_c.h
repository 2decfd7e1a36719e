/* tensor/simd_c.h -- the primitives of tensor/simd.h in plain C: a vector is one rf_real.
 * This row is the reference for the others, and all there is in the RF_REAL_DOUBLE build. */
#include "tensor/kernels.h"
#include <math.h>
#include <string.h>

#define RFI_LANES 1

typedef rf_real vf;

#if RF_REAL_BYTES == 8
#define RFI_M(d, f) d
#else
#define RFI_M(d, f) f
#endif

static inline vf vf_zero(void) { return 0; }
static inline vf vf_set1(rf_real s) { return s; }
static inline vf vf_load(const rf_real *p) { return *p; }
static inline void vf_store(rf_real *p, vf v) { *p = v; }
static inline vf vf_load_n(const rf_real *p, rf_index n) { return n > 0 ? *p : 0; }
static inline void vf_store_n(rf_real *p, rf_index n, vf v)
{
    if (n > 0) *p = v;
}
static inline vf vf_add(vf a, vf b) { return a + b; }
static inline vf vf_sub(vf a, vf b) { return a - b; }
static inline vf vf_mul(vf a, vf b) { return a * b; }
static inline vf vf_div(vf a, vf b) { return a / b; }
static inline vf vf_neg(vf a) { return -a; }
static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf vf_fnma(vf a, vf b, vf c) { return c - a * b; }
static inline vf vf_max(vf a, vf b) { return a > b ? a : b; }
static inline vf vf_min(vf a, vf b) { return a < b ? a : b; }
static inline vf vf_if_lt(vf a, vf b, vf x, vf y) { return a < b ? x : y; }
static inline rf_real vf_hsum(vf a) { return a; }
static inline rf_real vf_hmax(vf a) { return a; }
static inline vf vf_sqrt(vf a) { return RFI_M(sqrt, sqrtf)(a); }
static inline vf vf_abs(vf a) { return RFI_M(fabs, fabsf)(a); }
static inline vf vf_exp(vf x) { return RFI_M(exp, expf)(x); }
static inline vf vf_log(vf x) { return RFI_M(log, logf)(x); }
static inline vf vf_tanh(vf x) { return RFI_M(tanh, tanhf)(x); }
static inline vf vf_sigmoid(vf x) { return 1 / (1 + RFI_M(exp, expf)(-x)); }
static inline void vf_load_turned(const rf_real *const row[1], rf_index c, vf t[1])
{
    t[0] = row[0][c];
}

/* Pairs of bf16: the even ones and the odd ones as reals. */
static inline void vf_load_bf16(const uint16_t *p, vf *even, vf *odd)
{
    const uint32_t bits[2] = {(uint32_t)p[0] << 16, (uint32_t)p[1] << 16};
    float f[2];
    memcpy(f, bits, sizeof f);
    *even = (rf_real)f[0];
    *odd = (rf_real)f[1];
}
static inline vf vf_if_bits(uint32_t bits, vf x) { return bits & 1 ? x : 0; }

/* ---- 8 bits ---------------------------------------------------------------------------------- */

typedef uint32_t vi; /* sums wrap round */

static inline void vf_store_i8(int8_t *p, vf v) { *p = (int8_t)lrint((double)v); }
static inline vi vi_zero(void) { return 0; }
static inline vi vi_set1(int32_t n) { return (vi)n; }
static inline vi vi_set4(const int8_t *p)
{
    vi four;
    memcpy(&four, p, sizeof four);
    return four;
}
static inline vi vi_add(vi a, vi b) { return a + b; }
static inline vf vf_of(vi a) { return (vf)(int32_t)a; }

#define RFI_I8_BIAS 0
static inline vi vi_dot(vi sum, const uint8_t *p, vi a)
{
    int8_t b[4];
    memcpy(b, &a, sizeof b);
    for (int i = 0; i < 4; i++) sum += (uint32_t)((p[i] - 128) * b[i]);
    return sum;
}
