/* cells/kernels.c -- which row of cell kernels a device runs. */
#include "cells/sequence.h"

static const rfi_cell_kernels *const rows[RFI_ISAS] = RFI_ISA_ROWS(rfi_cell_kernels);

const rfi_cell_kernels *rfi_cell_kernels_of(const rf_device *d) { return rows[d->k->isa]; }
