/* tensor/isa_neon.h -- begin a file of kernels for 64-bit ARM: 4 lanes.  See tensor/isa.h. */
#include "tensor/isa.h"

#if RFI_HAVE_NEON
#include "tensor/kernels.h"
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#define RFI_ISA       neon
#define RFI_ISA_INDEX RFI_ISA_NEON
#define RFI_ISA_TEXT  "neon"
#include "tensor/simd_neon.h"

#include "tensor/simd.h"
#endif
