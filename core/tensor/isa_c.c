/* tensor/isa_c.c -- the kernels of tensor/kernels.h in plain C: the reference. */
#include "tensor/qpack.h"

#include "tensor/isa_c.h"

#include "tensor/kernels.c.inc"

#include "tensor/isa_end.h"
