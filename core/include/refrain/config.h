/* refrain/config.h -- what must be equal in every object file that passes tensors to another.
 *
 * rf_real is float in everything that is installed.  The gradient tests build the same core with
 * -DRF_REAL_DOUBLE, so that central differences have digits to spare. */
#ifndef REFRAIN_CONFIG_H
#define REFRAIN_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#ifdef RF_REAL_DOUBLE
typedef double rf_real;
#define RF_REAL_BYTES 8
#else
typedef float rf_real;
#define RF_REAL_BYTES 4
#endif

typedef int64_t rf_index;
#define RF_INDEX_BYTES 8

#define RF_MAX_RANK 6

#define RF_LIB_MAJOR 1
#define RF_VERSION   "0.1.0"

/* Public symbols; everything else is hidden. */
#if defined __GNUC__
#define RF_API               __attribute__((visibility("default")))
#define RF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define RF_API
#define RF_PRINTF(fmt, args)
#endif

#ifdef __cplusplus
#define RF_BEGIN extern "C" {
#define RF_END   }
#else
#define RF_BEGIN
#define RF_END
#endif

#endif
