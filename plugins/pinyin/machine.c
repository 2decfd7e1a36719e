/* pinyin/machine.c -- the network one character at a time, for hypotheses that keep their own
 * states. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

struct py_machine {
    rf_stepper *stepper;
    rf_index rows, V, H;
    int planes;    /* L * states: what a state has of H numbers each */
    float *states; /* [planes,rows,H] */
};

/* Below this many tokens what layer 0 makes of each is worth its memory. */
enum { MOST_BY_ID = 16384 };

py_machine *py_machine_new(const py_net *n, rf_device *d, rf_index rows, rf_weights form,
                           rf_error *err)
{
    py_machine *m = calloc(1, sizeof *m);
    if (!m) {
        rf_no_memory(err);
        return NULL;
    }
    *m = (py_machine){.rows = rows,
                      .V = n->shape.V,
                      .H = n->shape.hidden,
                      .planes = n->shape.layers * n->shape.cell->states};
    m->stepper = rf_stepper_new_as(d, n->rnn, rows, form, err);
    m->states = calloc((size_t)(m->planes * rows * m->H), sizeof *m->states);
    if (m->stepper && m->V <= MOST_BY_ID && m->states &&
        rf_stepper_set_inputs(m->stepper, n->in.weight->value.data, m->V, err) &&
        rf_stepper_set_output(m->stepper, n->weight->value.data, n->bias->value.data, m->V, err))
        return m;
    if (!err || !err->status) rf_fail(err, RF_ENOMEM, "no memory for %lld tokens", (long long)m->V);
    py_machine_free(m);
    return NULL;
}

void py_machine_free(py_machine *m)
{
    if (!m) return;
    rf_stepper_free(m->stepper);
    free(m->states);
    free(m);
}

rf_index py_machine_rows(const py_machine *m) { return m->rows; }

static size_t state_numbers(const py_machine *m) { return (size_t)(m->planes * m->H); }

size_t py_machine_numbers(const py_machine *m) { return state_numbers(m) + (size_t)m->V + 1; }

/* e^x for x <= 0 to 2e-7 of itself, without calls, so that it is done in parallel.  2^f on [-1/2,
 * 1/2] by its Taylor series. */
static float exp_of(float x)
{
    const float y = (x < -80 ? -80 : x) * 1.44269504F;
    const float whole = (float)(int32_t)(y - 0.5F), f = (y - whole) * 0.693147181F;
    const float p =
        1 + f * (1 + f * (0.5F + f * (1 / 6.0F + f * (1 / 24.0F + f * (1 / 120.0F + f / 720)))));
    const uint32_t bits = (uint32_t)((int32_t)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

static float log_sum(const rf_real *x, rf_index n)
{
    float most = (float)x[0], part[8] = {0}, sum = 0;
    for (rf_index i = 1; i < n; i++) most = (float)x[i] > most ? (float)x[i] : most;
    rf_index i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) part[k] += exp_of((float)x[i + k] - most);
    for (; i < n; i++) sum += exp_of((float)x[i] - most);
    for (int k = 0; k < 8; k++) sum += part[k];
    return most + logf(sum);
}

void py_machine_step(py_machine *m, const float *const *before, const int32_t *tokens,
                     rf_index rows, float *const *after)
{
    const size_t H = (size_t)m->H, bytes = H * sizeof *m->states;
    float *plane = m->states;
    for (int k = 0; k < m->planes; k++)
        for (rf_index r = 0; r < rows; r++, plane += H)
            if (before[r])
                memcpy(plane, before[r] + (size_t)k * H, bytes);
            else
                memset(plane, 0, bytes);
    rf_stepper_reset(m->stepper, rows);
    rf_stepper_set_state(m->stepper, m->states);
    rf_stepper_step_ids(m->stepper, tokens);
    rf_stepper_get_state(m->stepper, m->states);
    const rf_real *scores = rf_stepper_scores(m->stepper);
    plane = m->states;
    for (int k = 0; k < m->planes; k++)
        for (rf_index r = 0; r < rows; r++, plane += H)
            memcpy(after[r] + (size_t)k * H, plane, bytes);
    for (rf_index r = 0; r < rows; r++) {
        float *out = after[r] + state_numbers(m);
        memcpy(out, scores + r * m->V, (size_t)m->V * sizeof *out);
        out[m->V] = log_sum(scores + r * m->V, m->V);
    }
}

float py_machine_logp(const py_machine *m, const float *after, int32_t token)
{
    const float *out = after + state_numbers(m);
    return out[token] - out[m->V];
}
