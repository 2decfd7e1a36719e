/* tensor/isa_neon.c -- the kernels of tensor/kernels.h for this instruction set. */
#include "tensor/qpack.h"

#include "tensor/isa_neon.h"
#if RFI_HAVE_NEON
#include "tensor/kernels.c.inc"

#include "tensor/isa_end.h"
#endif
