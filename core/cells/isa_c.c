/* cells/isa_c.c -- the gate kernels of cells/sequence.h in plain C. */
#include "cells/sequence.h"

#include "tensor/isa_c.h"

#include "cells/kernels.c.inc"

#include "tensor/isa_end.h"
