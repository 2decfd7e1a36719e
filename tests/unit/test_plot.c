/* test_plot.c -- pictures are well-formed, deterministic, escaped and correctly placed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/io.h>
#include <refrain/plot.h>

#include "../suite.h"
#include "svg.h"

static rf_str drawn(const rf_plot *p)
{
    rf_str s = {0};
    rf_plot_svg(p, &s);
    CU_ASSERT_FALSE(s.failed);
    CU_ASSERT(well_formed(s.s));
    CU_ASSERT_PTR_NULL(strstr(s.s, "nan"));
    CU_ASSERT_PTR_NULL(strstr(s.s, "inf"));
    return s;
}

static rf_plot *curves(unsigned flags)
{
    double train[5] = {4.2, 2.5, 2.0, 1.7, 1.5}, valid[5] = {4.1, 2.6, NAN, 1.9, 1.8};
    rf_plot *p = rf_plot_new("loss & <perplexity>");
    rf_plot_axes(p, "epoch", "nats \"per\" character", flags);
    CU_ASSERT(rf_plot_line(p, "train", NULL, train, 5));
    CU_ASSERT(rf_plot_line(p, "验证", NULL, valid, 5));
    return p;
}

static void lines(void)
{
    rf_plot *p = curves(0);
    rf_str a = drawn(p), b = drawn(p);
    CU_ASSERT_STRING_EQUAL(a.s, b.s);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.s, "loss &amp; &lt;perplexity&gt;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.s, "nats &quot;per&quot; character"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.s, ">验证<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.s, "M74.00 ")); /* epoch 1 at the left end, 5 at the right */
    CU_ASSERT_PTR_NOT_NULL(strstr(a.s, "L680.00 "));
    const char *valid = strstr(strstr(a.s, "<path") + 1, "<path");
    CU_ASSERT_EQUAL(count(valid, "h0"), 2); /* the value that is missing interrupts it */
    rf_plot_free(p);
    rf_plot_free(NULL);
    rf_str_free(&a);
    rf_str_free(&b);
}

static void ticks_are_round_numbers(void)
{
    double y[3] = {0, 0.7, 1}, x[3] = {0, 50, 100};
    rf_plot *p = rf_plot_new(NULL);
    rf_plot_line(p, NULL, x, y, 3);
    rf_str s = drawn(p);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">0.2<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">1.0<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">20<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">100<"));
    CU_ASSERT_PTR_NULL(strstr(s.s, ">-0"));
    rf_plot_free(p);
    rf_str_free(&s);
}

static void logarithmic(void)
{
    double y[5] = {1000, 100, 0, -3, 1}, small[2] = {1.31, 1.34};
    rf_plot *p = rf_plot_new(NULL);
    rf_plot_axes(p, NULL, NULL, RF_PLOT_LOG_Y);
    rf_plot_line(p, NULL, NULL, y, 5);
    rf_str s = drawn(p);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">10<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">1000<"));
    CU_ASSERT_EQUAL(count(s.s, "h0"), 2); /* what is not above 0 is left out */
    rf_plot_free(p);
    rf_str_free(&s);
    p = rf_plot_new(NULL);
    rf_plot_axes(p, NULL, NULL, RF_PLOT_LOG_Y);
    rf_plot_line(p, NULL, NULL, small, 2);
    s = drawn(p);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">1.32<")); /* no power of ten in sight: other ticks */
    rf_plot_free(p);
    rf_str_free(&s);
}

static void extremes(void)
{
    static const double rows[][3] = {{0, 0, 0},           {5, 5, 5},          {NAN, NAN, NAN},
                                     {INFINITY, 1, 2},    {1e308, -1e308, 0}, {1e-300, 2e-300, 0},
                                     {-7, -7, NAN},       {1e6, 2e6, 3e6},    {1e-9, 2e-9, 3e-9},
                                     {1e300, 1e-300, 1.0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned flags = 0; flags < 4; flags++) {
            rf_plot *p = rf_plot_new("x");
            rf_plot_axes(p, NULL, NULL, flags);
            CU_ASSERT(rf_plot_line(p, "a", rows[i], rows[i], 3));
            CU_ASSERT(rf_plot_line(p, "b", NULL, rows[i], 0));
            rf_str s = drawn(p);
            CU_ASSERT(s.n < 20000);
            rf_str_free(&s);
            rf_plot_free(p);
        }
    rf_plot *p = rf_plot_new(NULL);
    rf_str s = drawn(p);
    rf_str_free(&s);
    rf_plot_free(p);
}

static void heat_map(void)
{
    double values[6] = {0, 0.5, 1, NAN, 0.25, 1};
    const char *rows[] = {"我", NULL}, *cols[] = {"I", "<eos>", "c\nd"};
    rf_plot *p = rf_plot_new("alignment");
    rf_plot_axes(p, "source", "target", 0);
    CU_ASSERT(rf_plot_heat(p, values, 2, 3, rows, cols));
    rf_str s = drawn(p);
    CU_ASSERT_EQUAL(count(s.s, "<rect"), 1 + 5 + 1 + 40); /* ground, cells, frame, scale */
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "#f7fbff\"><title>我, I: 0.0000<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "#08306b\"><title>我, c d: 1.0000<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "<title>2, &lt;eos&gt;: 0.2500<"));
    rf_str_free(&s);
    CU_ASSERT(rf_plot_heat(p, values, 1, 1, NULL, NULL)); /* replaces it */
    s = drawn(p);
    CU_ASSERT_EQUAL(count(s.s, "<rect"), 1 + 1 + 1 + 40);
    rf_str_free(&s);
    CU_ASSERT(rf_plot_heat(p, values, 0, 0, NULL, NULL));
    s = drawn(p);
    rf_str_free(&s);
    CU_ASSERT(rf_plot_heat(p, (const double[]){-1e308, 1e308}, 1, 2, NULL, NULL));
    s = drawn(p);
    rf_str_free(&s);
    rf_plot_free(p);
}

static void panels(void)
{
    double gate[6] = {0, 0.5, 1, 0.25, NAN, 1}, state[3] = {-2, 0, 1};
    const char *cols[] = {"春", NULL, "c&d"}, *rows[] = {"1", "2"};
    const rf_panel first = {.title = "i_t <input>",
                            .values = gate,
                            .rows = 2,
                            .cols = 3,
                            .row_labels = rows,
                            .col_labels = cols,
                            .low = 0,
                            .high = 1};
    const rf_panel second = {.title = "C_t", .values = state, .rows = 1, .cols = 3};
    rf_plot *p = rf_plot_new("gates");
    rf_plot_axes(p, "time", "units", 0);
    CU_ASSERT(rf_plot_panel(p, &first));
    CU_ASSERT(rf_plot_panel(p, &second));
    rf_str s = drawn(p), again = drawn(p);
    CU_ASSERT_STRING_EQUAL(s.s, again.s);
    CU_ASSERT_EQUAL(count(s.s, "<rect"), 1 + 5 + 3 + 2 * (1 + 40)); /* a frame and a scale each */
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">i_t &lt;input&gt;<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "#f7fbff\"><title>1, 春: 0.0000<")); /* from 0 to 1 */
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "#67001f\"><title>1, 1: -2.0000<")); /* both sides of 0 */
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "#fcfcfc\"><title>1, 2: 0.0000<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "#92c5de\"><title>1, 3: 1.0000<"));
    CU_ASSERT_EQUAL(count(s.s, ">春<"), 1); /* the columns are labelled once */
    rf_plot_free(p);
    rf_str_free(&s);
    rf_str_free(&again);
}

static void many_panels(void)
{
    enum { ROWS = 60, COLS = 200 };
    static double values[ROWS * COLS];
    rf_plot *p = rf_plot_new(NULL);
    const rf_panel none = {.values = values}, many = {.values = values, .rows = ROWS, .cols = COLS};
    CU_ASSERT(rf_plot_panel(p, &none));
    CU_ASSERT(rf_plot_panel(p, &many));
    rf_str s = drawn(p);
    CU_ASSERT_EQUAL(count(s.s, "<title>"), 0); /* too many cells to say their values */
    CU_ASSERT_EQUAL(count(s.s, "<rect"), 1 + ROWS * COLS + 2 * (1 + 40));
    rf_plot_free(p);
    rf_str_free(&s);
}

/* 1 to 5 and a value far away: quartiles 2.25, 3.5, 4.75, a whisker down to 1 and one up to 5. */
static void boxes(void)
{
    const double a[7] = {3, 1, 100, 2, 5, NAN, 4}, level[2] = {50, 50}, ends[2] = {0.5, 2.5};
    rf_plot *p = rf_plot_new("boxes");
    CU_ASSERT(rf_plot_box(p, "one & only", a, 7, false));
    CU_ASSERT(rf_plot_box(p, NULL, a, 1, true));
    CU_ASSERT(rf_plot_box(p, "none", a, 0, false));
    CU_ASSERT(rf_plot_line(p, "level", ends, level, 2));
    rf_str s = drawn(p);
    CU_ASSERT_EQUAL(count(s.s, "<circle"), 6 + 1);
    CU_ASSERT_EQUAL(count(s.s, "<rect"), 1 + 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, ">one &amp; only<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "#d55e00")); /* the marked one */
    /* The axis goes from -3.95 to 104.95 over 346 px, upwards from 386; the first box stands
     * in the middle of the first third. */
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "y=\"358.36\" width=\"60.00\" height=\"7.94\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "x1=\"175.00\" y1=\"358.36\" x2=\"175.00\" y2=\"357.56\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "x1=\"175.00\" y1=\"366.30\" x2=\"175.00\" y2=\"370.27\""));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(s.s, "M74.00 ")); /* lines use the boxes' axis: 0.5 at its left end */
    rf_str_free(&s);
    rf_plot_free(p);
}

static void names_that_do_not_fit_are_turned(void)
{
    rf_plot *p = rf_plot_new(NULL);
    for (int i = 0; i < 12; i++)
        CU_ASSERT(rf_plot_box(p, "a rather long name", (double[]){1, 2, 3}, 3, false));
    rf_plot_axes(p, "x", "y", RF_PLOT_LOG_Y | RF_PLOT_LOG_X);
    rf_str s = drawn(p);
    CU_ASSERT_EQUAL(count(s.s, "rotate(-40"), 12);
    CU_ASSERT_PTR_NULL(strstr(s.s, "height=\"440.00\""));
    rf_str_free(&s);
    rf_plot_free(p);
}

static void strokes(void)
{
    double x[5] = {0, 1, NAN, 2, 3}, y[5] = {0, 1, 0, 1, 0};
    rf_plot *p = rf_plot_new(NULL);
    CU_ASSERT(
        rf_plot_series(p, "field", x, y, 5, (rf_stroke){RF_STROKE_ARROWS | RF_STROKE_THIN, 3}));
    CU_ASSERT(rf_plot_series(p, "dots", x, y, 5, (rf_stroke){RF_STROKE_POINTS, 0}));
    CU_ASSERT(rf_plot_series(p, "broken", x, y, 5, (rf_stroke){RF_STROKE_DASHED, 0}));
    rf_str s = drawn(p);
    const char *field = strstr(s.s, "<path"), *heads = strstr(field + 1, "<path");
    const char *dots = strstr(heads + 1, "<path");
    CU_ASSERT_EQUAL(count(s.s, "fill=\"#009e73\""), 1);
    CU_ASSERT_EQUAL(count(heads, "Z"), 2);                    /* a head for each piece */
    CU_ASSERT_PTR_NOT_NULL(strstr(heads, "M680.00 369.18L")); /* its tip is the end of the line */
    CU_ASSERT_EQUAL(count(dots, "h0"), 4 + 2 + 1);            /* dots, pieces, the legend's dot */
    CU_ASSERT_EQUAL(count(s.s, "stroke-dasharray"), 2);
    rf_plot_free(p);
    rf_str_free(&s);
}

static void parts(void)
{
    double y[3] = {0, 1, 2};
    rf_plot *p = rf_plot_new("all");
    for (int i = 0; i < 3; i++) {
        rf_plot *part = rf_plot_part(p, i ? "more" : "first", 2);
        CU_ASSERT_PTR_NOT_NULL_FATAL(part);
        CU_ASSERT(rf_plot_line(part, NULL, NULL, y, 3));
    }
    rf_str s = drawn(p);
    CU_ASSERT_EQUAL(count(s.s, "<svg"), 1);
    CU_ASSERT_EQUAL(count(s.s, "<path"), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.s, "width=\"860.00\" height=\"880.00\"")); /* two by two */
    CU_ASSERT_EQUAL(count(s.s, ">more<"), 2);
    rf_plot_free(p);
    rf_str_free(&s);
}

static void to_a_file(void)
{
    char path[] = "/tmp/refrain-plot-XXXXXX";
    rf_error err = {0};
    rf_str file = {0};
    CU_ASSERT_FATAL(close(mkstemp(path)) == 0);
    rf_plot *p = curves(RF_PLOT_LOG_Y);
    CU_ASSERT_EQUAL(rf_plot_write(p, path, &err), RF_OK);
    CU_ASSERT_EQUAL(rf_file_read(path, 0, &file, &err), RF_OK);
    rf_str s = drawn(p);
    CU_ASSERT_STRING_EQUAL(file.s, s.s);
    CU_ASSERT_EQUAL(rf_plot_write(p, "/no/such/folder/p.svg", &err), RF_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/no/such/folder/p.svg"));
    unlink(path);
    rf_plot_free(p);
    rf_str_free(&s);
    rf_str_free(&file);
}

int main(void)
{
    CU_TestInfo tests[] = {{"lines", lines},
                           {"ticks are round numbers", ticks_are_round_numbers},
                           {"logarithmic", logarithmic},
                           {"extremes", extremes},
                           {"heat map", heat_map},
                           {"panels", panels},
                           {"many panels", many_panels},
                           {"boxes", boxes},
                           {"names that do not fit are turned", names_that_do_not_fit_are_turned},
                           {"strokes", strokes},
                           {"parts", parts},
                           {"to a file", to_a_file},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "plot", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
