/* layers/layers.h -- what the layers share: parameters with a prefixed name. */
#ifndef RFI_LAYERS_LAYERS_H
#define RFI_LAYERS_LAYERS_H

#include <refrain/graph.h>

/* Parameter PREFIXname; NULL with err. */
rf_param *rfi_layer_param(rf_params *ps, const char *prefix, const char *name, rf_shape shape,
                          rf_init init, rf_error *err);
/* Uniform in ±1/sqrt(in), as nn.Linear. */
rf_init rfi_layer_uniform(rf_index in);

#endif
