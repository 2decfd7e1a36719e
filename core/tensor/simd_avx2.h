/* tensor/simd_avx2.h -- the primitives of tensor/simd.h on 256-bit registers. */
#define RFI_LANES 8

typedef __m256 vf;

static inline __m256i rfi_mask(rf_index n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}
static inline vf vf_zero(void) { return _mm256_setzero_ps(); }
static inline vf vf_set1(float s) { return _mm256_set1_ps(s); }
static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
static inline vf vf_load_n(const float *p, rf_index n)
{
    return _mm256_maskload_ps(p, rfi_mask(n));
}
static inline void vf_store_n(float *p, rf_index n, vf v)
{
    _mm256_maskstore_ps(p, rfi_mask(n), v);
}
static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf vf_neg(vf a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
static inline vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf vf_if_lt(vf a, vf b, vf x, vf y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
static inline float vf_hsum(vf v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
static inline float vf_hmax(vf v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

static inline vf vf_round(vf x)
{
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* p 2^n, n whole: in two halves, so that neither factor overflows. */
static inline vf vf_scale2(vf p, vf n)
{
    __m256i k = _mm256_cvtps_epi32(n), a = _mm256_srai_epi32(k, 1), b = _mm256_sub_epi32(k, a);
    const __m256i bias = _mm256_set1_epi32(127);
    vf fa = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(a, bias), 23));
    vf fb = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(b, bias), 23));
    return _mm256_mul_ps(_mm256_mul_ps(p, fa), fb);
}
/* x = m 2^e, m in [1/2, 1); x > 0. */
static inline vf vf_frexp(vf x, vf *e)
{
    const vf tiny = _mm256_set1_ps(1.17549435e-38f), up = _mm256_set1_ps(8388608.0f);
    vf low = _mm256_cmp_ps(x, tiny, _CMP_LT_OQ);
    __m256i i = _mm256_castps_si256(_mm256_blendv_ps(x, _mm256_mul_ps(x, up), low));
    __m256i k = _mm256_sub_epi32(_mm256_srli_epi32(i, 23), _mm256_set1_epi32(126));
    *e = _mm256_sub_ps(_mm256_cvtepi32_ps(k), _mm256_and_ps(low, _mm256_set1_ps(23.0f)));
    i = _mm256_and_si256(i, _mm256_set1_epi32(0x007fffff));
    return _mm256_castsi256_ps(_mm256_or_si256(i, _mm256_set1_epi32(0x3f000000)));
}

/* Rows become columns: 32-bit pairs, 64-bit pairs, then halves of registers. */
static inline void vf_load_turned(const float *const row[RFI_LANES], rf_index c, vf t[RFI_LANES])
{
    vf a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        const vf x = vf_load(row[i] + c), y = vf_load(row[i + 1] + c);
        a[i] = _mm256_unpacklo_ps(x, y);
        a[i + 1] = _mm256_unpackhi_ps(x, y);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            const __m256d x = _mm256_castps_pd(a[i + j]), y = _mm256_castps_pd(a[i + 2 + j]);
            b[i + 2 * j] = _mm256_castpd_ps(_mm256_unpacklo_pd(x, y));
            b[i + 2 * j + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(x, y));
        }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2f128_ps(b[i], b[4 + i], 0x20);
        t[4 + i] = _mm256_permute2f128_ps(b[i], b[4 + i], 0x31);
    }
}

/* Pairs of bf16: the even ones and the odd ones as floats. */
static inline void vf_load_bf16(const uint16_t *p, vf *even, vf *odd)
{
    const __m256i w = _mm256_loadu_si256((const __m256i *)(const void *)p);
    *even = _mm256_castsi256_ps(_mm256_slli_epi32(w, 16));
    *odd = _mm256_castsi256_ps(_mm256_and_si256(w, _mm256_set1_epi32((int)0xffff0000u)));
}

/* ---- 8 bits ---------------------------------------------------------------------------------- */

typedef __m256i vi;

static inline void vf_store_i8(int8_t *p, vf v)
{
    const __m256i i = _mm256_cvtps_epi32(v);
    const __m128i h = _mm_packs_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packs_epi16(h, h));
}
static inline vi vi_zero(void) { return _mm256_setzero_si256(); }
static inline vi vi_set1(int32_t n) { return _mm256_set1_epi32(n); }
static inline vi vi_set4(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm256_set1_epi32(four);
}
static inline vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
static inline vf vf_of(vi a) { return _mm256_cvtepi32_ps(a); }

#define RFI_I8_BIAS 0
/* |a| times what has a's sign: sums of two such products fit 16 bits, those of others do not. */
static inline vi vi_dot(vi sum, const uint8_t *p, vi a)
{
    const __m256i raw = _mm256_loadu_si256((const __m256i *)(const void *)p);
    const __m256i w = _mm256_xor_si256(raw, _mm256_set1_epi8(-128));
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(w, a));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline vf vf_if_bits(uint32_t bits, vf x)
{
    const __m256i one = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i b = _mm256_and_si256(_mm256_set1_epi32((int)bits), one);
    return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_cmpeq_epi32(b, one)));
}

typedef __m256i vq;

static inline vq vq_set1(uint64_t s) { return _mm256_set1_epi64x((long long)s); }
static inline vq vq_mul(vq a, vq b) { return _mm256_mul_epu32(a, b); }
static inline vq vq_high(vq a) { return _mm256_srli_epi64(a, 32); }
static inline vq vq_xor3(vq a, vq b, vq c) { return _mm256_xor_si256(_mm256_xor_si256(a, b), c); }
/* Pairs of words of a block meet in 64 bits, then all four in 128: the even lanes of the blocks come
 * before the odd ones. */
static inline vq vq_blocks(uint64_t i)
{
    return _mm256_add_epi64(vq_set1(i), _mm256_setr_epi64x(0, 2, 1, 3));
}
static inline uint32_t rfi_not_below(vq a, vq e)
{
    const vq is = _mm256_cmpeq_epi32(_mm256_max_epu32(a, e), a);
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(is));
}
static inline uint32_t vq_bits_not_below(vq a, vq b, vq c, vq d, vq e)
{
    const vq ab = _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xaa);
    const vq cd = _mm256_blend_epi32(c, _mm256_slli_epi64(d, 32), 0xaa);
    return rfi_not_below(_mm256_unpacklo_epi64(ab, cd), e) |
           rfi_not_below(_mm256_unpackhi_epi64(ab, cd), e) << 8;
}
