/* test_noise.c -- dropout's masks: rf_random decides each element, whatever computes it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "tensor/kernels.h"

#include "../suite.h"

#define FOR_ISA(k)                                                                                 \
    for (int isa_ = 0; isa_ < RFI_ISAS; isa_++)                                                    \
        for (const rfi_kernels *k = rfi_kernels_for(isa_); k; k = NULL)

/* ---- Kernels, on every instruction set of this CPU -------------------------------------------------- */

static bool kept(rf_key key, uint64_t i, uint32_t below)
{
    uint32_t word[4];
    rf_random(key, i / 4, word);
    return word[i % 4] >= below;
}

static void masks_are_drawn(void)
{
    enum { WORDS = 9 };
    static const uint64_t from[] = {0, 1, 5, 7, (1ull << 29) - 3, (1ull << 58) + 1};
    static const uint32_t below[] = {0, 1, 0x66666666, 0x80000000, UINT32_MAX};
    FOR_ISA(k)
    for (size_t f = 0; f < sizeof from / sizeof *from; f++)
        for (rf_index n = 0; n <= WORDS; n++) {
            const rf_key key = {.seed = 0x0123456789abcdef + f, .stream = 77, .step = 5ull << 30};
            const uint32_t least = below[(f + (size_t)n) % 5];
            uint32_t bits[WORDS + 1];
            memset(bits, 0xa5, sizeof bits);
            k->draw_bits(key, least, from[f], n, bits);
            bool same = true;
            for (uint64_t i = 0; i < 32 * (uint64_t)n; i++)
                same = same && (bits[i / 32] >> i % 32 & 1) == kept(key, from[f] * 32 + i, least);
            CU_ASSERT(same);
            for (rf_index w = n; w <= WORDS; w++) CU_ASSERT(bits[w] == 0xa5a5a5a5);
        }
}

static void masks_are_used(void)
{
    enum { N = 133, OFFSETS = 70 };
    const rf_real s = (rf_real)1.25;
    rf_real *x = draw(N, "x"), *was = draw(N, "was"), y[N], z[N], due;
    uint32_t bits[(N + OFFSETS + 31) / 32];
    rfi_kernels_for(RFI_ISA_C)->draw_bits((rf_key){.seed = 3}, 0x70000000, 0,
                                          sizeof bits / sizeof *bits, bits);
    FOR_ISA(k)
    for (rf_index from = 0; from < OFFSETS; from += from < 3 ? 1 : 13)
        for (rf_index n = 0; n <= N; n += n < 40 ? 1 : 31) {
            memcpy(y, was, sizeof y);
            memcpy(z, was, sizeof z);
            k->mask(n, s, bits, from, x, y);
            k->mask_add(n, s, bits, from, x, z);
            for (rf_index i = 0; i < n; i++) {
                due = x[i] * (bits[(from + i) / 32] >> (from + i) % 32 & 1 ? s : 0);
                CU_ASSERT(memcmp(&y[i], &due, sizeof due) == 0);
                CU_ASSERT(fabs((double)(z[i] - (was[i] + due))) <= 1e-6);
            }
            CU_ASSERT(memcmp(y + n, was + n, (size_t)(N - n) * sizeof *y) == 0);
            CU_ASSERT(memcmp(z + n, was + n, (size_t)(N - n) * sizeof *z) == 0);
        }
    free(x);
    free(was);
}

/* ---- The op ------------------------------------------------------------------------------------- */

/* x [O,S,I] twice through masks of its own, shared along dim or not; the factors that reach y and the
 * gradient are those that rf_random decides, on any number of threads. */
static void check_masks(rf_device *d, rf_index O, rf_index S, rf_index I, int dim)
{
    const rf_index n = O * S * I;
    rf_graph *g = rf_graph_new(d);
    rf_graph_begin(g, RF_TRAIN, rf_key_make(3, "masks", 1));
    const rf_key first = rf_graph_next_key(g), second = rf_graph_next_key(g);
    rf_graph_begin(g, RF_TRAIN, rf_key_make(3, "masks", 1));
    rf_node x = drawn(g, "x", RF_SHAPE(O, S, I));
    rf_node y = dim < 0 ? rf_dropout(g, x, 0.25) : rf_dropout_shared(g, x, 0.25, dim);
    rf_node z = dim < 0 ? rf_dropout(g, x, 0.25) : rf_dropout_shared(g, x, 0.25, dim);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, rf_add(g, rf_sum(g, y), rf_sum(g, z))), RF_OK);
    const rf_real *gx = rf_gradient(g, x), *vx = rf_value(g, x).data, *vy = rf_value(g, y).data;
    rf_index wrong = 0;
    for (rf_index i = 0; i < n; i++) {
        const rf_index around = i / I / S * I + i % I;
        const rf_index at = dim < 0 ? i : dim == 1 ? around : i % (S * I);
        uint32_t a[4], b[4];
        rf_random(first, (uint64_t)at / 4, a);
        rf_random(second, (uint64_t)at / 4, b);
        const rf_real keep = (rf_real)(1 / 0.75);
        const rf_real fa = a[at % 4] < 1u << 30 ? 0 : keep, fb = b[at % 4] < 1u << 30 ? 0 : keep;
        wrong += vy[i] != vx[i] * fa || gx[i] != fa + fb;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    rf_graph_free(g);
}

static void masks_ignore_threads(void)
{
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        check_masks(d, 2, 3, 7, -1);
        check_masks(d, 5, 41, 97, -1);
        check_masks(d, 5, 41, 97, 1);
        check_masks(d, 301, 3, 29, 1);
        check_masks(d, 9, 25, 100, 0);
        rf_device_free(d);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"masks are drawn", masks_are_drawn},
                           {"masks are used", masks_are_used},
                           {"masks ignore threads", masks_ignore_threads},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "noise", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
