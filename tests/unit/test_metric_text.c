/* test_metric_text.c -- words of scores, BLEU and chrF of small texts, the bootstrap.
 *
 * Scores of many texts are compared with sacreBLEU's in tests/e2e/test_translate.py; here are those that
 * can be worked out by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/metric_text.h>

#include "text/porter.h"

#include "../suite.h"

static void test_words(void)
{
    static const struct {
        rf_text_tokens how;
        const char *line, *words;
    } rows[] = {
        {RF_TOKENS_13A, "Hello, world!", "Hello , world !"},
        {RF_TOKENS_13A, "1,000.50 or 3-4.", "1,000.50 or 3 - 4 ."},
        {RF_TOKENS_13A, "a..b ,c", "a . . b , c"},
        {RF_TOKENS_13A, "&quot;x&amp;lt;y&quot;<skipped>", "\" x < y \""},
        {RF_TOKENS_13A, "it's well-known", "it's well-known"},
        {RF_TOKENS_13A, " \t ", ""},
        {RF_TOKENS_ZH, "我爱iPhone 3.5。", "我 爱 iPhone 3.5 。"},
        {RF_TOKENS_ZH, "“好”——Ａ", "“ 好 ” — — Ａ"},
        {RF_TOKENS_ZH, ",5", ",5"}, /* no character stands before it */
        {RF_TOKENS_13A, ",5", ", 5"},
        {RF_TOKENS_INTL, "“Ja”, 5€ 3.5 x.", "“ Ja ” , 5 € 3.5 x ."},
        {RF_TOKENS_CHAR, "ab c", "a b c"},
        {RF_TOKENS_NONE,
         " a,\xc2\xa0"
         "b\xe3\x80\x80 c ",
         "a, b c"},
        {RF_TOKENS_NONE, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_str out = {0};
        rf_str_put(&out, "");
        rf_text_tokenize(rows[i].how, rows[i].line, strlen(rows[i].line), &out);
        CU_ASSERT_STRING_EQUAL(out.s, rows[i].words);
        rf_str_free(&out);
    }
}

static rf_text_metric *metric_of(const char *name, const rf_text_metric_options *o)
{
    rf_text_metric *s = rf_text_metric_new(rf_text_metric_find(name), o, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

static double score_of(rf_text_metric *s)
{
    rf_text_score x;
    rf_text_metric_corpus(s, &x);
    return x.value;
}

static double part_of(rf_text_metric *s, const char *name)
{
    rf_text_score x;
    rf_text_metric_corpus(s, &x);
    for (int i = 0; i < x.parts; i++)
        if (!strcmp(x.part[i].name, name)) return x.part[i].value;
    return NAN;
}

/* The example of the paper: of seven times "the", two are right. */
static void test_bleu_by_hand(void)
{
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const reference[] = {"the cat is on the mat", "there is a cat on the mat"};
    rf_text_metric *s = metric_of("bleu", &o);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "the the the the the the the", reference, 2, NULL),
                    RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(part_of(s, "precision_1"), 100 * 2.0 / 7, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(part_of(s, "precision_2"), 100 / (2 * 6.0), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(part_of(s, "precision_4"), 100 / (8 * 4.0), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(part_of(s, "ref_len"), 7, 0);
    rf_text_metric_free(s);
    s = metric_of("bleu", &o);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "the cat is on", reference, 1, NULL), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(score_of(s), 100 * exp(1 - 6.0 / 4), 1e-9);
    rf_text_metric_free(s);
}

/* "ab" beside "abc": of characters 2/2 and 2/3, of pairs 1/1 and 1/2; F2 of the means. */
static void test_chrf_by_hand(void)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const reference[] = {"a bc"};
    o.char_order = 2;
    rf_text_metric *s = metric_of("chrf", &o);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "ab", reference, 1, NULL), RF_OK);
    const double p = 1, r = (2.0 / 3 + 1.0 / 2) / 2;
    CU_ASSERT_DOUBLE_EQUAL(score_of(s), 100 * 5 * p * r / (4 * p + r), 1e-9);
    rf_text_metric_free(s);
}

static void test_rouge_by_hand(void)
{
    static const struct {
        const char *name;
        double p, r;
    } rows[] = {{"rouge-1", 4 / 5.0, 4 / 6.0},
                {"rouge-2", 1 / 4.0, 1 / 5.0},
                {"rouge-l", 2 / 5.0, 2 / 6.0}};
    static const char *const reference[] = {"the police killed a gunman today", "nothing"};
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_text_metric *s = metric_of(rows[i].name, &o);
        const double p = rows[i].p, r = rows[i].r;
        CU_ASSERT_EQUAL(rf_text_metric_add(s, "today a gunman kill police", reference, 2, NULL),
                        RF_OK);
        CU_ASSERT_DOUBLE_EQUAL(part_of(s, "precision"), 100 * p, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(part_of(s, "recall"), 100 * r, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(score_of(s), 100 * 2 * p * r / (p + r), 1e-9);
        rf_text_metric_free(s);
    }
}

/* Two captions of one word each: what is in one of two sentences weighs log 2, what is in both nothing. */
static void test_cider_by_hand(void)
{
    static const char *const first[] = {"red cat", "red dog"}, *const second[] = {"red bird"};
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    rf_text_metric *s = metric_of("cider", &o);
    rf_text_score x;
    rf_text_metric_add(s, "red cat", first, 2, NULL);
    rf_text_metric_add(s, "cat", second, 1, NULL);
    rf_text_metric_sentence(s, 0, &x);
    /* words and pairs agree with one of two references, longer ones are not there */
    CU_ASSERT_DOUBLE_EQUAL(x.value, 1000 * (1 + 1) / 4.0 / 2, 1e-9);
    rf_text_metric_sentence(s, 1, &x);
    CU_ASSERT_EQUAL(x.value, 0);
    CU_ASSERT_DOUBLE_EQUAL(score_of(s), 125, 1e-9);
    rf_text_metric_add(s, "", first, 1, NULL);
    CU_ASSERT_TRUE(score_of(s) < 125);
    rf_text_metric_free(s);
}

/* BLEU-2 is the mean of two precisions, of all sentences together; where no pair is right, nothing is. */
static void test_bleu_n_by_hand(void)
{
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const reference[] = {"a dog runs on grass", "the dog"};
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"bleu-1", 4 / 6.0}, {"bleu-2", sqrt(4 / 6.0 * 1 / 4)}, {"bleu-3", 0}, {"bleu-4", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_text_metric *s = metric_of(rows[i].name, &o);
        CU_ASSERT_EQUAL(rf_text_metric_add(s, "a dog on dog", reference, 1, NULL), RF_OK);
        CU_ASSERT_EQUAL(rf_text_metric_add(s, "grass cats", reference, 2, NULL), RF_OK);
        const double brevity = exp(1 - 7 / 6.0); /* 5 words are closest to 4, 2 to 2 */
        CU_ASSERT_DOUBLE_EQUAL(score_of(s), 100 * brevity * rows[i].value, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(part_of(s, "ref_len"), 7, 0);
        rf_text_metric_free(s);
    }
}

/* Precision is the best beside the second reference, recall beside the first. */
static void test_rouge_coco_by_hand(void)
{
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const reference[] = {"a dog", "the dog runs on dry grass"};
    rf_text_metric *s = metric_of("rouge-l-coco", &o);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "a dog runs fast", reference, 2, NULL), RF_OK);
    const double p = 2 / 4.0, r = 1, b = 1.44;
    CU_ASSERT_DOUBLE_EQUAL(score_of(s), 100 * (1 + b) * p * r / (r + b * p), 1e-9);
    rf_text_metric_free(s);
}

static double meteor(double pairs, double runs, double told, double right)
{
    const double p = pairs / told, r = pairs / right;
    return 1000 * p * r / (r + 9 * p) * (1 - pow(runs / pairs, 3) / 2);
}

static void test_meteor_by_hand(void)
{
    static const struct {
        const char *told, *right;
        double pairs, runs;
    } rows[] = {
        {"the cat sat on the mat", "on the mat sat the cat", 6, 6}, /* 3 runs cross more */
        {"dogs are running", "a running dog", 2, 2},                /* stems */
        {"run runs", "running run", 2, 2},                          /* the equal words first */
        {"a dog", "a man and a dog", 2, 1}, /* which "a": the one beside the dog */
        {"a b a c a", "a c a", 3, 1},       /* which three of the five */
        {"a x a a y", "b a a x", 3, 3},
    };
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    double sum[4] = {0};
    rf_text_metric *s = metric_of("meteor", &o);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *reference[] = {"nothing", rows[i].right};
        rf_text_score x;
        double told = 1, right = 1;
        CU_ASSERT_EQUAL(rf_text_metric_add(s, rows[i].told, reference, 2, NULL), RF_OK);
        for (const char *c = rows[i].told; *c; c++) told += *c == ' ';
        for (const char *c = rows[i].right; *c; c++) right += *c == ' ';
        rf_text_metric_sentence(s, i, &x);
        CU_ASSERT_DOUBLE_EQUAL(x.value, meteor(rows[i].pairs, rows[i].runs, told, right), 1e-9);
        sum[0] += rows[i].pairs;
        sum[1] += rows[i].runs;
        sum[2] += told;
        sum[3] += right;
    }
    CU_ASSERT_DOUBLE_EQUAL(score_of(s), meteor(sum[0], sum[1], sum[2], sum[3]), 1e-9);
    rf_text_metric_free(s);
}

static void test_exact_by_hand(void)
{
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const reference[] = {"a dog .", "two  dogs."};
    static const char *const told[] = {"a dog.", "two dogs .", "two dogs", "dog a ."};
    rf_text_metric *s = metric_of("exact", &o);
    for (int i = 0; i < 4; i++) rf_text_metric_add(s, told[i], reference, 2, NULL);
    CU_ASSERT_EQUAL(score_of(s), 50);
    rf_text_metric_free(s);
}

/* The examples of Porter's paper, step by step. */
static void test_stems(void)
{
    static const char *const rows[][2] = {
        {"caresses", "caress"},
        {"ponies", "poni"},
        {"ties", "ti"},
        {"caress", "caress"},
        {"cats", "cat"},
        {"feed", "feed"},
        {"agreed", "agre"},
        {"plastered", "plaster"},
        {"bled", "bled"},
        {"motoring", "motor"},
        {"sing", "sing"},
        {"conflated", "conflat"},
        {"troubled", "troubl"},
        {"sized", "size"},
        {"hopping", "hop"},
        {"tanned", "tan"},
        {"falling", "fall"},
        {"hissing", "hiss"},
        {"fizzed", "fizz"},
        {"failing", "fail"},
        {"filing", "file"},
        {"happy", "happi"},
        {"sky", "sky"},
        {"relational", "relat"},
        {"conditional", "condit"},
        {"rational", "ration"},
        {"valenci", "valenc"},
        {"digitizer", "digit"},
        {"conformabli", "conform"},
        {"radicalli", "radic"},
        {"differentli", "differ"},
        {"vileli", "vile"},
        {"analogousli", "analog"},
        {"vietnamization", "vietnam"},
        {"predication", "predic"},
        {"operator", "oper"},
        {"feudalism", "feudal"},
        {"decisiveness", "decis"},
        {"hopefulness", "hope"},
        {"callousness", "callous"},
        {"formaliti", "formal"},
        {"sensitiviti", "sensit"},
        {"sensibiliti", "sensibl"},
        {"triplicate", "triplic"},
        {"formative", "form"},
        {"formalize", "formal"},
        {"electriciti", "electr"},
        {"electrical", "electr"},
        {"hopeful", "hope"},
        {"goodness", "good"},
        {"revival", "reviv"},
        {"allowance", "allow"},
        {"inference", "infer"},
        {"airliner", "airlin"},
        {"gyroscopic", "gyroscop"},
        {"adjustable", "adjust"},
        {"defensible", "defens"},
        {"irritant", "irrit"},
        {"replacement", "replac"},
        {"adjustment", "adjust"},
        {"dependent", "depend"},
        {"adoption", "adopt"},
        {"homologou", "homolog"},
        {"communism", "commun"},
        {"activate", "activ"},
        {"angulariti", "angular"},
        {"homologous", "homolog"},
        {"effective", "effect"},
        {"bowdlerize", "bowdler"},
        {"probate", "probat"},
        {"rate", "rate"},
        {"cease", "ceas"},
        {"controll", "control"},
        {"roll", "roll"},
        {"generalizations", "gener"},
        {"oscillators", "oscil"},
        {"by", "by"},
        {"Dogs", "Dogs"},
        {"yyyy", "yyyi"},
        {"dog's", "dog's"},
        {"狗", "狗"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char word[32];
        strcpy(word, rows[i][0]);
        word[rfi_porter_stem(word, strlen(word))] = '\0';
        CU_ASSERT_STRING_EQUAL(word, rows[i][1]);
    }
}

static void test_signs(void)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const two[] = {"a", "b"}, *const one[] = {"a", NULL};
    o.smoothing = RF_SMOOTH_FLOOR;
    o.lowercase = true;
    rf_text_metric *s = metric_of("bleu", &o);
    rf_str sign = {0};
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "A", two, 2, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "a", one, 2, NULL), RF_OK);
    rf_text_metric_sign(s, &sign);
    CU_ASSERT_STRING_EQUAL(sign.s,
                           "nrefs:var|case:lc|eff:no|tok:13a|smooth:floor[0.10]|version:2.6.0");
    rf_str_free(&sign);
    rf_text_metric_free(s);
}

/* Texts as good as they can be, and nothing at all. */
static void test_ends_of_the_scale(void)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const text[] = {"今天天气很好，我们去公园。"}, *const nothing[] = {""};
    o.tokens = RF_TOKENS_ZH;
    for (int metric = 0; rf_text_metric_name_at(metric); metric++) {
        rf_text_metric *s = rf_text_metric_new(metric, &o, NULL);
        CU_ASSERT_EQUAL(score_of(s), 0);
        CU_ASSERT_EQUAL(rf_text_metric_add(s, text[0], text, 1, NULL), RF_OK);
        CU_ASSERT_EQUAL(rf_text_metric_add(s, "花", nothing, 1, NULL), RF_OK);
        rf_text_score x;
        rf_text_metric_sentence(s, 0, &x);
        const bool tens = metric == rf_text_metric_find("cider");  /* ten times as large */
        const bool runs = metric == rf_text_metric_find("meteor"); /* of 13 words one run */
        CU_ASSERT_DOUBLE_EQUAL(x.value, tens ? 1000 : runs ? meteor(13, 1, 13, 13) : 100, 1e-9);
        rf_text_metric_sentence(s, 1, &x);
        CU_ASSERT_EQUAL(x.value, 0);
        rf_text_metric_free(s);
    }
}

static void test_wrong_sentences(void)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const none[] = {NULL}, *const text[] = {"a\xff"}, *const good[] = {"a"};
    rf_error err = {0};
    rf_text_metric *s = metric_of("bleu", &o);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "a", none, 1, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "sentence 1: no reference");
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "a", text, 1, NULL), RF_EFORMAT);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "\xff", good, 1, NULL), RF_EFORMAT);
    CU_ASSERT_EQUAL(rf_text_metric_count(s), 0);
    rf_bootstrap b;
    CU_ASSERT_EQUAL(rf_text_metric_bootstrap(s, NULL, 10, 1, NULL, NULL, &b, NULL), RF_EINVAL);
    rf_text_metric *other = metric_of("bleu", &o);
    CU_ASSERT_EQUAL(rf_text_metric_add(s, "a", good, 1, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_text_metric_bootstrap(s, other, 10, 1, NULL, NULL, &b, NULL), RF_EINVAL);
    rf_text_metric_free(s);
    rf_text_metric_free(other);
    o.char_order = 11;
    CU_ASSERT_PTR_NULL(rf_text_metric_new(0, &o, NULL));
    CU_ASSERT_PTR_NULL(rf_text_metric_new(99, &o, NULL));
    CU_ASSERT_EQUAL(rf_text_metric_find("blue"), -1);
}

static bool stop(void *ctx, double part)
{
    (void)ctx;
    return part < 0.5;
}

static void test_bootstrap(void)
{
    const rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    static const char *const right[] = {"one two three four five"};
    static const char *const told[][2] = {{"one two three four five", "one two three"},
                                          {"one two three four six", "six five four three"},
                                          {"one two two four five", "one one one one"}};
    rf_text_metric *a = metric_of("chrf", &o), *b = metric_of("chrf", &o);
    for (int i = 0; i < 60; i++) {
        rf_text_metric_add(a, told[i % 3][0], right, 1, NULL);
        rf_text_metric_add(b, told[i % 3][1], right, 1, NULL);
    }
    rf_bootstrap x, y;
    CU_ASSERT_EQUAL(rf_text_metric_bootstrap(a, b, 500, 3, NULL, NULL, &x, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_text_metric_bootstrap(b, a, 500, 3, NULL, NULL, &y, NULL), RF_OK);
    CU_ASSERT_EQUAL(x.p, y.p);
    CU_ASSERT_DOUBLE_EQUAL(x.p, 1 / 501.0, 1e-12);
    CU_ASSERT_TRUE(x.low < x.value && x.value < x.high && y.high < x.low);
    CU_ASSERT_DOUBLE_EQUAL(x.mean, x.value, 1);
    CU_ASSERT_DOUBLE_EQUAL(x.difference, x.value - y.value, 1e-12);
    CU_ASSERT_TRUE(x.difference_low < x.difference && x.difference < x.difference_high);
    CU_ASSERT_DOUBLE_EQUAL(x.difference_low, -y.difference_high, 1e-9);
    CU_ASSERT_TRUE(x.difference_high - x.difference_low < x.high - x.low + y.high - y.low);
    CU_ASSERT_EQUAL(rf_text_metric_bootstrap(a, NULL, 500, 3, NULL, NULL, &y, NULL), RF_OK);
    CU_ASSERT_TRUE(isnan(y.p) && isnan(y.difference) && y.low == x.low && y.high == x.high);
    CU_ASSERT_EQUAL(rf_text_metric_bootstrap(a, b, 500, 3, stop, NULL, &y, NULL), RF_ECANCELLED);
    rf_text_metric_free(a);
    rf_text_metric_free(b);
}

int main(void)
{
    CU_TestInfo tests[] = {{"words", test_words},
                           {"bleu by hand", test_bleu_by_hand},
                           {"chrf by hand", test_chrf_by_hand},
                           {"rouge by hand", test_rouge_by_hand},
                           {"cider by hand", test_cider_by_hand},
                           {"bleu-n by hand", test_bleu_n_by_hand},
                           {"rouge of coco by hand", test_rouge_coco_by_hand},
                           {"meteor by hand", test_meteor_by_hand},
                           {"exact by hand", test_exact_by_hand},
                           {"stems", test_stems},
                           {"signs", test_signs},
                           {"ends of the scale", test_ends_of_the_scale},
                           {"wrong sentences", test_wrong_sentences},
                           {"bootstrap", test_bootstrap},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "scores of texts", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
