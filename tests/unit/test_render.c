/* test_render.c -- events to text, TSV and JSON lines. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "host/host.h"

typedef struct page {
    char *s;
    size_t n;
    rfi_render r;
} page;

static void page_open(page *p, int format)
{
    memset(p, 0, sizeof *p);
    p->r.out = open_memstream(&p->s, &p->n);
    p->r.format = format;
}

/* Whether the page says just `expected`; frees it. */
static bool page_says(page *p, const char *expected)
{
    bool ok = rfi_render_flush(&p->r) && !strcmp(p->s, expected);
    if (!ok) printf("\n%s\nwhere this is due:\n%s\n", p->s, expected);
    fclose(p->r.out);
    rfi_render_free(&p->r);
    free(p->s);
    return ok;
}

static void send(page *p, rf_event ev) { CU_ASSERT_EQUAL(rfi_render_event(&p->r, &ev), RF_OK); }

static rf_event text_event(int64_t item, const char *s)
{
    rf_event ev = rf_event_of(RF_EV_TEXT, item, -1);
    ev.u.text = (rf_text){s, strlen(s), NAN};
    return ev;
}

static rf_event metric_event(int64_t step, const char *of, const char *name, double x)
{
    rf_event ev = rf_event_of(RF_EV_METRIC, -1, step);
    ev.u.metric = (rf_metric){name, "nats", of, x};
    return ev;
}

static rf_event record_event(const char *name, const rf_field *f, uint32_t n)
{
    rf_event ev = rf_event_of(RF_EV_RECORD, 3, -1);
    ev.u.record = (rf_record){name, f, n, sizeof *f};
    return ev;
}

/* A new item and another kind of event end the line; nothing is added within an item. */
static void text_lines(void)
{
    page p;
    page_open(&p, FORMAT_TEXT);
    send(&p, text_event(0, "la "));
    send(&p, text_event(0, "la"));
    send(&p, text_event(1, "lo\n"));
    send(&p, text_event(2, "li"));
    send(&p, metric_event(-1, NULL, "loss", 1.5));
    send(&p, metric_event(7, "valid", "loss", 0.25));
    send(&p, metric_event(7, "valid", "bits", 3));
    send(&p, metric_event(8, "valid", "loss", 0.125));
    CU_ASSERT(page_says(&p, "la la\nlo\nli\nloss 1.5 nats\n"
                            "step 7, valid: loss 0.25 nats, bits 3 nats\n"
                            "step 8, valid: loss 0.125 nats\n"));
}

/* A blank line stands between two tables, also where a metric is between them; a caption stands on its
 * table, and a table of one column has no heading. */
static void tables(void)
{
    const rf_field one[] = {rf_field_string("a", "x")};
    const rf_field two[] = {rf_field_string("a", "x"), rf_field_string("b", "y")};
    page p;
    page_open(&p, FORMAT_TEXT);
    send(&p, record_event("first", one, 1));
    send(&p, record_event("first", one, 1));
    send(&p, record_event("second", one, 1));
    send(&p, metric_event(-1, NULL, "loss", 1));
    send(&p, record_event("third", two, 2));
    send(&p, text_event(-1, "caption\n"));
    send(&p, record_event("fourth", two, 2));
    send(&p, record_event("third", two, 2));
    CU_ASSERT(page_says(&p, "x\nx\n\nx\nloss 1 nats\n\na         b\nx         y\n"
                            "caption\na         b\nx         y\nx         y\n"));
}

static void json_lines(void)
{
    page p;
    page_open(&p, FORMAT_JSON);
    send(&p, text_event(0, "\"\\\n\x01\xff春"));
    send(&p, metric_event(7, NULL, "loss", INFINITY));
    CU_ASSERT(page_says(
        &p,
        "{\"event\":\"text\",\"item\":0,\"text\":\"\\\"\\\\\\n\\u0001\xef\xbf\xbd春\","
        "\"logp\":null}\n"
        "{\"event\":\"metric\",\"step\":7,\"name\":\"loss\",\"value\":null,\"unit\":\"nats\"}\n"));
}

static const rf_real matrix[] = {1, 2, 3, 4, 5, (rf_real)0.5};
static const rf_index shape[] = {2, 3};
static const char *const words[] = {"a", "b\t", NULL};
static const rf_index three = 3;

static uint32_t row_of(rf_field f[5])
{
    f[0] = rf_field_int("rank", 1);
    f[1] = rf_field_real("score", -0.1);
    f[2] = rf_field_string("text", "x\ty");
    f[3] = rf_field_reals("attention", matrix, shape, 2);
    f[4] = rf_field_strings("words", words, &three, 1);
    return 5;
}

static void record_json(void)
{
    page p;
    rf_field f[5];
    uint32_t n = row_of(f);
    page_open(&p, FORMAT_JSON);
    send(&p, record_event("best", f, n));
    CU_ASSERT(page_says(
        &p,
        "{\"event\":\"record\",\"table\":\"best\",\"item\":3,\"row\":{\"rank\":1,\"score\":-0.1,"
        "\"text\":\"x\\ty\",\"attention\":[[1,2,3],[4,5,0.5]],"
        "\"words\":[\"a\",\"b\\t\",null]}}\n"));
}

static void record_tsv(void)
{
    page p;
    rf_field f[5];
    uint32_t n = row_of(f);
    page_open(&p, FORMAT_TSV);
    send(&p, record_event("best", f, n));
    send(&p, record_event("best", f, 2));
    send(&p, record_event("other", f, 1));
    CU_ASSERT(page_says(&p, "#best\titem\trank\tscore\ttext\tattention\twords\n"
                            "best\t3\t1\t-0.1\tx\\ty\t[[1,2,3],[4,5,0.5]]\t[\"a\",\"b\\t\",null]\n"
                            "best\t3\t1\t-0.1\n"
                            "#other\titem\trank\nother\t3\t1\n"));
}

static void record_text(void)
{
    page p;
    rf_field f[5];
    uint32_t n = row_of(f);
    page_open(&p, FORMAT_TEXT);
    send(&p, record_event("best", &f[2], n - 3));
    f[2].as.s = "春眠";
    send(&p, record_event("best", &f[2], n - 3));
    CU_ASSERT(page_says(
        &p,
        "text      attention\n"
        "x y       [2,3]\n"
        "  attention:\n            1         2         3\n            4         5       0.5\n"
        "春眠      [2,3]\n"
        "  attention:\n            1         2         3\n            4         5       0.5\n"));
}

/* An older sender's event is shorter, a newer one's fields are longer; unknown kinds are skipped. */
static void other_versions(void)
{
    page p;
    struct later {
        rf_field f;
        double weight;
    } row[2] = {{rf_field_int("a", 1), 9}, {rf_field_int("b", 2), 9}};
    rf_event ev = record_event("row", &row[0].f, 2), short_one = text_event(0, "hm");
    ev.u.record.stride = sizeof row[0];
    short_one.size = offsetof(rf_event, u) + offsetof(rf_text, logp);
    page_open(&p, FORMAT_JSON);
    send(&p, ev);
    send(&p, rf_event_of(17, -1, -1));
    send(&p, short_one);
    CU_ASSERT(page_says(
        &p, "{\"event\":\"record\",\"table\":\"row\",\"item\":3,\"row\":{\"a\":1,\"b\":2}}\n"
            "{\"event\":\"text\",\"item\":0,\"text\":\"hm\",\"logp\":0}\n"));
}

/* Shapes that make no sense are empty, never read. */
static void bad_shapes(void)
{
    page p;
    const rf_index negative[] = {2, -1}, huge[] = {INT64_MAX, 3};
    rf_field f[] = {rf_field_reals("a", matrix, negative, 2), rf_field_reals("b", matrix, huge, 2),
                    rf_field_reals("c", matrix, NULL, 1), rf_field_reals("d", matrix, shape, 99)};
    page_open(&p, FORMAT_JSON);
    send(&p, record_event("bad", f, 4));
    CU_ASSERT(page_says(&p, "{\"event\":\"record\",\"table\":\"bad\",\"item\":3,"
                            "\"row\":{\"a\":[],\"b\":[],\"c\":[],\"d\":[]}}\n"));
}

static void numbers(void)
{
    static const struct {
        double x;
        const char *text;
    } rows[] = {{0, "0"},     {-3, "-3"},      {1e6, "1000000"},
                {0.1, "0.1"}, {1e-9, "1e-09"}, {1.0 / 3, "0.3333333333333333"}};
    char buf[NUMBER_TEXT];
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        CU_ASSERT_STRING_EQUAL(rfi_number(rows[k].x, buf), rows[k].text);
    for (double x = 1e-300; x < 1e300; x *= -7.13e11)
        CU_ASSERT_EQUAL(strtod(rfi_number(x, buf), NULL), x);
}

static void wrapping(void)
{
    rf_str out = {0};
    size_t col = 0;
    for (int k = 0; k < 30; k++) col = rfi_wrap(&out, "春眠不覺曉 word ", col, 4);
    for (const char *s = out.s; *s;) {
        size_t n = strcspn(s, "\n");
        CU_ASSERT(rfi_width(s, n) <= HELP_WIDTH);
        s += n + (s[n] == '\n');
    }
    CU_ASSERT_EQUAL(rfi_width("春a", 4), 3);
    rf_str_free(&out);
}

int main(void)
{
    CU_TestInfo tests[] = {{"text lines", text_lines},
                           {"tables", tables},
                           {"json lines", json_lines},
                           {"record json", record_json},
                           {"record tsv", record_tsv},
                           {"record text", record_text},
                           {"other versions", other_versions},
                           {"bad shapes", bad_shapes},
                           {"numbers", numbers},
                           {"wrapping", wrapping},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"render", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
