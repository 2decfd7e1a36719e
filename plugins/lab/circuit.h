/* lab/circuit.h -- a continuous-time network that is simulated: one layer, its parameters and a
 * stepper for states side by side, computed by one thread. */
#ifndef LAB_CIRCUIT_H
#define LAB_CIRCUIT_H

#include <refrain/cell.h>

typedef struct lab_circuit {
    rf_params *params;
    rf_rnn *rnn;
    rf_device *device;
    rf_stepper *stepper;
} lab_circuit;

/* For up to `rows` states.  Close it even after an error.  Errors: ENOMEM. */
rf_status lab_circuit_open(lab_circuit *c, const rf_rnn_spec *spec, rf_index rows, rf_error *err);
void lab_circuit_close(lab_circuit *c);
/* The parameter NAME of the layer; call rf_stepper_refresh after changes. */
rf_real *lab_circuit_values(const lab_circuit *c, const char *name);

#endif
