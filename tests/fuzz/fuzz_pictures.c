/* fuzz_pictures.c -- any bytes as a picture: an error in one line, or pixels that can be resized and written as
 * a PNG that says the same. */
#include <string.h>

#include "../../plugins/caption/image.h"
#include "target.h"

#define MOST (1 << 22) /* pixels of a picture that is looked at twice */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint8_t white[3] = {255, 255, 255};
    rf_error err = {0};
    cap_image im, small, again;
    if (cap_image_parse(&im, data, n, "fuzz", white, &err)) {
        MUST(!strncmp(err.text, "fuzz: ", 6) && !strchr(err.text, '\n') && !im.rgb);
        return 0;
    }
    MUST(im.width > 0 && im.height > 0);
    MUST(!cap_image_resize(&im, n % 2 ? 0.875 : 0, 9, 7, &small, &err));
    rf_str png = {0};
    if ((int64_t)im.width * im.height < MOST) {
        MUST(!cap_png_put(&im, &png, &err));
        MUST(!cap_image_parse(&again, png.s, png.n, "again", white, &err));
        MUST(again.width == im.width && again.height == im.height);
        MUST(!memcmp(again.rgb, im.rgb, 3 * (size_t)im.width * (size_t)im.height));
        cap_image_free(&again);
    }
    rf_str_free(&png);
    cap_image_free(&small);
    cap_image_free(&im);
    return 0;
}
