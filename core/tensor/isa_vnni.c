/* tensor/isa_vnni.c -- the kernels of tensor/kernels.h for this instruction set. */
#include "tensor/qpack.h"

#include "tensor/isa_vnni.h"
#if RFI_HAVE_X86
#include "tensor/kernels.c.inc"

#include "tensor/isa_end.h"
#endif
