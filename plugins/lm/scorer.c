/* lm/scorer.c -- embedding, recurrent layers and output layer, one unit at a time. */
#include "scorer.h"

#include <stdlib.h>
#include <string.h>

struct lm_scorer {
    rf_scorer face;
    const lm_model *m;
    rf_graph *g; /* for an adaptive output layer; the stepper has any other */
    rf_stepper *stepper;
    rf_real *x; /* [rows,E] */
    bool by_id; /* what layer 0 makes of each unit is known beforehand */
};

/* For so few units a table of their inputs costs less than a page of text gains. */
#define MOST_BY_ID 1024

static void reset(void *self, rf_index rows)
{
    lm_scorer *s = self;
    rf_stepper_reset(s->stepper, rows);
}

static const rf_real *read_units(lm_scorer *s, const int32_t *tokens, rf_index rows)
{
    rf_index E = s->m->shape.embed;
    const rf_real *w = s->m->in.weight->value.data;
    if (s->by_id) return rf_stepper_step_ids(s->stepper, tokens);
    for (rf_index r = 0; r < rows; r++)
        memcpy(s->x + r * E, w + tokens[r] * E, (size_t)E * sizeof *w);
    return rf_stepper_step(s->stepper, s->x);
}

static const rf_real *step(void *self, const int32_t *tokens, rf_index rows)
{
    lm_scorer *s = self;
    const rf_real *h = read_units(s, tokens, rows);
    if (!s->g) return rf_stepper_scores(s->stepper);
    rf_graph_begin(s->g, RF_INFER, rf_key_make(0, "score", 0));
    rf_node x = rf_borrow(s->g, h, RF_SHAPE(rows, s->m->shape.hidden));
    return rf_value(s->g, lm_output_logits(s->g, &s->m->output, x)).data;
}

static void gather(void *self, const int32_t *from, rf_index rows)
{
    lm_scorer *s = self;
    rf_stepper_gather(s->stepper, from, rows);
}

static size_t state_bytes(void *self)
{
    lm_scorer *s = self;
    return rf_stepper_state_bytes(s->stepper);
}

static void get_state(void *self, void *out)
{
    lm_scorer *s = self;
    rf_stepper_get_state(s->stepper, out);
}

static void set_state(void *self, const void *in)
{
    lm_scorer *s = self;
    rf_stepper_set_state(s->stepper, in);
}

/* The stepper with what stands before and after it. */
static bool open_stepper(lm_scorer *s, rf_device *d, rf_weights form, rf_error *err)
{
    const lm_model *m = s->m;
    s->stepper = rf_stepper_new_as(d, m->rnn, s->face.rows, form, err);
    if (!s->stepper) return false;
    s->by_id = m->V <= MOST_BY_ID &&
               rf_stepper_set_inputs(s->stepper, m->in.weight->value.data, m->V, NULL);
    if (m->output.kind != LM_ADAPTIVE)
        return rf_stepper_set_output(s->stepper, m->output.weight->value.data,
                                     m->output.bias->value.data, m->V, err);
    s->g = rf_graph_new(d);
    return s->g || (rf_no_memory(err), false);
}

lm_scorer *lm_scorer_new(const lm_model *m, rf_device *d, rf_index rows, rf_weights form,
                         rf_error *err)
{
    lm_scorer *s = calloc(1, sizeof *s);
    if (!s) {
        rf_no_memory(err);
        return NULL;
    }
    *s = (lm_scorer){.m = m,
                     .face = {.self = s,
                              .vocabulary = m->V,
                              .rows = rows,
                              .normalized = m->output.kind == LM_ADAPTIVE,
                              .reset = reset,
                              .step = step,
                              .gather = gather,
                              .state_bytes = state_bytes,
                              .get_state = get_state,
                              .set_state = set_state}};
    s->x = rf_aligned_calloc((size_t)(rows * m->shape.embed), sizeof *s->x);
    if (!s->x)
        rf_no_memory(err);
    else if (open_stepper(s, d, form, err))
        return s;
    lm_scorer_free(s);
    return NULL;
}

void lm_scorer_free(lm_scorer *s)
{
    if (!s) return;
    rf_stepper_free(s->stepper);
    rf_graph_free(s->g);
    rf_aligned_free(s->x);
    free(s);
}

void lm_scorer_refresh(lm_scorer *s) { rf_stepper_refresh(s->stepper); }

const rf_scorer *lm_scorer_interface(const lm_scorer *s) { return &s->face; }
