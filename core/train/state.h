/* train/state.h -- training states inside an rf_model, for rf_fit, which adds its own slots. */
#ifndef RFI_TRAIN_STATE_H
#define RFI_TRAIN_STATE_H

#include <refrain/model.h>
#include <refrain/train.h>

/* Add to m; ps, o, slots and meta may be NULL. */
rf_status rfi_state_put(rf_model *m, const rf_params *ps, const rf_optimizer *o,
                        const rf_slot *slots, int n, const char *const *meta, rf_error *err);
/* Take from m into place, likewise. */
rf_status rfi_state_take(const rf_model *m, const rf_params *ps, rf_optimizer *o,
                         const rf_slot *slots, int n, rf_error *err);

#endif
