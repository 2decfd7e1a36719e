/* test_pos_units.c -- labels, units, vocabularies and lexica of the tagger. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../plugins/pos/keys.h"
#include "../../plugins/pos/lexicon.h"
#include "../../plugins/pos/lexis.h"
#include "../../plugins/pos/pos.h"
#include "../../plugins/pos/read.h"
#include "../suite.h"

static const char *key_of(void (*fn)(const char *, size_t, rf_str *), const char *s)
{
    static rf_str out;
    rf_str_clear(&out);
    if (!s) {
        rf_str_free(&out);
        return NULL;
    }
    fn(s, strlen(s), &out);
    return out.s;
}

static const char *affix_of(void (*fn)(const char *, size_t, int, rf_str *), const char *s, int k)
{
    static rf_str out;
    rf_str_clear(&out);
    if (!s) {
        rf_str_free(&out);
        return NULL;
    }
    fn(s, strlen(s), k, &out);
    return out.s;
}

static void test_keys(void)
{
    CU_ASSERT_STRING_EQUAL(key_of(pos_key_word, "In 1998"), "in 0000");
    CU_ASSERT_STRING_EQUAL(key_of(pos_key_word, "１９９８年"), "0000年");
    CU_ASSERT_STRING_EQUAL(key_of(pos_key_word, "Übung"), "übung");
    CU_ASSERT_STRING_EQUAL(key_of(pos_key_letter, "Ａ"), "A");
    CU_ASSERT_STRING_EQUAL(key_of(pos_key_shape, "McDonald's-2"), "XxXxpxpd");
    CU_ASSERT_STRING_EQUAL(key_of(pos_key_shape, "华联"), "h");
    CU_ASSERT_STRING_EQUAL(affix_of(pos_key_prefix, "华联店", 2), "^华联");
    CU_ASSERT_STRING_EQUAL(affix_of(pos_key_suffix, "华联店", 2), "联店$");
    CU_ASSERT_STRING_EQUAL(affix_of(pos_key_suffix, "店", 2), "$");
    CU_ASSERT_STRING_EQUAL(affix_of(pos_key_prefix, "店", 2), "^");
    key_of(NULL, NULL);
    affix_of(NULL, NULL, 0);
}

static void test_labels(void)
{
    const int32_t K = pos_labels(POS_WORDS, 3);
    CU_ASSERT_EQUAL(K, 12);
    CU_ASSERT_EQUAL(pos_label_of(POS_WORDS, 2, 0, 3), 8);
    CU_ASSERT_EQUAL(pos_label_of(POS_WORDS, 2, 1, 3), 9);
    CU_ASSERT_EQUAL(pos_label_of(POS_WORDS, 2, 2, 3), 10);
    CU_ASSERT_EQUAL(pos_label_of(POS_WORDS, 2, 0, 1), 11);
    CU_ASSERT_EQUAL(pos_label_of(POS_TAGS, 2, 0, 1), 2);
    /* Behind a begun word it goes on with the same tag, behind a whole one any begins. */
    for (int32_t a = 0; a < K; a++) {
        int follow = 0;
        for (int32_t b = 0; b < K; b++) follow += pos_label_follows(POS_WORDS, a, b);
        const int place = pos_label_place(POS_WORDS, a);
        CU_ASSERT_EQUAL(follow, place == POS_B || place == POS_I ? 2 : 6);
    }
    CU_ASSERT_TRUE(pos_label_follows(POS_WORDS, 8, 10));
    CU_ASSERT_FALSE(pos_label_follows(POS_WORDS, 8, 6));
    CU_ASSERT_FALSE(pos_label_follows(POS_WORDS, 8, 11));
}

static void test_blanks_end_words(void)
{
    pos_units u = {0};
    CU_ASSERT_TRUE(pos_units_text(&u, " 我爱 \t你　们", strlen(" 我爱 \t你　们")));
    pos_units_close(&u, POS_WORDS);
    CU_ASSERT_EQUAL_FATAL(u.n, 4);
    CU_ASSERT_EQUAL(u.at[0].limit, POS_BEGINS);
    CU_ASSERT_EQUAL(u.at[1].limit, POS_ENDS);
    CU_ASSERT_EQUAL(u.at[2].limit, POS_BEGINS & POS_ENDS);
    CU_ASSERT_EQUAL(u.at[3].limit, POS_BEGINS & POS_ENDS);
    CU_ASSERT_TRUE(u.at[0].glued);
    CU_ASSERT_FALSE(u.at[1].glued);
    pos_units_free(&u);
}

static void test_given_words_keep_their_places(void)
{
    pos_units u = {0};
    CU_ASSERT_TRUE(pos_units_word(&u, POS_WORDS, "购物中", strlen("购物中"), 1, true));
    CU_ASSERT_TRUE(pos_units_word(&u, POS_WORDS, "我", strlen("我"), -1, true));
    CU_ASSERT_EQUAL_FATAL(u.n, 4);
    const int32_t label[] = {4, 5, 6, -1}, place[] = {POS_B, POS_I, POS_E, POS_S};
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(u.at[i].label, label[i]);
        CU_ASSERT_EQUAL(u.at[i].limit, 1 << place[i]);
    }
    u.n = 0;
    CU_ASSERT_TRUE(pos_units_word(&u, POS_TAGS, "Hall A", 6, 1, true));
    CU_ASSERT_EQUAL(u.n, 1);
    CU_ASSERT_EQUAL(u.at[0].n, 6);
    pos_units_free(&u);
}

/* ---- The lexicon ----------------------------------------------------------------------------- */

static pos_lexicon *lexicon_of(const char *text, rf_error *err)
{
    char path[] = "/tmp/refrain-lexicon-XXXXXX";
    const int fd = mkstemp(path);
    rf_vocab *tags = rf_vocab_new();
    rf_vocab_add(tags, "n", 1);
    rf_vocab_add(tags, "v", 1);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    pos_lexicon *x = pos_lexicon_read(path, tags, err);
    unlink(path);
    rf_vocab_free(tags);
    return x;
}

static void test_lexicon_takes_the_longest(void)
{
    rf_error err = {0};
    pos_lexicon *x = lexicon_of("# mine\n购物\tv\n购物中心\tn\tv\n我们\n", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    pos_units u = {0};
    const char *text = "在购物中心购物我 们";
    CU_ASSERT_TRUE(pos_units_text(&u, text, strlen(text)));
    pos_units_close(&u, POS_WORDS);
    CU_ASSERT_TRUE(pos_lexicon_apply(x, POS_WORDS, &u));
    const int place[] = {POS_S, POS_B, POS_I, POS_I, POS_E, POS_B, POS_E, POS_S, POS_S};
    CU_ASSERT_EQUAL_FATAL(u.n, 9);
    for (int i = 0; i < 9; i++) CU_ASSERT_EQUAL(u.at[i].limit, 1 << place[i]);
    CU_ASSERT_TRUE(pos_lexicon_allows(x, u.at[1].choice, 0));
    CU_ASSERT_TRUE(pos_lexicon_allows(x, u.at[1].choice, 1));
    CU_ASSERT_FALSE(pos_lexicon_allows(x, u.at[5].choice, 0));
    CU_ASSERT_TRUE(pos_lexicon_allows(x, u.at[5].choice, 1));
    CU_ASSERT_EQUAL(u.at[0].choice, -1);
    CU_ASSERT_EQUAL(u.at[7].choice, -1); /* the blank parts it */
    pos_units_free(&u);
    pos_lexicon_free(x);
}

static void test_lexicon_never_breaks_given_words(void)
{
    rf_error err = {0};
    pos_lexicon *x = lexicon_of("物中\tn\n购物中\tv\n", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    pos_units u = {0};
    pos_units_word(&u, POS_WORDS, "购物", strlen("购物"), -1, true);
    pos_units_word(&u, POS_WORDS, "中", strlen("中"), -1, true);
    pos_units_close(&u, POS_WORDS);
    CU_ASSERT_TRUE(pos_lexicon_apply(x, POS_WORDS, &u));
    for (int i = 0; i < 3; i++) CU_ASSERT_EQUAL(u.at[i].choice, -1);
    CU_ASSERT_EQUAL(u.at[0].limit, 1 << POS_B);
    CU_ASSERT_EQUAL(u.at[2].limit, 1 << POS_S);
    pos_units_free(&u);
    pos_lexicon_free(x);
}

static void test_bad_lexica_are_pointed_at(void)
{
    static const struct {
        const char *text, *where;
    } rows[] = {{"我\tn\n你\tx\n", ":2: the model has no tag x"},
                {"我\n\tn\n", ":2: no word before the tab"},
                {"我\nab\xff\n", ":2:3: byte 0xff"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(lexicon_of(rows[i].text, &err));
        CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].where));
    }
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void test_tagged_paragraphs_are_cut(void)
{
    rf_error err = {0};
    pos_corpus c;
    rf_str text = {0};
    const char *paragraph = "“/w 好/a ！/w ”/w 他/r 说/v 。/w [北京/ns 大学/n]nt 来/v 了/u "
                            "ABC/nx DE/nx ？/w ！/w\n走/v\n";
    const int32_t words[] = {4, 3, 8, 1};
    CU_ASSERT_EQUAL_FATAL(pos_corpus_init(&c, NULL, &err), RF_OK);
    CU_ASSERT_EQUAL(
        pos_corpus_parse(&c, paragraph, strlen(paragraph), "a.txt", POS_IN_AUTO, POS_UPOS, &err),
        RF_OK);
    CU_ASSERT_EQUAL_FATAL(c.n, 4);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(c.start[i + 1] - c.start[i], words[i]);
        CU_ASSERT_EQUAL(c.opens[i], i == 0 || i == 3);
    }
    pos_corpus_write(&c, 0, 3, &text);
    CU_ASSERT_STRING_EQUAL(text.s, "“好！”他说。北京大学来了ABC DE？！ ");
    rf_str_free(&text);
    pos_corpus_free(&c);
}

static void test_multiword_tokens(void)
{
    rf_error err = {0};
    pos_corpus c;
    rf_str text = {0};
    const char *file = "# newpar\n1\tShe\t_\tPRON\t_\t_\t_\t_\t_\t_\n"
                       "2-3\tdidn't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
                       "2\tdid\t_\tAUX\t_\t_\t_\t_\t_\t_\n3\tnot\t_\t_\t_\t_\t_\t_\t_\t_\n"
                       "3.1\tgo\t_\tVERB\t_\t_\t_\t_\t_\t_\n4\t.\t_\tPUNCT\t_\t_\t_\t_\t_\t_\n\n";
    const int part[] = {POS_WHOLE, POS_FIRST, POS_LATER, POS_WHOLE};
    CU_ASSERT_EQUAL_FATAL(pos_corpus_init(&c, NULL, &err), RF_OK);
    CU_ASSERT_EQUAL(pos_corpus_parse(&c, file, strlen(file), "a", POS_IN_AUTO, POS_UPOS, &err),
                    RF_OK);
    CU_ASSERT_EQUAL_FATAL(c.words, 4);
    for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(c.word[i].part, part[i]);
    CU_ASSERT_EQUAL(c.word[2].tag, -1); /* "_": not tagged */
    CU_ASSERT_EQUAL(c.word[3].tag, 2);
    CU_ASSERT_TRUE(c.opens[0]);
    pos_corpus_write(&c, 0, 1, &text);
    CU_ASSERT_STRING_EQUAL(text.s, "She didn't. ");
    rf_str_free(&text);
    pos_corpus_free(&c);
}

/* ---- Vocabularies ---------------------------------------------------------------------------- */

static void test_sentences_as_numbers(void)
{
    rf_error err = {0};
    pos_corpus c;
    pos_lexis x;
    pos_set set = {0};
    const pos_keep keep[POS_TABLES] = {
        {1, 0, NULL}, {2, 0, NULL}, {1, 0, NULL}, {1, 0, NULL}, {1, 0, NULL}};
    const int32_t which[] = {0, 1};
    CU_ASSERT_EQUAL_FATAL(pos_corpus_init(&c, NULL, &err), RF_OK);
    pos_corpus_add(&c, "我爱", strlen("我爱"), "v", 1);
    pos_corpus_add(&c, "你", strlen("你"), "n", 1);
    pos_corpus_end(&c, true);
    pos_corpus_add(&c, "我爱", strlen("我爱"), "v", 1);
    pos_corpus_end(&c, false);
    pos_lexis_init(&x, POS_WORDS, 3, true);
    CU_ASSERT_EQUAL_FATAL(pos_lexis_learn(&x, &c, which, 2, keep, &err), RF_OK);
    CU_ASSERT_EQUAL(rf_vocab_find(x.tags, "n", 1), 0); /* in order of bytes */
    CU_ASSERT_EQUAL(rf_vocab_size(x.table[POS_UNIT]), 4);
    CU_ASSERT_PTR_NULL(x.table[POS_LETTER]);
    /* Each pair counts for both of its characters. */
    CU_ASSERT_TRUE(rf_vocab_find(x.table[POS_PAIR], "我爱", strlen("我爱")) > 0);
    CU_ASSERT_TRUE(rf_vocab_find(x.table[POS_PAIR], "^我", strlen("^我")) > 0);
    CU_ASSERT_EQUAL(rf_vocab_find(x.table[POS_PAIR], "爱$", strlen("爱$")), -1);
    CU_ASSERT_EQUAL(pos_lexis_corpus(&x, &set, &c, NULL, c.n, false, NULL, &err), RF_OK);
    CU_ASSERT_EQUAL_FATAL(set.n, 2);
    CU_ASSERT_EQUAL(set.lengths[0], 3);
    CU_ASSERT_EQUAL(set.start[1], 3);
    const int32_t label[] = {4 + POS_B, 4 + POS_E, POS_S, 4 + POS_B, 4 + POS_E};
    for (int i = 0; i < 5; i++) CU_ASSERT_EQUAL(set.label.at[i], label[i]);
    CU_ASSERT_EQUAL(set.column[0].at[0], set.column[0].at[3]);
    CU_ASSERT_EQUAL(set.column[3].at[4], 0); /* the pair that was seen once */
    pos_set_free(&set);
    pos_lexis_free(&x);
    pos_corpus_free(&c);
}

int main(void)
{
    CU_TestInfo tests[] = {{"keys", test_keys},
                           {"labels", test_labels},
                           {"blanks end words", test_blanks_end_words},
                           {"given words keep their places", test_given_words_keep_their_places},
                           {"a lexicon takes the longest", test_lexicon_takes_the_longest},
                           {"it never breaks given words", test_lexicon_never_breaks_given_words},
                           {"bad lexica are pointed at", test_bad_lexica_are_pointed_at},
                           {"tagged paragraphs are cut", test_tagged_paragraphs_are_cut},
                           {"multiword tokens", test_multiword_tokens},
                           {"sentences as numbers", test_sentences_as_numbers},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "pos_units", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
