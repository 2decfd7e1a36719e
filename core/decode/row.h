/* decode/row.h -- one row of scores. */
#ifndef RFI_DECODE_ROW_H
#define RFI_DECODE_ROW_H

#include <refrain/decode.h>

#include "tensor/kernels.h"

/* ln of the sum of e^score over a row [V]. */
double rfi_exact_log_sum(const rf_real *scores, int32_t V);
/* The same faster: of long rows within 1e-7 of it, of short ones and those with scores
 * that are not finite just that. */
double rfi_log_sum(const rfi_kernels *k, const rf_real *scores, int32_t V);

#endif
