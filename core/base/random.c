/* base/random.c -- random numbers as a pure function of a key and an element's number.
 *
 * Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011: a cipher
 * in counter mode.  The counter is (block, step), the cipher's key is the seed with the stream mixed
 * in; stream 0 leaves the seed as it is, so the paper's known answers can be checked. */
#include <math.h>
#include <string.h>

#include "base/philox.h"

#define TWO_PI 6.283185307179586476925286766559

/* FNV-1a. */
uint32_t rf_stream(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++) h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

rf_key rf_key_make(uint64_t seed, const char *stream, uint64_t step)
{
    return (rf_key){.seed = seed, .stream = rf_stream(stream), .step = step};
}

/* The finaliser of SplitMix64: a bijection that maps 0 to 0. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t rfi_philox_key(rf_key key) { return key.seed ^ mix(key.stream); }

void rf_random(rf_key key, uint64_t block, uint32_t out[4])
{
    const uint64_t k = rfi_philox_key(key);
    uint32_t k0 = (uint32_t)k, k1 = (uint32_t)(k >> 32);
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)key.step, c3 = (uint32_t)(key.step >> 32);
    for (int round = 0; round < RFI_PHILOX_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)RFI_PHILOX_MUL0 * c0, p1 = (uint64_t)RFI_PHILOX_MUL1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += RFI_PHILOX_ADD0;
        k1 += RFI_PHILOX_ADD1;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* 53 random bits as a number in [0, 1). */
static double unit(uint32_t high, uint32_t low)
{
    uint64_t bits = ((uint64_t)high << 21) ^ (low >> 11);
    return (double)bits * 0x1p-53;
}

double rf_uniform(rf_key key, uint64_t i)
{
    uint32_t w[4];
    rf_random(key, i / 2, w);
    return i % 2 ? unit(w[2], w[3]) : unit(w[0], w[1]);
}

/* Box and Muller, "A note on the generation of random normal deviates", 1958: elements 2k and 2k+1
 * are the cosine and the sine of one draw. */
double rf_normal(rf_key key, uint64_t i)
{
    uint32_t w[4];
    rf_random(key, i / 2, w);
    double radius = sqrt(-2 * log(1 - unit(w[0], w[1])));
    double angle = TWO_PI * unit(w[2], w[3]);
    return radius * (i % 2 ? sin(angle) : cos(angle));
}

void rf_shuffle(rf_key key, uint32_t *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) out[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)(rf_uniform(key, i) * i);
        uint32_t t = out[i - 1];
        out[i - 1] = out[j];
        out[j] = t;
    }
}
