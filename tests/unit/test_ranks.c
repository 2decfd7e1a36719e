/* test_ranks.c -- training by several processes, here threads with a collective of their own: sums of
 * gradients, agreement, files.
 *
 * The network has everything that depends on how lanes are dealt out: carried states, all kinds of
 * dropout, a sparse embedding, lanes that end early; and a parameter too large to travel packed. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/cell.h>
#include <refrain/io.h>
#include <refrain/model.h>
#include <refrain/train.h>

#include "../suite.h"

enum { MOST = 5 };

/* ---- A collective of threads ----------------------------------------------------------------------- */

typedef struct team {
    pthread_barrier_t gate;
    int ranks;
    void *at[MOST];
} team;

typedef struct member {
    rf_collective c;
    team *team;
    int rank;
    long sums, reals; /* calls of sum and sum_reals */
    rf_real *room;    /* for the largest sum */
} member;

enum { ROOM = 1 << 19 };

static const member *me(const rf_collective *c) { return c->self; }
static int32_t rank_of(const rf_collective *c) { return me(c)->rank; }
static int32_t ranks_of(const rf_collective *c) { return me(c)->team->ranks; }

/* Show the others x; returns when all have shown theirs. */
static void show(const rf_collective *c, void *x)
{
    member *m = c->self;
    m->team->at[m->rank] = x;
    pthread_barrier_wait(&m->team->gate);
}

static rf_status sum_reals(const rf_collective *c, rf_real *x, int64_t n, rf_error *err)
{
    member *m = c->self;
    if (n > ROOM) return rf_fail(err, RF_EIO, "too much");
    m->reals++;
    show(c, x);
    memset(m->room, 0, (size_t)n * sizeof *x);
    for (int r = 0; r < m->team->ranks; r++)
        for (int64_t i = 0; i < n; i++) m->room[i] += ((const rf_real *)m->team->at[r])[i];
    pthread_barrier_wait(&m->team->gate);
    memcpy(x, m->room, (size_t)n * sizeof *x);
    return RF_OK;
}

static rf_status sum(const rf_collective *c, double *x, int64_t n, rf_error *err)
{
    member *m = c->self;
    double all[16] = {0};
    if (n > 16) return rf_fail(err, RF_EIO, "too much");
    m->sums++;
    show(c, x);
    for (int r = 0; r < m->team->ranks; r++)
        for (int64_t i = 0; i < n; i++) all[i] += ((const double *)m->team->at[r])[i];
    pthread_barrier_wait(&m->team->gate);
    memcpy(x, all, (size_t)n * sizeof *x);
    return RF_OK;
}

static rf_status broadcast(const rf_collective *c, void *bytes, int64_t n, int32_t from,
                           rf_error *err)
{
    const member *m = me(c);
    (void)err;
    show(c, bytes);
    if (m->rank != from && n) memcpy(bytes, m->team->at[from], (size_t)n);
    pthread_barrier_wait(&m->team->gate);
    return RF_OK;
}

static void member_init(member *m, team *t, int rank)
{
    *m = (member){.c = {.size = sizeof m->c,
                        .rank = rank_of,
                        .ranks = ranks_of,
                        .sum_reals = sum_reals,
                        .sum = sum,
                        .broadcast = broadcast},
                  .team = t,
                  .rank = rank,
                  .room = malloc(ROOM * sizeof(rf_real))};
    m->c.self = m;
}

/* ---- The task -------------------------------------------------------------------------------------- */

enum { V = 150, E = 130, B = 6, T = 5, L = 2, TOKENS = 187, LARGE = 1 << 14 };

typedef struct toy {
    member m; /* m.c.self NULL: alone */
    rf_device *device;
    rf_params *ps;
    rf_param *embed, *weight, *bias;
    rf_rnn *rnn;
    rf_graph *graph;
    int32_t tokens[TOKENS];
    rf_stream_batches *data;
    rf_stream_batch batch;
    rf_index lanes;
    rf_real *carried; /* [L,lanes,E] */
    rf_sequence last;
    rf_slot slots[2];
    int64_t taken, stop_at, nan_at;
    bool save_fails;
    double score; /* what the validation pretends; 0: none */
    int saved, reports;
    double learned; /* of the last validation's report */
    rf_fit_spec spec;
    rf_fit_result result;
    rf_status status;
    rf_error err;
} toy;

static int toy_next(void *self, rf_error *err)
{
    toy *t = self;
    (void)err;
    if (!rf_stream_batches_next(t->data, &t->batch)) return 0;
    if (t->batch.first) memset(t->carried, 0, (size_t)(L * t->lanes * E) * sizeof(rf_real));
    t->taken++;
    return 1;
}

static rf_node toy_loss(void *self, rf_graph *g, double *units)
{
    toy *t = self;
    const rf_index steps = t->batch.T;
    *units = (double)t->batch.count;
    rf_node x = rf_embedding(g, rf_parameter(g, t->embed), t->batch.x, RF_SHAPE(steps, t->lanes));
    rf_node h0 = rf_borrow(g, t->carried, RF_SHAPE(L, t->lanes, E));
    t->last = rf_rnn_apply(g, t->rnn, rf_dropout(g, x, 0.2), h0, RF_NONE, NULL);
    rf_node out = rf_dropout_shared(g, t->last.out, 0.3, 0);
    rf_node w = rf_parameter(g, t->weight), b = rf_parameter(g, t->bias);
    rf_node loss = rf_linear_cross_entropy(g, out, w, b, t->batch.y);
    return t->nan_at == t->taken ? rf_affine(g, loss, (double)NAN, 0) : loss;
}

static void toy_carry(void *self, rf_graph *g)
{
    toy *t = self;
    memcpy(t->carried, rf_value(g, t->last.h).data, (size_t)(L * t->lanes * E) * sizeof(rf_real));
}

static rf_status toy_validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    (void)g, (void)err;
    rf_metrics_add(m, "score", ((toy *)self)->score);
    return RF_OK;
}

static rf_status toy_save(void *self, const rf_metrics *m, rf_error *err)
{
    toy *t = self;
    (void)m;
    t->saved++;
    return t->save_fails ? rf_fail(err, RF_EIO, "model: the disk is full") : RF_OK;
}

static void toy_report(void *self, const rf_fit_event *e)
{
    toy *t = self;
    t->reports++;
    if (e->kind == RF_FIT_VALID) t->learned = e->learned;
}

static bool toy_stop(void *self)
{
    const toy *t = self;
    return t->stop_at && t->taken >= t->stop_at;
}

static void toy_params(toy *t)
{
    const rf_init init = {RF_INIT_UNIFORM, 0.3};
    const rf_rnn_spec rnn = {.cell = rf_cell_find("gru"),
                             .input = E,
                             .hidden = E,
                             .layers = L,
                             .dropout = 0.25,
                             .weight_dropout = 0.4};
    t->ps = rf_params_new();
    t->embed = rf_params_add(t->ps, "embed", RF_SHAPE(V, E), init, NULL);
    t->rnn = rf_rnn_new(&rnn, t->ps, "rnn.", NULL);
    t->weight = rf_params_add(t->ps, "weight", RF_SHAPE(V, E), init, NULL);
    t->bias = rf_params_add(t->ps, "bias", RF_SHAPE(V), init, NULL);
    rf_param_set_sparse(t->embed, true);
    rf_params_init(t->ps, 1);
}

/* Rank `rank` of a team, or alone. */
static toy *toy_new(team *g, int rank)
{
    toy *t = calloc(1, sizeof *t);
    rf_index from = 0;
    t->lanes = B;
    if (g) member_init(&t->m, g, rank);
    if (g) rf_rank_share(B, rank, g->ranks, &from, &t->lanes);
    t->device = rf_device_new(1, NULL);
    t->graph = rf_graph_new(t->device);
    if (g) rf_graph_set_lanes(t->graph, 1, from, B);
    toy_params(t);
    for (int i = 0; i < TOKENS; i++) t->tokens[i] = (i * i + i / 7) % V;
    const rf_stream_spec stream = {.tokens = t->tokens,
                                   .n = TOKENS,
                                   .B = B,
                                   .T = T,
                                   .vary = true,
                                   .lane_from = from,
                                   .lanes = g ? t->lanes : 0};
    t->data = rf_stream_batches_new(&stream, NULL);
    t->carried = calloc((size_t)(L * t->lanes * E), sizeof(rf_real));
    t->slots[0] = (rf_slot){"cursor", RF_SLOT_I64, RF_SHAPE(2), rf_stream_batches_cursor(t->data)};
    t->slots[1] = (rf_slot){"carried", RF_SLOT_REAL, RF_SHAPE(L, t->lanes, E), t->carried, 2, B};
    return t;
}

static void toy_free(toy *t)
{
    rf_stream_batches_free(t->data);
    rf_graph_free(t->graph);
    rf_rnn_free(t->rnn);
    rf_params_free(t->ps);
    rf_device_free(t->device);
    free(t->m.room);
    free(t->carried);
    free(t);
}

/* ---- Teams ------------------------------------------------------------------------------------------- */

/* What a test wants of a training; and of single ranks, in `change`. */
typedef struct plan {
    const char *method, *path;
    int64_t steps, valid_every, save_steps;
    int patience;
    bool resume;
    double clip, minutes;
    void (*change)(toy *t, int rank);
} plan;

static void toy_plan(toy *t, const plan *p)
{
    t->spec = (rf_fit_spec){.task = {.self = t,
                                     .next = toy_next,
                                     .loss = toy_loss,
                                     .carry = toy_carry,
                                     .save = toy_save,
                                     .report = toy_report,
                                     .stop = toy_stop},
                            .params = t->ps,
                            .graph = t->graph,
                            .optimizer = rf_optimizer_defaults(rf_optimizer_find(p->method)),
                            .schedule = {.rate = strcmp(p->method, "sgd") ? 0.003 : 0.3},
                            .clip = p->clip,
                            .seed = 21,
                            .steps = p->steps,
                            .minutes = p->minutes,
                            .valid_every = p->valid_every,
                            .patience = p->patience,
                            .keep_last = true,
                            .state_path = p->path,
                            .resume = p->resume,
                            .save_steps = p->save_steps,
                            .slots = t->slots,
                            .n_slots = 2,
                            .report_steps = 5,
                            .collective = t->m.c.self ? &t->m.c : NULL};
    if (p->change) p->change(t, t->m.rank);
    if (t->score > 0) t->spec.task.validate = toy_validate;
}

static void *toy_main(void *arg)
{
    toy *t = arg;
    t->status = rf_fit(&t->spec, &t->result, &t->err);
    return NULL;
}

static toy *train_alone(const plan *p)
{
    toy *t = toy_new(NULL, 0);
    toy_plan(t, p);
    toy_main(t);
    return t;
}

static void train_team(team *g, toy *t[MOST], int ranks, const plan *p)
{
    pthread_t id[MOST];
    *g = (team){.ranks = ranks};
    pthread_barrier_init(&g->gate, NULL, (unsigned)ranks);
    for (int r = 0; r < ranks; r++) toy_plan(t[r] = toy_new(g, r), p);
    for (int r = 0; r < ranks; r++) pthread_create(&id[r], NULL, toy_main, t[r]);
    for (int r = 0; r < ranks; r++) pthread_join(id[r], NULL);
}

static void free_team(team *g, toy *t[MOST])
{
    for (int r = 0; r < g->ranks; r++) toy_free(t[r]);
    pthread_barrier_destroy(&g->gate);
}

/* The largest difference of two toys' parameters. */
static double distance(const toy *a, const toy *b)
{
    double most = 0;
    for (size_t i = 0; i < rf_params_count(a->ps); i++) {
        const rf_tensor p = rf_params_at(a->ps, i)->value, q = rf_params_at(b->ps, i)->value;
        for (rf_index k = 0; k < rf_shape_count(p.shape); k++)
            most = fmax(most, fabs((double)(p.data[k] - q.data[k])));
    }
    return most;
}

/* Of the states that the ranks carry, joined, and those of one process. */
static double carried_distance(const toy *one, toy *const t[MOST], int ranks)
{
    double most = 0;
    for (int r = 0; r < ranks; r++) {
        rf_index from, lanes;
        rf_rank_share(B, r, ranks, &from, &lanes);
        for (rf_index l = 0; l < L; l++)
            for (rf_index k = 0; k < lanes * E; k++)
                most = fmax(most, fabs((double)(one->carried[(l * B + from) * E + k] -
                                                t[r]->carried[l * lanes * E + k])));
    }
    return most;
}

static char folder[] = "/tmp/refrain-ranks-XXXXXX";
static char path_one[64], path_many[64];

/* ---- Training ---------------------------------------------------------------------------------------- */

/* The same as alone up to the order of sums, and the same bits on all ranks. */
static void trains_as_one(void)
{
    const plan plans[] = {{.method = "sgd", .steps = 20, .valid_every = 10, .clip = 0.3},
                          {.method = "adam", .steps = 15, .clip = 0.3}};
    for (int k = 0; k < 2; k++) {
        toy *one = train_alone(&plans[k]);
        CU_ASSERT_EQUAL(one->status, RF_OK);
        for (int ranks = 2; ranks <= MOST; ranks++) {
            team g;
            toy *t[MOST];
            train_team(&g, t, ranks, &plans[k]);
            for (int r = 0; r < ranks; r++) {
                CU_ASSERT_EQUAL(t[r]->status, RF_OK);
                CU_ASSERT_EQUAL(distance(t[0], t[r]), 0);
                CU_ASSERT_EQUAL(t[r]->result.best, t[0]->result.best);
                CU_ASSERT_EQUAL(t[r]->saved > 0, r == 0);
                CU_ASSERT_EQUAL(t[r]->reports > 0, r == 0);
            }
            CU_ASSERT(distance(one, t[0]) < (k ? 5e-4 : 2e-5));
            CU_ASSERT(carried_distance(one, t, ranks) < (k ? 5e-3 : 1e-4));
            CU_ASSERT_DOUBLE_EQUAL(one->learned, t[0]->learned, 1e-5);
            CU_ASSERT_DOUBLE_EQUAL(one->result.best, t[0]->result.best, 1e-5);
            free_team(&g, t);
        }
        toy_free(one);
    }
}

/* In a step: one agreement; small gradients and row numbers as one; each large one; the rows. */
static void sends_few_messages(void)
{
    const plan plans[] = {{.method = "sgd", .steps = 5, .valid_every = 99},
                          {.method = "sgd", .steps = 25, .valid_every = 99}};
    long reals[2], sums[2];
    rf_index large = 0, count = 0;
    for (int k = 0; k < 2; k++) {
        team g;
        toy *t[MOST];
        train_team(&g, t, 2, &plans[k]);
        reals[k] = t[0]->m.reals;
        sums[k] = t[0]->m.sums;
        for (size_t i = 0; !k && i < rf_params_count(t[0]->ps); i++, count++) {
            const rf_param *p = rf_params_at(t[0]->ps, i);
            large += !p->sparse && rf_shape_count(p->value.shape) >= LARGE;
        }
        free_team(&g, t);
    }
    CU_ASSERT(large > 0 && large + 2 < count);
    CU_ASSERT_EQUAL(reals[1] - reals[0], 20 * (large + 2));
    CU_ASSERT_EQUAL(sums[1] - sums[0], 20);
}

static void stop_rank_1(toy *t, int rank)
{
    if (rank == 1) t->stop_at = 12;
}

/* One rank is told to stop: all stop after the same step, and the state is that of the whole batch,
 * from which any number of ranks goes on. */
static void stops_and_resumes_with_other_numbers(void)
{
    const int numbers[][2] = {{3, 1}, {2, 4}, {4, 3}};
    const plan whole = {.method = "adam", .steps = 30};
    toy *one = train_alone(&whole);
    for (int k = 0; k < 3; k++) {
        team g;
        toy *t[MOST];
        train_team(
            &g, t, numbers[k][0],
            &(plan){.method = "adam", .steps = 30, .path = path_many, .change = stop_rank_1});
        for (int r = 0; r < numbers[k][0]; r++) {
            CU_ASSERT_EQUAL(t[r]->status, RF_ECANCELLED);
            CU_ASSERT_EQUAL(t[r]->result.steps, 13);
        }
        free_team(&g, t);
        const plan rest = {.method = "adam", .steps = 30, .path = path_many, .resume = true};
        if (numbers[k][1] == 1) {
            toy *last = train_alone(&rest);
            CU_ASSERT_EQUAL(last->status, RF_OK);
            CU_ASSERT(distance(one, last) < 5e-4);
            toy_free(last);
            continue;
        }
        train_team(&g, t, numbers[k][1], &rest);
        CU_ASSERT_EQUAL(t[0]->status, RF_OK);
        CU_ASSERT(distance(one, t[0]) < 5e-4);
        free_team(&g, t);
    }
    toy_free(one);
}

/* k steps, a save, and k steps: the same bits as 2k steps, on every rank. */
static void resumes_exactly(void)
{
    team g, h;
    toy *a[MOST], *b[MOST];
    train_team(&g, a, 4, &(plan){.method = "adam", .steps = 26});
    train_team(&h, b, 4, &(plan){.method = "adam", .steps = 11, .path = path_many});
    free_team(&h, b);
    train_team(&h, b, 4, &(plan){.method = "adam", .steps = 26, .path = path_many, .resume = true});
    for (int r = 0; r < 4; r++) {
        const size_t n = (size_t)(L * a[r]->lanes * E) * sizeof(rf_real);
        CU_ASSERT_EQUAL(distance(a[r], b[r]), 0);
        CU_ASSERT_EQUAL(memcmp(a[r]->carried, b[r]->carried, n), 0);
    }
    free_team(&g, a);
    free_team(&h, b);
}

static void nan_on_rank_2(toy *t, int rank)
{
    if (rank == 2) t->nan_at = 8;
}

static void one_rank_diverges_all_stop(void)
{
    team g;
    toy *t[MOST];
    train_team(&g, t, 3, &(plan){.method = "sgd", .steps = 30, .change = nan_on_rank_2});
    for (int r = 0; r < 3; r++) {
        CU_ASSERT_EQUAL(t[r]->status, RF_EDIVERGED);
        CU_ASSERT_EQUAL(t[r]->result.steps, 7);
    }
    free_team(&g, t);
}

static void disk_is_full(toy *t, int rank) { t->save_fails = rank == 0; }

static void rank_0_fails_to_save_all_fail(void)
{
    team g;
    toy *t[MOST];
    train_team(&g, t, 3,
               &(plan){.method = "sgd", .steps = 30, .valid_every = 4, .change = disk_is_full});
    for (int r = 0; r < 3; r++) CU_ASSERT_EQUAL(t[r]->status, RF_EIO);
    CU_ASSERT_STRING_EQUAL(t[0]->err.text, "model: the disk is full");
    CU_ASSERT_STRING_EQUAL(t[1]->err.text, "another process failed");
    free_team(&g, t);
}

/* Alone, rank 1 would see each validation as a better one and never end. */
static void opinions_differ(toy *t, int rank)
{
    t->score = rank ? 1.0 / (double)(t->taken + 2) : 5;
}

static void metrics_of_rank_0_hold(void)
{
    team g;
    toy *t[MOST];
    train_team(&g, t, 2,
               &(plan){.method = "sgd",
                       .steps = 50,
                       .valid_every = 2,
                       .patience = 3,
                       .change = opinions_differ});
    for (int r = 0; r < 2; r++) {
        CU_ASSERT_EQUAL(t[r]->result.steps, 8);
        CU_ASSERT_EQUAL(t[r]->result.best, 5);
    }
    free_team(&g, t);
}

static void time_is_up_at_rank_0(toy *t, int rank) { t->spec.minutes = rank ? 1e-9 : 1e6; }

static void clock_of_rank_0_holds(void)
{
    team g;
    toy *t[MOST];
    train_team(&g, t, 2, &(plan){.method = "sgd", .steps = 6, .change = time_is_up_at_rank_0});
    for (int r = 0; r < 2; r++) CU_ASSERT_STRING_EQUAL(t[r]->result.why, "all steps done");
    free_team(&g, t);
}

static void two_states(toy *t, int rank) { t->spec.state_path = rank ? path_many : path_one; }

static void ranks_that_begin_elsewhere_are_refused(void)
{
    toy_free(train_alone(&(plan){.method = "sgd", .steps = 4, .path = path_one}));
    toy_free(train_alone(&(plan){.method = "sgd", .steps = 9, .path = path_many}));
    team g;
    toy *t[MOST];
    train_team(
        &g, t, 2,
        &(plan){
            .method = "sgd", .steps = 20, .path = path_one, .resume = true, .change = two_states});
    for (int r = 0; r < 2; r++) {
        CU_ASSERT_EQUAL(t[r]->status, RF_EINVAL);
        CU_ASSERT_EQUAL(t[r]->taken, 0);
    }
    free_team(&g, t);
}

int main(void)
{
    CU_TestInfo fits[] = {
        {"trains as one", trains_as_one},
        {"sends few messages", sends_few_messages},
        {"stops and resumes with other numbers", stops_and_resumes_with_other_numbers},
        {"resumes exactly", resumes_exactly},
        {"one rank diverges", one_rank_diverges_all_stop},
        {"rank 0 fails to save", rank_0_fails_to_save_all_fail},
        {"metrics of rank 0 hold", metrics_of_rank_0_hold},
        {"clock of rank 0 holds", clock_of_rank_0_holds},
        {"ranks that begin elsewhere", ranks_that_begin_elsewhere_are_refused},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "ranks", .pTests = fits}, CU_SUITE_INFO_NULL};
    if (!mkdtemp(folder)) return 2;
    snprintf(path_one, sizeof path_one, "%s/one", folder);
    snprintf(path_many, sizeof path_many, "%s/many", folder);
    const int code = run_suites(suites);
    unlink(path_one);
    unlink(path_many);
    rmdir(folder);
    return code;
}
