/* tensor/simd.h -- the portable vector of reals `vf` that kernels are written with.
 *
 * Read only through tensor/isa_NAME.h, which supplies the primitives:
 *
 *   RFI_LANES                          16, 8, 4, or 1 in plain C
 *   vf_zero() vf_set1(s)
 *   vf_load(p) vf_store(p, v)          no alignment needed
 *   vf_load_n(p, n) vf_store_n(p, n, v)  the first n lanes, 0 <= n <= RFI_LANES; others load as 0
 *   vf_add vf_sub vf_mul vf_div vf_sqrt vf_neg vf_abs
 *   vf_fma(a, b, c)                    a b + c      vf_fnma(a, b, c)   c - a b
 *   vf_max(a, b) vf_min(a, b)          b when either is not a number
 *   vf_if_lt(a, b, x, y)               a < b ? x : y, per lane
 *   vf_hsum(v) vf_hmax(v)              over lanes, in a fixed order
 *   vf_load_bf16(p, &even, &odd)       from 2 RFI_LANES numbers
 *   vf_store_i8(p, v)                  rounded to nearest even, |v| < 128
 *   vi, vi_zero() vi_set1(n) vi_add    32-bit whole numbers
 *   vi_set4(p)                         the same four int8 in every lane
 *   vi_dot(sum, p, a)                  per lane: sum + the four products (p[4 lane + i] - 128) a[i]
 *                                      when RFI_I8_BIAS is 0, p[4 lane + i] a[i] when it is 128
 *   vf_of(vi)                          to the nearest real
 *   vf_load_turned(row, c, t)          a square, from column c of RFI_LANES rows, turned
 *   vf_if_bits(bits, x)                x in the lanes whose bit is set, else 0; bit 0 is lane 0
 *
 * and, but in plain C, of vectors `vq` of RFI_LANES/2 whole numbers of 64 bits
 *
 *   vq_set1(s) vq_xor3(a, b, c) vq_high(a)   a >> 32
 *   vq_mul(a, b)                       of the low halves, all 64 bits of each product
 *   vq_blocks(i)                       i .. i + RFI_LANES/2 - 1, in the order vq_bits_not_below likes
 *   vq_bits_not_below(a, b, c, d, e)   bit 4 j + k: the low half of word k (of a, b, c, d) of block
 *                                      i + j is not below that of e, as numbers without sign
 *
 * and then here: vf_exp, vf_log, vf_sigmoid, vf_tanh, and loops with a ragged end.  All of them
 * pass NaN through and treat infinities as the mathematics does.  Invariant: a lane's result
 * depends on that lane's inputs only, so results do not depend on where a range was cut.
 * There is no contraction of a*b+c behind the writer's back (-ffp-contract=off). */

/* For every vector of [0, n): RFI_FOR_VF(i, w, n) { vf x = vf_load_n(p + i, w); ... }
 * w is RFI_LANES except at the end.  Loops that matter handle whole vectors apart. */
#define RFI_FOR_VF(i, w, n)                                                                        \
    for (rf_index i = 0, w; i < (n) && (w = rfi_width((n)-i), true); i += RFI_LANES)

/* Vectors side by side in a block's panel, see tensor/block.h. */
#define RFI_WIDE (RFI_LANES == 1 ? 4 : 2)

static inline int rfi_width(rf_index left) { return left < RFI_LANES ? (int)left : RFI_LANES; }

#if RFI_LANES > 1

/* e^f - 1 for |f| <= ln 2 / 2, without loss near 0.  Source: Cephes expf (Moshier). */
static inline vf rfi_expm1_core(vf f)
{
    vf p = vf_set1(1.9875691500e-4f);
    p = vf_fma(p, f, vf_set1(1.3981999507e-3f));
    p = vf_fma(p, f, vf_set1(8.3334519073e-3f));
    p = vf_fma(p, f, vf_set1(4.1665795894e-2f));
    p = vf_fma(p, f, vf_set1(1.6666665459e-1f));
    p = vf_fma(p, f, vf_set1(5.0000001201e-1f));
    return vf_fma(p, vf_mul(f, f), f);
}

/* n = round(x / ln 2); x - n ln 2, ln 2 in two parts. */
static inline vf rfi_reduce(vf x, vf *n)
{
    *n = vf_round(vf_mul(x, vf_set1(1.44269504088896341f)));
    const vf f = vf_fnma(*n, vf_set1(0.693145751953125f), x);
    return vf_fnma(*n, vf_set1(1.428606765330187e-06f), f);
}

/* e^x = 2^n e^f.  Relative error <= 9e-8 where the result is a normal number; 0 below, infinite
 * above. */
static inline vf vf_exp(vf x)
{
    vf n;
    const vf f = rfi_reduce(vf_min(vf_set1(89.0f), vf_max(vf_set1(-104.0f), x)), &n);
    return vf_scale2(vf_add(rfi_expm1_core(f), vf_set1(1.0f)), n);
}

/* ln x: x = m 2^e with m in [sqrt 1/2, sqrt 2), a polynomial in m - 1.  Relative error <= 1e-7.
 * Source: Cephes logf (Moshier). */
static inline vf vf_log(vf x)
{
    vf e, m = vf_frexp(x, &e);
    const vf one = vf_set1(1.0f), half = vf_set1(0.5f), root = vf_set1(0.707106781186547524f);
    e = vf_if_lt(m, root, vf_sub(e, one), e);
    m = vf_sub(vf_if_lt(m, root, vf_add(m, m), m), one);
    vf z = vf_mul(m, m), p = vf_set1(7.0376836292e-2f);
    p = vf_fma(p, m, vf_set1(-1.1514610310e-1f));
    p = vf_fma(p, m, vf_set1(1.1676998740e-1f));
    p = vf_fma(p, m, vf_set1(-1.2420140846e-1f));
    p = vf_fma(p, m, vf_set1(1.4249322787e-1f));
    p = vf_fma(p, m, vf_set1(-1.6668057665e-1f));
    p = vf_fma(p, m, vf_set1(2.0000714765e-1f));
    p = vf_fma(p, m, vf_set1(-2.4999993993e-1f));
    p = vf_fma(p, m, vf_set1(3.3333331174e-1f));
    p = vf_mul(vf_mul(p, m), z);
    p = vf_fma(e, vf_set1(-2.12194440e-4f), p);
    p = vf_fnma(half, z, p);
    vf y = vf_fma(e, vf_set1(0.693359375f), vf_add(m, p));
    const vf inf = vf_set1(INFINITY), zero = vf_zero();
    y = vf_if_lt(x, inf, y, x); /* +inf and NaN are their own logarithms */
    return vf_if_lt(zero, x, y, vf_if_lt(x, zero, vf_set1(NAN), vf_sub(x, inf)));
}

/* 1 / (1 + e^-x): relative error <= 2e-7, absolute error <= 1e-7. */
static inline vf vf_sigmoid(vf x)
{
    const vf one = vf_set1(1.0f);
    return vf_div(one, vf_add(one, vf_exp(vf_neg(x))));
}

/* tanh x = (e^2x - 1) / (e^2x + 1), from e^2x - 1 = 2^n (e^f - 1) + (2^n - 1), which keeps the
 * relative precision near 0: relative error <= 2e-7 everywhere. */
static inline vf vf_tanh(vf x)
{
    const vf one = vf_set1(1.0f), two = vf_set1(2.0f);
    vf n;
    x = vf_min(vf_set1(10.0f), vf_max(vf_set1(-10.0f), x));
    const vf f = rfi_reduce(vf_add(x, x), &n), s = vf_scale2(one, n);
    const vf e = vf_fma(s, rfi_expm1_core(f), vf_sub(s, one));
    return vf_div(e, vf_add(e, two));
}

#endif
