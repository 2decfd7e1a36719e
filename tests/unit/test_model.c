/* test_model.c -- safetensors files: what is written is read, and what is damaged is named. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <refrain/io.h>
#include <refrain/model.h>

#include "../suite.h"

static char path[] = "/tmp/refrain-model-XXXXXX";

/* ---- Types ------------------------------------------------------------------------------------- */

static uint16_t stored(rf_dtype t, double x)
{
    rf_real r = (rf_real)x;
    uint16_t code;
    rf_real_store(t, &code, &r, 1);
    return code;
}

static void dtype_names(void)
{
    for (rf_dtype t = 0; t < RF_DTYPES; t++) {
        CU_ASSERT_EQUAL(rf_dtype_find(rf_dtype_name(t)), t);
        CU_ASSERT(rf_dtype_bytes(t) >= 1 && rf_dtype_bytes(t) <= 8);
    }
    CU_ASSERT_EQUAL(rf_dtype_find("bf16"), RF_BF16);
    CU_ASSERT_EQUAL(rf_dtype_find("F8_E4M3"), -1);
    CU_ASSERT_PTR_NULL(rf_dtype_name(RF_DTYPES));
    CU_ASSERT_PTR_NULL(rf_dtype_name(-1));
}

static void rounding(void)
{
    static const struct {
        double x;
        uint16_t f16, bf16;
    } rows[] = {{0, 0, 0},
                {1, 0x3c00, 0x3f80},
                {-2, 0xc000, 0xc000},
                {65504, 0x7bff, 0x4780},
                {65519, 0x7bff, 0x4780},
                {65520, 0x7c00, 0x4780},
                {1 + 1.0 / 2048, 0x3c00, 0x3f80}, /* halfway: to even, down */
                {1 + 3.0 / 2048, 0x3c02, 0x3f80}, /* halfway: to even, up */
                {1 + 1.0 / 256, 0x3c04, 0x3f80},
                {1 + 3.0 / 256, 0x3c0c, 0x3f82},
                {5.9604644775390625e-8, 0x0001, 0x3380}, /* the least f16 */
                {2.98023223876953125e-8, 0x0000, 0x3300},
                {6.103515625e-5, 0x0400, 0x3880},
                {3.3895313892515355e38, 0x7c00, 0x7f7f},
                {3.4e38, 0x7c00, 0x7f80},
                {INFINITY, 0x7c00, 0x7f80},
                {-INFINITY, 0xfc00, 0xff80}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(stored(RF_F16, rows[i].x), rows[i].f16);
        CU_ASSERT_EQUAL(stored(RF_BF16, rows[i].x), rows[i].bf16);
    }
    CU_ASSERT_EQUAL(stored(RF_F16, -0.0), 0x8000);
}

/* Every 16-bit code is read and written back as itself. */
static void halves_come_back(void)
{
    for (rf_dtype t = RF_F16; t <= RF_BF16; t++) {
        int wrong = 0;
        for (uint32_t c = 0; c < 65536; c++) {
            uint16_t in = (uint16_t)c, out;
            rf_real x;
            rf_real_load(t, &x, &in, 1);
            rf_real_store(t, &out, &x, 1);
            rf_real again;
            rf_real_load(t, &again, &out, 1);
            wrong += isnan(x) ? !isnan(again) : in != out;
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

/* ---- Models ------------------------------------------------------------------------------------ */

static rf_model *sample(void)
{
    rf_model *m = rf_model_new();
    rf_real w[6] = {1, 2, (rf_real)-3.5, 0, (rf_real)1e-3, 100};
    rf_tensor t = {w, RF_SHAPE(2, 3)}, one = {w + 2, RF_SCALAR}, none = {w, RF_SHAPE(0, 3)};
    int64_t big[3] = {INT64_MIN, -1, INT64_MAX};
    uint8_t bytes[5] = {0, 1, 127, 128, 255};
    CU_ASSERT_EQUAL(rf_model_add(m, "bytes", RF_U8, RF_SHAPE(5), bytes, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_add_real(m, "half", RF_F16, t, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_add_real(m, "w", RF_F32, t, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_add_real(m, "scalar", RF_F64, one, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_add_real(m, "brain", RF_BF16, t, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_add_real(m, "none", RF_F32, none, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_add(m, "integers", RF_I64, RF_SHAPE(3), big, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_set_text(m, "refrain.task", "lm", NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_set_text(m, "note", "it's \"春\"\n\t\\", NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_set_number(m, "loss", 1.25, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_set(m, "list", "[1, {\"a\": null}, \"\\u0000\"]", NULL), RF_OK);
    return m;
}

static void check_sample(const rf_model *m)
{
    rf_real w[6], due[6] = {1, 2, (rf_real)-3.5, 0, (rf_real)1e-3, 100};
    rf_tensor t = {w, RF_SHAPE(2, 3)}, one = {w, RF_SCALAR};
    int64_t n[5];
    rf_str s = {0};
    CU_ASSERT_EQUAL(rf_model_count(m), 7);
    CU_ASSERT_EQUAL(rf_model_get_real(m, "w", t, NULL), RF_OK);
    for (int i = 0; i < 6; i++) CU_ASSERT_DOUBLE_EQUAL(w[i], due[i], 1e-9);
    CU_ASSERT_EQUAL(rf_model_get_real(m, "half", t, NULL), RF_OK);
    for (int i = 0; i < 6; i++) CU_ASSERT_DOUBLE_EQUAL(w[i], due[i], 1e-6);
    CU_ASSERT_EQUAL(rf_model_get_real(m, "brain", t, NULL), RF_OK);
    for (int i = 0; i < 6; i++) CU_ASSERT_DOUBLE_EQUAL(w[i], due[i], 1e-5);
    CU_ASSERT_EQUAL(rf_model_get_real(m, "scalar", one, NULL), RF_OK);
    CU_ASSERT_EQUAL(w[0], (rf_real)-3.5);
    CU_ASSERT_EQUAL(rf_model_get_int(m, "integers", n, 3, NULL), RF_OK);
    CU_ASSERT(n[0] == INT64_MIN && n[1] == -1 && n[2] == INT64_MAX);
    CU_ASSERT_EQUAL(rf_model_get_int(m, "bytes", n, 5, NULL), RF_OK);
    CU_ASSERT(n[2] == 127 && n[3] == 128 && n[4] == 255);
    CU_ASSERT(rf_model_get_text(m, "note", &s));
    CU_ASSERT_STRING_EQUAL(s.s, "it's \"春\"\n\t\\");
    CU_ASSERT_STRING_EQUAL(rf_model_get(m, "list"), "[1, {\"a\": null}, \"\\u0000\"]");
    CU_ASSERT_EQUAL(rf_model_get_number(m, "loss", 0), 1.25);
    rf_str_free(&s);
}

static void write_and_read(void)
{
    rf_error err = {0};
    rf_model *m = sample();
    check_sample(m);
    CU_ASSERT_EQUAL(rf_model_write(m, path, &err), RF_OK);
    rf_model_free(m);
    m = rf_model_read(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    check_sample(m);
    CU_ASSERT_STRING_EQUAL(rf_model_name(m), path);
    CU_ASSERT_STRING_EQUAL(rf_model_get(m, RF_META_VERSION), "\"" RF_VERSION "\"");
    for (size_t i = 0; i < rf_model_count(m); i++) /* 8-byte header: wide numbers are aligned */
        CU_ASSERT_PTR_EQUAL(rf_model_find(m, rf_model_at(m, i)->name), rf_model_at(m, i));
    CU_ASSERT_EQUAL(rf_model_add(m, "later", RF_I8, RF_SHAPE(2), "\xff\x01", &err), RF_OK);
    CU_ASSERT_EQUAL(rf_model_set_number(m, "loss", 3, &err), RF_OK);
    CU_ASSERT_EQUAL(rf_model_write(m, path, &err), RF_OK);
    rf_model_free(m);
    m = rf_model_read(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    int64_t n[2];
    CU_ASSERT_EQUAL(rf_model_get_int(m, "later", n, 2, NULL), RF_OK);
    CU_ASSERT(n[0] == -1 && n[1] == 1);
    CU_ASSERT_STRING_EQUAL(rf_model_get(m, "loss"), "3");
    rf_model_free(m);
    rf_model_free(NULL);
}

static void empty_model(void)
{
    rf_model *m = rf_model_new();
    CU_ASSERT_EQUAL(rf_model_write(m, path, NULL), RF_OK);
    rf_model_free(m);
    m = rf_model_read(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(rf_model_count(m), 0);
    rf_model_free(m);
}

static void tables(void)
{
    rf_model *m = rf_model_new();
    rf_str json = {0};
    size_t n;
    rf_str_put(&json, "[0");
    for (int i = 1; i < 30000; i++) rf_str_printf(&json, ",%d", i);
    rf_str_put(&json, "]");
    CU_ASSERT_EQUAL(rf_model_set_table(m, "long", json.s, json.n, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_set_table(m, "short", json.s + 1, 1, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_set_table(m, "bad", json.s, json.n - 1, NULL), RF_EINVAL);
    CU_ASSERT_PTR_NULL(rf_model_get(m, "long"));
    CU_ASSERT_EQUAL(rf_model_write(m, path, NULL), RF_OK);
    rf_model_free(m);
    m = rf_model_read(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    const char *back = rf_model_get_table(m, "long", &n);
    CU_ASSERT(back && n == json.n && !memcmp(back, json.s, n));
    back = rf_model_get_table(m, "short", &n);
    CU_ASSERT(back && n == 1 && back[0] == '0');
    CU_ASSERT_PTR_NULL(rf_model_get_table(m, "bad", &n));
    rf_model_free(m);
    rf_str_free(&json);
}

static void refusals(void)
{
    rf_model *m = sample();
    rf_real w[6] = {0};
    int64_t n[6];
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_model_add(m, "w", RF_U8, RF_SCALAR, NULL, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_add(m, "", RF_U8, RF_SCALAR, NULL, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_add(m, "\xff", RF_U8, RF_SCALAR, NULL, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_add(m, "x", 77, RF_SCALAR, NULL, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_add(m, "x", RF_F64, RF_SHAPE(1, -1), NULL, NULL), RF_EINVAL);
    rf_index huge = (rf_index)1 << 40;
    CU_ASSERT_EQUAL(rf_model_add(m, "x", RF_F64, RF_SHAPE(huge, huge), NULL, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_set(m, "x", "{", NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_set(m, "", "1", NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_set_text(m, "x", "\xff", NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_model_set_number(m, "nan", NAN, NULL), RF_OK);
    CU_ASSERT_STRING_EQUAL(rf_model_get(m, "nan"), "null");
    rf_tensor t = {w, RF_SHAPE(3, 2)};
    CU_ASSERT_EQUAL(rf_model_get_real(m, "w", t, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "model: tensor w is [2,3] where [3,2] is due");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_model_get_real(m, "v", t, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "model: tensor v is missing");
    t.shape = RF_SHAPE(3);
    CU_ASSERT_EQUAL(rf_model_get_real(m, "integers", t, NULL), RF_EFORMAT);
    CU_ASSERT_EQUAL(rf_model_get_int(m, "w", n, 6, NULL), RF_EFORMAT);
    CU_ASSERT_EQUAL(rf_model_get_int(m, "bytes", n, 6, NULL), RF_EFORMAT);
    uint64_t top = UINT64_MAX;
    rf_model_add(m, "top", RF_U64, RF_SCALAR, &top, NULL);
    CU_ASSERT_EQUAL(rf_model_get_int(m, "top", n, 1, NULL), RF_EFORMAT);
    rf_model_free(m);
}

/* ---- Damage ------------------------------------------------------------------------------------ */

/* The sample's file. */
static rf_str sample_file(void)
{
    rf_str s = {0};
    rf_model *m = sample();
    CU_ASSERT_EQUAL_FATAL(rf_model_write(m, path, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(rf_file_read(path, 0, &s, NULL), RF_OK);
    rf_model_free(m);
    return s;
}

static bool parses(const char *bytes, size_t n, rf_error *err)
{
    rf_model *m = rf_model_parse(bytes, n, "m.safetensors", err);
    rf_model_free(m);
    return m != NULL;
}

static void truncation_is_named(void)
{
    rf_str s = sample_file();
    CU_ASSERT(parses(s.s, s.n, NULL));
    for (size_t n = 0; n < s.n; n++) {
        rf_error err = {0};
        CU_ASSERT_FALSE(parses(s.s, n, &err));
        CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
        CU_ASSERT_EQUAL(strncmp(err.text, "m.safetensors: ", 15), 0);
        if (n > 8) CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "truncated"));
    }
    rf_str_free(&s);
}

/* Each single flipped bit is found, or changes nothing that the file says (the blanks of the mark
 * before the checksum's digits, the only bytes whose damage can hide it). */
static void flipped_bits_are_named(void)
{
    rf_str s = sample_file();
    int missed = 0;
    for (size_t i = 0; i < s.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            rf_error err = {0};
            s.s[i] ^= (char)(1 << bit);
            bool ok = parses(s.s, s.n, &err);
            missed += ok;
            if (!ok) CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
            s.s[i] ^= (char)(1 << bit);
        }
    CU_ASSERT(missed < 8 * (int)sizeof "\"refrain.checksum\": \"\\\"crc32:");
    printf("(%d of %zu flips only hide the checksum) ", missed, 8 * s.n);
    s.s[s.n - 1] ^= 4;
    rf_error err = {0};
    CU_ASSERT_FALSE(parses(s.s, s.n, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "m.safetensors: damaged: its checksum is"));
    rf_str_free(&s);
}

/* A file of a header and n bytes of zeros. */
static void try_header(const char *header, size_t n, const char *words)
{
    rf_str s = {0};
    rf_error err = {0};
    uint64_t h = strlen(header);
    rf_str_add(&s, (const char *)&h, 8);
    rf_str_put(&s, header);
    for (size_t i = 0; i < n; i++) rf_str_add(&s, "", 1);
    bool ok = parses(s.s, s.n, &err);
    CU_ASSERT_EQUAL(ok, words == NULL);
    bool says = !words || strstr(err.text, words);
    CU_ASSERT(says);
    if (!says || ok != (words == NULL)) printf("%s\n  gives '%s'\n", header, err.text);
    rf_str_free(&s);
}

#define T(d, s, o) "{\"dtype\":\"" d "\",\"shape\":" s ",\"data_offsets\":" o "}"

static void headers(void)
{
    static const struct {
        const char *header, *words;
        size_t n;
    } rows[] = {
        {"{}", NULL, 0},
        {"{}     ", NULL, 0},
        {"{\"a\":" T("F32", "[2]", "[0,8]") "}", NULL, 8},
        {"{\"__metadata__\":{\"format\":\"pt\"},\"a\":" T("F32", "[]", "[0,4]") "}", NULL, 4},
        {"{\"b\":" T("U8", "[4]", "[4,8]") ",\"a\":" T("U8", "[4]", "[0,4]") "}", NULL, 8},
        {"{\"a\":" T("F32", "[0]", "[0,0]") ",\"b\":" T("U8", "[1]", "[0,1]") "}", NULL, 1},
        {"{}", "3 bytes behind the last tensor", 3},
        {"{\"a\":" T("F32", "[2]", "[0,8]") "}", "tensor a: truncated", 7},
        {"{\"a\":" T("F32", "[3]", "[0,8]") "}", "tensor a: dtype and shape do not match", 8},
        {"{\"a\":" T("F32", "[-2]", "[0,8]") "}", "tensor a: the shape makes no sense", 8},
        {"{\"a\":" T("F32", "[2.0]", "[0,8]") "}", "tensor a: the shape makes no sense", 8},
        {"{\"a\":" T("F9", "[2]", "[0,8]") "}", "tensor a: unknown dtype", 8},
        {"{\"a\":" T("U8", "[1,1,1,1,1,1,1]", "[0,1]") "}", "more than 6 dimensions", 1},
        {"{\"a\":" T("U8", "[4294967296,4294967296]", "[0,0]") "}", "do not match", 0},
        {"{\"a\":" T("U8", "[99999999999999999999]", "[0,1]") "}", "header byte", 1},
        {"{\"a\":" T("U8", "[1]", "[1,0]") "}", "data_offsets make no sense", 1},
        {"{\"a\":" T("U8", "[1]", "[0]") "}", "data_offsets make no sense", 1},
        {"{\"a\":" T("U8", "[1]", "[0,-1]") "}", "data_offsets make no sense", 1},
        {"{\"a\":" T("U8", "[2]", "[0,2]") ",\"b\":" T("U8", "[2]", "[1,3]") "}", "b: overlaps", 3},
        {"{\"a\":" T("U8", "[2]", "[0,2]") ",\"b\":" T("U8", "[2]", "[3,5]") "}", "b: a hole", 5},
        {"{\"a\":" T("U8", "[1]", "[0,1]") ",\"a\":" T("U8", "[1]", "[0,1]") "}", "duplicate", 1},
        {"{\"a\":1}", "tensor a: dtype or shape is missing", 0},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "tensor a: data_offsets", 1},
        {"{\"__metadata__\":[]}", "__metadata__ is not an object", 0},
        {"{\"__metadata__\":{\"x\":1}}", "metadata x is not a string", 0},
        {"{\"a\":", "header byte", 0},
        {"[]", "not a safetensors file", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        try_header(rows[i].header, rows[i].n, rows[i].words);
}

static void foreign_files_are_named(void)
{
    static const char *const rows[][2] = {
        {"PK\003\004.............", "a zip archive"},
        {"hello, world. a text", "not a safetensors file"},
        {"short", "not a safetensors file"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff{}", "not a safetensors"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        CU_ASSERT_FALSE(parses(rows[i][0], strlen(rows[i][0]), &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i][1]));
    }
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(rf_model_read("/no/such/model", &err));
    CU_ASSERT_EQUAL(err.status, RF_EIO);
}

static void full_disk_keeps_the_old_model(void)
{
    struct rlimit old, low;
    rf_error err = {0};
    rf_model *m = sample(), *big = rf_model_new();
    CU_ASSERT_EQUAL(rf_model_write(m, path, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_model_add(big, "w", RF_F32, RF_SHAPE(1000, 100), NULL, NULL), RF_OK);
    getrlimit(RLIMIT_FSIZE, &old);
    low = (struct rlimit){200000, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &low);
    CU_ASSERT_EQUAL(rf_model_write(big, path, &err), RF_EIO);
    setrlimit(RLIMIT_FSIZE, &old);
    rf_model_free(big);
    rf_model_free(m);
    m = rf_model_read(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    check_sample(m);
    rf_model_free(m);
}

static int set_up(void)
{
    int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int tear_down(void) { return unlink(path); }

int main(void)
{
    CU_TestInfo tests[] = {{"dtype names", dtype_names},
                           {"rounding", rounding},
                           {"halves come back", halves_come_back},
                           {"write and read", write_and_read},
                           {"empty model", empty_model},
                           {"tables", tables},
                           {"refusals", refusals},
                           {"truncation is named", truncation_is_named},
                           {"flipped bits are named", flipped_bits_are_named},
                           {"headers", headers},
                           {"foreign files are named", foreign_files_are_named},
                           {"full disk keeps the old model", full_disk_keeps_the_old_model},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {
        {.pName = "model", .pInitFunc = set_up, .pCleanupFunc = tear_down, .pTests = tests},
        CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
