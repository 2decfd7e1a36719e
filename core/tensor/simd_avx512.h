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

/* Quarters of four rows meet in a register as it is loaded; two rounds of shuffles do the rest. */
static inline void vf_load_turned(const float *const row[RFI_LANES], rf_index c, vf t[RFI_LANES])
{
#pragma GCC unroll 4
    for (int j = 0; j < RFI_LANES; j += 4) {
        vf r[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            vf v = _mm512_castps128_ps512(_mm_loadu_ps(row[i] + c + j));
            v = _mm512_insertf32x4(v, _mm_loadu_ps(row[i + 4] + c + j), 1);
            v = _mm512_insertf32x4(v, _mm_loadu_ps(row[i + 8] + c + j), 2);
            r[i] = _mm512_insertf32x4(v, _mm_loadu_ps(row[i + 12] + c + j), 3);
        }
        const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(r[0], r[1])),
                      b = _mm512_castps_pd(_mm512_unpackhi_ps(r[0], r[1])),
                      p = _mm512_castps_pd(_mm512_unpacklo_ps(r[2], r[3])),
                      q = _mm512_castps_pd(_mm512_unpackhi_ps(r[2], r[3]));
        t[j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, p));
        t[j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, p));
        t[j + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, q));
        t[j + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, q));
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

/* ---- Lots --------------------------------------------------------------------------------------- */

static inline vf vf_if_bits(uint32_t bits, vf x) { return _mm512_maskz_mov_ps((__mmask16)bits, x); }

typedef __m512i vq;

static inline vq vq_set1(uint64_t s) { return _mm512_set1_epi64((long long)s); }
static inline vq vq_mul(vq a, vq b) { return _mm512_mul_epu32(a, b); }
static inline vq vq_high(vq a) { return _mm512_srli_epi64(a, 32); }
static inline vq vq_xor3(vq a, vq b, vq c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
/* Pairs of words of a block meet in 64 bits, then all four in 128: the even lanes of the blocks come
 * before the odd ones. */
static inline vq vq_blocks(uint64_t i)
{
    return _mm512_add_epi64(vq_set1(i), _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7));
}
static inline uint32_t vq_bits_not_below(vq a, vq b, vq c, vq d, vq e)
{
    const vq ab = _mm512_mask_blend_epi32(0xaaaa, a, _mm512_slli_epi64(b, 32));
    const vq cd = _mm512_mask_blend_epi32(0xaaaa, c, _mm512_slli_epi64(d, 32));
    const __mmask16 low = _mm512_cmpge_epu32_mask(_mm512_unpacklo_epi64(ab, cd), e);
    const __mmask16 high = _mm512_cmpge_epu32_mask(_mm512_unpackhi_epi64(ab, cd), e);
    return (uint32_t)high << 16 | low;
}
