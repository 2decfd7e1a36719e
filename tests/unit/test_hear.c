/* test_hear.c -- "rf.hear/1" of the pinyin plugin, with a model that it trains itself. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/io.h>

#include "../../plugins/pinyin/listen.h"
#include "../../plugins/pinyin/listen_hear.h"
#include "../suite.h"

/* ---- A host ------------------------------------------------------------------------------------------ */

static char failure[512];

static rf_status emit(const rf_host *h, const rf_event *ev)
{
    (void)h;
    (void)ev;
    return RF_OK;
}

static rf_status progress(const rf_host *h, double done, double total, const char *unit)
{
    (void)h;
    (void)done;
    (void)total;
    (void)unit;
    return RF_OK;
}

static rf_status fail(const rf_host *h, rf_status status, const char *msg)
{
    (void)h;
    snprintf(failure, sizeof failure, "%s", msg);
    return status;
}

static void silence(const rf_host *h, rf_level level, const char *msg)
{
    (void)h;
    (void)level;
    (void)msg;
}

static const void *service(const rf_host *h, const char *id)
{
    (void)h;
    (void)id;
    return NULL;
}

static const rf_host host = {.size = sizeof host,
                             .abi_minor = RF_ABI_MINOR,
                             .name = "test",
                             .version = "1",
                             .emit = emit,
                             .progress = progress,
                             .fail = fail,
                             .log = silence,
                             .service = service};

/* The default of an option, as the host makes it. */
static rf_setting setting(const rf_option *o)
{
    static const char *const none[] = {NULL};
    rf_setting v = {.count = o->def != NULL};
    if (o->flags & RF_OPT_LIST) v.as.list = none;
    if (!o->def) return v;
    if (o->type == RF_REAL)
        v.as.f = atof(o->def);
    else if (o->type == RF_CHOICE)
        while (strcmp(o->choices[v.as.i], o->def)) v.as.i++;
    else if (o->type == RF_INT || o->type == RF_BOOL)
        v.as.i = atoll(o->def);
    else
        v.as.s = o->def;
    return v;
}

static rf_run run_of(const rf_option *table, rf_setting *v, const char *model)
{
    rf_run r = {.size = sizeof r, .threads = 1, .seed = 1, .opt = v, .model = model};
    for (; table[r.opt_count].name; r.opt_count++) v[r.opt_count] = setting(&table[r.opt_count]);
    return r;
}

/* ---- A model ------------------------------------------------------------------------------------------- */

static void put_le(rf_str *s, uint32_t x, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        const char c = (char)(x >> (8 * i) & 0xff);
        rf_str_add(s, &c, 1);
    }
}

static float sample(size_t i) { return 0.3f * sinf(0.4f * (float)i + (float)(i / 900)); }

static void write_wav(const char *path, size_t n)
{
    rf_str s = {0};
    rf_str_put(&s, "RIFF");
    put_le(&s, (uint32_t)(36 + 2 * n), 4);
    rf_str_put(&s, "WAVEfmt ");
    put_le(&s, 16, 4);
    put_le(&s, 1 | 1 << 16, 4);
    put_le(&s, 8000, 4);
    put_le(&s, 16000, 4);
    put_le(&s, 2 | 16 << 16, 4);
    rf_str_put(&s, "data");
    put_le(&s, (uint32_t)(2 * n), 4);
    for (size_t i = 0; i < n; i++) put_le(&s, (uint32_t)(int32_t)(sample(i) * 32767), 2);
    CU_ASSERT_EQUAL_FATAL(rf_file_write(path, s.s, s.n, NULL), RF_OK);
    rf_str_free(&s);
}

static char folder[] = "/tmp/test_hear_XXXXXX", table[64], model[64], sound[64], state[80];

static void train(void)
{
    static const char text[] = "file\tpinyin\na.wav\tma1 shi4\n";
    rf_setting v[LISTEN_TRAIN_COUNT];
    rf_session s = {.host = &host};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(table, sizeof table, "%s/t.tsv", folder);
    snprintf(model, sizeof model, "%s/m", folder);
    snprintf(state, sizeof state, "%s.state", model);
    snprintf(sound, sizeof sound, "%s/a.wav", folder);
    write_wav(sound, 6000);
    CU_ASSERT_EQUAL_FATAL(rf_file_write(table, text, sizeof text - 1, NULL), RF_OK);
    rf_run r = run_of(listen_train_options, v, model);
    const char *const arg[] = {table, NULL};
    r.arg = arg;
    r.arg_count = 1;
    v[LISTEN_TRAIN_RATE].as.i = 8000;
    v[LISTEN_TRAIN_MELS].as.i = 8;
    v[LISTEN_TRAIN_HIDDEN].as.i = 8;
    v[LISTEN_TRAIN_LAYERS].as.i = 1;
    v[LISTEN_TRAIN_DROPOUT].as.f = 0;
    v[LISTEN_TRAIN_VALID_FRACTION].as.f = 0;
    v[LISTEN_TRAIN_LEARN + RF_LEARN_EPOCHS].as.i = 60;
    v[LISTEN_TRAIN_LEARN + RF_LEARN_RATE].as.f = 0.03;
    CU_ASSERT_EQUAL_FATAL(listen_train(&s, &r), RF_OK);
}

/* ---- Hearing ------------------------------------------------------------------------------------------- */

static const char *heard(rf_hear_state *l)
{
    const char *text = NULL;
    double score = 1;
    CU_ASSERT_EQUAL_FATAL(listen_hear.candidate(l, 0, &text, &score), RF_OK);
    CU_ASSERT(score <= 0);
    return text;
}

/* The sound of the training at twice its rate, in pieces. */
static void feed_all(rf_hear_state *l)
{
    float x[500];
    for (size_t at = 0; at < 12000; at += 500) {
        for (size_t i = 0; i < 500; i++)
            x[i] = 0.3f * sinf(0.2f * (float)(at + i) + (float)((at + i) / 1800));
        CU_ASSERT_EQUAL_FATAL(listen_hear.feed(l, x, 500), RF_OK);
    }
}

static void sound_comes_in_pieces(void)
{
    rf_setting v[LISTEN_COUNT];
    rf_session s = {.host = &host};
    rf_hear_state *l;
    const float wrong = NAN;
    const char *text;
    double score;
    train();
    rf_run r = run_of(listen_options, v, model);
    v[LISTEN_NBEST].as.i = 3;
    v[LISTEN_CHUNK].as.f = 60;
    CU_ASSERT_EQUAL(listen_hear.begin(&s, &r, 50, &l), RF_EINVAL);
    CU_ASSERT(!l && strstr(failure, "50 samples per second"));
    CU_ASSERT_EQUAL_FATAL(listen_hear.begin(&s, &r, 16000, &l), RF_OK);
    for (int round = 0; round < 2; round++) {
        CU_ASSERT_STRING_EQUAL(heard(l), "");
        feed_all(l);
        CU_ASSERT_EQUAL(listen_hear.feed(l, &wrong, 1), RF_EINVAL);
        CU_ASSERT_EQUAL(listen_hear.finish(l), RF_OK);
        CU_ASSERT_STRING_EQUAL(heard(l), "ma1 shi4");
        CU_ASSERT_EQUAL(listen_hear.candidate(l, 1, &text, &score), RF_OK);
        CU_ASSERT_EQUAL(listen_hear.candidate(l, 3, &text, &score), RF_EINVAL);
        CU_ASSERT_EQUAL(listen_hear.feed(l, &wrong, 0), RF_EINVAL);
        CU_ASSERT_STRING_EQUAL(failure, "the sound is over");
        CU_ASSERT_EQUAL(listen_hear.clear(l), RF_OK);
    }
    listen_hear.end(l);
    listen_hear.end(NULL);
    r.model = table;
    CU_ASSERT_EQUAL(listen_hear.begin(&s, &r, 16000, &l), RF_EFORMAT);
    const char *const made[] = {sound, table, state, model, folder};
    for (int i = 0; i < 5; i++) remove(made[i]);
}

int main(void)
{
    CU_TestInfo tests[] = {{"sound comes in pieces", sound_comes_in_pieces}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "hear", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
