/* lab/controller.h -- the nervous system of a catching agent: a bilaterally symmetric continuous-time
 * network, described by few genes.
 *
 * Of H = 2P units, unit i and unit H-1-i are mirror images of each other, and so are the rays; unit 0
 * is the left motor, unit H-1 the right one.  The agent's velocity is the difference of their firing
 * rates times the greatest speed.  Genes, about 1 in size, in order, for each unit of the left half:
 * what it receives from the rays [LAB_RAYS], from all units [H], its threshold, and its time constant
 * between 1 and 10. */
#ifndef LAB_CONTROLLER_H
#define LAB_CONTROLLER_H

#include <refrain/model.h>

#include "catch.h"
#include "circuit.h"

typedef struct lab_controller {
    size_t pairs; /* P */
    lab_circuit net;
    size_t count;
} lab_controller;

/* NULL with err: ENOMEM. */
lab_controller *lab_controller_new(size_t pairs, rf_error *err);
void lab_controller_free(lab_controller *c);
size_t lab_controller_genes(size_t pairs);
void lab_controller_set(lab_controller *c, const double *genes);
lab_policy lab_controller_policy(lab_controller *c);
/* Activations [count,H] after the last step: y, not firing rates. */
void lab_controller_state(const lab_controller *c, rf_real *y);

/* Of a model that holds the parameters of net.  NULL with err: EFORMAT, ENOMEM. */
lab_controller *lab_controller_load(const rf_model *m, rf_error *err);

#endif
