/* test_lab_judge.c -- precision, recall and F1 against numbers worked out by hand. */
#include <math.h>
#include <string.h>

#include "../../plugins/lab/judge.h"
#include "../suite.h"

static void near(double a, double b) { CU_ASSERT_DOUBLE_EQUAL(a, b, 1e-12); }

/* rows: true; columns: told
 *
 *        a  b  c
 *     a  5  1  0     recall 5/6, precision 5/8, F1 2*5/(6+8)
 *     b  2  2  0     recall 2/4, precision 2/3, F1 2*2/(4+3)
 *     c  1  0  0     never told: F1 0
 *     d  0  0  0 0   neither there nor told: does not count */
static void counts_as_by_hand(void)
{
    lab_judgement j;
    CU_ASSERT(lab_judgement_init(&j, 4, NULL) == RF_OK);
    const int64_t counts[16] = {5, 1, 0, 0, 2, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    for (int i = 0; i < 16; i++) j.told.pair[i] = counts[i];
    j.rows = 11;
    j.nats = 5.5;
    const rf_class_score a = rf_confusion_class(&j.told, 0), c = rf_confusion_class(&j.told, 2);
    CU_ASSERT(a.count == 6 && a.told == 8 && a.right == 5 && c.count == 1 && c.told == 0);
    near(a.recall, 5.0 / 6);
    near(a.precision, 5.0 / 8);
    near(a.f1, 10.0 / 14);
    CU_ASSERT(isnan(c.precision));
    near(c.f1, 0);
    near(lab_judgement_accuracy(&j), 7.0 / 11);
    near(rf_confusion_macro_f1(&j.told), (10.0 / 14 + 4.0 / 7 + 0) / 3);
    near(lab_judgement_loss(&j), 0.5);
    lab_judgement_free(&j);
}

static void nothing_is_no_number(void)
{
    lab_judgement j;
    CU_ASSERT(lab_judgement_init(&j, 2, NULL) == RF_OK);
    CU_ASSERT(isnan(lab_judgement_accuracy(&j)) && isnan(rf_confusion_macro_f1(&j.told)));
    lab_judgement_free(&j);
}

static rf_vocab *classes(void)
{
    rf_vocab *v = rf_vocab_new();
    rf_vocab_add(v, "no", 2);
    rf_vocab_add(v, "yes", 3);
    return v;
}

static lab_samples two_sequences(void)
{
    lab_samples s = {.I = 2, .classes = classes()};
    static const rf_real x[] = {0.5f, -1, 0.25f, 2, -0.75f, 1, 1.5f, 0.125f, -0.5f, -0.25f};
    const int lengths[] = {3, 2};
    for (int i = 0, at = 0; i < 2; i++) {
        lab_item *item = lab_samples_add(&s);
        item->label = i;
        item->length = lengths[i];
        for (int t = 0; t < lengths[i]; t++, at++)
            memcpy(lab_samples_frame(&s), x + 2 * at, 2 * sizeof *x);
    }
    return s;
}

static void each_sums_to_one(const rf_graph *g, const lab_classified *c)
{
    const rf_tensor a = rf_value(g, c->attention);
    CU_ASSERT(rf_shape_equal(a.shape, RF_SHAPE(2, 3)));
    for (rf_index b = 0; b < 2; b++)
        CU_ASSERT_DOUBLE_EQUAL(a.data[3 * b] + a.data[3 * b + 1] + a.data[3 * b + 2], 1, 1e-6);
}

static void attention_sums_to_one_within_each_sequence(void)
{
    rf_error err = {0};
    lab_samples s = two_sequences();
    lab_set set = {0};
    const lab_classifier_shape shape = {.input = LAB_FRAMES,
                                        .cell = rf_cell_find("gru"),
                                        .hidden = 3,
                                        .layers = 2,
                                        .bidirectional = true};
    lab_classifier *m = lab_classifier_new(&shape, NULL, classes(), 2, &err);
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    CU_ASSERT_FATAL(m && g);
    rf_params_init(m->params, 3);
    for (int i = 0; i < 2; i++) lab_set_add(&set, s.item[i].start, s.item[i].length, i);
    const int32_t item[] = {0, 1}, lengths[] = {3, 2};
    const rf_bucket_batch b = {.B = 2, .T = 3, .item = item, .lengths = lengths};
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const lab_classified c = lab_classifier_apply(g, m, &s, &set, &b);
    CU_ASSERT(rf_graph_status(g, &err) == RF_OK);
    each_sums_to_one(g, &c);
    CU_ASSERT(rf_value(g, c.attention).data[5] == 0); /* beyond the end of the second */
    CU_ASSERT(c.rows == 2 && c.target[0] == 0 && c.target[1] == 1);
    lab_set_free(&set);
    lab_samples_free(&s);
    lab_classifier_free(m);
    rf_graph_free(g);
    rf_device_free(d);
}

/* A sequence alone and beside a longer one must be told alike. */
static void told_alone_and_in_a_batch(int pool)
{
    rf_error err = {0};
    lab_samples s = two_sequences();
    lab_set set = {0};
    const lab_classifier_shape shape = {.input = LAB_FRAMES,
                                        .cell = rf_cell_find("lstm"),
                                        .hidden = 4,
                                        .layers = 1,
                                        .bidirectional = true,
                                        .pool = pool};
    lab_classifier *m = lab_classifier_new(&shape, NULL, classes(), 2, &err);
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    CU_ASSERT_FATAL(m && g);
    rf_params_init(m->params, 5);
    for (int i = 0; i < 2; i++) lab_set_add(&set, s.item[i].start, s.item[i].length, i);
    const int32_t item[] = {0, 1}, lengths[] = {3, 2};
    rf_real both[2], alone[2];
    for (int k = 0; k < 2; k++) {
        const rf_bucket_batch b = {
            .B = k ? 1 : 2, .T = k ? 2 : 3, .item = item + k, .lengths = lengths + k};
        rf_graph_begin(g, RF_INFER, (rf_key){0});
        const lab_classified c = lab_classifier_apply(g, m, &s, &set, &b);
        CU_ASSERT_FATAL(rf_graph_status(g, &err) == RF_OK);
        memcpy(k ? alone : both, rf_value(g, c.logits).data + (k ? 0 : 2), sizeof both);
    }
    for (int k = 0; k < 2; k++) CU_ASSERT_DOUBLE_EQUAL(both[k], alone[k], 1e-5);
    lab_set_free(&set);
    lab_samples_free(&s);
    lab_classifier_free(m);
    rf_graph_free(g);
    rf_device_free(d);
}

static void neighbours_do_not_matter(void)
{
    for (int pool = LAB_POOL_ATTENTION; pool <= LAB_POOL_MAX; pool++)
        told_alone_and_in_a_batch(pool);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"counts as by hand", counts_as_by_hand},
        {"nothing is no number", nothing_is_no_number},
        {"attention sums to one within each sequence", attention_sums_to_one_within_each_sequence},
        {"neighbours in a batch do not matter", neighbours_do_not_matter},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "judge", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
