/* cells/isa_avx512.c -- the gate kernels of cells/sequence.h for this instruction set. */
#include "cells/sequence.h"

#include "tensor/isa_avx512.h"
#if RFI_HAVE_X86
#include "cells/kernels.c.inc"

#include "tensor/isa_end.h"
#endif
