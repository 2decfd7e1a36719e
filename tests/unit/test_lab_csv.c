/* test_lab_csv.c -- fields of a line, quotes, and the places that messages point at. */
#include <stdlib.h>
#include <string.h>

#include "../../plugins/lab/csv.h"
#include "../../plugins/lab/mark.h"
#include "../suite.h"

static lab_csv lent(const char *text, rf_str *where)
{
    lab_csv c;
    lab_csv_lend(&c, text, strlen(text), "a.csv", 0, where);
    return c;
}

/* Rows as "a|b|c", one a line; the failure's text after them. */
static rf_str all_of(const char *text)
{
    rf_str out = {0};
    rf_error err = {0};
    rf_status st = RF_OK;
    lab_csv c = lent(text, NULL);
    while (lab_csv_next(&c, &st, &err)) {
        for (size_t i = 0; i < c.count; i++) {
            rf_str_put(&out, i ? "|" : "");
            rf_str_add(&out, c.field[i].s, c.field[i].n);
        }
        rf_str_put(&out, "\n");
    }
    rf_str_put(&out, err.text);
    lab_csv_close(&c);
    return out;
}

static void rows(void)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"", ""},
        {"\n\r\n\n", ""},
        {"a,b\n1,2\n", "a|b\n1|2\n"},
        {"a,b\r\n\r\n1,2", "a|b\n1|2\n"},
        {"a;b,c;d\n1;2;3\n", "a|b,c|d\n1|2|3\n"},
        {"a\tb\n\"1\t2\"\n", "a|b\n\"1|2\"\n"},
        {",\n", "|\n"},
        {"\"a,b\",c\n", "a,b|c\n"},
        {"\"say \"\"hi\"\"\",x\n", "say \"hi\"|x\n"},
        {"\"two\nlines\",x\ny,z\n", "two\nlines|x\ny|z\n"},
        {"5\" disk,x\n", "5\" disk|x\n"},
        {"温度,雨\n1,2\n", "温度|雨\n1|2\n"},
        {"a,b\n1,\"2\n", "a|b\na.csv:2:3: the quote is not closed"},
        {"a,b\n\"1\"x,2\n", "a|b\na.csv:2:4: a separator is due after the closing quote"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rf_str got = all_of(cases[i].text);
        CU_ASSERT_STRING_EQUAL(got.s, cases[i].rows);
        rf_str_free(&got);
    }
}

static void numbers(void)
{
    static const struct {
        const char *text;
        double value;
        const char *message;
    } cases[] = {
        {"1.5", 1.5, ""},
        {"-2e3", -2000, ""},
        {"\" 7 \"", 7, ""},
        {",", 0, "a.csv:1:1: nothing where a number is due"},
        {"mild", 0, "a.csv:1:1: 'mild' where a number is due"},
        {"0x10", 0, "a.csv:1:1: '0x10' where a number is due"},
        {"nan", 0, "a.csv:1:1: 'nan' where a number is due"},
        {"1e999", 0, "a.csv:1:1: '1e999' where a number is due"},
        {"1.5 m", 0, "a.csv:1:1: '1.5 m' where a number is due"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rf_error err = {0};
        rf_status st = RF_OK;
        double x = 0;
        lab_csv c = lent(cases[i].text, NULL);
        CU_ASSERT_TRUE(lab_csv_next(&c, &st, &err));
        st = lab_csv_number(&c, 0, &x, &err);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].message);
        CU_ASSERT_EQUAL(st, *cases[i].message ? RF_EFORMAT : RF_OK);
        if (!st) CU_ASSERT_EQUAL(x, cases[i].value);
        lab_csv_close(&c);
    }
}

/* Characters are counted, not bytes; a caret stands under them as wide as they are shown. */
static void places(void)
{
    rf_error err = {0};
    rf_status st = RF_OK;
    rf_str where = {0};
    double x;
    lab_csv c = lent("日,t\n\"一\n二\",三,oops,4\n1,2,3\n", &where);
    CU_ASSERT_TRUE(lab_csv_next(&c, &st, &err));
    CU_ASSERT_TRUE(lab_csv_next(&c, &st, &err));
    CU_ASSERT_EQUAL(lab_csv_number(&c, 2, &x, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "a.csv:3:6: 'oops' where a number is due");
    CU_ASSERT_STRING_EQUAL(where.s, "二\",三,oops,4\n       ^");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(lab_csv_expect(&c, 5, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "a.csv:3:12: 4 fields where 5 are due");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(lab_csv_expect(&c, 3, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "a.csv:3:11: 4 fields where 3 are due");
    CU_ASSERT_EQUAL(lab_csv_expect(&c, 4, &err), RF_OK);
    lab_csv_close(&c);
    rf_str_free(&where);
}

static void long_lines_are_shortened(void)
{
    rf_str where = {0};
    char text[1000];
    memset(text, 'x', sizeof text);
    lab_mark(&where, text, sizeof text, 500);
    const char *second = strchr(where.s, '\n');
    CU_ASSERT_EQUAL(second - where.s, 3 + 48 + 24 + 3);
    CU_ASSERT_EQUAL(strlen(second + 1), 3 + 48 + 1);
    lab_mark(&where, "a\tb", 3, 2);
    CU_ASSERT_STRING_EQUAL(where.s, "a b\n  ^");
    lab_mark(&where, "", 0, 0);
    CU_ASSERT_STRING_EQUAL(where.s, "\n^");
    rf_str_free(&where);
}

int main(void)
{
    CU_TestInfo tests[] = {{"rows", rows},
                           {"numbers", numbers},
                           {"places", places},
                           {"long lines are shortened", long_lines_are_shortened},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "csv", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
