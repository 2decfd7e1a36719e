/* lab/experiment.c -- one network, one task, one training. */
#include "experiment.h"

static rf_node loss(void *self, rf_graph *g, int64_t step)
{
    lab_experiment *e = self;
    lab_batch_draw(&e->train, e->task, &e->size, rf_key_make(e->seed, "lab train", (uint64_t)step));
    return lab_network_loss(g, &e->net, &e->train);
}

rf_status lab_experiment_init(lab_experiment *e, const lab_task *task, const lab_task_size *size,
                              const lab_cell_kind *cell, const rf_setting *v, rf_index tested,
                              const lab_training *loop, uint64_t seed, rf_error *err)
{
    const lab_network_spec net = {.cell = *cell,
                                  .hidden = (rf_index)v[TRY_HIDDEN].as.i,
                                  .layers = (int)v[TRY_LAYERS].as.i,
                                  .forget_bias = v[TRY_FORGET_BIAS].as.f};
    const rf_index B = (rf_index)v[TRY_BATCH].as.i;
    *e = (lab_experiment){.task = task, .size = *size, .seed = seed, .training = *loop};
    rf_status st = lab_task_fit(task, &e->size, err);
    if (!st) st = lab_batch_init(&e->train, task, &e->size, B, err);
    if (!st) st = lab_batch_init(&e->test, task, &e->size, tested, err);
    if (!st) st = lab_network_init(&e->net, &net, &e->train, seed, err);
    if (st) lab_experiment_free(e);
    e->training.params = e->net.params;
    e->training.rate = cell->rate > 0 ? cell->rate : v[TRY_RATE].as.f;
    e->training.clip = v[TRY_CLIP].as.f;
    e->training.steps = v[TRY_STEPS].as.i;
    e->training.seed = seed;
    e->training.loss = loss;
    e->training.bears = true;
    e->training.higher = task->metric == LAB_ACCURACY;
    e->training.self = e;
    return st;
}

void lab_experiment_free(lab_experiment *e)
{
    lab_network_free(&e->net);
    lab_batch_free(&e->train);
    lab_batch_free(&e->test);
}

/* Tests have numbers of their own: batch k of step s. */
rf_status lab_experiment_score(lab_experiment *e, rf_graph *g, rf_index count, lab_score *out,
                               rf_error *err)
{
    const uint64_t step = (uint64_t)e->training.step << 20;
    rf_status st = RF_OK;
    *out = (lab_score){0};
    for (rf_index done = 0, k = 0; done < count && !st; done += e->test.B, k++) {
        const rf_key key = rf_key_make(e->seed, "lab test", step + (uint64_t)k);
        rf_graph_begin(g, RF_INFER, key);
        lab_batch_draw(&e->test, e->task, &e->size, key);
        st = lab_network_score(g, &e->net, &e->test, out, err);
        lab_train_tick(&e->training);
    }
    return st;
}
