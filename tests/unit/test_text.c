/* test_text.c -- UTF-8, vocabularies, byte pair encoding and tokenizers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/io.h>
#include <refrain/text.h>

#include "../suite.h"

/* ---- UTF-8 ------------------------------------------------------------------------------------- */

static void utf8_valid_and_invalid(void)
{
    static const struct {
        const char *s;
        size_t n;
        int length;
        int32_t code;
    } rows[] = {{"a", 1, 1, 'a'},
                {"\0", 1, 1, 0},
                {"\xc3\xa9", 2, 2, 0xe9},
                {"\xe6\x98\xa5", 3, 3, 0x6625},
                {"\xf0\x9f\x8e\xb5", 4, 4, 0x1f3b5},
                {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
                {"", 0, 0, -7},
                {"\x80", 1, -1, -7},             /* a middle alone */
                {"\xc0\xaf", 2, -1, -7},         /* longer than needed */
                {"\xe0\x80\xaf", 3, -1, -7},     /* the same */
                {"\xed\xa0\x80", 3, -1, -7},     /* half of a UTF-16 pair */
                {"\xf4\x90\x80\x80", 4, -1, -7}, /* above U+10FFFF */
                {"\xe6\x98", 2, -1, -7},         /* cut */
                {"\xe6\x98\xa5", 2, -1, -7},
                {"\xff", 1, -1, -7}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int32_t code = -7;
        CU_ASSERT_EQUAL(rf_utf8_next(rows[i].s, rows[i].n, &code), rows[i].length);
        if (rows[i].length > 0) CU_ASSERT_EQUAL(code, rows[i].code);
    }
}

static void utf8_all_codes_come_back(void)
{
    int wrong = 0;
    for (int32_t code = 0; code < 0x110000; code++) {
        char s[4];
        int32_t back = -1;
        int n = rf_utf8_put(code, s);
        bool half = code >= 0xd800 && code < 0xe000;
        wrong += half ? n != 0 : n < 1 || rf_utf8_next(s, (size_t)n, &back) != n || back != code;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    char s[4];
    CU_ASSERT_EQUAL(rf_utf8_put(-1, s), 0);
    CU_ASSERT_EQUAL(rf_utf8_put(0x110000, s), 0);
}

static void utf8_errors_name_line_and_byte(void)
{
    rf_error err = {0};
    const char *text = "plain ascii line\n春天\nab\xffzz\n";
    CU_ASSERT_EQUAL(rf_utf8_check(text, 24, "p.txt", &err), RF_OK);
    CU_ASSERT_EQUAL(rf_utf8_check(text, strlen(text), "p.txt", &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "p.txt:3:3: byte 0xff is not UTF-8");
    for (size_t n = 0; n < 40; n++) { /* found at every place of the fast path */
        char line[41];
        memset(line, 'x', sizeof line);
        line[n] = '\x80';
        rf_error at = {0};
        char due[60];
        snprintf(due, sizeof due, "q:1:%zu: byte 0x80 is not UTF-8", n + 1);
        CU_ASSERT_EQUAL(rf_utf8_check(line, sizeof line, "q", &at), RF_EFORMAT);
        CU_ASSERT_STRING_EQUAL(at.text, due);
    }
}

static void utf8_measures(void)
{
    CU_ASSERT_EQUAL(rf_utf8_count("ab春", 5), 3);
    CU_ASSERT_EQUAL(rf_utf8_width("ab春", 5), 4);
    CU_ASSERT_EQUAL(rf_utf8_width("e\xcc\x81", 3), 1); /* a combining accent */
}

static void text_files(void)
{
    char path[] = "/tmp/refrain-text-XXXXXX";
    rf_error err = {0};
    rf_str s = {0};
    CU_ASSERT_FATAL(close(mkstemp(path)) == 0);
    rf_file_write(path, "\xef\xbb\xbfhello", 8, NULL);
    rf_str_put(&s, "before ");
    CU_ASSERT_EQUAL(rf_text_read(path, &s, &err), RF_OK);
    CU_ASSERT_STRING_EQUAL(s.s, "before hello");
    rf_file_write(path, "ok\n\xfe", 4, NULL);
    CU_ASSERT_EQUAL(rf_text_read(path, &s, &err), RF_EFORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ":2:1: byte 0xfe is not UTF-8"));
    CU_ASSERT_STRING_EQUAL(s.s, "before hello");
    unlink(path);
    rf_str_free(&s);
}

/* ---- Vocabularies ------------------------------------------------------------------------------ */

static void vocab_of_counts(void)
{
    static const char *const special[] = {RF_UNK, RF_EOS, NULL};
    static const char *const due[] = {"<unk>", "<eos>", "c", "a", "b", "d"};
    rf_map *m = rf_map_new();
    rf_map_put(m, "d", 1, 1);
    rf_map_put(m, "b", 1, 2);
    rf_map_put(m, "a", 1, 2);
    rf_map_put(m, "c", 1, 9);
    rf_map_put(m, "<eos>", 5, 99);
    rf_vocab *v = rf_vocab_build(m, special, 0, 0, NULL);
    CU_ASSERT_EQUAL_FATAL(rf_vocab_size(v), 6);
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_STRING_EQUAL(rf_vocab_at(v, i, NULL), due[i]);
        CU_ASSERT_EQUAL(rf_vocab_find(v, due[i], strlen(due[i])), i);
    }
    rf_vocab_free(v);
    v = rf_vocab_build(m, special, 2, 0, NULL);
    CU_ASSERT_EQUAL(rf_vocab_size(v), 5);
    CU_ASSERT_EQUAL(rf_vocab_find(v, "d", 1), -1);
    rf_vocab_free(v);
    v = rf_vocab_build(m, NULL, 1, 2, NULL);
    CU_ASSERT_EQUAL(rf_vocab_size(v), 2);
    CU_ASSERT_STRING_EQUAL(rf_vocab_at(v, 0, NULL), "<eos>");
    rf_vocab_free(v);
    rf_map_free(m);
}

static void vocab_comes_back(void)
{
    rf_vocab *v = rf_vocab_new();
    rf_str json = {0};
    rf_vocab_add(v, "", 0);
    rf_vocab_add(v, "\0", 1);
    rf_vocab_add(v, "a\0b", 3);
    rf_vocab_add(v, "\"\\/\n\x7f", 5);
    rf_vocab_add(v, "春天", 6);
    for (int i = 0; i < 256; i++) rf_vocab_add(v, (const char[]){(char)i}, 1);
    CU_ASSERT_EQUAL(rf_vocab_write(v, &json, NULL), RF_OK);
    rf_vocab *w = rf_vocab_parse(json.s, json.n, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    CU_ASSERT_EQUAL_FATAL(rf_vocab_size(w), rf_vocab_size(v));
    for (int32_t i = 0; i < rf_vocab_size(v); i++) {
        size_t n, m;
        const char *a = rf_vocab_at(v, i, &n), *b = rf_vocab_at(w, i, &m);
        CU_ASSERT(n == m && !memcmp(a, b, n));
    }
    rf_vocab_free(v);
    rf_vocab_free(w);
    rf_vocab_free(NULL);
    rf_str_free(&json);
}

static void vocab_refuses(void)
{
    static const char *const rows[][2] = {{"[\"a\",\"b\",\"a\"]", "entry 2 is entry 0 again"},
                                          {"[1]", "entry 0 is not a string"},
                                          {"[{\"hex\":\"0\"}]", "entry 0 is not a string"},
                                          {"[{\"hex\":\"zz\"}]", "entry 0 is not a string"},
                                          {"{}", "not a list"},
                                          {"[", "not JSON"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(rf_vocab_parse(rows[i][0], strlen(rows[i][0]), &err));
        CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i][1]));
    }
}

/* ---- Byte pair encoding: what subword-nmt 0.3.8 gives for this text */

/* toy_pieces: with the first eight merges. */

static const char toy[] = "aaa aaaa aaaaa aaaaaaa ababab abababab bababa\n"
                          "aaa aa xx xxxxx  xxx\n"
                          "abcabc abcbcbc bcbc\n"
                          "aaa aaaa aaaaa aaaaaaa ababab abababab bababa\n"
                          "aaa aa xx xxxxx  xxx\n"
                          "abcabc abcbcbc bcbc\n"
                          "aaa aaaa aaaaa aaaaaaa ababab abababab bababa\n"
                          "aaa aa xx xxxxx  xxx\n"
                          "abcabc abcbcbc bcbc\n";
static const char toy_codes[] = "#version: 0.2\n"
                                "a a\n"
                                "a b\n"
                                "x x\n"
                                "ab ab\n"
                                "aa a</w>\n"
                                "c b\n"
                                "xx x</w>\n"
                                "cb c</w>\n"
                                "aa aaa</w>\n"
                                "a b</w>\n"
                                "a a</w>\n"
                                "xx xxx</w>\n"
                                "x x</w>\n"
                                "cb cbc</w>\n"
                                "c ab\n"
                                "cab c</w>\n"
                                "b cbc</w>\n"
                                "b abab\n"
                                "babab a</w>\n"
                                "abab ab</w>\n"
                                "abab ab\n"
                                "ababab ab</w>\n"
                                "ab cbcbc</w>\n"
                                "ab cabc</w>\n"
                                "aa aaaaa</w>\n"
                                "aa aa</w>\n";
static const char toy_pieces[] =
    "aaa aa@@ a@@ a aa@@ aaa aa@@ aa@@ aaa abab@@ a@@ b abab@@ ab@@ a@@ b b@@ abab@@ a\n"
    "aaa a@@ a x@@ x xx@@ xxx xxx\n"
    "ab@@ c@@ ab@@ c ab@@ cb@@ cbc b@@ cbc\n";

static void bpe_learns_as_subword_nmt(void)
{
    rf_str codes = {0};
    rf_bpe *b = rf_bpe_learn(toy, strlen(toy), "toy", 60, 2, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    rf_bpe_write(b, &codes);
    CU_ASSERT_STRING_EQUAL(codes.s, toy_codes);
    rf_bpe_free(b);
    rf_str_clear(&codes);
    b = rf_bpe_learn(toy, strlen(toy), "toy", 3, 2, NULL);
    CU_ASSERT_EQUAL(rf_bpe_merges(b), 3);
    rf_bpe_write(b, &codes);
    CU_ASSERT_EQUAL(strncmp(codes.s, toy_codes, codes.n), 0);
    rf_bpe_free(b);
    rf_str_free(&codes);
}

static void bpe_applies_as_subword_nmt(void)
{
    rf_str out = {0};
    size_t eight = (size_t)(strstr(toy_codes, "cb c</w>") - toy_codes) + 9;
    rf_bpe *b = rf_bpe_parse(toy_codes, eight, "toy.bpe", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    rf_bpe_apply(b, toy, strlen(toy) / 3, &out);
    CU_ASSERT_STRING_EQUAL(out.s, toy_pieces);
    rf_bpe_free(b);
    rf_str_free(&out);
}

/* Overlaps, and pairs that come up while others are joined, in the plain way. */
static int plain_split(const char *const merges[][2], int count, const char *word, char out[99])
{
    char parts[32][32];
    int n = 0;
    for (; word[n]; n++) snprintf(parts[n], 32, "%c%s", word[n], word[n + 1] ? "" : "</w>");
    for (int m = 0; m < count; m++) {
        int k = 0, found = 0;
        for (int i = 0; i < n; i++, k++) {
            bool here =
                i + 1 < n && !strcmp(parts[i], merges[m][0]) && !strcmp(parts[i + 1], merges[m][1]);
            char joined[32];
            snprintf(joined, 32, "%.14s%.14s", parts[i], here ? parts[i + 1] : "");
            snprintf(parts[k], 32, "%s", joined);
            i += here;
            found |= here;
        }
        n = k;
        if (found) m = -1; /* the first merge that fits, again */
    }
    out[0] = '\0';
    for (int i = 0; i < n; i++) {
        char *end = strstr(parts[i], "</w>");
        if (end) *end = '\0';
        strcat(strcat(out, i ? "|" : ""), parts[i]);
    }
    return n;
}

static void bpe_split_equals_the_plain_way(void)
{
    static const char *const merges[][2] = {
        {"a", "a"},       {"b", "a"}, {"aa", "b"},   {"b", "aab"},   {"a", "b"},  {"ab", "ab"},
        {"aa", "aa</w>"}, {"b", "b"}, {"ba", "aab"}, {"a", "a</w>"}, {"bb", "aa"}};
    enum { N = sizeof merges / sizeof *merges };
    rf_str codes = {0};
    rf_str_put(&codes, "#version: 0.2\n");
    for (int i = 0; i < N; i++) rf_str_printf(&codes, "%s %s\n", merges[i][0], merges[i][1]);
    rf_bpe *b = rf_bpe_parse(codes.s, codes.n, "c", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    int wrong = 0;
    for (uint32_t bits = 0; bits < 4096; bits++) {
        char word[13] = {0}, due[99], is[99] = {0};
        int n = 1 + (int)(bits % 12);
        for (int i = 0; i < n; i++) word[i] = bits >> i & 1 ? 'a' : 'b';
        rf_ids lengths = {0};
        plain_split(merges, N, word, due);
        rf_bpe_split(b, word, (size_t)n, &lengths);
        size_t at = 0;
        for (size_t i = 0; i < lengths.n; at += (size_t)lengths.at[i++])
            strncat(strcat(is, i ? "|" : ""), word + at, (size_t)lengths.at[i]);
        wrong += strcmp(is, due) != 0;
        rf_ids_free(&lengths);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    rf_bpe_free(b);
    rf_str_free(&codes);
}

static void bpe_refuses(void)
{
    static const char *const rows[][2] = {
        {"a b\n", "c.bpe:1: '#version: 0.2' is due"},
        {"#version: 0.1\n", "c.bpe:1: '#version: 0.2' is due"},
        {"#version: 0.2\na b\na b c\n", "c.bpe:3: 3 units where 2 are due"},
        {"#version: 0.2\n\na b\n", "c.bpe:2: 0 units where 2 are due"},
        {"#version: 0.2\na \xff\n", "c.bpe:2:3: byte 0xff is not UTF-8"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(rf_bpe_parse(rows[i][0], strlen(rows[i][0]), "c.bpe", &err));
        CU_ASSERT_STRING_EQUAL(err.text, rows[i][1]);
    }
    rf_bpe *b = rf_bpe_learn("", 0, "empty", 10, 2, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(rf_bpe_merges(b), 0);
    rf_bpe_free(b);
    rf_bpe_free(NULL);
    CU_ASSERT_PTR_NULL(rf_bpe_learn("\xff", 1, "x", 10, 2, NULL));
}

/* A page without blanks is one word: it must not take the square of its length. */
static void bpe_long_word(void)
{
    rf_str page = {0}, out = {0};
    for (int i = 0; i < 200000; i++) rf_str_put(&page, i % 3 ? "a" : "春");
    const char *codes = "#version: 0.2\na a\n春 aa\n春aa 春aa\n春aa春aa 春aa春aa\n";
    rf_bpe *b = rf_bpe_parse(codes, strlen(codes), "c", NULL);
    rf_bpe_apply(b, page.s, page.n, &out);
    CU_ASSERT_FALSE(out.failed);
    CU_ASSERT_EQUAL(strncmp(out.s, "春aa春aa春aa春aa@@ 春aa", 20), 0);
    rf_bpe_free(b);
    rf_str_free(&page);
    rf_str_free(&out);
}

/* ---- Tokenizers -------------------------------------------------------------------------------- */

static const char poem[] = "春眠不觉晓 ，处处闻啼鸟 。\n"
                           "the cat sat on the mat , the cat sat .\n"
                           "\n"
                           "caf\xc3\xa9 \xf0\x9f\x8e\xb5 end";

static rf_tokenizer *learned(rf_unit u, const char *text)
{
    rf_tokenizer_options o = {.unit = u, .merges = 20};
    rf_tokenizer *t = rf_tokenizer_learn(&o, text, strlen(text), "poem", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

static void tokenizers_come_back(void)
{
    for (rf_unit u = 0; u < RF_UNITS; u++) {
        rf_tokenizer *t = learned(u, poem);
        rf_str out = {0}, json = {0};
        rf_ids ids = {0}, again = {0};
        int64_t unknown = 0;
        CU_ASSERT_EQUAL(rf_tokenizer_encode(t, poem, strlen(poem), "p", &ids, &unknown, NULL), 0);
        CU_ASSERT_EQUAL(unknown, 0);
        rf_tokenizer_decode(t, ids.at, ids.n, &out);
        CU_ASSERT_STRING_EQUAL(out.s, poem);
        CU_ASSERT_EQUAL(rf_tokenizer_write(t, &json, NULL), RF_OK);
        rf_tokenizer *copy = rf_tokenizer_parse(json.s, json.n, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        CU_ASSERT_EQUAL(rf_tokenizer_unit(copy), u);
        CU_ASSERT_EQUAL(rf_tokenizer_size(copy), rf_tokenizer_size(t));
        CU_ASSERT_EQUAL(rf_tokenizer_eos(copy), rf_tokenizer_eos(t));
        CU_ASSERT_EQUAL(rf_tokenizer_unk(copy), rf_tokenizer_unk(t));
        rf_tokenizer_encode(copy, poem, strlen(poem), "p", &again, NULL, NULL);
        CU_ASSERT(again.n == ids.n && !memcmp(again.at, ids.at, ids.n * sizeof *ids.at));
        rf_tokenizer_free(t);
        rf_tokenizer_free(copy);
        rf_str_free(&out);
        rf_str_free(&json);
        rf_ids_free(&ids);
        rf_ids_free(&again);
    }
    rf_tokenizer_free(NULL);
}

static void encodes_to(rf_tokenizer *t, const char *text, int64_t unknown, const char *back)
{
    rf_ids ids = {0};
    rf_str out = {0};
    int64_t n = 0;
    CU_ASSERT_EQUAL(rf_tokenizer_encode(t, text, strlen(text), "x", &ids, &n, NULL), RF_OK);
    CU_ASSERT_EQUAL(n, unknown);
    rf_str_put(&out, "");
    rf_tokenizer_decode(t, ids.at, ids.n, &out);
    CU_ASSERT_STRING_EQUAL(out.s, back);
    if (strcmp(out.s, back)) printf("'%s' where '%s' is due\n", out.s, back);
    rf_ids_free(&ids);
    rf_str_free(&out);
}

static void unknown_units(void)
{
    rf_tokenizer *t = learned(RF_CHAR, poem);
    encodes_to(t, "the xyz 春q\n", 4, "the \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd 春\xef\xbf\xbd\n");
    encodes_to(t, "", 0, "");
    rf_tokenizer_free(t);
    t = learned(RF_WORD, poem);
    encodes_to(t, "the  dog\tsat\r\n<eos> <unk>", 3, "the <unk> sat\n<unk> <unk>");
    encodes_to(t, "\n\n", 0, "\n\n");
    encodes_to(t, "cat", 0, "cat");
    rf_tokenizer_free(t);
    t = learned(RF_BPE, poem);
    encodes_to(t, "the  cat sat\n", 0, "the cat sat\n");
    encodes_to(t, "mat Q mat", 1, "mat <unk> mat");
    rf_tokenizer_free(t);
}

static void ends_of_lines(void)
{
    for (rf_unit u = 0; u < RF_UNITS; u++) {
        rf_tokenizer *t = learned(u, "no end");
        rf_ids ids = {0};
        rf_tokenizer_encode(t, "no\n", 3, "x", &ids, NULL, NULL);
        CU_ASSERT_EQUAL(ids.at[ids.n - 1], rf_tokenizer_eos(t));
        CU_ASSERT_EQUAL(rf_tokenizer_unk(t), u == RF_BYTE ? -1 : 0);
        rf_ids_free(&ids);
        rf_tokenizer_free(t);
    }
}

static void frequency_cut_and_size(void)
{
    rf_tokenizer_options o = {.unit = RF_CHAR, .min_count = 2};
    rf_tokenizer *t = rf_tokenizer_learn(&o, "aaabbc\n", 7, "x", NULL);
    CU_ASSERT_EQUAL(rf_tokenizer_size(t), 4); /* <unk> \n a b */
    CU_ASSERT_STRING_EQUAL(rf_tokenizer_at(t, 2, NULL), "a");
    rf_tokenizer_free(t);
    o = (rf_tokenizer_options){.unit = RF_WORD, .max_size = 3};
    t = rf_tokenizer_learn(&o, "x y y", 5, "x", NULL);
    CU_ASSERT_EQUAL(rf_tokenizer_size(t), 3);
    CU_ASSERT_STRING_EQUAL(rf_tokenizer_at(t, 2, NULL), "y");
    rf_tokenizer_free(t);
}

static void streaming_equals_decoding(void)
{
    for (rf_unit u = 0; u < RF_UNITS; u++) {
        rf_tokenizer *t = learned(u, poem);
        rf_ids ids = {0};
        rf_str out = {0};
        rf_tokenizer_encode(t, poem, strlen(poem), "p", &ids, NULL, NULL);
        for (size_t i = 0; i < ids.n; i++)
            rf_tokenizer_put(t, i ? ids.at[i - 1] : -1, ids.at[i], &out);
        CU_ASSERT_STRING_EQUAL(out.s, poem);
        rf_tokenizer_put(t, 0, -5, &out);
        rf_tokenizer_put(t, 999999, 999999, &out);
        CU_ASSERT_STRING_EQUAL(out.s, poem);
        rf_ids_free(&ids);
        rf_str_free(&out);
        rf_tokenizer_free(t);
    }
}

static void bytes_are_any_bytes(void)
{
    char all[256];
    for (int i = 0; i < 256; i++) all[i] = (char)i;
    rf_tokenizer *t = learned(RF_BYTE, "");
    rf_ids ids = {0};
    rf_str out = {0};
    CU_ASSERT_EQUAL(rf_tokenizer_size(t), 256);
    CU_ASSERT_EQUAL(rf_tokenizer_encode(t, all, 256, "x", &ids, NULL, NULL), RF_OK);
    for (int i = 0; i < 256; i++) CU_ASSERT_EQUAL(ids.at[i], i);
    rf_tokenizer_decode(t, ids.at, ids.n, &out);
    CU_ASSERT(out.n == 256 && !memcmp(out.s, all, 256));
    rf_ids_free(&ids);
    rf_str_free(&out);
    rf_tokenizer_free(t);
}

static void tokenizers_refuse(void)
{
    static const char *const rows[][2] = {
        {"{", "not JSON"},
        {"{}", "no unit"},
        {"{\"unit\":\"letter\"}", "no unit"},
        {"{\"unit\":\"char\"}", "not a list"},
        {"{\"unit\":\"char\",\"vocabulary\":[]}", "entry 0 is not '<unk>'"},
        {"{\"unit\":\"char\",\"vocabulary\":[\"<unk>\",\"\\n\",\"ab\"]}",
         "entry 2 is not one char"},
        {"{\"unit\":\"word\",\"vocabulary\":[\"<unk>\",\"a\"]}", "entry 1 is not '<eos>'"},
        {"{\"unit\":\"bpe\",\"vocabulary\":[\"<unk>\",\"<eos>\"]}", "no codes"},
        {"{\"unit\":\"bpe\",\"codes\":\"x\"}", "codes:1: '#version: 0.2' is due"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(rf_tokenizer_parse(rows[i][0], strlen(rows[i][0]), &err));
        CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i][1]));
    }
    rf_error err = {0};
    rf_tokenizer_options o = {.unit = 9};
    CU_ASSERT_PTR_NULL(rf_tokenizer_learn(&o, "", 0, "x", &err));
    CU_ASSERT_EQUAL(err.status, RF_EINVAL);
    err = (rf_error){0};
    o.unit = RF_WORD;
    CU_ASSERT_PTR_NULL(rf_tokenizer_learn(&o, "a\nb\x80", 4, "x.txt", &err));
    CU_ASSERT_STRING_EQUAL(err.text, "x.txt:2:2: byte 0x80 is not UTF-8");
    rf_tokenizer *t = learned(RF_CHAR, "abc");
    rf_ids ids = {0};
    CU_ASSERT_EQUAL(rf_tokenizer_encode(t, "ab\xff", 3, "y", &ids, NULL, NULL), RF_EFORMAT);
    CU_ASSERT_EQUAL(ids.n, 0);
    rf_tokenizer_free(t);
}

static void unit_names(void)
{
    for (rf_unit u = 0; u < RF_UNITS; u++) CU_ASSERT_EQUAL(rf_unit_find(rf_unit_name(u)), u);
    CU_ASSERT_EQUAL(rf_unit_find("letter"), -1);
    CU_ASSERT_PTR_NULL(rf_unit_name(RF_UNITS));
}

int main(void)
{
    CU_TestInfo tests[] = {{"utf8 valid and invalid", utf8_valid_and_invalid},
                           {"utf8 all codes come back", utf8_all_codes_come_back},
                           {"utf8 errors name line and byte", utf8_errors_name_line_and_byte},
                           {"utf8 measures", utf8_measures},
                           {"text files", text_files},
                           {"vocab of counts", vocab_of_counts},
                           {"vocab comes back", vocab_comes_back},
                           {"vocab refuses", vocab_refuses},
                           {"bpe learns as subword-nmt", bpe_learns_as_subword_nmt},
                           {"bpe applies as subword-nmt", bpe_applies_as_subword_nmt},
                           {"bpe split equals the plain way", bpe_split_equals_the_plain_way},
                           {"bpe refuses", bpe_refuses},
                           {"bpe long word", bpe_long_word},
                           {"tokenizers come back", tokenizers_come_back},
                           {"unknown units", unknown_units},
                           {"ends of lines", ends_of_lines},
                           {"frequency cut and size", frequency_cut_and_size},
                           {"streaming equals decoding", streaming_equals_decoding},
                           {"bytes are any bytes", bytes_are_any_bytes},
                           {"tokenizers refuse", tokenizers_refuse},
                           {"unit names", unit_names},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "text", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
