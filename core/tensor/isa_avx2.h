/* tensor/isa_avx2.h -- begin a file of kernels for AVX2 with FMA: 8 lanes.  See tensor/isa.h. */
#include "tensor/isa.h"

#if RFI_HAVE_X86
#include "tensor/kernels.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define RFI_ISA       avx2
#define RFI_ISA_INDEX RFI_ISA_AVX2
#define RFI_ISA_TEXT  "avx2"
#define RFI_ISA_PUSHED
#if defined __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#include "tensor/simd_avx2.h"

#include "tensor/simd.h"
#endif
