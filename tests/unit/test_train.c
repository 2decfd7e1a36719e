/* test_train.c -- metrics, clipping, optimisers, schedules and state files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/model.h>
#include <refrain/train.h>

#include "../suite.h"

#define TOLERANCE (RF_REAL_BYTES == 4 ? 2e-5 : 1e-12)

static char folder[] = "/tmp/refrain-train-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---- Metrics ------------------------------------------------------------------------------------ */

static void metrics_are_right(void)
{
    rf_mean_value m = {0};
    CU_ASSERT(isnan(rf_mean_get(&m)));
    rf_mean_add(&m, 2, 3);
    rf_mean_add(&m, 5, 1);
    CU_ASSERT_DOUBLE_EQUAL(rf_mean_get(&m), 11. / 4, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(rf_perplexity(log(40)), 40, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rf_bits(log(8), 1), 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rf_bits(log(8), 2), 1.5, 1e-12);

    const rf_real scores[] = {1, 3, 2, /**/ 5, 5, 0, /**/ 0, 0, 1, /**/ 9, 0, 0};
    rf_index counted;
    CU_ASSERT_EQUAL(rf_argmax(scores, 3), 1);
    CU_ASSERT_EQUAL(rf_argmax(scores + 3, 3), 0);
    CU_ASSERT_EQUAL(rf_count_correct(scores, LIST(int32_t, 1, 1, 2, -1), 4, 3, &counted), 2);
    CU_ASSERT_EQUAL(counted, 3);

    rf_metrics all = {0};
    for (int i = 0; i < RF_METRICS + 3; i++) rf_metrics_add(&all, "x", i);
    CU_ASSERT_EQUAL(all.n, RF_METRICS);
    CU_ASSERT_EQUAL(all.m[3].value, 3);
}
/* ---- Parameters for the rest ------------------------------------------------------------------------------ */

/* A matrix that spans several pieces, a vector, and a sparse table. */
typedef struct fixture {
    rf_device *device;
    rf_params *ps;
    rf_param *matrix, *vector, *table;
} fixture;

static fixture fixture_new(int threads, bool sparse)
{
    fixture f = {.device = rf_device_new(threads, NULL), .ps = rf_params_new()};
    const rf_init init = {RF_INIT_UNIFORM, 1};
    f.matrix = rf_params_add(f.ps, "matrix", RF_SHAPE(97, 131), init, NULL);
    f.vector = rf_params_add(f.ps, "vector", RF_SHAPE(13), init, NULL);
    f.table = rf_params_add(f.ps, "table", RF_SHAPE(50, 7), init, NULL);
    CU_ASSERT_FATAL(f.matrix && f.vector && f.table);
    rf_param_set_sparse(f.table, sparse);
    rf_params_init(f.ps, 42);
    return f;
}

static void fixture_free(fixture *f)
{
    rf_params_free(f->ps);
    rf_device_free(f->device);
}

static void set_row(rf_param *p, int32_t row)
{
    if (!p->sparse || p->touched[row]) return;
    p->touched[row] = 1;
    p->row[p->rows++] = row;
}

/* Gradients of step t; the table has some in three rows. */
static void set_gradients(fixture *f, uint64_t t)
{
    const rf_key key = rf_key_make(7, "gradients", t);
    for (rf_index i = 0; i < 97 * 131; i++)
        f->matrix->grad[i] = (rf_real)rf_normal(key, (uint64_t)i);
    for (rf_index i = 0; i < 13; i++)
        f->vector->grad[i] = (rf_real)rf_normal(key, 20000 + (uint64_t)i);
    for (int k = 0; k < 3; k++) {
        const int32_t row = (int32_t)((t * 7 + (uint64_t)k * 11) % 50);
        set_row(f->table, row);
        for (int i = 0; i < 7; i++)
            f->table->grad[row * 7 + i] = (rf_real)rf_normal(key, 30000 + (uint64_t)(k * 7 + i));
    }
}

/* ---- Clipping -------------------------------------------------------------------------------------------- */

static void norms_are_right(void)
{
    double dense = 0, got[4];
    for (int k = 0; k < 4; k++) {
        fixture f = fixture_new(k % 2 ? 3 : 1, k >= 2);
        set_gradients(&f, 1);
        if (k == 0)
            for (size_t i = 0; i < 3; i++) {
                const rf_param *p = rf_params_at(f.ps, i);
                for (rf_index j = 0; j < rf_shape_count(p->value.shape); j++)
                    dense += (double)p->grad[j] * (double)p->grad[j];
            }
        got[k] = rf_gradient_norm(f.device, f.ps);
        CU_ASSERT_DOUBLE_EQUAL(got[k], sqrt(dense), 1e-4);
        if (k % 2) CU_ASSERT_EQUAL(got[k], got[k - 1]); /* whatever the threads */
        f.vector->frozen = true;
        CU_ASSERT(rf_gradient_norm(f.device, f.ps) < got[k]);
        f.matrix->grad[5000] = NAN;
        CU_ASSERT(!isfinite(rf_gradient_norm(f.device, f.ps)));
        fixture_free(&f);
    }
    CU_ASSERT_EQUAL(rf_clip_scale(3, 0), 1);
    CU_ASSERT_EQUAL(rf_clip_scale(3, 3), 1);
    CU_ASSERT_EQUAL(rf_clip_scale(4, 1), 0.25);
    CU_ASSERT_EQUAL(rf_clip_scale(0, 1), 1);
}

/* ---- Optimisers ------------------------------------------------------------------------------------------- */

/* One scalar by the formulas of train.h, in double. */
typedef struct scalar {
    double w, v, s;
    int t;
} scalar;

static void scalar_step(const rf_optimizer_spec *o, scalar *x, double g, double rate, double decay)
{
    const char *name = o->method->name;
    x->t++;
    if (!strcmp(name, "adamw"))
        x->w -= rate * decay * x->w;
    else
        g += decay * x->w;
    if (!strcmp(name, "sgd") && o->momentum > 0) {
        x->v = o->momentum * x->v + g;
        x->w -= rate * (o->nesterov ? g + o->momentum * x->v : x->v);
    } else if (!strcmp(name, "sgd") || !strcmp(name, "nt-asgd")) {
        x->w -= rate * g;
    } else if (!strcmp(name, "rmsprop")) {
        x->s = o->alpha * x->s + (1 - o->alpha) * g * g;
        x->w -= rate * g / (sqrt(x->s) + o->eps);
    } else {
        x->v = o->beta1 * x->v + (1 - o->beta1) * g;
        x->s = o->beta2 * x->s + (1 - o->beta2) * g * g;
        const double v = x->v / (1 - pow(o->beta1, x->t)), s = x->s / (1 - pow(o->beta2, x->t));
        x->w -= rate * v / (sqrt(s) + o->eps);
    }
}

/* The specs that all tests of optimisers go through. */
enum { SPECS = 9 };

static rf_optimizer_spec spec_at(int i)
{
    static const char *const names[SPECS] = {"sgd",     "sgd",  "sgd",   "nt-asgd", "rmsprop",
                                             "rmsprop", "adam", "adamw", "adam"};
    rf_optimizer_spec s = rf_optimizer_defaults(rf_optimizer_find(names[i]));
    if (i == 1 || i == 2) s.momentum = 0.9;
    if (i == 2) s.nesterov = true;
    if (i == 2 || i == 5 || i == 7 || i == 8) s.decay = 0.01;
    s.patience = 2;
    return s;
}

static void optimizers_follow_their_formulas(void)
{
    for (int i = 0; i < SPECS; i++) {
        fixture f = fixture_new(2, false);
        const rf_optimizer_spec spec = spec_at(i);
        rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(o);
        const rf_index watched = 12345;
        scalar a = {.w = (double)f.matrix->value.data[watched]};
        scalar b = {.w = (double)f.vector->value.data[12]};
        for (int t = 0; t < 20; t++) {
            set_gradients(&f, (uint64_t)t);
            const double rate = 0.01 + 0.001 * t, scale = t % 3 ? 1 : 0.25;
            scalar_step(&spec, &a, scale * (double)f.matrix->grad[watched], rate, spec.decay);
            scalar_step(&spec, &b, scale * (double)f.vector->grad[12], rate, 0); /* rank 1 */
            rf_optimizer_step(o, f.device, rate, scale);
            CU_ASSERT_DOUBLE_EQUAL((double)f.matrix->value.data[watched], a.w, TOLERANCE);
            CU_ASSERT_DOUBLE_EQUAL((double)f.vector->value.data[12], b.w, TOLERANCE);
        }
        CU_ASSERT_EQUAL(rf_optimizer_steps(o), 20);
        CU_ASSERT_EQUAL(rf_gradient_norm(f.device, f.ps), 0); /* gradients were cleared */
        rf_optimizer_free(o);
        fixture_free(&f);
    }
}

/* Numbers worked out by hand: w = 1, g = 1, 2 with rate 0.1. */
static void optimizers_by_hand(void)
{
    const struct {
        const char *name;
        double momentum;
        bool nesterov;
        double due[2];
    } rows[] = {
        {"sgd", 0, false, {0.9, 0.7}},         {"sgd", 0.5, false, {0.9, 0.65}}, /* v = 1, 2.5 */
        {"sgd", 0.5, true, {0.85, 0.525}},     /* 1 + 0.5, 2 + 1.25 */
        {"adam", 0, false, {0.9, 0.8034818}},  /* m/0.19 = 1.526316, sqrt(s/0.001999) = 1.581376 */
        {"rmsprop", 0, false, {0, -0.895323}}, /* s = 0.01, 0.0499; 0.2 / 0.223383 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_params *ps = rf_params_new();
        rf_device *d = rf_device_new(1, NULL);
        rf_param *p = rf_params_add(ps, "w", RF_SHAPE(1), (rf_init){RF_INIT_CONSTANT, 1}, NULL);
        rf_params_init(ps, 0);
        rf_optimizer_spec spec = rf_optimizer_defaults(rf_optimizer_find(rows[i].name));
        spec.momentum = rows[i].momentum;
        spec.nesterov = rows[i].nesterov;
        rf_optimizer *o = rf_optimizer_new(&spec, ps, NULL);
        for (int t = 0; t < 2; t++) {
            p->grad[0] = (rf_real)(t + 1);
            rf_optimizer_step(o, d, 0.1, 1);
            CU_ASSERT_DOUBLE_EQUAL((double)p->value.data[0], rows[i].due[t], 2e-6);
        }
        rf_optimizer_free(o);
        rf_device_free(d);
        rf_params_free(ps);
    }
}

static bool same_values(const fixture *a, const fixture *b)
{
    for (size_t i = 0; i < 3; i++) {
        const rf_param *p = rf_params_at(a->ps, i), *q = rf_params_at(b->ps, i);
        const size_t n = (size_t)rf_shape_count(p->value.shape) * sizeof(rf_real);
        if (memcmp(p->value.data, q->value.data, n) != 0) return false;
    }
    return true;
}

static void sparse_rows_are_exact(void)
{
    for (int i = 0; i < SPECS; i++) {
        fixture a = fixture_new(1, false), b = fixture_new(2, true);
        const rf_optimizer_spec spec = spec_at(i);
        rf_optimizer *oa = rf_optimizer_new(&spec, a.ps, NULL);
        rf_optimizer *ob = rf_optimizer_new(&spec, b.ps, NULL);
        for (uint64_t t = 0; t < 12; t++) {
            set_gradients(&a, t);
            set_gradients(&b, t);
            rf_optimizer_step(oa, a.device, 0.01, 0.5);
            rf_optimizer_step(ob, b.device, 0.01, 0.5);
            CU_ASSERT_EQUAL(b.table->rows, 0);
            for (int r = 0; r < 50; r++) CU_ASSERT_EQUAL(b.table->touched[r], 0);
        }
        CU_ASSERT(same_values(&a, &b));
        rf_optimizer_free(oa);
        rf_optimizer_free(ob);
        fixture_free(&a);
        fixture_free(&b);
    }
}

static void lazy_rows_stay(void)
{
    fixture f = fixture_new(2, true);
    rf_optimizer_spec spec = rf_optimizer_defaults(rf_optimizer_find("adam"));
    spec.lazy = true;
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    set_gradients(&f, 0); /* rows 0, 11, 22 */
    rf_optimizer_step(o, f.device, 0.01, 1);
    const rf_real before = f.table->value.data[0];
    set_gradients(&f, 1); /* rows 7, 18, 29 */
    rf_optimizer_step(o, f.device, 0.01, 1);
    CU_ASSERT_EQUAL(f.table->value.data[0], before);
    CU_ASSERT_EQUAL(f.table->grad[7 * 7], 0);
    rf_optimizer_free(o);
    fixture_free(&f);
}

static void frozen_parameters_stay(void)
{
    fixture f = fixture_new(2, false);
    const rf_optimizer_spec spec = spec_at(6);
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    const rf_real before = f.vector->value.data[3];
    f.vector->frozen = true;
    set_gradients(&f, 0);
    rf_optimizer_step(o, f.device, 0.1, 1);
    CU_ASSERT_EQUAL(f.vector->value.data[3], before);
    rf_optimizer_free(o);
    fixture_free(&f);
}

/* Merity et al., algorithm 1 with n = 2: the averaging begins after the metric that exceeds the best
 * of all but the last two before it. */
static void averaging_begins_and_averages(void)
{
    fixture f = fixture_new(1, false);
    const rf_optimizer_spec spec = spec_at(3);
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    const double metrics[] = {5, 4, 6, 4.5, 4.9, 4.1};
    const bool due[] = {false, false, false, false, true, true};
    for (int i = 0; i < 6; i++) {
        rf_optimizer_validated(o, metrics[i]);
        CU_ASSERT_EQUAL(rf_optimizer_averaging(o), due[i]);
    }
    double sum = 0;
    for (uint64_t t = 0; t < 4; t++) {
        set_gradients(&f, t);
        rf_optimizer_step(o, f.device, 0.1, 1);
        sum += (double)f.matrix->value.data[77];
    }
    const rf_real last = f.matrix->value.data[77];
    rf_optimizer_swap(o);
    CU_ASSERT_DOUBLE_EQUAL((double)f.matrix->value.data[77], sum / 4, 1e-6);
    rf_optimizer_swap(o);
    CU_ASSERT_EQUAL(f.matrix->value.data[77], last);
    rf_optimizer_free(o);
    fixture_free(&f);
}

static void optimizers_are_a_table(void)
{
    rf_error err = {0};
    fixture f = fixture_new(1, false);
    int n = 0;
    for (const rf_optimizer_row *r; (r = rf_optimizer_at(n)); n++) {
        CU_ASSERT_PTR_EQUAL(rf_optimizer_find(r->name), r);
        CU_ASSERT(r->rate > 0 && *r->summary && *r->source);
    }
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_PTR_NULL(rf_optimizer_at(-1));
    CU_ASSERT_PTR_NULL(rf_optimizer_find("adamm"));
    rf_optimizer_spec spec = spec_at(6);
    spec.beta2 = 1;
    CU_ASSERT_PTR_NULL(rf_optimizer_new(&spec, f.ps, &err));
    CU_ASSERT_STRING_EQUAL(err.text, "adam: beta2 1; a number from 0 to below 1 is due");
    rf_optimizer_free(NULL);
    fixture_free(&f);
}

/* ---- Schedules --------------------------------------------------------------------------------------------- */

static void schedules_follow_their_curves(void)
{
    const rf_schedule step = {.kind = RF_SCHEDULE_STEP, .rate = 8, .every = 10, .gamma = 0.5};
    const rf_schedule later = {
        .kind = RF_SCHEDULE_STEP, .rate = 8, .every = 10, .after = 40, .gamma = 0.5};
    const rf_schedule cosine = {
        .kind = RF_SCHEDULE_COSINE, .rate = 1, .warmup = 4, .total = 104, .floor = 0.1};
    const rf_schedule linear = {.kind = RF_SCHEDULE_LINEAR, .rate = 2, .total = 50};
    const rf_schedule constant = {.rate = 3, .warmup = 3};
    const struct {
        const rf_schedule *s;
        int64_t step;
        double due;
    } rows[] = {
        {&step, 0, 8},     {&step, 9, 8},       {&step, 10, 4},      {&step, 35, 1},
        {&later, 0, 8},    {&later, 39, 8},     {&later, 40, 4},     {&later, 49, 4},
        {&later, 50, 2},   {&later, 61, 1},     {&cosine, 0, 0.25},  {&cosine, 3, 1},
        {&cosine, 4, 1},   {&cosine, 54, 0.55}, {&cosine, 104, 0.1}, {&cosine, 900, 0.1},
        {&linear, 0, 2},   {&linear, 25, 1},    {&linear, 50, 0},    {&linear, 99, 0},
        {&constant, 0, 1}, {&constant, 1, 2},   {&constant, 2, 3},   {&constant, 1000000, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_DOUBLE_EQUAL(rf_schedule_rate(rows[i].s, rows[i].step), rows[i].due, 1e-12);
    for (int k = 0; rf_schedule_name(k); k++)
        CU_ASSERT_EQUAL(rf_schedule_find(rf_schedule_name(k)), k);
    CU_ASSERT_EQUAL(rf_schedule_find("plateau"), RF_SCHEDULE_PLATEAU);
    CU_ASSERT_EQUAL(rf_schedule_find("plato"), -1);
}

static void plateau_falls_after_patience(void)
{
    rf_schedule s = {
        .kind = RF_SCHEDULE_PLATEAU, .rate = 1, .gamma = 0.5, .patience = 1, .floor = 0.2};
    const double metrics[] = {5, 4, 4, 4.5, 3, 3, 3, 3, 3, 3, 3};
    const double due[] = {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2};
    for (int i = 0; i < 11; i++) {
        rf_schedule_validated(&s, metrics[i]);
        CU_ASSERT_DOUBLE_EQUAL(rf_schedule_rate(&s, i), due[i], 1e-12);
    }
}

/* ---- State files --------------------------------------------------------------------------------------------- */

/* 2k steps, and k steps, a file, k steps: the same bits, for every optimiser. */
static void states_resume_exactly(void)
{
    const char *path = path_of("state.safetensors");
    for (int i = 0; i < SPECS; i++) {
        fixture a = fixture_new(2, true), b = fixture_new(1, true);
        const rf_optimizer_spec spec = spec_at(i);
        rf_optimizer *oa = rf_optimizer_new(&spec, a.ps, NULL);
        rf_optimizer *ob = rf_optimizer_new(&spec, b.ps, NULL);
        int64_t cursor[2] = {3, 1LL << 60}, back[2] = {0};
        double f64 = 0.1, f64_back = 0;
        for (uint64_t t = 0; t < 16; t++) {
            if (t == 8) {
                const rf_slot slots[] = {{"cursor", RF_SLOT_I64, RF_SHAPE(2), cursor},
                                         {"number", RF_SLOT_F64, RF_SCALAR, &f64}};
                const rf_slot into[] = {{"cursor", RF_SLOT_I64, RF_SHAPE(2), back},
                                        {"number", RF_SLOT_F64, RF_SCALAR, &f64_back}};
                rf_params_init(b.ps, 99);
                CU_ASSERT_EQUAL(rf_state_write(path, a.ps, oa, slots, 2, NULL, NULL), RF_OK);
                CU_ASSERT_EQUAL(rf_state_read(path, b.ps, ob, into, 2, NULL), RF_OK);
                CU_ASSERT(same_values(&a, &b));
                CU_ASSERT(!memcmp(cursor, back, sizeof back) && f64_back == f64);
            }
            set_gradients(&a, t);
            rf_optimizer_step(oa, a.device, 0.01, 0.5);
            rf_optimizer_validated(oa, (double)t);
            if (t < 8) continue;
            set_gradients(&b, t);
            rf_optimizer_step(ob, b.device, 0.01, 0.5);
            rf_optimizer_validated(ob, (double)t);
        }
        CU_ASSERT(same_values(&a, &b));
        CU_ASSERT_EQUAL(rf_optimizer_averaging(oa), i == 3);
        rf_optimizer_swap(oa);
        rf_optimizer_swap(ob);
        CU_ASSERT(same_values(&a, &b));
        rf_optimizer_free(oa);
        rf_optimizer_free(ob);
        fixture_free(&a);
        fixture_free(&b);
    }
}

static void expect_refusal(fixture *f, int spec, const rf_slot *slots, int n, const char *words)
{
    const rf_optimizer_spec s = spec_at(spec);
    rf_optimizer *o = rf_optimizer_new(&s, f->ps, NULL);
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_state_read(path_of("state.safetensors"), f->ps, o, slots, n, &err),
                    RF_EFORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
    rf_optimizer_free(o);
}

static void states_that_do_not_fit_are_named(void)
{
    fixture f = fixture_new(1, false);
    const rf_optimizer_spec spec = spec_at(6);
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    int64_t x[3] = {1, 2, 3};
    const rf_slot slot = {"x", RF_SLOT_I64, RF_SHAPE(3), x};
    const char *const meta[] = {"lm.options", "{\"hidden\": 5}", NULL};
    const char *path = path_of("state.safetensors");
    CU_ASSERT_EQUAL(rf_state_write(path, f.ps, o, &slot, 1, meta, NULL), RF_OK);
    rf_model *m = rf_model_read(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(rf_model_get(m, "lm.options"), meta[1]);
    rf_model_free(m);
    rf_optimizer_free(o);

    expect_refusal(&f, 0, &slot, 1, "was trained with adam; sgd cannot go on from there");
    const rf_slot missing = {"y", RF_SLOT_I64, RF_SHAPE(3), x};
    expect_refusal(&f, 6, &missing, 1, "slot/y is missing");
    const rf_slot longer = {"x", RF_SLOT_I64, RF_SHAPE(4), x};
    expect_refusal(&f, 6, &longer, 1, "slot/x is [3] where [4] is due");
    const rf_slot other = {"x", RF_SLOT_F64, RF_SHAPE(3), x};
    expect_refusal(&f, 6, &other, 1, "slot/x holds I64 where F64 is due");

    m = rf_model_new();
    CU_ASSERT_EQUAL(rf_model_write(m, path, NULL), RF_OK);
    rf_model_free(m);
    expect_refusal(&f, 6, &slot, 1, "is not the state of a training");
    unlink(path);
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_state_read(path, f.ps, NULL, NULL, 0, &err), RF_EIO);
    fixture_free(&f);
}
int main(void)
{
    CU_TestInfo tests[] = {{"metrics are right", metrics_are_right},
                           {"norms are right", norms_are_right},
                           {"optimizers follow their formulas", optimizers_follow_their_formulas},
                           {"optimizers by hand", optimizers_by_hand},
                           {"sparse rows are exact", sparse_rows_are_exact},
                           {"lazy rows stay", lazy_rows_stay},
                           {"frozen parameters stay", frozen_parameters_stay},
                           {"averaging begins and averages", averaging_begins_and_averages},
                           {"optimizers are a table", optimizers_are_a_table},
                           {"schedules follow their curves", schedules_follow_their_curves},
                           {"plateau falls after patience", plateau_falls_after_patience},
                           {"states resume exactly", states_resume_exactly},
                           {"states that do not fit are named", states_that_do_not_fit_are_named},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "train", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (!mkdtemp(folder)) return 2;
    const int status = run_suites(suites);
    rmdir(folder);
    return status;
}
