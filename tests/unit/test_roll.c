/* test_roll.c -- sets of piano rolls: what is read, and how bad ones are explained. */
#include <string.h>

#include <refrain/music.h>

#include "../suite.h"

static rf_rolls *parse(const char *json, rf_error *err)
{
    return rf_rolls_parse(json, strlen(json), "set.json", err);
}

static void a_set(void)
{
    rf_error err = {0};
    rf_rolls *r = parse("{\"note\": 1, \"test\": [[[108, -1, 21]], [[60], []]], \"valid\": [],\n"
                        " \"train\": [[[60, 64, 60.0], [62], [], [61, 63]]]}",
                        &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(rf_rolls_count(r, RF_SPLIT_TRAIN), 1);
    CU_ASSERT_EQUAL(rf_rolls_count(r, RF_SPLIT_VALID), 0);
    CU_ASSERT_EQUAL(rf_rolls_count(r, RF_SPLIT_TEST), 2);
    const rf_roll a = rf_rolls_at(r, RF_SPLIT_TRAIN, 0), b = rf_rolls_at(r, RF_SPLIT_TEST, 0);
    CU_ASSERT_EQUAL(a.steps, 4);
    static const int keys[] = {60, 64, 62 + RF_KEYS, 61 + 3 * RF_KEYS, 63 + 3 * RF_KEYS};
    int sum = 0;
    for (rf_index i = 0; i < a.steps * RF_KEYS; i++) sum += a.keys[i];
    CU_ASSERT_EQUAL(sum, 5);
    for (int i = 0; i < 5; i++) CU_ASSERT_EQUAL(a.keys[keys[i] - RF_KEY_LOWEST], 1);
    CU_ASSERT(b.steps == 1 && b.keys[0] == 1 && b.keys[RF_KEYS - 1] == 1);
    CU_ASSERT_EQUAL(rf_rolls_at(r, RF_SPLIT_TEST, 1).steps, 2);
    rf_rolls_free(r);
    rf_rolls_free(NULL);
}

static void bad_sets(void)
{
    static const struct {
        const char *json, *text;
    } bad[] = {{"{\"train\": [[[60], [62, 140]]], \"valid\": [], \"test\": []}",
                "set.json: train, piece 1, step 2: 140 where a pitch from 21 to 108 is due"},
               {"{\"train\": [], \"valid\": [[], [[60.5]]], \"test\": []}",
                "set.json: valid, piece 2, step 1: 60.5 where a pitch from 21 to 108 is due"},
               {"{\"train\": [], \"valid\": [], \"test\": [[[20]]]}",
                "set.json: test, piece 1, step 1: 20 where a pitch from 21 to 108 is due"},
               {"{\"train\": [[[60], [\"C\"]]], \"valid\": [], \"test\": []}",
                "set.json: train, piece 1, step 2: a pitch, a number, is due"},
               {"{\"train\": [[60]], \"valid\": [], \"test\": []}",
                "set.json: train, piece 1, step 1: a list of pitches is due"},
               {"{\"train\": [[], 7], \"valid\": [], \"test\": []}",
                "set.json: train, piece 2: a list of time steps is due"},
               {"{\"train\": [], \"valid\": 0, \"test\": []}",
                "set.json: \"valid\": a list of pieces is due"},
               {"{\"train\": [], \"valid\": []}", "set.json: \"test\": this part is missing"},
               {"[1]", "set.json: an object with \"train\", \"valid\" and \"test\" is due"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(parse(bad[i].json, &err));
        CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
        CU_ASSERT_STRING_EQUAL(err.text, bad[i].text);
    }
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(parse("{\"train\":\n [[[60, ]]]}", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "set.json:2:"));
    err = (rf_error){0};
    CU_ASSERT_PTR_NULL(rf_rolls_read("/no/such/set.json", &err));
    CU_ASSERT_EQUAL(err.status, RF_EIO);
}

static void names(void)
{
    CU_ASSERT_STRING_EQUAL(rf_split_name(RF_SPLIT_TRAIN), "train");
    CU_ASSERT_STRING_EQUAL(rf_split_name(RF_SPLIT_TEST), "test");
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a set", a_set}, {"bad sets", bad_sets}, {"names of parts", names}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "piano rolls", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
