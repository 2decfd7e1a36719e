/* test_search.c -- the odyssey's random search: ranges as text, and what is drawn from them. */
#include <math.h>
#include <string.h>

#include "../../plugins/lab/search.h"
#include "../suite.h"

enum { TRIALS = 4000 };

static void texts(void)
{
    static const struct {
        int k;
        const char *text;
        double low, high;
    } good[] = {{DRAW_RATE, "0.01", 0.01, 0.01},
                {DRAW_RATE, "1e-3:0.03", 1e-3, 0.03},
                {DRAW_HIDDEN, "20:200", 20, 200},
                {DRAW_DROPOUT, "0:0.5", 0, 0.5}};
    static const struct {
        int k;
        const char *text, *why;
    } bad[] = {{DRAW_RATE, "", "a number or LOW:HIGH is due"},
               {DRAW_RATE, "0.1:", "a number or LOW:HIGH is due"},
               {DRAW_RATE, "0.1:0.2:0.3", "a number or LOW:HIGH is due"},
               {DRAW_RATE, "nan", "a number or LOW:HIGH is due"},
               {DRAW_RATE, "inf", "a number or LOW:HIGH is due"},
               {DRAW_RATE, "0", "--learning-rate: 0: out of range: from 1e-09 to 10"},
               {DRAW_RATE, "0.2:0.1", "the lower end comes first"},
               {DRAW_HIDDEN, "20:20.5", "whole numbers are due"},
               {DRAW_DROPOUT, "0:1", "--dropout: 0:1: out of range: from 0 to 0.95"}};
    lab_range r;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CU_ASSERT_EQUAL(lab_range_parse(good[i].k, good[i].text, &r, NULL), RF_OK);
        CU_ASSERT(r.low == good[i].low && r.high == good[i].high);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rf_error err = {0};
        CU_ASSERT_EQUAL(lab_range_parse(bad[i].k, bad[i].text, &r, &err), RF_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].why));
    }
}

static const lab_range ranges[DRAWS] = {
    [DRAW_HIDDEN] = {20, 200},         [DRAW_RATE] = {1e-4, 1e-2},  [DRAW_DROPOUT] = {0.2, 0.6},
    [DRAW_DROPOUT_INPUT] = {0.1, 0.1}, [DRAW_MOMENTUM] = {0, 0.99},
};

/* Half of the draws are below the middle of each scale. */
static void draws(void)
{
    const double middle[] = {[DRAW_HIDDEN] = sqrt(20 * 200),
                             [DRAW_RATE] = 1e-3,
                             [DRAW_DROPOUT] = 0.4,
                             [DRAW_MOMENTUM] = 0.9};
    static const int drawn[] = {DRAW_HIDDEN, DRAW_RATE, DRAW_DROPOUT, DRAW_MOMENTUM};
    int below[DRAWS] = {0};
    double v[DRAWS];
    for (int t = 1; t <= TRIALS; t++) {
        lab_search_draw(ranges, 7, t, v);
        CU_ASSERT(v[DRAW_DROPOUT_INPUT] == 0.1 && v[DRAW_NOISE] == 0);
        CU_ASSERT_EQUAL(v[DRAW_HIDDEN], floor(v[DRAW_HIDDEN]));
        for (int i = 0; i < 4; i++) {
            const int k = drawn[i];
            CU_ASSERT(v[k] >= ranges[k].low * (1 - 1e-12) && v[k] <= ranges[k].high * (1 + 1e-12));
            below[k] += v[k] < middle[k];
        }
    }
    for (int i = 0; i < 4; i++) CU_ASSERT_DOUBLE_EQUAL(below[drawn[i]] / (double)TRIALS, 0.5, 0.03);
}

static void draws_are_a_function_of_seed_and_trial(void)
{
    double a[DRAWS], b[DRAWS];
    lab_search_draw(ranges, 7, 3, a);
    lab_search_draw(ranges, 7, 3, b);
    CU_ASSERT(!memcmp(a, b, sizeof a));
    lab_search_draw(ranges, 7, 4, b);
    CU_ASSERT(a[DRAW_RATE] != b[DRAW_RATE]);
    lab_search_draw(ranges, 8, 3, b);
    CU_ASSERT(a[DRAW_RATE] != b[DRAW_RATE]);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"ranges as text", texts},
        {"draws", draws},
        {"draws are a function of seed and trial", draws_are_a_function_of_seed_and_trial},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "search", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
