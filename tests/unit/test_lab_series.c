/* test_lab_series.c -- least squares, linear forecasts, seasons, cycles and dates against what is known. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../plugins/lab/baseline.h"
#include "../../plugins/lab/cycle.h"
#include "../../plugins/lab/squares.h"
#include "../../plugins/lab/table.h"
#include "../suite.h"

#define PI 3.14159265358979323846

/* a^T (a x - b) = 0 at the least squares. */
static void least_squares(void)
{
    enum { M = 12, N = 4, K = 2 };
    double a[M * N], b[M * K], a0[M * N], b0[M * K], x[N * K];
    const rf_key key = rf_key_make(1, "squares", 0);
    for (size_t i = 0; i < M * N; i++) a[i] = a0[i] = rf_normal(key, i);
    for (size_t i = 0; i < M * K; i++) b[i] = b0[i] = rf_normal(key, 1000 + i);
    CU_ASSERT_TRUE(lab_least_squares(a, b, M, N, K, x));
    for (size_t j = 0; j < N; j++)
        for (size_t c = 0; c < K; c++) {
            double sum = 0;
            for (size_t i = 0; i < M; i++) {
                double r = -b0[i * K + c];
                for (size_t n = 0; n < N; n++) r += a0[i * N + n] * x[n * K + c];
                sum += a0[i * N + j] * r;
            }
            CU_ASSERT_DOUBLE_EQUAL(sum, 0, 1e-12);
        }
    CU_ASSERT_FALSE(lab_least_squares(a, b, 3, 4, 1, x));
}

/* Columns that repeat another, or are 0, have no weight; the others fit as if those were not there. */
static void dependent_columns(void)
{
    double a[5 * 4], b[5], x[4];
    for (size_t i = 0; i < 5; i++) {
        const double t = (double)i;
        const double row[] = {1, 2, 0, t};
        memcpy(a + 4 * i, row, sizeof row);
        b[i] = 3 + 0.5 * t;
    }
    CU_ASSERT_TRUE(lab_least_squares(a, b, 5, 4, 1, x));
    const double due[] = {3, 0, 0, 0.5};
    for (size_t i = 0; i < 4; i++) CU_ASSERT_DOUBLE_EQUAL(x[i], due[i], 1e-12);
}

/* z_t = 1.6 z_{t-1} - 0.9 z_{t-2} + 0.1 is found and carried on. */
static void autoregression(void)
{
    double z[300], out[5];
    lab_linear l;
    rf_error err = {0};
    z[0] = 1, z[1] = 0.3;
    for (size_t t = 2; t < 300; t++) z[t] = 1.6 * z[t - 1] - 0.9 * z[t - 2] + 0.1;
    CU_ASSERT_EQUAL(lab_linear_fit(&l, z, 200, 1, 2, false, &err), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(l.w[0], 1.6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(l.w[1], -0.9, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(l.w[2], 0.1, 1e-9);
    CU_ASSERT_TRUE(lab_linear_forecast(&l, z, 9, 5, out));
    for (size_t k = 0; k < 5; k++) CU_ASSERT_DOUBLE_EQUAL(out[k], z[10 + k], 1e-7);
    free(l.w);
    CU_ASSERT_EQUAL(lab_linear_fit(&l, z, 6, 1, 4, false, &err), RF_EINVAL);
    free(l.w);
}

/* Akaike's criterion takes the order that made the series, and about no more. */
static void order_is_found(void)
{
    enum { N = 800 };
    double z[N];
    lab_linear l;
    rf_error err = {0};
    const rf_key key = rf_key_make(4, "ar", 0);
    for (size_t t = 0; t < N; t++)
        z[t] = rf_normal(key, t) + (t > 2 ? 0.9 * z[t - 1] - 0.1 * z[t - 2] - 0.5 * z[t - 3] : 0);
    CU_ASSERT_EQUAL(lab_linear_fit(&l, z, N, 1, 0, false, &err), RF_OK);
    CU_ASSERT(l.lags >= 3 && l.lags <= 5);
    free(l.w);
}

/* y_t = 2 u_t - v_{t-1} + 1 from the other columns. */
static void regression(void)
{
    enum { N = 100 };
    double z[3 * N];
    lab_linear l;
    rf_error err = {0};
    const rf_key key = rf_key_make(2, "map", 0);
    for (size_t t = 0; t < N; t++) {
        z[3 * t + 1] = rf_normal(key, 2 * t);
        z[3 * t + 2] = rf_normal(key, 2 * t + 1);
        z[3 * t] = 2 * z[3 * t + 1] - (t ? z[3 * t - 1] : 0) + 1;
    }
    CU_ASSERT_EQUAL(lab_linear_fit(&l, z, N, 3, 1, true, &err), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(lab_linear_map(&l, z, 50), z[150], 1e-9);
    const double kept = z[150];
    z[150] = 1e9; /* what is to be told is not seen */
    CU_ASSERT_DOUBLE_EQUAL(lab_linear_map(&l, z, 50), kept, 1e-9);
    free(l.w);
}

static void seasons(void)
{
    enum { N = 120 };
    double z[2 * N], flat[N] = {0};
    for (size_t t = 0; t < N; t++) {
        z[2 * t] = 0.05 * (double)t + sin(2 * PI * (double)t / 12);
        z[2 * t + 1] = 0;
    }
    CU_ASSERT_EQUAL(lab_find_period(z, N, 2), 12);
    CU_ASSERT_EQUAL(lab_find_period(flat, N, 1), 0);
    CU_ASSERT_EQUAL(lab_find_period(z, 2, 2), 0);
    CU_ASSERT_EQUAL(lab_persistence(z, 2, 7), z[14]);
    CU_ASSERT_EQUAL(lab_seasonal(z, 2, 30, 1, 12), z[2 * 19]);
    CU_ASSERT_EQUAL(lab_seasonal(z, 2, 30, 12, 12), z[2 * 30]);
    CU_ASSERT_EQUAL(lab_seasonal(z, 2, 30, 13, 12), z[2 * 19]);
    CU_ASSERT_EQUAL(lab_seasonal(z, 2, 3, 1, 12), z[2 * 3]); /* no season yet */
    CU_ASSERT_DOUBLE_EQUAL(lab_naive_error((const double[]){1, 3, 2, 2}, 4, 1), 1, 1e-15);
}

static void cycles(void)
{
    double x[1000];
    for (size_t t = 0; t < 1000; t++) x[t] = 3 + 0.5 * sin(0.05 * (double)t);
    const lab_cycle c = lab_cycle_of(x, 1000, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(c.period, 0.1 * 2 * PI / 0.05, 1e-4);
    CU_ASSERT_DOUBLE_EQUAL(c.amplitude, 0.5, 1e-3);
    CU_ASSERT_TRUE(isnan(lab_cycle_of(x, 100, 0.1).period));
    CU_ASSERT_TRUE(isnan(lab_cycle_of(x, 0, 0.1).amplitude));
}

static void dates(void)
{
    static const struct {
        const char *text;
        double days;
    } good[] = {{"1970-01-01", 0},          {"2000-03-01", 11017},
                {"2024-02-29", 19782},      {"2024-02-29T18:30", 19782 + 18.5 / 24},
                {"1969-12-31 12:00", -0.5}, {"0001-01-01", -719162}};
    static const char *const bad[] = {"",
                                      "2024",
                                      "2023-02-29",
                                      "2024-13-01",
                                      "2024-02-29T",
                                      "2024-02-29 24:00",
                                      "20240229",
                                      "2024-02-29x",
                                      "2024-02-29T10",
                                      "2024-2-9",
                                      "2024-02-29T10:00:",
                                      "2024-00-10"};
    char text[32];
    double days;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CU_ASSERT_TRUE_FATAL(lab_date_parse(good[i].text, &days));
        CU_ASSERT_DOUBLE_EQUAL(days, good[i].days, 1e-9);
        lab_date_text(days, text);
        CU_ASSERT_EQUAL(strncmp(text, good[i].text, 10), 0);
    }
    CU_ASSERT_TRUE(lab_date_parse("2024-02-29 18:30:30", &days));
    CU_ASSERT_DOUBLE_EQUAL(days, 19782 + 18.5 / 24 + 30 / 86400.0, 1e-9);
    lab_date_text(19782 + 18.5 / 24, text);
    CU_ASSERT_STRING_EQUAL(text, "2024-02-29T18:30");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_FALSE(lab_date_parse(bad[i], &days));
}

/* The message of a table that cannot be read, without the name of the file. */
static void wrong_table(const char *text, const char *due, const char *mark)
{
    char path[] = "/tmp/refrain-table-XXXXXX";
    const char *const names[] = {"b"};
    const int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
                    !close(fd));
    rf_error err = {0};
    rf_str where = {0};
    lab_table t;
    CU_ASSERT_EQUAL(lab_table_read(&t, path, names, 1, NULL, &where, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text + strlen(path), due);
    if (mark) CU_ASSERT_STRING_EQUAL(where.s, mark);
    lab_table_free(&t);
    rf_str_free(&where);
    unlink(path);
}

static void tables(void)
{
    wrong_table("date,a,b\n2024-01-01,x,1\n2024-01-02,x\n", ":3:13: 2 fields where 3 are due",
                "2024-01-02,x\n            ^");
    wrong_table("date,b\n2024-01-01,1\n2024-01-02,one\n", ":3:12: 'one' where a number is due",
                "2024-01-02,one\n           ^");
    wrong_table("date,b\n2024-01-01,1\ntoday,2\n", ":3:1: 'today' where a date is due", NULL);
    wrong_table("time,b\n2,1\n2,2\n", ":3:1: not later than the row before", NULL);
    wrong_table("date,temperature\n2024-01-01,1\n", ":1: no column b; known are date, temperature",
                NULL);
    wrong_table("b\n", ": no rows below the names", NULL);
}

int main(void)
{
    CU_TestInfo tests[] = {{"least squares", least_squares},
                           {"dependent columns", dependent_columns},
                           {"autoregression", autoregression},
                           {"its order is found", order_is_found},
                           {"regression", regression},
                           {"seasons", seasons},
                           {"cycles", cycles},
                           {"dates", dates},
                           {"tables", tables},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "series", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
