/* test_translate_units.c -- parallel texts, words, capitals, and units of one side of a translation. */
#include <stdlib.h>
#include <string.h>

#include "../../plugins/translate/nearest.h"
#include "../../plugins/translate/words.h"
#include "../suite.h"

/* ---- Words ----------------------------------------------------------------------------------- */

typedef struct sample {
    int language;
    bool glue;
    const char *text, *words, *back; /* back NULL: the text */
} sample;

static const sample samples[] = {
    {TR_EN, false, "Hello, world!", "Hello , world !", NULL},
    {TR_EN, false, "It's 10:30; I've 3.5 apples (well-known ones).",
     "It's 10:30 ; I've 3.5 apples ( well-known ones ) .", NULL},
    {TR_EN, false, "\"Yes,\" he said, \"it is.\"", "\" Yes , \" he said , \" it is . \"", NULL},
    {TR_EN, false, "The dogs' tails", "The dogs ' tails", NULL},
    {TR_EN, false, "'Go' and 'stay'", "' Go ' and ' stay '", NULL},
    {TR_EN, false, "Mr. Smith paid $5 -- or 50%...", "Mr . Smith paid $ 5 -- or 50 % ...", NULL},
    {TR_EN, false, "U.S. and/or U.K.", "U.S . and / or U.K .", NULL},
    {TR_EN, false, "  two\t blanks ", "two blanks", "two blanks"},
    {TR_EN, false, "“Ja,” sagte Ömer.", "“ Ja , ” sagte Ömer .", NULL},
    {TR_ZH, false, "我爱你。", "我 爱 你 。", NULL},
    {TR_ZH, false, "他说：“好……”", "他 说 ： “ 好 …… ”", NULL},
    {TR_ZH, false, "我有3.5个iPhone手机", "我 有 3.5 个 iPhone 手 机", NULL},
    {TR_ZH, false, "Tom Smith 来了", "Tom Smith 来 了", "Tom Smith来了"},
    {TR_ZH, true, "今天，天气很好。", "今天 ， 天气很好 。", NULL},
    {TR_NONE, false, "ein mann , der  etwas .", "ein mann , der etwas .", "ein mann , der etwas ."},
    {TR_EN, false, "", "", NULL},
};

static void test_words_split_and_join(void)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const sample *s = &samples[i];
        rf_str words = {0}, back = {0};
        rf_str_put(&words, "");
        rf_str_put(&back, "");
        tr_words_split(s->language, s->glue, s->text, strlen(s->text), &words);
        CU_ASSERT_STRING_EQUAL(words.s, s->words);
        tr_words_join(s->language, words.s, words.n, &back);
        CU_ASSERT_STRING_EQUAL(back.s, s->back ? s->back : s->text);
        rf_str_free(&words);
        rf_str_free(&back);
    }
}

static void test_words_of_others_join(void)
{
    static const char words[] = "i do n't know ; it 's ( very ) late .";
    rf_str back = {0};
    tr_words_join(TR_EN, words, sizeof words - 1, &back);
    CU_ASSERT_STRING_EQUAL(back.s, "i don't know; it's (very) late.");
    rf_str_free(&back);
}

/* ---- Capitals -------------------------------------------------------------------------------- */

static tr_text text_of(const char *const *lines)
{
    tr_text t = {0};
    for (; *lines; lines++) CU_ASSERT_TRUE(tr_text_add(&t, *lines, strlen(*lines)));
    return t;
}

static void test_forms(void)
{
    static const char *const lines[] = {"The cat saw Paris .",
                                        "We like the NATO , the Paris of the north .",
                                        "Paris is old . The end", NULL};
    tr_text t = text_of(lines);
    tr_forms f = {0};
    rf_str out = {0}, back = {0};
    CU_ASSERT_TRUE(tr_forms_learn(&f, &t));
    static const char in[] = "The NATO met . Paris slept ; The end ! Cat food";
    tr_forms_apply(&f, in, sizeof in - 1, &out);
    CU_ASSERT_STRING_EQUAL(out.s, "the NATO met . Paris slept ; The end ! cat food");
    tr_forms_undo(out.s, out.n, &back);
    CU_ASSERT_STRING_EQUAL(back.s, in);
    rf_str_free(&out);
    rf_str_free(&back);
    tr_forms_free(&f);
    tr_text_free(&t);
}

/* ---- Units ----------------------------------------------------------------------------------- */

static const char *const english[] = {"The lowest price is low.", "A lower price, the lowest!",
                                      "The newest wide road is wider.",
                                      "The widest road, the newest road.", NULL};
static const char *const chinese[] = {"最低的价格很低。", "更低的价格，最低！", "最新的宽路更宽。",
                                      "最宽的路，最新的路。", NULL};

static void check_side(tr_units *u, const tr_text *t, bool small)
{
    for (size_t i = 0; i < t->n; i++) {
        size_t n;
        const char *line = tr_text_line(t, i, &n);
        rf_ids ids = {0};
        tr_text pieces = {0};
        rf_str back = {0}, want = {0};
        CU_ASSERT_EQUAL(tr_units_encode(u, line, n, &ids, &pieces, NULL), RF_OK);
        CU_ASSERT_EQUAL(ids.n, pieces.n);
        for (size_t k = 0; k < ids.n; k++) {
            CU_ASSERT_TRUE(ids.at[k] >= TR_SPECIAL);
            CU_ASSERT_STRING_EQUAL(tr_units_at(u, ids.at[k]), tr_text_line(&pieces, k, NULL));
        }
        rf_ids_add(&ids, TR_EOS);
        rf_ids_add(&ids, TR_SPECIAL);
        tr_units_decode(u, ids.at, ids.n, &back);
        if (small) tr_lower(line, n, &want);
        if (!small) rf_str_add(&want, line, n);
        CU_ASSERT_STRING_EQUAL(back.s, want.s);
        rf_ids_free(&ids);
        tr_text_free(&pieces);
        rf_str_free(&back);
        rf_str_free(&want);
    }
}

static void check_file(const tr_units *u)
{
    rf_str json = {0};
    CU_ASSERT_EQUAL(tr_units_write(u, &json, NULL), RF_OK);
    rf_error err = {0};
    tr_units *again = tr_units_parse(json.s, json.n, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_EQUAL(tr_units_hash(again), tr_units_hash(u));
    CU_ASSERT_EQUAL(tr_units_size(again), tr_units_size(u));
    rf_str_free(&json);
    tr_units_free(again);
}

static void test_lines_come_back(void)
{
    tr_text t[2] = {text_of(english), text_of(chinese)};
    const tr_text *const text[2] = {&t[0], &t[1]};
    for (int unit = 0; unit < TR_UNITS; unit++)
        for (int letters = 0; letters < TR_LETTERS; letters++)
            for (int joint = 0; joint < TR_JOINTS; joint++) {
                const tr_units_options o[2] = {
                    {.language = TR_EN, .letters = letters, .unit = unit, .merges = 30},
                    {.language = TR_ZH, .letters = letters, .unit = unit, .merges = 30}};
                tr_units *u[2];
                rf_error err = {0};
                const rf_status st = tr_units_learn(o, text, joint, u, &err);
                CU_ASSERT_EQUAL(st, joint == TR_JOINT_CODES && unit != TR_BPE ? RF_EINVAL : RF_OK);
                for (int k = 0; k < 2 && !st; k++) {
                    check_side(u[k], &t[k], letters == TR_LOWER);
                    check_file(u[k]);
                }
                if (!st && joint == TR_JOINT)
                    CU_ASSERT_EQUAL(tr_units_size(u[0]), tr_units_size(u[1]));
                tr_units_free(u[0]);
                tr_units_free(u[1]);
            }
    tr_text_free(&t[0]);
    tr_text_free(&t[1]);
}

/* A piece that is rare is cut into others; a letter never seen is unknown, and so it is written. */
static void test_rare_and_unknown(void)
{
    tr_text t = text_of(english);
    const tr_text *const text[2] = {&t, &t};
    const tr_units_options o[2] = {
        {.language = TR_EN, .letters = TR_LOWER, .unit = TR_BPE, .merges = 100},
        {.language = TR_EN, .letters = TR_LOWER, .unit = TR_BPE, .merges = 100, .min_count = 3}};
    tr_units *u[2];
    CU_ASSERT_EQUAL_FATAL(tr_units_learn(o, text, TR_SEPARATE, u, NULL), RF_OK);
    CU_ASSERT_TRUE(tr_units_size(u[1]) < tr_units_size(u[0]));
    rf_ids whole = {0}, parts = {0};
    tr_units_encode(u[0], "lowest", 6, &whole, NULL, NULL);
    tr_units_encode(u[1], "lowest", 6, &parts, NULL, NULL);
    CU_ASSERT_EQUAL(whole.n, 1);
    CU_ASSERT_TRUE(parts.n > 1);
    for (size_t i = 0; i < parts.n; i++) CU_ASSERT_TRUE(parts.at[i] >= TR_SPECIAL);
    rf_str back = {0};
    whole.n = 0;
    tr_units_encode(u[0], "low 你 <pad>", strlen("low 你 <pad>"), &whole, NULL, NULL);
    tr_units_decode(u[0], whole.at, whole.n, &back);
    CU_ASSERT_TRUE(back.s && !strncmp(back.s, "low <unk>", 9));
    for (size_t i = 0; i < whole.n; i++) CU_ASSERT_TRUE(whole.at[i] != TR_PAD);
    rf_ids_free(&whole);
    rf_ids_free(&parts);
    rf_str_free(&back);
    tr_units_free(u[0]);
    tr_units_free(u[1]);
    tr_text_free(&t);
}

static void test_broken_units(void)
{
    static const char *const broken[] = {
        "",
        "[]",
        "{}",
        "{\"language\":\"xx\",\"letters\":\"keep\",\"unit\":\"word\",\"vocabulary\":[]}",
        "{\"language\":\"en\",\"letters\":\"keep\",\"unit\":\"word\"}",
        "{\"language\":\"en\",\"letters\":\"keep\",\"unit\":\"word\",\"vocabulary\":[\"<pad>\"]}",
        "{\"language\":\"en\",\"letters\":\"keep\",\"unit\":\"bpe\",\"vocabulary\":[\"<pad>\"]}",
        ("{\"language\":\"en\",\"letters\":\"true\",\"unit\":\"word\",\"forms\":[\"A\",\"a\"],"
         "\"vocabulary\":[\"<pad>\",\"<unk>\",\"<bos>\",\"<eos>\"]}")};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(tr_units_parse(broken[i], strlen(broken[i]), &err));
        CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
    }
}

/* ---- Parallel texts -------------------------------------------------------------------------- */

static void test_tables(void)
{
    tr_parallel p = {0};
    rf_error err = {0};
    static const char good[] = "\xef\xbb\xbfHi.\t嗨。\tx\r\nGo.\t\ty\n";
    CU_ASSERT_EQUAL(tr_parallel_parse(&p, good, sizeof good - 1, "t", (tr_columns){{2, 1}}, &err),
                    RF_OK);
    CU_ASSERT_EQUAL_FATAL(p.side[0].n, 2);
    CU_ASSERT_EQUAL(p.side[1].n, 2);
    CU_ASSERT_STRING_EQUAL(tr_text_line(&p.side[0], 0, NULL), "嗨。");
    CU_ASSERT_STRING_EQUAL(tr_text_line(&p.side[1], 0, NULL), "Hi.");
    CU_ASSERT_STRING_EQUAL(tr_text_line(&p.side[0], 1, NULL), "");
    tr_parallel_free(&p);
}

static void test_broken_tables(void)
{
    static const struct {
        const char *text;
        size_t n;
        const char *due;
    } rows[] = {
        {"a\tb\nc\n", 6, "t:2: 1 column where 2 are due, apart by tabs"},
        {"a\tb\nc\td\te\n", 10, "t:2: 3 columns where the first row has 2"},
        {"a\n", 2, "t:1: 1 column where 2 are due, apart by tabs"},
        {"a\tb\n\n", 5, "t:2: 1 column where 2 are due, apart by tabs"},
        {"a\tb\nc\xff\td\n", 9, "t:2:2: byte 0xff is not UTF-8"},
        {"a\tb\nc\0\td\n", 9, "t:2:2: a NUL byte"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tr_parallel p = {0};
        rf_error err = {0};
        CU_ASSERT_EQUAL(tr_parallel_parse(&p, rows[i].text, rows[i].n, "t", TR_COLUMNS, &err),
                        RF_EFORMAT);
        CU_ASSERT_STRING_EQUAL(err.text, rows[i].due);
        tr_parallel_free(&p);
    }
}

static void test_columns(void)
{
    static const char *const broken[] = {"", "1", "0,1", "1,2,3", "a,b", "1,2.5", "1,-2", "1e9,1"};
    tr_columns c;
    CU_ASSERT_EQUAL(tr_columns_parse("3, 1", "--columns", &c, NULL), RF_OK);
    CU_ASSERT_TRUE(c.side[0] == 3 && c.side[1] == 1);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        CU_ASSERT_EQUAL(tr_columns_parse(broken[i], "--columns", &c, NULL), RF_EINVAL);
}

/* ---- The dictionary -------------------------------------------------------------------------- */

/* das Haus, das Buch, ein Buch: the house, the book, a book. */
enum { DAS, HAUS, BUCH, EIN, THE = 0, HOUSE, BOOK, A };

static void add_sentence(tr_sentences *s, int32_t first, int32_t second)
{
    rf_ids_add(&s->word, first);
    rf_ids_add(&s->word, second);
    CU_ASSERT_TRUE(tr_sentences_end(s));
    s->words = 4;
}

static void test_dictionary(void)
{
    tr_sentences side[2] = {{{0}}};
    add_sentence(&side[0], DAS, HAUS);
    add_sentence(&side[1], THE, HOUSE);
    add_sentence(&side[0], DAS, BUCH);
    add_sentence(&side[1], THE, BOOK);
    add_sentence(&side[0], EIN, BUCH);
    add_sentence(&side[1], A, BOOK);
    /* One round from all alike: "the" is shared by 3 words each time, the empty one among them. */
    tr_dictionary *d = tr_dictionary_learn(side, 1, NULL, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    CU_ASSERT_DOUBLE_EQUAL(tr_dictionary_p(d, DAS, THE), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(tr_dictionary_p(d, DAS, HOUSE), 0.25, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(tr_dictionary_p(d, -1, THE), 1 / 3.0, 1e-12);
    tr_dictionary_free(d);
    d = tr_dictionary_learn(side, 30, NULL, NULL, NULL);
    static const int32_t due[] = {[DAS] = THE, [HAUS] = HOUSE, [BUCH] = BOOK, [EIN] = A};
    for (int32_t f = 0; f < 4; f++) {
        double sum = 0;
        for (int32_t e = 0; e < 4; e++) sum += tr_dictionary_p(d, f, e);
        CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-9);
        CU_ASSERT_EQUAL(tr_dictionary_best(d, f), due[f]);
        CU_ASSERT_TRUE(tr_dictionary_p(d, f, due[f]) > 0.9);
    }
    CU_ASSERT_EQUAL(tr_dictionary_best(d, 4), -1);
    CU_ASSERT_EQUAL(tr_dictionary_p(d, HAUS, A), 0);
    tr_dictionary_free(d);
    tr_sentences_end(&side[0]);
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(tr_dictionary_learn(side, 1, NULL, NULL, &err));
    CU_ASSERT_EQUAL(err.status, RF_EINVAL);
    tr_sentences_free(&side[0]);
    tr_sentences_free(&side[1]);
}

static void test_nearest(void)
{
    tr_sentences s = {{0}};
    add_sentence(&s, 0, 1);
    add_sentence(&s, 0, 2);
    add_sentence(&s, 3, 2);
    tr_nearest *x = tr_nearest_new(&s, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    double cosine;
    static const int32_t same[] = {0, 2}, rare[] = {2, 3}, other[] = {9, -1};
    CU_ASSERT_EQUAL(tr_nearest_find(x, same, 2, &cosine), 1);
    CU_ASSERT_DOUBLE_EQUAL(cosine, 1, 1e-6);
    CU_ASSERT_EQUAL(tr_nearest_find(x, rare, 2, &cosine), 2);
    CU_ASSERT_TRUE(cosine > 0.5 && cosine < 1);
    CU_ASSERT_EQUAL(tr_nearest_find(x, other, 2, &cosine), -1);
    CU_ASSERT_EQUAL(tr_nearest_find(x, other, 0, NULL), -1);
    tr_nearest_free(x);
    tr_sentences_free(&s);
}

int main(void)
{
    CU_TestInfo baselines[] = {
        {"dictionary", test_dictionary}, {"nearest", test_nearest}, CU_TEST_INFO_NULL};
    CU_TestInfo words[] = {{"words split and join", test_words_split_and_join},
                           {"words of others join", test_words_of_others_join},
                           {"forms", test_forms},
                           CU_TEST_INFO_NULL};
    CU_TestInfo units[] = {{"lines come back", test_lines_come_back},
                           {"rare and unknown", test_rare_and_unknown},
                           {"broken units", test_broken_units},
                           CU_TEST_INFO_NULL};
    CU_TestInfo texts[] = {{"tables", test_tables},
                           {"broken tables", test_broken_tables},
                           {"columns", test_columns},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "words", .pTests = words},
                             {.pName = "units", .pTests = units},
                             {.pName = "parallel", .pTests = texts},
                             {.pName = "baselines", .pTests = baselines},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
