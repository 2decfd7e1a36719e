/* tensor/isa_vnni.h -- begin a file of kernels for AVX-512 (F, DQ, BW, VL) with VNNI: 16
 * lanes.  See tensor/isa.h. */
#include "tensor/isa.h"

#if RFI_HAVE_X86
#include "tensor/kernels.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define RFI_ISA       vnni
#define RFI_ISA_INDEX RFI_ISA_VNNI
#define RFI_ISA_TEXT  "avx512vnni"
#define RFI_HAS_VNNI
#define RFI_ISA_PUSHED
#if defined __clang__
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl,avx512vnni"))),             \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl,avx512vnni")
#endif
#include "tensor/simd_avx512.h"

#include "tensor/simd.h"
#endif
