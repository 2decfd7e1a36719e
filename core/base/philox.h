/* base/philox.h -- the numbers of Philox4x32-10, for rf_random and for the kernels that draw many
 * blocks at once.  Source: Salmon et al., SC 2011, section 4.3. */
#ifndef RFI_BASE_PHILOX_H
#define RFI_BASE_PHILOX_H

#include <refrain/base.h>

enum { RFI_PHILOX_ROUNDS = 10 };
#define RFI_PHILOX_MUL0 0xd2511f53u
#define RFI_PHILOX_MUL1 0xcd9e8d57u
#define RFI_PHILOX_ADD0 0x9e3779b9u /* the golden ratio */
#define RFI_PHILOX_ADD1 0xbb67ae85u /* sqrt(3) - 1 */

/* The cipher's key, its first word in the low half.  The counter is (block, key.step). */
uint64_t rfi_philox_key(rf_key key);

#endif
