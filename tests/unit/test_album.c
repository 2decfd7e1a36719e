/* test_album.c -- many pictures at once, and how batches look at them.  usage: test_album CORPUS: the
 * folder of the fuzz target's pictures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../plugins/caption/album.h"
#include "../suite.h"

static const char *corpus;

enum { ROWS = 8, COLUMNS = 10, N = 40, ONE = ROWS * COLUMNS * 3 };
static const char *const names[] = {"rgb.png", "grey.png", "alpha.png", "rgb.jpg", "rgb.bmp"};
static char text[N][1024];
static const char *path[N];
static const cap_view plain;

static void name_path(int i, const char *name)
{
    snprintf(text[i], sizeof text[i], "%s/%s", corpus, name);
    path[i] = text[i];
}

static cap_album_spec spec_of(rf_device *d)
{
    for (int i = 0; i < N; i++) name_path(i, names[i % 5]);
    return (cap_album_spec){.path = path,
                            .n = N,
                            .rows = ROWS,
                            .columns = COLUMNS,
                            .crop = 0.875,
                            .background = {1, 2, 3},
                            .device = d};
}

static cap_album open_album(rf_device *d)
{
    cap_album a;
    const cap_album_spec spec = spec_of(d);
    rf_error err = {0};
    CU_ASSERT_EQUAL_FATAL(cap_album_read(&a, &spec, &err), RF_OK);
    return a;
}

static void pictures_are_read(void)
{
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        cap_album a = open_album(d);
        const uint8_t background[3] = {1, 2, 3};
        for (int i = 0; i < N; i++) {
            cap_image im, small;
            CU_ASSERT_EQUAL_FATAL(cap_image_read(&im, path[i], background, NULL), RF_OK);
            CU_ASSERT_EQUAL_FATAL(cap_image_resize(&im, 0.875, COLUMNS, ROWS, &small, NULL), RF_OK);
            CU_ASSERT(!memcmp(a.pixel + (size_t)i * ONE, small.rgb, ONE));
            cap_image_free(&small);
            cap_image_free(&im);
        }
        cap_album_free(&a);
        rf_device_free(d);
    }
}

static double told;
static rf_status stop_at_half(void *self, double done, double total)
{
    CU_ASSERT(self == &told && done > told);
    told = done;
    return done < total / 2 ? RF_OK : RF_ECANCELLED;
}

static void reading_ends(void)
{
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        cap_album_spec spec = spec_of(d);
        cap_album a;
        rf_error err = {0};
        name_path(21, "cut.png");
        name_path(22, "cmyk.jpg");
        CU_ASSERT_EQUAL(cap_album_read(&a, &spec, &err), RF_EFORMAT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cut.png: a damaged PNG"));
        CU_ASSERT(!a.pixel && !a.n);
        spec = spec_of(d);
        spec.watch = stop_at_half, spec.self = &told, told = 0;
        CU_ASSERT_EQUAL(cap_album_read(&a, &spec, &err), RF_ECANCELLED);
        CU_ASSERT(!a.pixel && told > 0);
        rf_device_free(d);
    }
}

static void numbers_of_bytes(void)
{
    static rf_real x[3 * ONE], grey[3 * ONE];
    static const int32_t item[] = {3, -1, 0};
    rf_device *d = rf_device_new(2, NULL);
    cap_album a = open_album(d);
    const cap_view blind = {.grey = true};
    cap_album_look(&a, &plain, d, item, 3, x);
    cap_album_look(&a, &blind, d, item, 3, grey);
    for (int b = 0; b < 3; b++)
        for (int i = 0; i < ONE; i++) {
            const uint8_t *p = a.pixel + (size_t)(item[b] < 0 ? 0 : item[b]) * ONE + i / 3 * 3;
            const double light = 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
            const double due = item[b] < 0 ? 0 : p[i % 3] / 127.5 - 1;
            CU_ASSERT_DOUBLE_EQUAL(x[b * ONE + i], due, 1e-6);
            CU_ASSERT_DOUBLE_EQUAL(grey[b * ONE + i], item[b] < 0 ? 0 : light / 127.5 - 1, 1e-5);
        }
    cap_album_free(&a);
    rf_device_free(d);
}

/* How far x is from the picture moved by (down, right). */
static double far_from(const rf_real *x, const uint8_t *pixel, int down, int right)
{
    double far = 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            for (int c = 0; c < 3; c++) {
                const int y = i - down, z = j - right;
                const int row = y < 0 ? 0 : y < ROWS ? y : ROWS - 1;
                const int column = z < 0 ? 0 : z < COLUMNS ? z : COLUMNS - 1;
                const double due = pixel[(row * COLUMNS + column) * 3 + c] / 127.5 - 1;
                far = fmax(far, fabs((double)x[(i * COLUMNS + j) * 3 + c] - due));
            }
    return far;
}

/* Each picture is moved as one piece, never mirrored; every place occurs. */
static void pictures_are_moved(void)
{
    enum { MOST = 2, B = 200 };
    static rf_real x[B * ONE];
    static const int32_t item[B];
    int seen[2 * MOST + 1][2 * MOST + 1] = {{0}};
    rf_device *d = rf_device_new(2, NULL);
    cap_album a = open_album(d);
    cap_album_look(&a, &(cap_view){.shift = MOST, .seed = 5, .step = 9}, d, item, B, x);
    for (int b = 0; b < B; b++) {
        int found = 0;
        for (int down = -MOST; down <= MOST; down++)
            for (int right = -MOST; right <= MOST; right++)
                if (far_from(x + (rf_index)b * ONE, a.pixel, down, right) < 1e-6)
                    found++, seen[down + MOST][right + MOST]++;
        CU_ASSERT_EQUAL(found, 1);
    }
    for (int i = 0; i < (2 * MOST + 1) * (2 * MOST + 1); i++)
        CU_ASSERT(seen[i / (2 * MOST + 1)][i % (2 * MOST + 1)] > 0);
    cap_album_free(&a);
    rf_device_free(d);
}

static void looks_depend_on_the_seed(void)
{
    enum { B = 4 };
    static rf_real x[B * ONE], same[B * ONE], other[B * ONE];
    static const int32_t item[B] = {1, 2, 3, 4};
    double sum = 0, squares = 0;
    cap_view look = {.shift = 1, .noise = 0.1, .seed = 3, .step = 7};
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        cap_album a = open_album(d);
        cap_album_look(&a, &look, d, item, B, threads == 1 ? x : same);
        CU_ASSERT(threads == 1 || !memcmp(x, same, sizeof x));
        cap_view next = look;
        next.step++;
        cap_album_look(&a, &next, d, item, B, other);
        CU_ASSERT(memcmp(x, other, sizeof x) != 0);
        next = look, next.noise = 0;
        cap_album_look(&a, &next, d, item, B, other);
        cap_album_free(&a);
        rf_device_free(d);
    }
    for (int i = 0; i < B * ONE; i++) {
        const double noise = (double)(x[i] - other[i]);
        sum += noise, squares += noise * noise;
    }
    CU_ASSERT(fabs(sum / (B * ONE)) < 0.02);
    CU_ASSERT_DOUBLE_EQUAL(sqrt(squares / (B * ONE)), 0.1, 0.02);
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    corpus = argv[1];
    CU_TestInfo tests[] = {{"pictures are read", pictures_are_read},
                           {"reading ends at what is bad", reading_ends},
                           {"numbers of bytes", numbers_of_bytes},
                           {"pictures are moved", pictures_are_moved},
                           {"looks depend on the seed", looks_depend_on_the_seed},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "album", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
