/* tensor/simd_avx512.h -- the primitives of tensor/simd.h on 512-bit registers. */
#define RFI_LANES 16

typedef __m512 vf;

static inline __mmask16 rfi_mask(rf_index n) { return (__mmask16)((1u << n) - 1u); }
static inline vf vf_zero(void) { return _mm512_setzero_ps(); }
static inline vf vf_set1(float s) { return _mm512_set1_ps(s); }
static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
static inline vf vf_load_n(const float *p, rf_index n)
{
    return _mm512_maskz_loadu_ps(rfi_mask(n), p);
}
static inline void vf_store_n(float *p, rf_index n, vf v)
{
    _mm512_mask_storeu_ps(p, rfi_mask(n), v);
}
static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf vf_neg(vf a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
static inline vf vf_abs(vf a) { return _mm512_abs_ps(a); }
static inline vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
static inline vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
static inline vf vf_if_lt(vf a, vf b, vf x, vf y)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
static inline float vf_hsum(vf v) { return _mm512_reduce_add_ps(v); }
static inline float vf_hmax(vf v) { return _mm512_reduce_max_ps(v); }

static inline vf vf_round(vf x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* p 2^n, n whole. */
static inline vf vf_scale2(vf p, vf n) { return _mm512_scalef_ps(p, n); }
/* x = m 2^e, m in [1/2, 1). */
static inline vf vf_frexp(vf x, vf *e)
{
    *e = _mm512_add_ps(_mm512_getexp_ps(x), _mm512_set1_ps(1.0f));
    return _mm512_getmant_ps(x, _MM_MANT_NORM_p5_1, _MM_MANT_SIGN_src);
}

/* Rows become columns: 32-bit pairs, 64-bit pairs, then quarters of registers. */
static inline void vf_transpose(vf t[RFI_LANES])
{
    vf a[16], b[16];
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_ps(t[i], t[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(t[i], t[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            const __m512d x = _mm512_castps_pd(a[i + j]), y = _mm512_castps_pd(a[i + 2 + j]);
            b[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
            b[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
        }
    for (int i = 0; i < 16; i += 8)
        for (int j = 0; j < 4; j++) {
            a[i + j] = _mm512_shuffle_f32x4(b[i + j], b[i + 4 + j], 0x88);
            a[i + 4 + j] = _mm512_shuffle_f32x4(b[i + j], b[i + 4 + j], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        t[i] = _mm512_shuffle_f32x4(a[i], a[8 + i], 0x88);
        t[8 + i] = _mm512_shuffle_f32x4(a[i], a[8 + i], 0xdd);
    }
}

/* Pairs of bf16: the even ones and the odd ones as floats. */
static inline void vf_load_bf16(const uint16_t *p, vf *even, vf *odd)
{
    const __m512i w = _mm512_loadu_si512(p);
    *even = _mm512_castsi512_ps(_mm512_slli_epi32(w, 16));
    *odd = _mm512_castsi512_ps(_mm512_and_si512(w, _mm512_set1_epi32((int)0xffff0000u)));
}

/* ---- 8 bits ---------------------------------------------------------------------------------- */

typedef __m512i vi;

static inline void vf_store_i8(int8_t *p, vf v)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
}
static inline vi vi_zero(void) { return _mm512_setzero_si512(); }
static inline vi vi_set1(int32_t n) { return _mm512_set1_epi32(n); }
static inline vi vi_set4(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
}
static inline vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
static inline vf vf_of(vi a) { return _mm512_cvtepi32_ps(a); }

#if defined RFI_HAS_VNNI
#define RFI_I8_BIAS 128
static inline vi vi_dot(vi sum, const uint8_t *p, vi a)
{
    return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(p), a);
}
#else
#define RFI_I8_BIAS 0
/* |a| times what has a's sign: sums of two such products fit 16 bits, those of others do not. */
static inline vi vi_dot(vi sum, const uint8_t *p, vi a)
{
    const __m512i w = _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8(-128));
    const __m512i s = _mm512_mask_sub_epi8(w, _mm512_movepi8_mask(a), _mm512_setzero_si512(), w);
    const __m512i pairs = _mm512_maddubs_epi16(_mm512_abs_epi8(a), s);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}
#endif
