/* cells/isa_neon.c -- the gate kernels of cells/sequence.h for this instruction set. */
#include "cells/sequence.h"

#include "tensor/isa_neon.h"
#if RFI_HAVE_NEON
#include "cells/kernels.c.inc"

#include "tensor/isa_end.h"
#endif
