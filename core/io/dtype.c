/* io/dtype.c -- the types of stored numbers, and conversions from and to those of the computation. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include <refrain/model.h>

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "models are stored little-endian; this machine needs byte swaps that nobody has written yet"
#endif

static const struct {
    const char *name;
    size_t bytes;
} types[RF_DTYPES] = {
    [RF_F64] = {"F64", 8},    [RF_F32] = {"F32", 4}, [RF_F16] = {"F16", 2}, [RF_BF16] = {"BF16", 2},
    [RF_I64] = {"I64", 8},    [RF_I32] = {"I32", 4}, [RF_I16] = {"I16", 2}, [RF_I8] = {"I8", 1},
    [RF_U64] = {"U64", 8},    [RF_U32] = {"U32", 4}, [RF_U16] = {"U16", 2}, [RF_U8] = {"U8", 1},
    [RF_BOOL8] = {"BOOL", 1},
};

const char *rf_dtype_name(rf_dtype t) { return t >= 0 && t < RF_DTYPES ? types[t].name : NULL; }

rf_dtype rf_dtype_find(const char *name)
{
    for (rf_dtype t = 0; t < RF_DTYPES; t++)
        if (!strcasecmp(name, types[t].name)) return t;
    return -1;
}

size_t rf_dtype_bytes(rf_dtype t) { return t >= 0 && t < RF_DTYPES ? types[t].bytes : 0; }

/* ---- 16-bit floating point --------------------------------------------------------------------- */

/* IEEE 754: sign, exponent, `fraction` bits; `least` is the exponent of the smallest normal number. */
typedef struct half {
    int fraction, least;
    uint32_t infinity;
} half;

static const half f16 = {10, -14, 0x7c00}, bf16 = {7, -126, 0x7f80};

/* A number in units of its last place, rounded, is the fraction with its hidden bit; added to the
 * exponent's field less one, a carry goes where it belongs: up to the next exponent or infinity. */
static uint16_t narrow(double x, half h)
{
    uint32_t sign = signbit(x) ? 0x8000 : 0, code = h.infinity;
    double m = fabs(x);
    if (isnan(x)) return (uint16_t)(sign | h.infinity | 1u << (h.fraction - 1));
    if (m < ldexp(1, 1 - h.least + 1)) {
        int e = m > 0 && ilogb(m) > h.least ? ilogb(m) : h.least;
        uint32_t units = (uint32_t)rint(ldexp(m, h.fraction - e));
        code = ((uint32_t)(e - h.least) << h.fraction) + units;
    }
    return (uint16_t)(sign | (code < h.infinity ? code : h.infinity));
}

static double widen(uint16_t code, half h)
{
    uint32_t bits = code & 0x7fffu, one = 1u << h.fraction, f = bits & (one - 1);
    int e = (int)(bits >> h.fraction);
    double m = ldexp(f + (e ? one : 0), (e ? e - 1 : 0) + h.least - h.fraction);
    if (bits >= h.infinity) m = f ? NAN : INFINITY;
    return code & 0x8000 ? -m : m;
}

static void store_half(half h, char *out, const rf_real *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t code = narrow((double)in[i], h);
        memcpy(out + 2 * i, &code, 2);
    }
}

static void load_half(half h, rf_real *out, const char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t code;
        memcpy(&code, in + 2 * i, 2);
        out[i] = (rf_real)widen(code, h);
    }
}

/* ---- The other two ----------------------------------------------------------------------------- */

static void store_f32(char *out, const rf_real *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x = (float)in[i];
        memcpy(out + 4 * i, &x, 4);
    }
}

static void store_f64(char *out, const rf_real *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = (double)in[i];
        memcpy(out + 8 * i, &x, 8);
    }
}

static void load_f32(rf_real *out, const char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x;
        memcpy(&x, in + 4 * i, 4);
        out[i] = (rf_real)x;
    }
}

static void load_f64(rf_real *out, const char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x;
        memcpy(&x, in + 8 * i, 8);
        out[i] = (rf_real)x;
    }
}

void rf_real_store(rf_dtype t, void *out, const rf_real *in, size_t n)
{
    if (t == RF_F64) store_f64(out, in, n);
    if (t == RF_F32) store_f32(out, in, n);
    if (t == RF_F16) store_half(f16, out, in, n);
    if (t == RF_BF16) store_half(bf16, out, in, n);
}

void rf_real_load(rf_dtype t, rf_real *out, const void *in, size_t n)
{
    if (t == RF_F64) load_f64(out, in, n);
    if (t == RF_F32) load_f32(out, in, n);
    if (t == RF_F16) load_half(f16, out, in, n);
    if (t == RF_BF16) load_half(bf16, out, in, n);
}
