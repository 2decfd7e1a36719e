/* test_lab_catch.c -- falling balls, what rays see of them, and the symmetry of those who catch them. */
#include <math.h>
#include <refrain/task.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/lab/controller.h"
#include "../suite.h"

#define FALL (275.0 - 15 - 13) /* until the circles touch */

static void balls_land_where_they_drift(void)
{
    const lab_ball balls[] = {{0, 0, 3}, {10, 1, 4}, {-20, -2, 3.3}};
    const lab_policy still = lab_policy_still();
    double miss[3];
    lab_catch(&still, balls, 3, miss, NULL, NULL);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_DOUBLE_EQUAL(miss[i], balls[i].x + balls[i].vx * FALL / balls[i].vy, 1e-9);
}

static void nothing(void *self, size_t count)
{
    (void)self;
    (void)count;
}

/* Faster than allowed. */
static void rush(void *self, const rf_real *sense, double *velocity)
{
    (void)self;
    (void)sense;
    velocity[0] = 100;
}

static void agents_have_a_limit(void)
{
    const lab_ball ball = {0, 0, 3.5};
    const lab_policy p = {NULL, nothing, rush};
    double miss;
    lab_catch(&p, &ball, 1, &miss, NULL, NULL);
    CU_ASSERT_DOUBLE_EQUAL(miss, -5 * FALL / 3.5, 1e-9);
}

/* What the rays told while the ball came down. */
typedef struct eye {
    size_t steps;
    rf_real first[LAB_RAYS], last[LAB_RAYS];
} eye;

static void see(void *self, const rf_real *sense, double *velocity)
{
    eye *e = self;
    (void)velocity;
    if (!e->steps++) memcpy(e->first, sense, sizeof e->first);
    memcpy(e->last, sense, sizeof e->last);
}

static void rays_tell_distances(void)
{
    const double vy = 4, h = 275 - 0.25 * vy * floor(FALL / (0.25 * vy));
    const lab_ball ball = {0, 0, vy};
    eye e = {0};
    const lab_policy p = {&e, nothing, see};
    double miss;
    lab_catch(&p, &ball, 1, &miss, NULL, NULL);
    for (int k = 0; k < LAB_RAYS; k++) {
        CU_ASSERT_EQUAL(e.first[k], 0); /* too far away */
        CU_ASSERT_DOUBLE_EQUAL(e.last[k], e.last[LAB_RAYS - 1 - k], 1e-6);
    }
    CU_ASSERT_DOUBLE_EQUAL(e.last[3], 1 - (h - 13) / 220, 1e-6);
    /* 10 degrees aside the ray meets the circle at h cos - sqrt(13² - (h sin)²). */
    const double a = acos(-1) / 18, d = h * cos(a) - sqrt(169 - pow(h * sin(a), 2));
    CU_ASSERT_DOUBLE_EQUAL(e.last[2], 1 - d / 220, 1e-6);
}

static void draw_genes(uint64_t seed, double *genes, size_t n)
{
    for (size_t i = 0; i < n; i++) genes[i] = rf_normal(rf_key_make(seed, "genes", 0), i);
}

static void mirrored_balls_have_mirrored_ends(void)
{
    rf_error err = {0};
    lab_controller *c = lab_controller_new(3, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    double genes[64], miss[2], moved = 0;
    CU_ASSERT_FATAL(lab_controller_genes(3) <= 64);
    const lab_policy p = lab_controller_policy(c);
    for (uint64_t seed = 0; seed < 6; seed++) {
        draw_genes(seed, genes, lab_controller_genes(3));
        lab_controller_set(c, genes);
        const lab_ball b = lab_ball_drawn(rf_key_make(seed, "ball", 0), 0, 3);
        const lab_ball pair[] = {b, {-b.x, -b.vx, b.vy}};
        lab_catch(&p, pair, 2, miss, NULL, NULL);
        CU_ASSERT_DOUBLE_EQUAL(miss[0], -miss[1], 0.05);
        moved += fabs(miss[0] - b.x - b.vx * FALL / b.vy);
    }
    CU_ASSERT(moved > 10); /* they do something */
    lab_controller_free(c);
}

static void a_controller_is_kept(void)
{
    rf_error err = {0};
    lab_controller *c = lab_controller_new(2, &err), *again = NULL;
    rf_model *m = rf_model_new();
    double genes[64], miss[2];
    CU_ASSERT_FATAL(c && m);
    draw_genes(1, genes, lab_controller_genes(2));
    lab_controller_set(c, genes);
    CU_ASSERT_EQUAL(rf_params_store(c->net.params, m, RF_F32, &err), RF_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again = lab_controller_load(m, &err));
    CU_ASSERT_EQUAL(again->pairs, 2);
    const lab_ball ball = {30, -1, 3.5};
    const lab_policy p = lab_controller_policy(c), q = lab_controller_policy(again);
    lab_catch(&p, &ball, 1, &miss[0], NULL, NULL);
    lab_catch(&q, &ball, 1, &miss[1], NULL, NULL);
    CU_ASSERT_EQUAL(miss[0], miss[1]);
    rf_model_free(m);
    m = rf_model_new();
    CU_ASSERT_PTR_NULL(lab_controller_load(m, &err));
    CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
    rf_model_free(m);
    lab_controller_free(c);
    lab_controller_free(again);
}

int main(void)
{
    CU_TestInfo tests[] = {{"balls land where they drift", balls_land_where_they_drift},
                           {"agents have a limit", agents_have_a_limit},
                           {"rays tell distances", rays_tell_distances},
                           {"mirrored balls have mirrored ends", mirrored_balls_have_mirrored_ends},
                           {"a controller is kept", a_controller_is_kept},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "catch", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
