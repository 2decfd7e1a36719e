/* lab/controller.c -- see controller.h. */
#include "controller.h"

#include <math.h>
#include <refrain/task.h>
#include <stdlib.h>

/* What a gene of 1 means. */
#define SCALE_INPUT  10.0
#define SCALE_WEIGHT 5.0
#define SCALE_THETA  5.0
#define SLOWEST      10.0

#define MOST_PAIRS 64 /* what a file may ask for */

static size_t units(size_t pairs) { return 2 * pairs; }

lab_controller *lab_controller_new(size_t pairs, rf_error *err)
{
    lab_controller *c = calloc(1, sizeof *c);
    if (!c) {
        rf_fail(err, RF_ENOMEM, "no memory for a controller");
        return NULL;
    }
    c->pairs = pairs;
    const rf_rnn_spec spec = {.cell = rf_cell_find("ctrnn"),
                              .input = LAB_RAYS,
                              .hidden = (rf_index)units(pairs),
                              .layers = 1,
                              .step = LAB_CATCH_DT};
    if (!lab_circuit_open(&c->net, &spec, LAB_CATCH_MOST, err)) return c;
    lab_controller_free(c);
    return NULL;
}

void lab_controller_free(lab_controller *c)
{
    if (!c) return;
    lab_circuit_close(&c->net);
    free(c);
}

size_t lab_controller_genes(size_t pairs) { return pairs * (LAB_RAYS + units(pairs) + 2); }

void lab_controller_set(lab_controller *c, const double *genes)
{
    const size_t H = units(c->pairs), R = LAB_RAYS;
    rf_real *ih = lab_circuit_values(&c->net, "weight_ih"),
            *hh = lab_circuit_values(&c->net, "weight_hh");
    rf_real *theta = lab_circuit_values(&c->net, "theta");
    rf_real *log_tau = lab_circuit_values(&c->net, "log_tau");
    rf_real *bias = lab_circuit_values(&c->net, "bias_ih");
    for (size_t i = 0; i < c->pairs; i++) {
        const size_t m = H - 1 - i;
        for (size_t k = 0; k < R; k++)
            ih[i * R + k] = ih[m * R + R - 1 - k] = (rf_real)(SCALE_INPUT * *genes++);
        for (size_t j = 0; j < H; j++)
            hh[i * H + j] = hh[m * H + H - 1 - j] = (rf_real)(SCALE_WEIGHT * *genes++);
        theta[i] = theta[m] = (rf_real)(SCALE_THETA * *genes++);
        log_tau[i] = log_tau[m] = (rf_real)(log(SLOWEST) / (1 + exp(-*genes++)));
        bias[i] = bias[m] = 0; /* a threshold does the same */
    }
    rf_stepper_refresh(c->net.stepper);
}

static void begin(void *self, size_t count)
{
    lab_controller *c = self;
    c->count = count;
    rf_stepper_reset(c->net.stepper, (rf_index)count);
}

static void act(void *self, const rf_real *sense, double *velocity)
{
    lab_controller *c = self;
    const size_t H = units(c->pairs);
    const rf_real *rate = rf_stepper_step(c->net.stepper, sense);
    for (size_t i = 0; i < c->count; i++)
        velocity[i] = LAB_CATCH_SPEED * ((double)rate[i * H + H - 1] - (double)rate[i * H]);
}

lab_policy lab_controller_policy(lab_controller *c) { return (lab_policy){c, begin, act}; }

void lab_controller_state(const lab_controller *c, rf_real *y)
{
    rf_stepper_get_state(c->net.stepper, y);
}

lab_controller *lab_controller_load(const rf_model *m, rf_error *err)
{
    const rf_stored *hh = rf_model_find(m, "weight_hh_l0");
    const rf_index H = hh && hh->shape.rank == 2 ? hh->shape.dim[1] : 0;
    if (H < 2 || H % 2 || H > 2 * MOST_PAIRS) {
        rf_fail(err, RF_EFORMAT, "%s: holds no controller: weight_hh_l0 is missing or odd",
                rf_model_name(m));
        return NULL;
    }
    lab_controller *c = lab_controller_new((size_t)H / 2, err);
    if (c && !rf_params_load(c->net.params, m, err)) {
        rf_stepper_refresh(c->net.stepper);
        return c;
    }
    lab_controller_free(c);
    return NULL;
}
