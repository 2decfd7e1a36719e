/* lab/agent.c -- the verb agent: a continuous-time network is evolved that catches falling balls. */
#include <math.h>
#include <stdlib.h>

#include "agent.h"
#include "evolve.h"
#include "lab.h"

#define TASK  "agent"
#define EVERY 5   /* generations between two validations */
#define VALID 256 /* balls of a validation */
#define BLOCK 8   /* candidates of a thread between two looks at the host */

enum {
    AGENT_PAIRS,
    AGENT_GENERATIONS,
    AGENT_ENOUGH,
    AGENT_POPULATION,
    AGENT_SIGMA,
    AGENT_BALLS,
    AGENT_DRIFT,
    AGENT_HELD_OUT,
    AGENT_SAVE,
    AGENT_SVG,
    AGENT_TRIALS,
    AGENT_NEURONS,
    AGENT_PLOT,
    AGENT_COUNT
};

#define EVOLUTION "Evolution"
#define TEST      "Test and pictures"

const rf_option lab_agent_options[AGENT_COUNT + 1] = {
    [AGENT_PAIRS] = {.name = "pairs",
                     .type = RF_INT,
                     .letter = 'p',
                     .def = "3",
                     .min = 1,
                     .max = 32,
                     .group = EVOLUTION,
                     .help = "pairs of units, mirror images of each other; one is the motors"},
    [AGENT_GENERATIONS] = {.name = "generations",
                           .type = RF_INT,
                           .letter = 'g',
                           .def = "100",
                           .min = 1,
                           .max = 100000,
                           .group = EVOLUTION,
                           .help = "how long to evolve at most"},
    [AGENT_ENOUGH] = {.name = "enough",
                      .type = RF_REAL,
                      .def = "100",
                      .min = 0,
                      .max = 100,
                      .unit = "%",
                      .group = EVOLUTION,
                      .help = "stop once as many validation balls are caught"},
    [AGENT_POPULATION] = {.name = "population",
                          .type = RF_INT,
                          .def = "24",
                          .min = 4,
                          .max = 4096,
                          .group = EVOLUTION,
                          .help = "candidates of a generation"},
    [AGENT_SIGMA] = {.name = "sigma",
                     .type = RF_REAL,
                     .def = "0.5",
                     .max = 100,
                     .flags = RF_OPT_ABOVE | RF_OPT_ADVANCED,
                     .group = EVOLUTION,
                     .help = "first step size of the strategy"},
    [AGENT_BALLS] = {.name = "balls",
                     .type = RF_INT,
                     .letter = 'b',
                     .def = "32",
                     .min = 1,
                     .max = LAB_CATCH_MOST,
                     .group = EVOLUTION,
                     .help = "new balls in each generation, the same for all its candidates"},
    [AGENT_DRIFT] = {.name = "drift",
                     .type = RF_REAL,
                     .def = "3",
                     .min = 0,
                     .max = 5,
                     .group = TEST,
                     .help = "how fast balls drift sideways at most; the agent's limit is 5"},
    [AGENT_HELD_OUT] = {.name = "held-out",
                        .type = RF_INT,
                        .letter = 'n',
                        .def = "1000",
                        .min = 1,
                        .max = 1000000,
                        .unit = "balls",
                        .group = TEST,
                        .help = "how many balls that evolution has not seen are tried"},
    [AGENT_SAVE] = {.name = "save",
                    .type = RF_OUTFILE,
                    .group = TEST,
                    .help = "write the controller, for --model"},
    [AGENT_SVG] = {.name = "svg",
                   .type = RF_OUTFILE,
                   .meta = "FILE.svg",
                   .group = TEST,
                   .help = "picture of the paths of some balls and agents"},
    [AGENT_TRIALS] = {.name = "trials",
                      .type = RF_INT,
                      .def = "6",
                      .min = 1,
                      .max = LAB_CATCH_MOST,
                      .group = TEST,
                      .help = "how many in that picture"},
    [AGENT_NEURONS] = {.name = "neurons",
                       .type = RF_OUTFILE,
                       .meta = "FILE.svg",
                       .group = TEST,
                       .help = "picture of rays and neurons while one ball falls"},
    [AGENT_PLOT] = {.name = "plot",
                    .type = RF_OUTFILE,
                    .meta = "FILE.svg",
                    .group = TEST,
                    .help = "picture of the evolution: cost and balls caught"},
};

typedef struct agent {
    rf_session *s;
    const rf_run *r;
    rf_device *device;
    lab_controller **worker; /* [threads] */
    size_t workers;
    lab_controller *best;
    lab_evolution *evolution;
    size_t genes, population, balls;
    double *x, *cost;        /* [population,genes], [population] */
    size_t from, to;         /* candidates that are tried now */
    double *genes_best;      /* [genes] */
    double caught, distance; /* of the best, on validation balls */
    lab_ball ball[LAB_CATCH_MOST];
    lab_generation *history; /* [generations] */
    size_t generations;
    rf_error err;
} agent;

static lab_ball ball(const agent *a, rf_key key, size_t i)
{
    return lab_ball_drawn(key, i, a->r->opt[AGENT_DRIFT].as.f);
}

/* ---- Trials ------------------------------------------------------------------------------------ */

typedef struct score {
    size_t balls, caught;
    double distance; /* sum of |miss| */
} score;

static void add_score(score *s, const double *miss, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s->balls++;
        s->caught += fabs(miss[i]) <= LAB_CATCH_REACH;
        s->distance += fabs(miss[i]);
    }
}

static double percent(const score *s) { return 100 * (double)s->caught / (double)s->balls; }

/* Balls 0 .. count-1 of the key's, as many side by side as there is room for. */
static rf_status try_balls(agent *a, const lab_policy *p, rf_key key, size_t count, score *out)
{
    double miss[LAB_CATCH_MOST];
    lab_ball some[LAB_CATCH_MOST];
    rf_status st = RF_OK;
    *out = (score){0};
    while (out->balls < count && !st) {
        const size_t left = count - out->balls, n = left < LAB_CATCH_MOST ? left : LAB_CATCH_MOST;
        for (size_t i = 0; i < n; i++) some[i] = ball(a, key, out->balls + i);
        lab_catch(p, some, n, miss, NULL, NULL);
        add_score(out, miss, n);
        st = a->s->host->progress(a->s->host, (double)out->balls, (double)count, "balls");
    }
    return st;
}

/* ---- Evolution --------------------------------------------------------------------------------- */

static void evaluate(void *ctx, int thread, int threads)
{
    agent *a = ctx;
    lab_controller *c = a->worker[thread];
    const lab_policy p = lab_controller_policy(c);
    double miss[LAB_CATCH_MOST];
    for (size_t k = a->from + (size_t)thread; k < a->to; k += (size_t)threads) {
        score s = {0};
        lab_controller_set(c, a->x + k * a->genes);
        lab_catch(&p, a->ball, a->balls, miss, NULL, NULL);
        add_score(&s, miss, a->balls);
        a->cost[k] = s.distance / (double)s.balls;
    }
}

static rf_status evaluate_all(agent *a)
{
    const double most = (double)a->r->opt[AGENT_GENERATIONS].as.i;
    rf_status st = RF_OK;
    for (a->from = 0; a->from < a->population && !st; a->from = a->to) {
        const size_t to = a->from + BLOCK * a->workers;
        a->to = to < a->population ? to : a->population;
        rf_device_run(a->device, evaluate, a);
        const double part = (double)a->to / (double)a->population;
        st = a->s->host->progress(a->s->host, (double)a->generations + part, most, "generations");
    }
    return st;
}

/* The distribution's mean stands for the generation. */
static rf_status validate(agent *a, lab_generation *g)
{
    score s;
    lab_controller_set(a->worker[0], lab_evolution_mean(a->evolution));
    const lab_policy p = lab_controller_policy(a->worker[0]);
    const rf_key key = rf_key_make(a->r->seed, "lab.agent.valid", 0);
    rf_status st = try_balls(a, &p, key, VALID, &s);
    if (st) return st;
    const double distance = s.distance / (double)s.balls;
    g->caught = percent(&s);
    if (g->caught < a->caught || (g->caught <= a->caught && distance >= a->distance)) return RF_OK;
    a->caught = g->caught;
    a->distance = distance;
    memcpy(a->genes_best, lab_evolution_mean(a->evolution), a->genes * sizeof *a->genes_best);
    return RF_OK;
}

static rf_status tell_generation(agent *a, int64_t number, const lab_generation *g)
{
    const rf_field row[] = {
        rf_field_int("generation", number), rf_field_real("best_distance", g->best),
        rf_field_real("mean_distance", g->mean), rf_field_real("caught_percent", g->caught),
        rf_field_real("sigma", lab_evolution_sigma(a->evolution))};
    return rf_emit_record(a->s->host, number, "generation", row, sizeof row / sizeof *row);
}

static rf_status one_generation(agent *a, bool *more)
{
    const int64_t number = lab_evolution_generation(a->evolution);
    const int64_t most = a->r->opt[AGENT_GENERATIONS].as.i;
    const rf_key key = rf_key_make(a->r->seed, "lab.agent.train", (uint64_t)number);
    lab_generation *g = &a->history[number];
    for (size_t i = 0; i < a->balls; i++) a->ball[i] = ball(a, key, i);
    lab_evolution_ask(a->evolution, a->x);
    rf_status st = evaluate_all(a);
    *g = (lab_generation){INFINITY, 0, NAN};
    for (size_t k = 0; k < a->population; k++) {
        g->best = fmin(g->best, a->cost[k]);
        g->mean += a->cost[k] / (double)a->population;
    }
    *more = lab_evolution_tell(a->evolution, a->cost) && number + 1 < most;
    a->generations++;
    if (st || (number % EVERY && *more)) return st;
    st = validate(a, g);
    return st ? st : tell_generation(a, number, g);
}

static rf_status make_workers(agent *a)
{
    const size_t pairs = (size_t)a->r->opt[AGENT_PAIRS].as.i;
    a->device = rf_device_new((int)a->r->threads, &a->err);
    const size_t threads = a->device ? (size_t)rf_device_threads(a->device) : 0;
    a->worker = calloc(threads + 1, sizeof(lab_controller *));
    if (!a->device || !a->worker) return rf_no_memory(&a->err);
    for (; a->workers < threads; a->workers++)
        if (!(a->worker[a->workers] = lab_controller_new(pairs, &a->err))) return a->err.status;
    a->best = lab_controller_new(pairs, &a->err);
    return a->best ? RF_OK : a->err.status;
}

static rf_status make_evolution(agent *a)
{
    const rf_setting *v = a->r->opt;
    a->genes = lab_controller_genes((size_t)v[AGENT_PAIRS].as.i);
    a->population = (size_t)v[AGENT_POPULATION].as.i;
    a->balls = (size_t)v[AGENT_BALLS].as.i;
    const lab_evolution_spec spec = {
        .n = a->genes, .lambda = a->population, .sigma = v[AGENT_SIGMA].as.f, .seed = a->r->seed};
    a->evolution = lab_evolution_new(&spec);
    a->x = calloc(a->population * a->genes, sizeof *a->x);
    a->cost = calloc(a->population, sizeof *a->cost);
    a->genes_best = calloc(a->genes, sizeof *a->genes_best);
    a->history = calloc((size_t)v[AGENT_GENERATIONS].as.i, sizeof *a->history);
    a->caught = -1;
    if (!a->evolution || !a->x || !a->cost || !a->genes_best || !a->history)
        return rf_fail(&a->err, RF_ENOMEM, "no memory for the evolution");
    return make_workers(a);
}

static rf_status evolve(agent *a)
{
    const double enough = a->r->opt[AGENT_ENOUGH].as.f;
    bool more = true;
    rf_status st = make_evolution(a);
    while (!st && more && a->caught < enough) st = one_generation(a, &more);
    if (!st) lab_controller_set(a->best, a->genes_best);
    return st;
}

/* ---- Files ------------------------------------------------------------------------------------- */

static rf_status load(agent *a)
{
    rf_model *m = rf_task_model_read(a->r->model, LAB_ID, TASK, &a->err);
    if (m) a->best = lab_controller_load(m, &a->err);
    rf_model_free(m);
    return a->err.status;
}

static rf_status save(agent *a)
{
    const char *path = a->r->opt[AGENT_SAVE].as.s;
    if (!path) return RF_OK;
    rf_model *m = rf_model_new();
    rf_status st = m ? RF_OK : rf_no_memory(&a->err);
    if (!st) st = rf_model_set_text(m, RF_META_PLUGIN, LAB_ID, &a->err);
    if (!st) st = rf_model_set_text(m, RF_META_TASK, TASK, &a->err);
    if (!st) st = rf_params_store(a->best->net.params, m, RF_F32, &a->err);
    if (!st) st = rf_model_write(m, path, &a->err);
    rf_model_free(m);
    return st ? st : rf_emit_file(a->s->host, path, "model", "application/x-safetensors");
}

static rf_status show_file(agent *a, rf_status st, int option)
{
    return st ? st : rf_emit_plot(a->s->host, a->r->opt[option].as.s);
}

static rf_status draw(agent *a)
{
    const rf_setting *v = a->r->opt;
    const rf_key key = rf_key_make(a->r->seed, "lab.agent.test", 0);
    const size_t trials = (size_t)v[AGENT_TRIALS].as.i;
    rf_status st = RF_OK;
    for (size_t i = 0; i < trials; i++) a->ball[i] = ball(a, key, i);
    if (v[AGENT_SVG].as.s)
        st =
            show_file(a, lab_agent_plot_paths(a->best, a->ball, trials, v[AGENT_SVG].as.s, &a->err),
                      AGENT_SVG);
    if (!st && v[AGENT_NEURONS].as.s)
        st = show_file(a, lab_agent_plot_neurons(a->best, a->ball, v[AGENT_NEURONS].as.s, &a->err),
                       AGENT_NEURONS);
    if (!st && v[AGENT_PLOT].as.s)
        st = show_file(
            a, lab_agent_plot_costs(a->history, a->generations, v[AGENT_PLOT].as.s, &a->err),
            AGENT_PLOT);
    return st;
}

/* ---- The test ---------------------------------------------------------------------------------- */

static rf_status test_one(agent *a, const char *name, lab_policy p)
{
    score s;
    const rf_key key = rf_key_make(a->r->seed, "lab.agent.test", 0);
    rf_status st = try_balls(a, &p, key, (size_t)a->r->opt[AGENT_HELD_OUT].as.i, &s);
    const rf_field row[] = {rf_field_string("agent", name), rf_field_int("balls", (int64_t)s.balls),
                            rf_field_int("caught", (int64_t)s.caught),
                            rf_field_real("caught_percent", percent(&s)),
                            rf_field_real("mean_distance", s.distance / (double)s.balls)};
    return st ? st : rf_emit_record(a->s->host, -1, "held_out", row, sizeof row / sizeof *row);
}

static rf_status test(agent *a)
{
    lab_wanderer w = {.key = rf_key_make(a->r->seed, "lab.agent.wander", 0)};
    rf_status st = test_one(a, "network", lab_controller_policy(a->best));
    if (!st) st = test_one(a, "still", lab_policy_still());
    return st ? st : test_one(a, "random", lab_policy_wander(&w));
}

static void end(agent *a)
{
    for (size_t i = 0; i < a->workers; i++) lab_controller_free(a->worker[i]);
    free(a->worker);
    lab_controller_free(a->best);
    lab_evolution_free(a->evolution);
    rf_device_free(a->device);
    free(a->x);
    free(a->cost);
    free(a->genes_best);
    free(a->history);
}

rf_status lab_agent(rf_session *s, const rf_run *r)
{
    agent a = {.s = s, .r = r};
    rf_status st = RF_OK;
    if (r->model && r->opt[AGENT_PLOT].as.s)
        st = rf_fail(&a.err, RF_EINVAL, "--plot: with --model there is no evolution to be seen");
    if (!st) st = r->model ? load(&a) : evolve(&a);
    if (!st) st = save(&a);
    if (!st) st = test(&a);
    if (!st) st = draw(&a);
    end(&a);
    return rf_session_end(s, st, &a.err);
}
