/* test_pictures.c -- pictures as they are read, turned, laid on a ground, resized as Pillow does, and
 * written.  usage: test_pictures CORPUS: the folder of the fuzz target's inputs, all of 12 x 9 pixels
 * made from that of `made` below. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/caption/image.h"
#include "../suite.h"

static const char *corpus;
static const uint8_t ground[3] = {10, 20, 30};

enum { W = 12, H = 9 };

static void made(int x, int y, int rgb[3])
{
    rgb[0] = 20 * x, rgb[1] = 25 * y, rgb[2] = x < 6 ? 128 : 10;
}

static rf_status read(const char *name, cap_image *im, rf_error *err)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", corpus, name);
    return cap_image_read(im, path, ground, err);
}

/* Largest difference of a pixel (x, y) of the made picture from `at` in im. */
static int far_from(const cap_image *im, int at, int x, int y)
{
    int due[3], worst = 0;
    made(x, y, due);
    for (int c = 0; c < 3; c++) {
        const int d = abs(im->rgb[3 * at + c] - due[c]);
        worst = d > worst ? d : worst;
    }
    return worst;
}

static void check_picture(const char *name, int most)
{
    cap_image im;
    rf_error err = {0};
    CU_ASSERT_EQUAL_FATAL(read(name, &im, &err), RF_OK);
    CU_ASSERT(im.width == W && im.height == H);
    int worst = 0;
    for (int i = 0; i < W * H; i++) {
        const int d = far_from(&im, i, i % W, i / W);
        worst = d > worst ? d : worst;
    }
    CU_ASSERT(worst <= most);
    if (worst > most) printf("%s is wrong by %d\n", name, worst);
    cap_image_free(&im);
}

static void kinds(void)
{
    check_picture("rgb.png", 0);
    check_picture("rgb.bmp", 0);
    check_picture("rgb.jpg", 60); /* colours are blurred at its sharp edge */
    check_picture("progressive.jpg", 60);
}

static void greys(void)
{
    static const char *const names[] = {"grey.png", "grey.jpg"};
    for (int i = 0; i < 2; i++) {
        cap_image im;
        CU_ASSERT_EQUAL_FATAL(read(names[i], &im, NULL), RF_OK);
        for (int k = 0; k < W * H; k++) {
            int rgb[3];
            made(k % W, k / W, rgb);
            const double due = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
            const uint8_t *p = im.rgb + 3 * k;
            CU_ASSERT(p[0] == p[1] && p[1] == p[2] && abs(p[0] - (int)due) <= (i ? 12 : 1));
        }
        cap_image_free(&im);
    }
}

static void deep(void)
{
    cap_image im;
    CU_ASSERT_EQUAL_FATAL(read("deep.png", &im, NULL), RF_OK);
    for (int k = 0; k < W * H; k++) CU_ASSERT_EQUAL(im.rgb[3 * k], k * 601 % 65536 >> 8);
    cap_image_free(&im);
}

/* Row 3 is red, from clear to nearly covering. */
static void alpha(void)
{
    cap_image im;
    CU_ASSERT_EQUAL_FATAL(read("alpha.png", &im, NULL), RF_OK);
    for (int x = 0; x < W; x++) {
        const uint8_t *p = im.rgb + 3 * (3 * W + x);
        const int a = 20 * x;
        CU_ASSERT_EQUAL(p[0], (255 * a + 10 * (255 - a) + 127) / 255);
        CU_ASSERT_EQUAL(p[1], (20 * (255 - a) + 127) / 255);
    }
    CU_ASSERT_EQUAL(far_from(&im, 0, 0, 0), 0);
    cap_image_free(&im);
    CU_ASSERT_EQUAL_FATAL(read("palette-clear.png", &im, NULL), RF_OK);
    int clear = 0;
    for (int k = 0; k < W * H; k++) clear += !memcmp(im.rgb + 3 * k, ground, 3);
    CU_ASSERT(clear > 0 && clear < W * H);
    cap_image_free(&im);
}

/* Where a viewer puts the stored pixel (x, y): Exif 3 is upside down, 6 needs a quarter turn to the
 * right, 8 one to the left. */
static void orientation(void)
{
    static const int turns[] = {3, 6, 8};
    cap_image plain, im;
    CU_ASSERT_EQUAL_FATAL(read("rgb.jpg", &plain, NULL), RF_OK);
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "turned%d.jpg", turns[i]);
        CU_ASSERT_EQUAL_FATAL(read(name, &im, NULL), RF_OK);
        CU_ASSERT(im.width == (i ? H : W) && im.height == (i ? W : H));
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const int at = i == 0   ? (H - 1 - y) * W + (W - 1 - x)
                               : i == 1 ? x * H + (H - 1 - y)
                                        : (W - 1 - x) * H + y;
                CU_ASSERT(!memcmp(im.rgb + 3 * at, plain.rgb + 3 * (y * W + x), 3));
            }
        cap_image_free(&im);
    }
    cap_image_free(&plain);
}

/* Pillow 9.4: resize((5, 4), BILINEAR); of the middle square of 4 x 4, resize((3, 3), BILINEAR). */
static void resizing(void)
{
    static const uint8_t red[] = {18, 62, 110, 158, 202}, green[] = {21, 71, 129, 179},
                         blue[] = {128, 128, 69, 10, 10};
    static const uint8_t middle[] = {86, 57,  128, 110, 57,  69, 134, 57,  10,
                                     86, 88,  128, 110, 88,  69, 134, 88,  10,
                                     86, 118, 128, 110, 118, 69, 134, 118, 10};
    cap_image im, small;
    CU_ASSERT_EQUAL_FATAL(read("rgb.png", &im, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(cap_image_resize(&im, 0, 5, 4, &small, NULL), RF_OK);
    for (int i = 0; i < 20; i++) {
        const uint8_t *p = small.rgb + 3 * i;
        CU_ASSERT(p[0] == red[i % 5] && p[1] == green[i / 5] && p[2] == blue[i % 5]);
    }
    cap_image_free(&small);
    CU_ASSERT_EQUAL_FATAL(cap_image_resize(&im, 0.4, 3, 3, &small, NULL), RF_OK);
    CU_ASSERT(!memcmp(small.rgb, middle, sizeof middle));
    cap_image_free(&small);
    cap_image_free(&im);
    CU_ASSERT_EQUAL_FATAL(read("one.png", &im, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(cap_image_resize(&im, 0.875, 7, 7, &small, NULL), RF_OK);
    for (int i = 0; i < 49; i++) CU_ASSERT(!memcmp(small.rgb + 3 * i, "\x10\x20\x30", 3));
    cap_image_free(&small);
    cap_image_free(&im);
}

static void refused(void)
{
    static const struct {
        const char *name, *due;
    } cases[] = {{"cmyk.jpg", "CMYK"},
                 {"cut.jpg", "cut off"},
                 {"cut.png", "damaged PNG"},
                 {"cut.bmp", "cut off"},
                 {"giant.png", "30000 x"},
                 {"giant.jpg", "30000 x"},
                 {"text.jpg", "neither PNG"},
                 {"codes.jpg", "wrong Huffman"},
                 {"tables.jpg", "Huffman table is missing"},
                 {"none.png", "none.png"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cap_image im;
        rf_error err = {0};
        CU_ASSERT_NOT_EQUAL(read(cases[i].name, &im, &err), RF_OK);
        CU_ASSERT(!im.rgb && strstr(err.text, cases[i].due) && strstr(err.text, cases[i].name));
    }
}

static void written(void)
{
    cap_image im, again;
    rf_str png = {0};
    CU_ASSERT_EQUAL_FATAL(read("rgb.png", &im, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(cap_png_put(&im, &png, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(cap_image_parse(&again, png.s, png.n, "png", ground, NULL), RF_OK);
    CU_ASSERT(again.width == W && again.height == H);
    CU_ASSERT(!memcmp(again.rgb, im.rgb, 3 * W * H));
    cap_image_free(&again);
    cap_image_free(&im);
    rf_str_free(&png);
}

static void colours(void)
{
    uint8_t c[3];
    rf_error err = {0};
    CU_ASSERT(!cap_colour_parse("#0a141e", "--background", c, NULL) && !memcmp(c, ground, 3));
    CU_ASSERT(!cap_colour_parse("white", "--background", c, NULL) && c[1] == 255);
    CU_ASSERT_EQUAL(cap_colour_parse("#12345", "--background", c, &err), RF_EINVAL);
    CU_ASSERT(strstr(err.text, "--background") && strstr(err.text, "#12345"));
    CU_ASSERT_EQUAL(cap_colour_parse("#12345g", "--background", c, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(cap_colour_parse("#1234567", "--background", c, NULL), RF_EINVAL);
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    corpus = argv[1];
    CU_TestInfo tests[] = {{"kinds", kinds},
                           {"grey", greys},
                           {"16 bits", deep},
                           {"alpha on a ground", alpha},
                           {"orientation", orientation},
                           {"resizing", resizing},
                           {"refused", refused},
                           {"written", written},
                           {"colours", colours},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "pictures", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
