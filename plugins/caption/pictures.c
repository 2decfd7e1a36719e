/* caption/pictures.c -- see pictures.h. */
#include "pictures.h"

#include <stdlib.h>
#include <string.h>

void cap_pictures_free(cap_pictures *p)
{
    free(p->pixel);
    *p = (cap_pictures){0};
}

/* Brightness as of ITU-R BT.601, in 16 bits. */
static uint8_t grey_of(const uint8_t *rgb)
{
    return (uint8_t)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >> 16);
}

static void put(const cap_image *im, int planes, uint8_t *to)
{
    const size_t cells = (size_t)im->width * (size_t)im->height;
    if (planes == 3) {
        memcpy(to, im->rgb, 3 * cells);
        return;
    }
    for (size_t i = 0; i < cells; i++) to[i] = grey_of(im->rgb + 3 * i);
}

static rf_status read_one(const cap_pictures_spec *spec, const char *file, int planes, uint8_t *to,
                          rf_error *err)
{
    cap_image im = {0}, small = {0};
    rf_str path = {0};
    if (spec->folder) rf_str_printf(&path, "%s/", spec->folder);
    rf_str_put(&path, file);
    rf_status st = path.failed ? rf_fail(err, RF_ENOMEM, "no memory") : RF_OK;
    if (!st) st = cap_image_read(&im, path.s, spec->background, err);
    if (!st) st = cap_image_resize(&im, spec->crop, spec->size, spec->size, &small, err);
    if (!st) put(&small, planes, to);
    cap_image_free(&im);
    cap_image_free(&small);
    rf_str_free(&path);
    return st;
}

rf_status cap_pictures_read(cap_pictures *p, const cap_pictures_spec *spec, const char *const *file,
                            rf_index n, rf_error *err)
{
    *p = (cap_pictures){.n = n, .size = spec->size, .planes = spec->grey ? 1 : 3, .hash = RF_HASH};
    const size_t one = (size_t)p->size * (size_t)p->size * (size_t)p->planes;
    if (!rf_resize(&p->pixel, (size_t)n * one + 1, 1))
        return rf_fail(err, RF_ENOMEM, "no memory for %lld pictures", (long long)n);
    rf_status st = RF_OK;
    for (rf_index i = 0; i < n && !st; i++) {
        st = read_one(spec, file[i], p->planes, p->pixel + (size_t)i * one, err);
        if (!st) st = spec->host->progress(spec->host, (double)i, (double)n, "pictures");
    }
    if (!st) p->hash = rf_hash(p->hash, p->pixel, (size_t)n * one);
    return st;
}
