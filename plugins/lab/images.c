/* lab/images.c -- images and labels in MNIST's format.
 *
 * idx: 0 0, a type (8: bytes), the number of dimensions; each dimension as four bytes, the highest
 * first; then the elements.  Source: yann.lecun.com/exdb/mnist, "The IDX file format". */
#include <limits.h>
#include <refrain/io.h>
#include <stdio.h>
#include <stdlib.h>

#include "images.h"

static rf_index big_endian(const unsigned char *b)
{
    return (rf_index)b[0] << 24 | (rf_index)b[1] << 16 | (rf_index)b[2] << 8 | b[3];
}

rf_status lab_idx_parse(const char *bytes, size_t n, const char *name, int rank, lab_idx *out,
                        rf_error *err)
{
    const unsigned char *b = (const unsigned char *)bytes;
    const size_t head = 4 + 4 * (size_t)rank;
    size_t size = 1;
    if (n < 4 || b[0] || b[1])
        return rf_fail(err, RF_EFORMAT, "%s: no idx file: two zero bytes are due at its head",
                       name);
    if (b[2] != 8 || b[3] != rank)
        return rf_fail(err, RF_EFORMAT,
                       "%s: type 0x%02x in %d dimensions, where bytes (0x08) in %d are due", name,
                       (unsigned)b[2], b[3], rank);
    if (n < head) return rf_fail(err, RF_EFORMAT, "%s: cut off within its sizes", name);
    *out = (lab_idx){.data = b + head};
    for (int d = 0; d < rank; d++) {
        out->dim[d] = big_endian(b + 4 + 4 * d);
        if (!out->dim[d] || (size_t)out->dim[d] > (n - head) / size)
            return rf_fail(err, RF_EFORMAT, "%s: holds %zu bytes, fewer than its sizes say", name,
                           n - head);
        size *= (size_t)out->dim[d];
    }
    if (size == n - head) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: holds %zu bytes where its sizes say %zu", name, n - head,
                   size);
}

/* Steps of an image and numbers a step. */
static void steps_of(int pixels, rf_index high, rf_index wide, rf_index *T, rf_index *I)
{
    *T = pixels == LAB_PIXELS ? high * wide : pixels == LAB_COLUMNS ? wide : high;
    *I = high * wide / *T;
}

static void put_image(rf_real *x, const uint8_t *from, int pixels, rf_index high, rf_index wide)
{
    for (rf_index r = 0; r < high; r++)
        for (rf_index c = 0; c < wide; c++) {
            const rf_index to = pixels == LAB_COLUMNS ? c * high + r : r * wide + c;
            x[to] = (rf_real)from[r * wide + c] / 255;
        }
}

static rf_status add_images(lab_samples *s, const lab_reading *how, const lab_idx *x,
                            const lab_idx *y, const char *name, rf_error *err)
{
    const rf_index high = x->dim[1], wide = x->dim[2];
    rf_index T, I;
    steps_of(how->pixels, high, wide, &T, &I);
    if (T > INT_MAX || (how->features && I != how->features))
        return rf_fail(err, RF_EFORMAT, "%s: %lld numbers a step where %lld are due", name,
                       (long long)I, (long long)how->features);
    s->I = I;
    s->x_cap = x->dim[0] * T;
    s->x = malloc((size_t)(s->x_cap * I) * sizeof *s->x);
    for (rf_index i = 0; s->x && i < x->dim[0]; i++) {
        lab_item *item = lab_samples_add(s);
        if (!item) return rf_no_memory(err);
        item->length = (int32_t)T;
        put_image(s->x + s->total * I, x->data + i * high * wide, how->pixels, high, wide);
        s->total += T;
        char label[8];
        const int n = y ? snprintf(label, sizeof label, "%d", y->data[i]) : 0;
        if (n) item->label = rf_vocab_add(s->classes, label, (size_t)n);
        if (n && how->known && rf_vocab_find(how->known, label, (size_t)n) < 0)
            return rf_fail(err, RF_EFORMAT,
                           "%s: image %lld has the label %s, which no training had", name,
                           (long long)i + 1, label);
    }
    if (!s->x) return rf_no_memory(err);
    if (how->scale == LAB_SCALE_SEQUENCE) lab_samples_standardise(s);
    return lab_samples_sort(s, how->known, err);
}

rf_status lab_samples_images(lab_samples *s, const lab_reading *how, const char *images,
                             const char *labels, rf_error *err)
{
    rf_str a = {0}, b = {0};
    lab_idx x = {0}, y = {0};
    s->groups = 1;
    s->classes = rf_vocab_new();
    rf_status st = rf_file_read(images, 0, &a, err);
    if (!st) st = lab_idx_parse(a.s, a.n, images, 3, &x, err);
    if (!st && labels) st = rf_file_read(labels, 0, &b, err);
    if (!st && labels) st = lab_idx_parse(b.s, b.n, labels, 1, &y, err);
    if (!st && labels && x.dim[0] != y.dim[0])
        st = rf_fail(err, RF_EFORMAT, "%s: %lld labels for the %lld images of %s", labels,
                     (long long)y.dim[0], (long long)x.dim[0], images);
    if (!st && !s->classes) st = rf_no_memory(err);
    if (!st) st = add_images(s, how, &x, labels ? &y : NULL, images, err);
    rf_str_free(&a);
    rf_str_free(&b);
    return st;
}
