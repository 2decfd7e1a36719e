/* tensor/simd_neon.h -- the primitives of tensor/simd.h on 128-bit ARM registers. */
#define RFI_LANES 4

typedef float32x4_t vf;

static inline vf vf_zero(void) { return vdupq_n_f32(0.0f); }
static inline vf vf_set1(float s) { return vdupq_n_f32(s); }
static inline vf vf_load(const float *p) { return vld1q_f32(p); }
static inline void vf_store(float *p, vf v) { vst1q_f32(p, v); }
static inline vf vf_load_n(const float *p, rf_index n)
{
    float t[4] = {0};
    memcpy(t, p, (size_t)n * sizeof *t);
    return vld1q_f32(t);
}
static inline void vf_store_n(float *p, rf_index n, vf v)
{
    float t[4];
    vst1q_f32(t, v);
    memcpy(p, t, (size_t)n * sizeof *t);
}
static inline vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
static inline vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
static inline vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
static inline vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
static inline vf vf_neg(vf a) { return vnegq_f32(a); }
static inline vf vf_abs(vf a) { return vabsq_f32(a); }
static inline vf vf_sqrt(vf a) { return vsqrtq_f32(a); }
static inline vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
static inline vf vf_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
static inline vf vf_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
static inline vf vf_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
static inline vf vf_if_lt(vf a, vf b, vf x, vf y) { return vbslq_f32(vcltq_f32(a, b), x, y); }
static inline float vf_hsum(vf v) { return vaddvq_f32(v); }
static inline float vf_hmax(vf v) { return vmaxvq_f32(v); }

static inline vf vf_round(vf x) { return vrndnq_f32(x); }
/* p 2^n, n whole: in two halves, so that neither factor overflows. */
static inline vf vf_scale2(vf p, vf n)
{
    int32x4_t k = vcvtq_s32_f32(n), a = vshrq_n_s32(k, 1), b = vsubq_s32(k, a);
    const int32x4_t bias = vdupq_n_s32(127);
    vf fa = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(a, bias), 23));
    vf fb = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(b, bias), 23));
    return vmulq_f32(vmulq_f32(p, fa), fb);
}
/* x = m 2^e, m in [1/2, 1); x > 0. */
static inline vf vf_frexp(vf x, vf *e)
{
    uint32x4_t low = vcltq_f32(x, vdupq_n_f32(1.17549435e-38f));
    uint32x4_t i = vreinterpretq_u32_f32(vbslq_f32(low, vmulq_f32(x, vdupq_n_f32(8388608.0f)), x));
    int32x4_t k = vsubq_s32(vreinterpretq_s32_u32(vshrq_n_u32(i, 23)), vdupq_n_s32(126));
    *e = vsubq_f32(vcvtq_f32_s32(k), vbslq_f32(low, vdupq_n_f32(23.0f), vdupq_n_f32(0.0f)));
    i = vorrq_u32(vandq_u32(i, vdupq_n_u32(0x007fffff)), vdupq_n_u32(0x3f000000));
    return vreinterpretq_f32_u32(i);
}

/* Rows become columns. */
static inline void vf_load_turned(const float *const row[RFI_LANES], rf_index c, vf t[RFI_LANES])
{
    const float32x4x2_t a = vtrnq_f32(vld1q_f32(row[0] + c), vld1q_f32(row[1] + c)),
                        b = vtrnq_f32(vld1q_f32(row[2] + c), vld1q_f32(row[3] + c));
    t[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    t[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    t[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    t[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

/* Pairs of bf16: the even ones and the odd ones as floats. */
static inline void vf_load_bf16(const uint16_t *p, vf *even, vf *odd)
{
    const uint32x4_t w = vreinterpretq_u32_u16(vld1q_u16(p));
    *even = vreinterpretq_f32_u32(vshlq_n_u32(w, 16));
    *odd = vreinterpretq_f32_u32(vandq_u32(w, vdupq_n_u32(0xffff0000u)));
}

/* ---- 8 bits ---------------------------------------------------------------------------------- */

typedef int32x4_t vi;

static inline void vf_store_i8(int8_t *p, vf v)
{
    const int16x4_t h = vmovn_s32(vcvtnq_s32_f32(v));
    const int8x8_t b = vmovn_s16(vcombine_s16(h, h));
    const int32_t four = vget_lane_s32(vreinterpret_s32_s8(b), 0);
    memcpy(p, &four, sizeof four);
}
static inline vi vi_zero(void) { return vdupq_n_s32(0); }
static inline vi vi_set1(int32_t n) { return vdupq_n_s32(n); }
static inline vi vi_set4(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vdupq_n_s32(four);
}
static inline vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
static inline vf vf_of(vi a) { return vcvtq_f32_s32(a); }

#define RFI_I8_BIAS 0
static inline vi vi_dot(vi sum, const uint8_t *p, vi a)
{
    const int8x16_t w = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p), vdupq_n_u8(0x80)));
    const int8x16_t b = vreinterpretq_s8_s32(a);
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(b)));
    const int32x4_t high = vpaddlq_s16(vmull_s8(vget_high_s8(w), vget_high_s8(b)));
    return vaddq_s32(sum, vpaddq_s32(low, high));
}

static inline vf vf_if_bits(uint32_t bits, vf x)
{
    const uint32x4_t one = {1, 2, 4, 8};
    const uint32x4_t is = vtstq_u32(vdupq_n_u32(bits), one);
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), is));
}

typedef uint64x2_t vq;

static inline vq vq_set1(uint64_t s) { return vdupq_n_u64(s); }
static inline vq vq_mul(vq a, vq b) { return vmull_u32(vmovn_u64(a), vmovn_u64(b)); }
static inline vq vq_high(vq a) { return vshrq_n_u64(a, 32); }
static inline vq vq_xor3(vq a, vq b, vq c) { return veorq_u64(veorq_u64(a, b), c); }
static inline vq vq_blocks(uint64_t i) { return vcombine_u64(vcreate_u64(i), vcreate_u64(i + 1)); }
/* All four words of one block. */
static inline uint32_t rfi_not_below(uint64x2_t ab_cd, vq e)
{
    const uint32x4_t one = {1, 2, 4, 8};
    const uint32x4_t is = vcgeq_u32(vreinterpretq_u32_u64(ab_cd), vreinterpretq_u32_u64(e));
    return vaddvq_u32(vandq_u32(is, one));
}
static inline uint32_t vq_bits_not_below(vq a, vq b, vq c, vq d, vq e)
{
    const uint64x2_t ab = vsliq_n_u64(a, b, 32), cd = vsliq_n_u64(c, d, 32);
    return rfi_not_below(vzip1q_u64(ab, cd), e) | rfi_not_below(vzip2q_u64(ab, cd), e) << 4;
}
