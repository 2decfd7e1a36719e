/* lab/circuit.c -- see circuit.h. */
#include "circuit.h"

#include <stdio.h>

rf_status lab_circuit_open(lab_circuit *c, const rf_rnn_spec *spec, rf_index rows, rf_error *err)
{
    *c = (lab_circuit){.params = rf_params_new()};
    c->rnn = c->params ? rf_rnn_new(spec, c->params, "", err) : NULL;
    c->device = c->rnn ? rf_device_new(1, err) : NULL;
    c->stepper = c->device ? rf_stepper_new(c->device, c->rnn, rows, err) : NULL;
    return c->stepper ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for a network");
}

void lab_circuit_close(lab_circuit *c)
{
    rf_stepper_free(c->stepper);
    rf_device_free(c->device);
    rf_rnn_free(c->rnn);
    rf_params_free(c->params);
    *c = (lab_circuit){0};
}

rf_real *lab_circuit_values(const lab_circuit *c, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "%s_l0", name);
    return rf_params_find(c->params, full)->value.data;
}
