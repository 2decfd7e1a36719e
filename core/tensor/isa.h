/* tensor/isa.h -- one source, compiled once for every instruction set.
 *
 * Float kernels are written once, in a file NAME.c.inc, against the vector type of "tensor/simd.h".
 * A part that has kernels owns one small file for each instruction set, which reads
 *
 *     #include "tensor/isa_avx512.h"          (or isa_avx2.h, isa_neon.h, isa_c.h)
 *     #if RFI_HAVE_X86                        (or RFI_HAVE_NEON; isa_c needs no #if)
 *     #include "cells/kernel_lstm.c.inc"
 *     #include "tensor/isa_end.h"
 *     #endif
 *
 * isa_avx512.h switches the compiler to that instruction set for the rest of the file and defines
 * RFI_ISA (the suffix), RFI_LANES and the vf_ functions.  Include what is not per ISA (standard
 * headers, structs) before it or let the .c.inc include headers that were read before.
 * The .c.inc ends in one table whose name is made by RFI_NAME(rfi_cell_kernels):
 *
 *     const rfi_cell_kernels RFI_NAME(rfi_cell_kernels) = {lstm_forward, ...};
 *
 * and some ordinary file collects the tables:
 *
 *     RFI_ISA_DECLARE(rfi_cell_kernels, rfi_cell_kernels);          (in the header)
 *     static const rfi_cell_kernels *const rows[RFI_ISAS] = RFI_ISA_ROWS(rfi_cell_kernels);
 *     ... rows[d->k->isa]->lstm_forward(...)
 *
 * In the RF_REAL_DOUBLE build, and on other machines, only the row of plain C exists. */
#ifndef RFI_TENSOR_ISA_H
#define RFI_TENSOR_ISA_H

#include <refrain/config.h>

/* VNNI: AVX-512 with products of 8 bits.  Tables without such products have AVX-512's row there. */
enum { RFI_ISA_C, RFI_ISA_NEON, RFI_ISA_AVX2, RFI_ISA_AVX512, RFI_ISA_VNNI, RFI_ISAS };

#if RF_REAL_BYTES == 4 && defined __GNUC__ && defined __x86_64__
#define RFI_HAVE_X86 1
#else
#define RFI_HAVE_X86 0
#endif

#if RF_REAL_BYTES == 4 && defined __GNUC__ && defined __aarch64__
#define RFI_HAVE_NEON 1
#else
#define RFI_HAVE_NEON 0
#endif

#define RFI_CAT_(a, b) a##_##b
#define RFI_CAT(a, b)  RFI_CAT_(a, b)
#define RFI_NAME(x)    RFI_CAT(x, RFI_ISA)

#define RFI_ISA_DECLARE(type, x) extern const type x##_c, x##_neon, x##_avx2, x##_avx512

#if RFI_HAVE_X86
#define RFI_ISA_ROWS(x)                                                                            \
    {                                                                                              \
        [RFI_ISA_C] = &x##_c, [RFI_ISA_AVX2] = &x##_avx2, [RFI_ISA_AVX512] = &x##_avx512,          \
        [RFI_ISA_VNNI] = &x##_avx512                                                               \
    }
#elif RFI_HAVE_NEON
#define RFI_ISA_ROWS(x)                                                                            \
    {                                                                                              \
        [RFI_ISA_C] = &x##_c, [RFI_ISA_NEON] = &x##_neon                                           \
    }
#else
#define RFI_ISA_ROWS(x)                                                                            \
    {                                                                                              \
        [RFI_ISA_C] = &x##_c                                                                       \
    }
#endif

#endif
