/* test_words.c -- texts shaded by weight. */
#include <stdlib.h>
#include <string.h>

#include <refrain/words.h>

#include "../suite.h"

static int count(const char *s, const char *what)
{
    int n = 0;
    for (; (s = strstr(s, what)); s++) n++;
    return n;
}

static void shades_by_weight(void)
{
    const char *const unit[] = {"a", "<unk>", "好"};
    const double weight[] = {0, 0.25, 0.5};
    rf_words *w = rf_words_new("what counts");
    rf_str svg = {0}, again = {0};
    CU_ASSERT(rf_words_add(w, "good & 0.9", unit, weight, 3));
    rf_words_svg(w, &svg);
    rf_words_svg(w, &again);
    CU_ASSERT_STRING_EQUAL(svg.s, again.s);
    CU_ASSERT(strstr(svg.s, "good &amp; 0.9") && strstr(svg.s, "&lt;unk&gt;") &&
              strstr(svg.s, "好"));
    /* White, half way, darkest. */
    CU_ASSERT(strstr(svg.s, "rx=\"3\" fill=\"#ffffff\"") && strstr(svg.s, "fill=\"#fec69e\"") &&
              strstr(svg.s, "fill=\"#fd8d3c\""));
    CU_ASSERT(count(svg.s, "<rect") == count(svg.s, "</rect>") + 1); /* the ground of all */
    rf_words_free(w);
    rf_str_free(&svg);
    rf_str_free(&again);
}

static void breaks_lines(void)
{
    const char *unit[200];
    double weight[200];
    rf_words *w = rf_words_new(NULL);
    rf_str svg = {0};
    for (int i = 0; i < 200; i++) unit[i] = "字", weight[i] = 0;
    CU_ASSERT(rf_words_add(w, NULL, unit, weight, 200));
    rf_words_svg(w, &svg);
    for (const char *x = svg.s; (x = strstr(x, "<rect x=\"")); x++) {
        const double from = strtod(x + 9, NULL), wide = strtod(strstr(x, "width=\"") + 7, NULL);
        CU_ASSERT(from >= 16 && from + wide <= 744);
    }
    CU_ASSERT(count(svg.s, "<rect x=\"16.00\"") > 5 && !strstr(svg.s, "nan"));
    rf_words_free(w);
    rf_str_free(&svg);
}

static void nothing_is_a_picture_too(void)
{
    rf_words *w = rf_words_new(NULL);
    rf_str svg = {0};
    CU_ASSERT(rf_words_add(w, NULL, NULL, NULL, 0));
    rf_words_svg(w, &svg);
    CU_ASSERT(strstr(svg.s, "</svg>") != NULL);
    rf_words_free(w);
    rf_words_free(NULL);
    rf_str_free(&svg);
}

int main(void)
{
    CU_TestInfo tests[] = {{"shades by weight", shades_by_weight},
                           {"breaks lines", breaks_lines},
                           {"nothing is a picture, too", nothing_is_a_picture_too},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "words", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
