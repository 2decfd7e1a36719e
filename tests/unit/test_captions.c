/* test_captions.c -- files of captions of every kind, their splits, what is wrong with some, and words. */
#include <stdio.h>
#include <string.h>

#include "../../plugins/caption/captions.h"
#include "../../plugins/caption/consensus.h"
#include "../suite.h"

static rf_status parse(cap_captions *c, const char *text, int language, rf_error *err)
{
    return cap_captions_parse(c, text, strlen(text), "f", language, err);
}

static void check(const cap_captions *c, rf_index i, const char *file, int language,
                  const char *text)
{
    CU_ASSERT_FATAL(i < c->n);
    CU_ASSERT_STRING_EQUAL(c->file[c->caption[i].picture], file);
    CU_ASSERT_EQUAL(c->caption[i].language, language);
    CU_ASSERT_STRING_EQUAL(c->caption[i].text, text);
}

static void tokens(void)
{
    cap_captions c = {0};
    CU_ASSERT_EQUAL_FATAL(
        parse(&c,
              "b.jpg#0\tA dog .\r\nb.jpg#1 Two dogs\n\na b.jpg#zhc#10  \xe7\x8b\x97\xe3\x80\x82 \n",
              -1, NULL),
        RF_OK);
    CU_ASSERT_EQUAL(c.pictures, 2);
    CU_ASSERT_EQUAL(c.n, 3);
    check(&c, 0, "b.jpg", CAP_EN, "A dog .");
    check(&c, 1, "b.jpg", CAP_EN, "Two dogs");
    check(&c, 2, "a b.jpg", CAP_ZH, "\xe7\x8b\x97\xe3\x80\x82");
    CU_ASSERT_EQUAL_FATAL(parse(&c, "b.jpg#0 a no. 1#2 dog", CAP_ZH, NULL), RF_OK);
    check(&c, 3, "b.jpg", CAP_ZH, "a no. 1#2 dog");
    CU_ASSERT_EQUAL(c.pictures, 2);
    CU_ASSERT_PTR_NULL(c.split[0]);
    CU_ASSERT_EQUAL(cap_captions_find(&c, "x/a b.jpg"), 1);
    CU_ASSERT_EQUAL(cap_captions_find(&c, "a.jpg"), -1);
    cap_captions_free(&c);
    CU_ASSERT_EQUAL(cap_captions_find(&c, "b.jpg"), -1);
}

static void row_kinds(void)
{
    cap_captions c = {0};
    CU_ASSERT_EQUAL_FATAL(
        parse(&c, "1.png\tseen\ta star\t\xe6\x98\x9f\n2.png\tunseen\t\tx\n", -1, NULL), RF_OK);
    check(&c, 0, "1.png", CAP_EN, "a star");
    check(&c, 1, "1.png", CAP_ZH, "\xe6\x98\x9f");
    check(&c, 2, "2.png", CAP_ZH, "x");
    CU_ASSERT_EQUAL(c.n, 3);
    CU_ASSERT_STRING_EQUAL(c.split[1], "unseen");
    CU_ASSERT(cap_captions_within(&c, 0, "seen") && !cap_captions_within(&c, 0, "unseen"));
    CU_ASSERT(cap_captions_within(&c, 0, NULL));
    cap_captions_free(&c);
    CU_ASSERT_EQUAL_FATAL(parse(&c, "1.png\ttrain\ta star\n", -1, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(parse(&c, "1.png\tstars\n3.png\tone\n", -1, NULL), RF_OK);
    CU_ASSERT_STRING_EQUAL(c.split[0], "train");
    CU_ASSERT_PTR_NULL(c.split[1]);
    CU_ASSERT(!cap_captions_within(&c, 1, "train"));
    check(&c, 1, "1.png", CAP_EN, "stars");
    cap_captions_free(&c);
    const char *named = "note\tzh\tsplit\ten\tfile\nx\t\xe6\x98\x9f\ttest\tstar\t1.png\n";
    CU_ASSERT_EQUAL_FATAL(parse(&c, named, -1, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(parse(&c, named, CAP_ZH, NULL), RF_OK);
    CU_ASSERT_EQUAL(c.n, 3);
    check(&c, 0, "1.png", CAP_EN, "star");
    check(&c, 2, "1.png", CAP_ZH, "\xe6\x98\x9f");
    CU_ASSERT_STRING_EQUAL(c.split[0], "test");
    cap_captions_free(&c);
    const char *said = "caption\tlanguage\timage\nKTV\tzh\t1.png\nKTV\ten\t1.png\n";
    CU_ASSERT_EQUAL_FATAL(parse(&c, said, -1, NULL), RF_OK);
    check(&c, 0, "1.png", CAP_ZH, "KTV");
    check(&c, 1, "1.png", CAP_EN, "KTV");
    CU_ASSERT(cap_captions_look(said, strlen(said)) && cap_captions_look("\n{", 2));
    CU_ASSERT(cap_captions_look("1.png#0 x", 9) && !cap_captions_look("a dog\n", 6));
    cap_captions_free(&c);
}

static void json(void)
{
    cap_captions c = {0};
    const char *coco = "\n{\"images\": [{\"id\": 7, \"file_name\": \"7.jpg\"}, {\"id\": 5, "
                       "\"file_name\": \"5.jpg\"}],\n"
                       "\"annotations\": [{\"image_id\": 5, \"caption\": \"A dog.\\nIt runs. \"}, "
                       "{\"image_id\": 7, \"caption\": \"\\u72d7\"}]}";
    CU_ASSERT_EQUAL_FATAL(parse(&c, coco, -1, NULL), RF_OK);
    check(&c, 0, "5.jpg", CAP_EN, "A dog. It runs.");
    check(&c, 1, "7.jpg", CAP_ZH, "\xe7\x8b\x97");
    cap_captions_free(&c);
    const char *karpathy = "{\"images\": [{\"filename\": \"7.jpg\", \"split\": \"val\", "
                           "\"sentences\": [{\"raw\": \"A dog.\"}, {\"raw\": \"Dogs\"}]}]}";
    CU_ASSERT_EQUAL_FATAL(parse(&c, karpathy, -1, NULL), RF_OK);
    check(&c, 1, "7.jpg", CAP_EN, "Dogs");
    CU_ASSERT_STRING_EQUAL(c.split[0], "val");
    cap_captions_free(&c);
}

static void splits(void)
{
    cap_captions c = {0};
    rf_error err = {0};
    CU_ASSERT_EQUAL_FATAL(parse(&c, "1.png\tone\n2.png\ttwo\n", -1, NULL), RF_OK);
    const char *given = "2.png\ttest\n9.png\ttrain\n";
    CU_ASSERT_EQUAL(cap_captions_parse_splits(&c, given, strlen(given), "s", &err), RF_OK);
    CU_ASSERT_PTR_NULL(c.split[0]);
    CU_ASSERT_STRING_EQUAL(c.split[1], "test");
    CU_ASSERT_EQUAL(c.pictures, 2);
    given = "file\tsplit\n1.png\ttrain\n2.png\ttrain\n";
    CU_ASSERT_EQUAL(cap_captions_parse_splits(&c, given, strlen(given), "s", &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "s:3: 2.png is in 'train' here, and was in 'test'");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(cap_captions_parse_splits(&c, "7.png\tx", 7, "s", &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "s: none of its pictures has a caption");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(cap_captions_parse_splits(&c, "7.png\n", 6, "s", &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text,
                           "s:1: 1 column where file and split are due, or names of columns");
    cap_captions_free(&c);
}

static void bad(void)
{
    static const struct {
        const char *text, *words;
    } row[] = {
        {"", "f:0: no captions"},
        {"\n \n", "f:2: no captions"},
        {"a dog\n",
         "f:1: PICTURE#NUMBER CAPTION, columns apart by tabs, or JSON is due, not 'a dog'"},
        {"1.jpg#0 a\n1.jpg a\n", "f:2: PICTURE#NUMBER CAPTION is due, not '1.jpg a'"},
        {"1.jpg#0 \n", "f:1: no caption"},
        {"#0 a dog\n", "f:1: the picture has no name"},
        {"1.jpg\ta\n1.jpg\tb\tc\n", "f:2: 3 columns where the first row has 2"},
        {"1.jpg\ta\tb\tc\td\n", "f:1: 5 columns where 2 to 4 are due, or names of columns"},
        {"file\tsplit\n", "f:1: no column is named caption, en or zh"},
        {"1.jpg\t \n", "f:1: no caption"},
        {"file\tlanguage\tcaption\n1.jpg\tfr\ta\n", "f:2: en or zh is due, not 'fr'"},
        {"1.jpg\ttrain\ta\n1.jpg\ttest\tb\n", "f:2: 1.jpg is in 'test' here, and was in 'train'"},
        {"1.jpg\ta\xff\n", "f:1:8: byte 0xff is not UTF-8"},
        {"{\"images\": [}", "f:1: unexpected token near '}'"},
        {"{}", "f: no list of images"},
        {"{\"images\": [{}]}", "f: images[0]: no file_name"},
        {"{\"images\": [], \"annotations\": [{\"image_id\": 1}]}",
         "f: annotations[0]: no image has its image_id"},
        {"{\"images\": [], \"annotations\": [{}]}", "f: annotations[0]: no image_id"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"image_id\": 1}]}",
         "f: annotations[0]: no caption"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        cap_captions c = {0};
        rf_error err = {0};
        CU_ASSERT_EQUAL(parse(&c, row[i].text, -1, &err), RF_EFORMAT);
        CU_ASSERT_STRING_EQUAL(err.text, row[i].words);
        cap_captions_free(&c);
    }
    cap_captions c = {0};
    rf_error err = {0};
    CU_ASSERT_EQUAL(cap_captions_parse(&c, "1.jpg\ta\n1.jpg\t\0\n", 16, "f", -1, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "f:2: a NUL byte");
    cap_captions_free(&c);
}

static void words(void)
{
    static const struct {
        int language;
        const char *text, *words;
    } row[] = {
        {CAP_EN, "A black dog , and a \"tri-colored\" dog .", "a black dog and a tri-colored dog"},
        {CAP_EN, "Someone's hand, someone 's T-Shirt - 3 of them!",
         "someone 's hand someone 's t-shirt 3 of them"},
        {CAP_EN, "They don't", "they do n't"},
        {CAP_EN, "...", ""},
        {CAP_ZH,
         "\xe4\xb8\xa4\xe5\x8f\xaa\xe7\x8b\x97\xef\xbc\x8c"
         "T\xe6\x81\xa4"
         "25\xe3\x80\x82",
         "\xe4\xb8\xa4 \xe5\x8f\xaa \xe7\x8b\x97 t \xe6\x81\xa4 25"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        rf_str once = {0}, twice = {0};
        CU_ASSERT_EQUAL(cap_words(row[i].language, row[i].text, strlen(row[i].text), &once, NULL),
                        RF_OK);
        CU_ASSERT_STRING_EQUAL(once.s ? once.s : "", row[i].words);
        CU_ASSERT_EQUAL(cap_words(row[i].language, once.s ? once.s : "", once.n, &twice, NULL),
                        RF_OK);
        CU_ASSERT_STRING_EQUAL(twice.s ? twice.s : "", row[i].words);
        rf_str_free(&once);
        rf_str_free(&twice);
    }
    rf_str out = {0};
    cap_words_join(CAP_ZH, "a b", 3, &out);
    cap_words_join(CAP_EN, "a b", 3, &out);
    CU_ASSERT_STRING_EQUAL(out.s, "aba b");
    rf_str_free(&out);
}

/* ---- Consensus ------------------------------------------------------------------------------------- */

#define HYPOTHESIS(P, ...)                                                                         \
    {                                                                                              \
        .tokens = (const int32_t[]){__VA_ARGS__},                                                  \
        .n = sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t), .logp = P, .score = P       \
    }

/* The most probable description has little in common with two that are alike. */
static void consensus(void)
{
    rf_hypothesis first[] = {HYPOTHESIS(-1.0, 7, 8, 9), HYPOTHESIS(-1.4, 1, 2, 2, 3),
                             HYPOTHESIS(-1.5, 2, 1, 3)};
    rf_hypothesis second[] = {HYPOTHESIS(-2.0, 7, 8), HYPOTHESIS(-2.0, 2, 1, 3)};
    const rf_hypotheses list[] = {{.n = 3, .h = first}, {.n = 2, .h = second}};
    rf_hypotheses got;
    CU_ASSERT_EQUAL_FATAL(cap_consensus(list, 1, 0, 2, &got, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(got.n, 2);
    CU_ASSERT(got.h[0].tokens == first[1].tokens && got.h[0].logp == -1.4);
    CU_ASSERT(got.h[1].tokens == first[2].tokens);
    rf_hypotheses_free(&got);
    /* The sharper, the more its probability counts. */
    CU_ASSERT_EQUAL_FATAL(cap_consensus(list, 1, 9, 1, &got, NULL), RF_OK);
    CU_ASSERT(got.n == 1 && got.h[0].tokens == first[0].tokens);
    rf_hypotheses_free(&got);
    /* What both lists have has the votes of both, and is told once. */
    CU_ASSERT_EQUAL_FATAL(cap_consensus(list, 2, 0, 9, &got, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(got.n, 4);
    CU_ASSERT(got.h[0].tokens == first[2].tokens && got.h[0].logp == -1.5);
    rf_hypotheses_free(&got);
}

static void consensus_of_little(void)
{
    rf_hypothesis empty[] = {{.logp = -1}, {.logp = -2}};
    const rf_hypotheses list[] = {{.n = 2, .h = empty}, {.n = 0}};
    rf_hypotheses got;
    CU_ASSERT_EQUAL_FATAL(cap_consensus(list, 2, 1, 3, &got, NULL), RF_OK);
    CU_ASSERT(got.n == 1 && got.h[0].logp == -1);
    rf_hypotheses_free(&got);
    CU_ASSERT_EQUAL_FATAL(cap_consensus(list + 1, 1, 1, 3, &got, NULL), RF_OK);
    CU_ASSERT_EQUAL(got.n, 0);
    rf_hypotheses_free(&got);
}

int main(void)
{
    CU_TestInfo tests[] = {{"token lines", tokens},  {"rows", row_kinds},
                           {"JSON", json},           {"splits", splits},
                           {"bad input", bad},       {"words", words},
                           {"consensus", consensus}, {"consensus of little", consensus_of_little},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "captions", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
