/* train/clip.c -- the norm of all gradients, and what makes it small enough. */
#include <math.h>

#include "tensor/device.h"
#include "train/pieces.h"
#include <refrain/train.h>

typedef struct squares {
    const rfi_kernels *k;
    double sum[RFI_GROUPS];
} squares;

static void add_squares(void *ctx, int group, size_t index, rf_param *p, rf_index first, rf_index n)
{
    (void)index;
    squares *s = ctx;
    s->sum[group] += s->k->sumsq(n, p->grad + first);
}

double rf_gradient_norm(rf_device *d, const rf_params *ps)
{
    squares s = {.k = d->k};
    rfi_pieces_run(d, ps, true, add_squares, &s);
    double sum = 0;
    for (int group = 0; group < RFI_GROUPS; group++) sum += s.sum[group];
    return sqrt(sum);
}

double rf_clip_scale(double norm, double limit)
{
    return limit > 0 && norm > limit ? limit / norm : 1;
}
