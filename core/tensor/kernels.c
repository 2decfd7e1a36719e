/* tensor/kernels.c -- which row of kernels this CPU runs. */
#include "tensor/kernels.h"

#include <stdlib.h>
#include <string.h>

#if RFI_HAVE_X86
static const rfi_kernels *const rows[RFI_ISAS] = {[RFI_ISA_C] = &rfi_kernels_c,
                                                  [RFI_ISA_AVX2] = &rfi_kernels_avx2,
                                                  [RFI_ISA_AVX512] = &rfi_kernels_avx512,
                                                  [RFI_ISA_VNNI] = &rfi_kernels_vnni};
#else
static const rfi_kernels *const rows[RFI_ISAS] = RFI_ISA_ROWS(rfi_kernels);
#endif

static bool cpu_has(int isa)
{
    if (isa == RFI_ISA_C) return true;
#if RFI_HAVE_X86
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == RFI_ISA_AVX2) return avx2;
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl");
    if (isa == RFI_ISA_AVX512) return avx512;
    if (isa == RFI_ISA_VNNI) return avx512 && __builtin_cpu_supports("avx512vnni");
#endif
    return RFI_HAVE_NEON && isa == RFI_ISA_NEON;
}

const rfi_kernels *rfi_kernels_for(int isa)
{
    return isa >= 0 && isa < RFI_ISAS && rows[isa] && cpu_has(isa) ? rows[isa] : NULL;
}

const rfi_kernels *rfi_kernels_best(void)
{
    const char *wish = getenv("REFRAIN_ISA");
    int isa = RFI_ISAS - 1;
    for (int i = 0; wish && i < RFI_ISAS; i++)
        if (rows[i] && strcmp(wish, rows[i]->name) == 0) isa = i;
    while (!rfi_kernels_for(isa)) isa--;
    return rows[isa];
}
