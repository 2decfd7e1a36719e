/* tensor/isa_c.h -- begin a file of kernels in plain C: one lane of rf_real.  See tensor/isa.h. */
#include "tensor/isa.h"

#define RFI_ISA       c
#define RFI_ISA_INDEX RFI_ISA_C
#define RFI_ISA_TEXT  "c"
#include "tensor/simd_c.h"

#include "tensor/simd.h"
