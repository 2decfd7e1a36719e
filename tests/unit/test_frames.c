/* test_frames.c -- the network over frames: what it measures does not depend on how pieces are batched,
 * and is the loss that it learns by; moving pieces; notes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/music/roll_net.h"
#include "../suite.h"

enum { PIECES = 5 };

/* Pieces of 2, 5, 8 ... steps, of chance, between keys 20 and 60. */
static void make_set(roll_set *s)
{
    for (int i = 0; i < PIECES; i++) {
        const rf_index steps = 2 + 3 * i;
        roll_piece p = {NULL, steps, calloc((size_t)(steps * RF_KEYS), 1)};
        const rf_key key = rf_key_make(1, "piece", (uint64_t)i);
        for (rf_index t = 0; t < steps; t++)
            for (int k = 20; k <= 60; k++)
                p.keys[t * RF_KEYS + k] = rf_uniform(key, (uint64_t)(t * RF_KEYS + k)) < 0.1;
        p.keys[20] = p.keys[60] = 1;
        CU_ASSERT_FATAL(roll_set_add(s, &p));
    }
}

static roll_net *make_net(int output)
{
    const roll_shape shape = {.cell = rf_cell_find("gru"),
                              .hidden = 9,
                              .nade = 6,
                              .layers = 2,
                              .output = output,
                              .drop_output = 0.5};
    roll_net *m = roll_net_new(&shape, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    rf_params_init(m->params, 2);
    return m;
}

static rf_status heed(void *ctx, double done, double total)
{
    double *most = ctx;
    CU_ASSERT(done > *most && done <= total);
    *most = done;
    return RF_OK;
}

static void measure(rf_graph *g, const roll_net *m, const roll_set *s, rf_index B,
                    roll_score *score)
{
    double most = 0;
    const roll_meter w = {.g = g, .m = m, .B = B, .watch = heed, .ctx = &most};
    CU_ASSERT_EQUAL_FATAL(roll_measure(&w, s, score, NULL), RF_OK);
    CU_ASSERT_EQUAL(most, (double)s->frames);
}

/* Nats of all frames, by the loss; every piece moved by `shift`. */
static double loss_of(rf_graph *g, const roll_net *m, const roll_set *s, int32_t shift)
{
    int32_t item[PIECES], shifts[PIECES];
    for (int i = 0; i < PIECES; i++) item[i] = i, shifts[i] = shift;
    const rf_bucket_batch b = {PIECES, s->lengths[PIECES - 1], item, s->lengths};
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    const roll_told t = roll_net_apply(g, m, &(roll_batch){s, &b, shifts});
    CU_ASSERT_EQUAL(t.frames, s->frames);
    return (double)rf_value(g, roll_net_loss(g, &t)).data[0] * (double)t.frames;
}

static void one_truth(int output)
{
    rf_device *d = rf_device_new(2, NULL);
    rf_graph *g = rf_graph_new(d);
    roll_net *m = make_net(output);
    roll_set s = {0};
    roll_score alone[PIECES], together[PIECES];
    make_set(&s);
    measure(g, m, &s, 1, alone);
    measure(g, m, &s, PIECES, together);
    for (int i = 0; i < PIECES; i++) {
        CU_ASSERT_EQUAL(alone[i].frames, s.piece[i].steps - 1);
        CU_ASSERT_EQUAL(alone[i].notes, together[i].notes);
        CU_ASSERT_DOUBLE_EQUAL(alone[i].nats, together[i].nats, 1e-4 * alone[i].nats);
    }
    const double nats = roll_total(alone, PIECES).nats;
    CU_ASSERT_DOUBLE_EQUAL(loss_of(g, m, &s, 0), nats, 1e-4 * nats);
    roll_set_free(&s);
    roll_net_free(m);
    rf_graph_free(g);
    rf_device_free(d);
}

static void batches_change_nothing(void)
{
    one_truth(ROLL_SIGMOID);
    one_truth(ROLL_NADE);
}

static void moving(void)
{
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    roll_net *m = make_net(ROLL_SIGMOID);
    roll_set s = {0};
    int down, up;
    make_set(&s);
    roll_range(&s.piece[0], 6, &down, &up);
    CU_ASSERT(down == -6 && up == 6);
    roll_range(&s.piece[0], 24, &down, &up);
    CU_ASSERT(down == -20 && up == 24);
    const double here = loss_of(g, m, &s, 0), moved = loss_of(g, m, &s, -20);
    CU_ASSERT(fabs(here - moved) > 1e-3);
    for (int i = 0; i < PIECES; i++) {
        roll_piece *p = &s.piece[i];
        for (rf_index t = 0; t < p->steps; t++) {
            uint8_t *keys = p->keys + t * RF_KEYS;
            memmove(keys, keys + 20, RF_KEYS - 20);
            memset(keys + RF_KEYS - 20, 0, 20);
        }
    }
    CU_ASSERT_DOUBLE_EQUAL(loss_of(g, m, &s, 0), moved, 1e-6 * moved);
    memset(s.piece[0].keys, 0, (size_t)(s.piece[0].steps * RF_KEYS));
    roll_range(&s.piece[0], 6, &down, &up);
    CU_ASSERT(down == 0 && up == 0);
    roll_set_free(&s);
    roll_net_free(m);
    rf_graph_free(g);
    rf_device_free(d);
}

static void notes_and_short_pieces(void)
{
    roll_set s = {0};
    uint8_t *keys = calloc(3 * RF_KEYS, 1);
    keys[5] = keys[RF_KEYS + 5] = keys[RF_KEYS + 9] = keys[2 * RF_KEYS + 7] = 1;
    roll_piece p = {NULL, 3, keys}, one = {NULL, 1, calloc(RF_KEYS, 1)};
    CU_ASSERT(roll_set_add(&s, &one));
    CU_ASSERT_EQUAL(s.n, 0);
    CU_ASSERT_PTR_NULL(one.keys);
    CU_ASSERT(roll_set_add(&s, &p));
    CU_ASSERT(s.n == 1 && s.frames == 2 && s.lengths[0] == 2);
    CU_ASSERT_EQUAL(roll_piece_notes(&s.piece[0], 0), 1);
    CU_ASSERT_EQUAL(roll_piece_notes(&s.piece[0], 1), 1);
    CU_ASSERT_EQUAL(roll_piece_notes(&s.piece[0], 2), 1);
    roll_set_free(&s);
}

int main(void)
{
    CU_TestInfo tests[] = {{"batches change nothing", batches_change_nothing},
                           {"moving", moving},
                           {"notes and short pieces", notes_and_short_pieces},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "frames", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
