/* test_task.c -- options inside models, and models of a task. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <refrain/task.h>

#include "../suite.h"

static const char *const words[] = {"lstm", "gru", NULL};
enum { LAYERS, RATE, CELL, TIE, NAME, FILE_OF, COUNT };
static const rf_option table[COUNT + 1] = {
    [LAYERS] =
        {.name = "layers", .type = RF_INT, .flags = RF_OPT_MODEL, .def = "1", .min = 1, .max = 9},
    [RATE] =
        {.name = "rate", .type = RF_REAL, .flags = RF_OPT_ABOVE, .def = "0.5", .min = 0, .max = 1},
    [CELL] =
        {.name = "cell", .type = RF_CHOICE, .flags = RF_OPT_MODEL, .def = "lstm", .choices = words},
    [TIE] = {.name = "tie", .type = RF_BOOL, .def = "0"},
    [NAME] = {.name = "name", .type = RF_STRING},
    [FILE_OF] = {.name = "file", .type = RF_INFILE}};

static void settings_of(rf_setting v[COUNT])
{
    memset(v, 0, COUNT * sizeof *v);
    v[LAYERS].as.i = 3;
    v[RATE].as.f = 0.1;
    v[CELL].as.i = 1;
    v[NAME] = (rf_setting){.set = 1, .count = 1, .as.s = "名 \"x\""};
    v[FILE_OF] = (rf_setting){.set = 1, .count = 1, .as.s = "here"};
}

static void writes_what_shapes_the_model_and_the_rest(void)
{
    static const char *const without[] = {"tie", NULL};
    rf_setting v[COUNT];
    rf_str a = {0}, b = {0};
    settings_of(v);
    CU_ASSERT(rf_settings_write(table, v, true, without, &a, NULL) == RF_OK);
    CU_ASSERT_STRING_EQUAL(a.s, "{\"layers\":3,\"cell\":\"gru\"}");
    CU_ASSERT(rf_settings_write(table, v, false, without, &b, NULL) == RF_OK);
    CU_ASSERT_STRING_EQUAL(b.s, "{\"rate\":0.10000000000000001,\"name\":\"名 \\\"x\\\"\"}");
    rf_str_free(&a);
    rf_str_free(&b);
}

static void reads_back_and_keeps_what_the_user_set(void)
{
    rf_arena *texts = rf_arena_new(0);
    rf_setting v[COUNT] = {{0}};
    const int needed[] = {LAYERS, CELL, -1}, more[] = {NAME, TIE, -1};
    rf_error err = {0};
    v[RATE] = (rf_setting){.set = 1, .count = 1, .as.f = 0.7};
    CU_ASSERT(rf_settings_read(table, v,
                               "{\"layers\":3,\"cell\":\"gru\",\"rate\":0.1,\"name\":\"n\"}", "m",
                               texts, &err) == RF_OK);
    CU_ASSERT(v[LAYERS].as.i == 3 && v[CELL].as.i == 1 && v[RATE].as.f == 0.7);
    CU_ASSERT_STRING_EQUAL(v[NAME].as.s, "n");
    CU_ASSERT(rf_settings_need(table, v, needed, "m", &err) == RF_OK);
    CU_ASSERT(rf_settings_need(table, v, more, "m", &err) == RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "m: its options lack tie");
    rf_arena_free(texts);
}

static void refuses(const char *json, const char *text)
{
    rf_arena *texts = rf_arena_new(0);
    rf_setting v[COUNT] = {{0}};
    rf_error err = {0};
    v[TIE] = (rf_setting){.set = 1, .count = 1, .as.i = 1};
    CU_ASSERT(rf_settings_read(table, v, json, "m", texts, &err) != RF_OK);
    CU_ASSERT_STRING_EQUAL(err.text, text);
    rf_arena_free(texts);
}

static void does_not_believe_a_file(void)
{
    refuses("[1]", "m: its options are none");
    refuses("{\"layers\":10}", "m: its option layers is no number from 1 to 9");
    refuses("{\"layers\":\"2\"}", "m: its option layers is no number from 1 to 9");
    refuses("{\"rate\":0}", "m: its option rate is no number from 0 to 1");
    refuses("{\"cell\":\"rnn\"}", "m: its cell rnn is not known here");
    refuses("{\"name\":5}", "m: its name (no text) is not known here");
    refuses("{\"tie\":1}", "m: its option tie is neither true nor false");
}

static void refuses_another_shape(void)
{
    rf_arena *texts = rf_arena_new(0);
    rf_setting v[COUNT] = {{0}};
    rf_error err = {0};
    v[LAYERS] = (rf_setting){.set = 1, .count = 1, .as.i = 2};
    CU_ASSERT(rf_settings_read(table, v, "{\"layers\":3}", "m.state", texts, &err) == RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text,
                           "--layers: m.state was begun with another value: leave it out");
    rf_arena_free(texts);
}

static void suggests_a_name(void)
{
    rf_error err = {0};
    CU_ASSERT(rf_name_unknown(&table[CELL], "lsmt", rf_cell_name_at, &err) == RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "--cell: there is no lsmt; did you mean lstm?");
    err = (rf_error){0};
    CU_ASSERT_PTR_NULL(rf_cell_named(NULL, "gruu", &err));
    CU_ASSERT_STRING_EQUAL(err.text, "there is no cell gruu; did you mean gru?");
    CU_ASSERT_PTR_EQUAL(rf_cell_named(NULL, "gru", NULL), rf_cell_find("gru"));
    CU_ASSERT_PTR_NULL(rf_optimizer_named(&table[CELL], "adaam", NULL));
    CU_ASSERT_PTR_EQUAL(rf_optimizer_named(NULL, "adam", NULL), rf_optimizer_find("adam"));
}

static void lists_words_that_are_not_near(void)
{
    static const char *const known[] = {"one", "two", NULL};
    rf_error err = {0};
    CU_ASSERT(rf_word_unknown(RF_EFORMAT, "a.csv:1: no column", "seventeen", known, &err) ==
              RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "a.csv:1: no column seventeen; known are one, two");
    err = (rf_error){0};
    rf_word_unknown(RF_EINVAL, "no column", "one", known + 2, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "no column one; known are none");
}

static void keeps_models_apart(void)
{
    char path[64];
    rf_error err = {0};
    snprintf(path, sizeof path, "test_task_%d.safetensors", (int)getpid());
    rf_model *m = rf_model_new();
    rf_params *ps = rf_params_new();
    rf_param *p =
        rf_params_add(ps, "w", RF_SHAPE(2, 3), (rf_init){RF_INIT_UNIFORM, 1, 0, 0, 0}, NULL);
    rf_params_init(ps, 1);
    rf_real first = p->value.data[5];
    CU_ASSERT(rf_model_set_text(m, RF_META_PLUGIN, "org.a", NULL) == RF_OK);
    CU_ASSERT(rf_model_set_text(m, RF_META_TASK, "b", NULL) == RF_OK);
    CU_ASSERT(rf_model_set(m, RF_META_OPTIONS, "{\"layers\":4}", NULL) == RF_OK);
    CU_ASSERT(rf_params_store(ps, m, RF_F32, NULL) == RF_OK);
    CU_ASSERT(rf_model_write(m, path, NULL) == RF_OK);
    rf_model_free(m);
    CU_ASSERT_PTR_NULL(rf_task_model_read(path, "org.other", "b", &err));
    CU_ASSERT(strstr(err.text, "a model of org.a, where one of org.other is due") != NULL);
    err = (rf_error){0};
    CU_ASSERT_PTR_NULL(rf_task_model_read(path, "org.a", "c", &err));
    CU_ASSERT(strstr(err.text, "a model of b, where one of c is due") != NULL);
    m = rf_task_model_read(path, "org.a", "b", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    rf_arena *texts = rf_arena_new(0);
    rf_setting v[COUNT] = {{0}};
    CU_ASSERT(rf_task_options_read(m, table, v, texts, NULL) == RF_OK && v[LAYERS].as.i == 4);
    p->value.data[5] = 0;
    CU_ASSERT(rf_params_load(ps, m, NULL) == RF_OK && p->value.data[5] == first);
    rf_arena_free(texts);
    rf_model_free(m);
    rf_params_free(ps);
    unlink(path);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"writes what shapes the model, and the rest", writes_what_shapes_the_model_and_the_rest},
        {"reads back, and keeps what the user set", reads_back_and_keeps_what_the_user_set},
        {"does not believe a file", does_not_believe_a_file},
        {"refuses another shape", refuses_another_shape},
        {"suggests a name", suggests_a_name},
        {"lists words that are not near", lists_words_that_are_not_near},
        {"keeps models apart", keeps_models_apart},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "task", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
