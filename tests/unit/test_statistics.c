/* test_statistics.c -- the lab's tests of significance against published and independent figures.
 *
 * Where no table is named, figures were computed to 40 digits by integration of the density, or by
 * listing all ways to deal the ranks out. */
#include <math.h>

#include "../../plugins/lab/statistics.h"
#include "../suite.h"

#define NEAR(a, b, within) CU_ASSERT_DOUBLE_EQUAL(a, b, within)
#define COUNT(x)           (int)(sizeof(x) / sizeof *(x))

/* Hours of sleep gained by two drugs: Student, Biometrika 6 (1908). */
static const double drug_1[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double drug_2[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

static const double low[] = {8.41, 8.39, 8.44, 8.40, 8.43};
static const double high[] = {8.60, 8.48, 8.55, 8.71, 8.52, 8.66};

static void summaries(void)
{
    static const double x[] = {5, 1, 2, 100};
    CU_ASSERT_EQUAL(lab_mean(x, 4), 27);
    CU_ASSERT_EQUAL(lab_median(x, 4), 3.5);
    CU_ASSERT_EQUAL(lab_median(x, 3), 2);
    NEAR(lab_mean(drug_1, 10), 0.75, 1e-15);
    NEAR(lab_mean(drug_2, 10), 2.33, 1e-15);
    NEAR(lab_deviation(drug_1, 10), 1.78901, 5e-6);
    NEAR(lab_deviation(drug_2, 10), 2.00225, 5e-6);
    NEAR(lab_median(drug_1, 10), 0.35, 1e-15);
    NEAR(lab_median(low, 5), 8.41, 0);
    CU_ASSERT(isnan(lab_deviation(low, 1)));
    NEAR(lab_median(low, 1), 8.41, 0);
}

static void students_distribution(void)
{
    NEAR(lab_student_p(0, 3), 1, 1e-14);
    NEAR(lab_student_p(1, 1), 0.5, 1e-14); /* one degree is Cauchy's: 1 - 2/pi atan t */
    NEAR(lab_student_p(-7, 1), 1 - 2 / 3.14159265358979324 * atan(7), 1e-14);
    NEAR(lab_student_p(2, 2), 1 - 2 / sqrt(6), 1e-14); /* two: 1 - t / sqrt(t^2 + 2) */
    /* Critical values as textbooks print them: 5 % and 1 % on two sides. */
    NEAR(lab_student_p(2.228, 10), 0.05, 2e-5);
    NEAR(lab_student_p(3.169, 10), 0.01, 2e-5);
    NEAR(lab_student_p(2.776, 4), 0.05, 3e-5);
    NEAR(lab_student_p(1.960, 1e7), 0.05, 5e-6);
    NEAR(lab_student_p(0.01, 30), 0.9920874925731777, 1e-13);
    NEAR(lab_student_p(0.5, 3.7), 0.64533563331993198, 1e-14);
    NEAR(lab_student_p(-2.5, 7.25), 0.039865520758914579, 1e-14);
    NEAR(lab_student_p(12, 4.5), 1.378319765327304e-4, 1e-16);
    NEAR(lab_student_p(35, 9), 6.2697825004148258e-11, 1e-22);
    CU_ASSERT_EQUAL(lab_student_p(-INFINITY, 5), 0);
}

static void welch(void)
{
    /* R's t.test(extra ~ group, data = sleep): t = -1.8608, df = 17.776, p-value = 0.07939. */
    lab_welch w = lab_welch_test(drug_1, 10, drug_2, 10);
    NEAR(w.t, -1.8608134674868531, 1e-13);
    NEAR(w.df, 17.77647351617849, 1e-12);
    NEAR(w.p, 0.079394140187358138, 1e-14);
    w = lab_welch_test(high, 6, low, 5);
    NEAR(w.t, 4.6986180610256472, 1e-12);
    NEAR(w.df, 5.6704812229438123, 1e-12);
    NEAR(w.p, 0.0038620408474251249, 1e-14);
    NEAR(lab_welch_test(low, 5, high, 6).p, w.p, 1e-15);
}

static void welch_without_variance(void)
{
    static const double one[] = {2, 2, 2}, other[] = {3, 3};
    CU_ASSERT_EQUAL(lab_welch_test(one, 3, one, 2).p, 1);
    CU_ASSERT_EQUAL(lab_welch_test(one, 3, other, 2).p, 0);
    CU_ASSERT(lab_welch_test(one, 3, other, 2).t < 0);
    const lab_welch w = lab_welch_test(one, 3, low, 5); /* one of the two has some */
    NEAR(w.df, 4, 1e-12);
    CU_ASSERT(w.p > 0 && w.p < 1e-6);
}

static void ranks(void)
{
    static const double a[] = {1, 2, 3}, b[] = {4, 5, 6}, odd[] = {1, 3, 5, 7, 9},
                        even[] = {2, 4, 6, 8, 10};
    NEAR(lab_rank_test(a, 3, b, 3), 2.0 / 20, 1e-15);
    NEAR(lab_rank_test(odd, 5, even, 5), 174.0 / 252, 1e-15);
    NEAR(lab_rank_test(low, 5, high, 6), 2.0 / 462, 1e-15);
    NEAR(lab_rank_test(drug_1, 10, drug_2, 10), 12160.0 / 184756, 1e-15); /* two pairs are equal */
    NEAR(lab_rank_test(drug_2, 10, drug_1, 10), 12160.0 / 184756, 1e-15);
    CU_ASSERT_EQUAL(lab_rank_test(a, 1, b, 1), 1);
    CU_ASSERT_EQUAL(lab_rank_test((double[]){2, 2}, 2, (double[]){2, 2, 2}, 3), 1);
}

/* IQ and hours of television: the example of Wikipedia's article, rho = -29/165. */
static void spearman(void)
{
    static const double iq[] = {106, 100, 86, 101, 99, 103, 97, 113, 112, 110};
    static const double tv[] = {7, 27, 2, 50, 28, 29, 20, 12, 6, 17};
    static const double x[] = {1, 2, 2, 4}, y[] = {10, 30, INFINITY, 20};
    NEAR(lab_spearman(iq, tv, 10), -29.0 / 165, 1e-14);
    NEAR(lab_spearman(iq, iq, 10), 1, 1e-14);
    NEAR(lab_spearman(x, y, 4), 1.5 / sqrt(4.5 * 5),
         1e-14); /* by hand: ranks 1 2.5 2.5 4, 1 3 4 2 */
    CU_ASSERT(isnan(lab_spearman((double[]){1, 1}, y, 2)));
}

/* Tables of Mann and Whitney's U name 2 as critical for 5 and 5 at 5 %, 13 for 8 and 8. */
static void ranks_at_critical_values(void)
{
    static const double u2[] = {1, 2, 3, 4, 7}, not_u2[] = {5, 6, 8, 9, 10};
    static const double u3[] = {1, 2, 3, 4, 8}, not_u3[] = {5, 6, 7, 9, 10};
    static const double u13[] = {1, 2, 3, 4, 5, 6, 12, 16},
                        not_u13[] = {7, 8, 9, 10, 11, 13, 14, 15};
    static const double u14[] = {1, 2, 3, 4, 5, 7, 12, 16},
                        not_u14[] = {6, 8, 9, 10, 11, 13, 14, 15};
    CU_ASSERT(lab_rank_test(u2, 5, not_u2, 5) <= 0.05);
    CU_ASSERT(lab_rank_test(u3, 5, not_u3, 5) > 0.05);
    CU_ASSERT(lab_rank_test(u13, 8, not_u13, 8) <= 0.05);
    CU_ASSERT(lab_rank_test(u14, 8, not_u14, 8) > 0.05);
}

static void ranks_of_large_groups(void)
{
    double a[LAB_RANK_MOST], b[LAB_RANK_MOST];
    for (int i = 0; i < LAB_RANK_MOST; i++) {
        a[i] = i;
        b[i] = i + 0.5;
    }
    CU_ASSERT(lab_rank_test(a, 40, b, 40) > 0.8);
    for (int i = 0; i < 30; i++) b[i] += 1000;
    NEAR(lab_rank_test(a, 30, b, 30) / lab_rank_least(30, 30), 1, 1e-9);
    NEAR(lab_rank_least(5, 5), 2.0 / 252, 1e-12);
    NEAR(lab_rank_least(5, 6), 2.0 / 462, 1e-12);
}

static void holm(void)
{
    static const double p[] = {0.01, 0.04, 0.03, 0.005}, adjusted[] = {0.03, 0.06, 0.06, 0.02};
    static const double large[] = {0.9, 0.4, 0.4};
    double out[4];
    lab_holm(p, 4, out);
    for (int i = 0; i < 4; i++) NEAR(out[i], adjusted[i], 1e-15);
    lab_holm(large, 3, out);
    for (int i = 0; i < 3; i++) CU_ASSERT_EQUAL(out[i], 1);
    lab_holm(p, 1, out);
    CU_ASSERT_EQUAL(out[0], 0.01);
}

int main(void)
{
    CU_TestInfo tests[] = {{"means, deviations, medians", summaries},
                           {"Student's distribution", students_distribution},
                           {"Welch's test", welch},
                           {"Welch's test without variance", welch_without_variance},
                           {"rank test", ranks},
                           {"Spearman's correlation", spearman},
                           {"rank test at critical values", ranks_at_critical_values},
                           {"rank test of large groups", ranks_of_large_groups},
                           {"Holm's correction", holm},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "statistics", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
