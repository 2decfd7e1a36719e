/* test_base.c -- errors, arenas, random numbers, strings and maps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/base.h>

#include "../suite.h"

static void error_keeps_first(void)
{
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_fail(&err, RF_EFORMAT, "a.txt:%d: bad", 3), RF_EFORMAT);
    CU_ASSERT_EQUAL(rf_fail(&err, RF_ENOMEM, "later"), RF_ENOMEM);
    CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "a.txt:3: bad");
    CU_ASSERT_EQUAL(rf_fail(NULL, RF_EIO, "x"), RF_EIO);
}

static void error_is_one_line(void)
{
    rf_error err = {0};
    char longer[2000];
    memset(longer, 'x', sizeof longer);
    longer[1999] = '\0';
    longer[1] = '\n';
    rf_fail(&err, RF_EIO, "%s", longer);
    CU_ASSERT_EQUAL(strlen(err.text), sizeof err.text - 1);
    CU_ASSERT_EQUAL(err.text[1], '?');
}

static void status_names(void)
{
    CU_ASSERT_STRING_EQUAL(rf_status_name(RF_OK), "ok");
    CU_ASSERT_STRING_EQUAL(rf_status_name(RF_ENOMEM), "no memory");
    CU_ASSERT_STRING_EQUAL(rf_status_name(RF_EINTERNAL), "internal");
    CU_ASSERT_STRING_EQUAL(rf_status_name(-99), "unknown");
    CU_ASSERT_STRING_EQUAL(rf_status_name(INT32_MIN), "unknown");
    CU_ASSERT_STRING_EQUAL(rf_status_name(7), "unknown");
}

static void arena_aligns(void)
{
    rf_arena *a = rf_arena_new(100);
    for (size_t n = 0; n < 300; n++) {
        char *p = rf_arena_zalloc(a, n);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < n; i++) CU_ASSERT_EQUAL(p[i], 0);
        memset(p, 0x55, n);
    }
    CU_ASSERT_STRING_EQUAL(rf_arena_strdup(a, "hello"), "hello");
    CU_ASSERT_PTR_NULL(rf_arena_alloc(a, SIZE_MAX));
    CU_ASSERT_PTR_NULL(rf_arena_alloc(a, SIZE_MAX / 2));
    rf_arena_free(a);
    rf_arena_free(NULL);
}

static void arena_settles(void)
{
    rf_arena *a = rf_arena_new(64);
    size_t mallocs = 0;
    for (int round = 0; round < 6; round++) {
        for (size_t n = 1; n < 200; n++) rf_arena_alloc(a, n * 70);
        if (round > 1) rf_arena_alloc(a, 160000); /* a tenth more than in the first two rounds */
        CU_ASSERT(rf_arena_used(a) > 0);
        if (round == 1) mallocs = rf_arena_mallocs(a);
        rf_arena_reset(a);
        CU_ASSERT_EQUAL(rf_arena_used(a), 0);
    }
    CU_ASSERT_EQUAL(rf_arena_mallocs(a), mallocs);
    rf_arena_free(a);
}

static void arrays_of_any_type_grow(void)
{
    double *x = NULL;
    char **names = NULL;
    CU_ASSERT_FATAL(rf_resize(&x, 3, sizeof *x) && rf_resize(&names, 2, sizeof *names));
    x[2] = 5;
    CU_ASSERT(rf_resize(&x, 1000, sizeof *x) && x[2] == 5);
    const double *before = x;
    CU_ASSERT(!rf_resize(&x, SIZE_MAX / 2, sizeof *x) && x == before);
    free(x);
    free(names);
}

static void aligned_memory(void)
{
    unsigned char *p = rf_aligned_calloc(33, 3);
    CU_ASSERT_EQUAL((uintptr_t)p % 64, 0);
    for (int i = 0; i < 99; i++) CU_ASSERT_EQUAL(p[i], 0);
    rf_aligned_free(p);
    volatile size_t huge = SIZE_MAX / 2;
    CU_ASSERT_PTR_NULL(rf_aligned_calloc(huge, 3));
    rf_aligned_free(NULL);
}

/* The known answers that come with Random123 (kat_vectors, philox 4x32 10). */
static void philox_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const uint32_t *c = rows[r].counter, *k = rows[r].key;
        rf_key key = {.seed = k[0] | (uint64_t)k[1] << 32, .step = c[2] | (uint64_t)c[3] << 32};
        uint32_t out[4];
        rf_random(key, c[0] | (uint64_t)c[1] << 32, out);
        CU_ASSERT_EQUAL(memcmp(out, rows[r].out, sizeof out), 0);
    }
}

static void random_depends_on_all_of_the_key(void)
{
    rf_key base = rf_key_make(7, "dropout", 3);
    rf_key others[] = {rf_key_make(8, "dropout", 3), rf_key_make(7, "shuffle", 3),
                       rf_key_make(7, "dropout", 4)};
    for (int k = 0; k < 3; k++) CU_ASSERT_NOT_EQUAL(rf_uniform(base, 0), rf_uniform(others[k], 0));
    CU_ASSERT_EQUAL(rf_uniform(base, 5), rf_uniform(rf_key_make(7, "dropout", 3), 5));
    CU_ASSERT_EQUAL(rf_stream(""), 2166136261u);
    CU_ASSERT_EQUAL(rf_stream("a"), 0xe40c292cu);
}

static void moments(void)
{
    enum { N = 200000 };
    rf_key key = rf_key_make(1, "test", 0);
    double u = 0, uu = 0, n1 = 0, n2 = 0, n4 = 0, across = 0;
    for (uint64_t i = 0; i < N; i++) {
        double x = rf_uniform(key, i), z = rf_normal(key, i);
        CU_ASSERT(x >= 0 && x < 1);
        u += x, uu += x * x, n1 += z, n2 += z * z, n4 += z * z * z * z;
        across += z * rf_normal(key, i ^ 1);
    }
    CU_ASSERT_DOUBLE_EQUAL(u / N, 0.5, 0.003);
    CU_ASSERT_DOUBLE_EQUAL(uu / N, 1.0 / 3, 0.003);
    CU_ASSERT_DOUBLE_EQUAL(n1 / N, 0, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(n2 / N, 1, 0.02);
    CU_ASSERT_DOUBLE_EQUAL(n4 / N, 3, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(across / N, 0, 0.02);
}

static void shuffle_permutes(void)
{
    uint32_t p[100], again[100], seen[100] = {0}, moved = 0;
    rf_shuffle(rf_key_make(1, "s", 0), p, 100);
    rf_shuffle(rf_key_make(1, "s", 0), again, 100);
    CU_ASSERT_EQUAL(memcmp(p, again, sizeof p), 0);
    for (uint32_t i = 0; i < 100; i++) {
        CU_ASSERT_FATAL(p[i] < 100);
        seen[p[i]]++;
        moved += p[i] != i;
    }
    for (uint32_t i = 0; i < 100; i++) CU_ASSERT_EQUAL(seen[i], 1);
    CU_ASSERT(moved > 80);
    int count[6] = {0}; /* all six orders of three come equally often */
    for (uint64_t s = 0; s < 6000; s++) {
        rf_shuffle(rf_key_make(s, "s", 0), p, 3);
        count[p[0] * 2 + (p[1] > p[2])]++;
    }
    for (int i = 0; i < 6; i++) CU_ASSERT(count[i] > 850 && count[i] < 1150);
    rf_shuffle(rf_key_make(1, "s", 0), p, 0);
}

static void strings_grow(void)
{
    rf_str b = {0};
    rf_str_add(&b, "", 0);
    CU_ASSERT_STRING_EQUAL(b.s, "");
    for (int i = 0; i < 1000; i++) rf_str_printf(&b, "%03d,", i);
    CU_ASSERT_EQUAL(b.n, 4000);
    CU_ASSERT_EQUAL(strlen(b.s), 4000);
    CU_ASSERT_EQUAL(memcmp(b.s + 3996, "999,", 5), 0);
    rf_str_clear(&b);
    rf_str_put(&b, "abc");
    rf_str_add(&b, "d\0e", 3);
    CU_ASSERT_EQUAL(b.n, 6);
    CU_ASSERT_EQUAL(memcmp(b.s, "abcd\0e", 7), 0);
    rf_str_add(&b, "x", SIZE_MAX / 2);
    CU_ASSERT(b.failed);
    rf_str_put(&b, "more");
    CU_ASSERT_EQUAL(b.n, 6);
    rf_str_free(&b);
    CU_ASSERT_PTR_NULL(b.s);
}

static void edit_distances(void)
{
    static const struct {
        const char *a, *b;
        int d;
    } rows[] = {{"", "", 0},         {"a", "", 1},           {"", "abc", 3},
                {"ab", "ba", 1},     {"ca", "abc", 3},       {"kitten", "sitting", 3},
                {"same", "same", 0}, {"hidden", "hiddne", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(rf_edit_distance(rows[i].a, rows[i].b), rows[i].d);
        CU_ASSERT_EQUAL(rf_edit_distance(rows[i].b, rows[i].a), rows[i].d);
    }
}

static void nearest_words(void)
{
    static const char *const words[] = {"layers", "hidden", "dropout", "seed", NULL};
    CU_ASSERT_STRING_EQUAL(rf_nearest("layer", words), "layers");
    CU_ASSERT_STRING_EQUAL(rf_nearest("hiddne", words), "hidden");
    CU_ASSERT_STRING_EQUAL(rf_nearest("drop-out", words), "dropout");
    CU_ASSERT_PTR_NULL(rf_nearest("zebra", words));
    CU_ASSERT_PTR_NULL(rf_nearest("", words));
}

static void map_counts(void)
{
    rf_map *m = rf_map_new();
    CU_ASSERT_EQUAL(rf_map_get(m, "x", 1, -7), -7);
    CU_ASSERT_EQUAL(rf_map_add(m, "x", 1, 2), 2);
    CU_ASSERT_EQUAL(rf_map_add(m, "x", 1, 3), 5);
    CU_ASSERT(rf_map_put(m, "x", 2, 9)); /* "x\0" is another key */
    CU_ASSERT(rf_map_put(m, "", 0, 11));
    CU_ASSERT_EQUAL(rf_map_get(m, "x", 1, -1), 5);
    CU_ASSERT_EQUAL(rf_map_get(m, "x\0", 2, -1), 9);
    CU_ASSERT_EQUAL(rf_map_get(m, NULL, 0, -1), 11);
    CU_ASSERT_EQUAL(rf_map_count(m), 3);
    rf_map_free(m);
    rf_map_free(NULL);
}

static void map_keeps_order_and_keys(void)
{
    enum { N = 50000 };
    rf_map *m = rf_map_new();
    char key[32];
    for (int i = 0; i < N; i++) {
        int n = snprintf(key, sizeof key, "key-%d", i * 31);
        CU_ASSERT(rf_map_put(m, key, (size_t)n, i));
    }
    size_t n;
    const char *first = rf_map_at(m, 0, &n, NULL);
    CU_ASSERT_EQUAL(rf_map_count(m), N);
    for (int i = 0; i < N; i++) {
        int64_t value;
        const char *k = rf_map_at(m, (size_t)i, &n, &value);
        snprintf(key, sizeof key, "key-%d", i * 31);
        CU_ASSERT(n == strlen(key) && !strcmp(k, key) && value == i);
        CU_ASSERT_EQUAL(rf_map_get(m, key, n, -1), i);
    }
    CU_ASSERT_STRING_EQUAL(first, "key-0");
    char *big = calloc(1, 200000);
    CU_ASSERT(rf_map_put(m, big, 200000, 1));
    CU_ASSERT_EQUAL(rf_map_get(m, big, 200000, 0), 1);
    CU_ASSERT_EQUAL(rf_map_get(m, big, 199999, 0), 0);
    free(big);
    rf_map_free(m);
}

static void lists_have_items(void)
{
    const char *const due[] = {"a", "b c", "", "d", ""};
    const char *rest = " a,b c ,, d,", *item;
    size_t n = 0;
    int k = 0;
    for (; rf_list_next(&rest, &item, &n); k++)
        CU_ASSERT(k < 5 && n == strlen(due[k]) && !strncmp(item, due[k], n));
    CU_ASSERT_EQUAL(k, 5);
    rest = "";
    CU_ASSERT(rf_list_next(&rest, &item, &n) && n == 0);
    CU_ASSERT(!rf_list_next(&rest, &item, &n));
    rest = NULL;
    CU_ASSERT(!rf_list_next(&rest, &item, &n));
}

static void numbers_are_whole_texts(void)
{
    double x = 0;
    CU_ASSERT(rf_number_parse(" -2.5e1 ", 8, &x) && x == -25);
    CU_ASSERT(rf_number_parse("12345", 3, &x) && x == 123);
    const char *const none[] = {"", " ", "1x", "0x10", "inf", "nan", "1e999", "1 2", "e", "--1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CU_ASSERT(!rf_number_parse(none[i], strlen(none[i]), &x));
}

/* Known answers of FNV-1a, 64 bits. */
static void hashes_are_known(void)
{
    CU_ASSERT_EQUAL(rf_hash(RF_HASH, "", 0), UINT64_C(0xcbf29ce484222325));
    CU_ASSERT_EQUAL(rf_hash(RF_HASH, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
    CU_ASSERT_EQUAL(rf_hash(rf_hash(RF_HASH, "foo", 3), "bar", 3), UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    CU_TestInfo tests[] = {{"error keeps first", error_keeps_first},
                           {"error is one line", error_is_one_line},
                           {"status names", status_names},
                           {"arena aligns", arena_aligns},
                           {"arena settles", arena_settles},
                           {"aligned memory", aligned_memory},
                           {"arrays of any type grow", arrays_of_any_type_grow},
                           {"philox known answers", philox_known_answers},
                           {"random depends on all of the key", random_depends_on_all_of_the_key},
                           {"moments", moments},
                           {"shuffle permutes", shuffle_permutes},
                           {"strings grow", strings_grow},
                           {"edit distances", edit_distances},
                           {"nearest words", nearest_words},
                           {"lists have items", lists_have_items},
                           {"numbers are whole texts", numbers_are_whole_texts},
                           {"hashes are known", hashes_are_known},
                           {"map counts", map_counts},
                           {"map keeps order and keys", map_keeps_order_and_keys},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "base", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
