/* tensor/vec.c -- long vectors on all threads of a device. */
#include "tensor/vec.h"

#include <string.h>

/* Below this many elements a second thread costs more than it gives. */
enum { SHORT = 16384, GRAIN = 64 };

/* What all elementwise jobs are made of; each uses some of it. */
typedef struct job {
    rf_device *d;
    rf_index n, R, ld;
    rf_real s;
    const rf_real *a, *b;
    rf_real *y, *z;
    const int32_t *target;
    rfi_map_fn *map;
    rfi_zip_fn *zip;
    rfi_update_fn *update;
    const rfi_update *u;
    rf_real *s1, *s2;
    rfi_block_fn *block;
    const void *ctx;
    bool accumulate;
} job;

void rfi_vec_share(rf_device *d, rf_index work, rf_worker_fn fn, void *ctx)
{
    if (work < SHORT)
        fn(ctx, 0, 1);
    else
        rf_device_run(d, fn, ctx);
}

static void run(rf_device *d, rf_index work, rf_worker_fn fn, job *j)
{
    j->d = d;
    rfi_vec_share(d, work, fn, j);
}

static void map_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    j->map(b - a, j->a + a, j->y + a);
}

void rfi_vec_map(rf_device *d, rfi_map_fn *fn, rf_index n, const rf_real *x, rf_real *y)
{
    run(d, n, map_part, &(job){.n = n, .map = fn, .a = x, .y = y});
}

static void zip_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    j->zip(b - a, j->a + a, j->b + a, j->y + a);
}

void rfi_vec_zip(rf_device *d, rfi_zip_fn *fn, rf_index n, const rf_real *a, const rf_real *b,
                 rf_real *z)
{
    run(d, n, zip_part, &(job){.n = n, .zip = fn, .a = a, .b = b, .y = z});
}

static void fill_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    if (j->s == 0) memset(j->y + a, 0, (size_t)(b - a) * sizeof *j->y);
    for (rf_index i = a; j->s != 0 && i < b; i++) j->y[i] = j->s;
}

void rfi_vec_fill(rf_device *d, rf_index n, rf_real s, rf_real *y)
{
    run(d, n, fill_part, &(job){.n = n, .s = s, .y = y});
}

static void scale_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    j->d->k->scale(b - a, j->s, j->a + a, j->y + a);
}

void rfi_vec_scale(rf_device *d, rf_index n, rf_real s, const rf_real *x, rf_real *y)
{
    run(d, n, scale_part, &(job){.n = n, .s = s, .a = x, .y = y});
}

static void axpy_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    j->d->k->axpy(b - a, j->s, j->a + a, j->y + a);
}

void rfi_vec_axpy(rf_device *d, rf_index n, rf_real s, const rf_real *x, rf_real *y)
{
    run(d, n, axpy_part, &(job){.n = n, .s = s, .a = x, .y = y});
}

/* Length of a block such that there are at most RFI_PARTIALS: a function of n alone. */
static rf_index block_of(rf_index n)
{
    const rf_index least = 4096, even = (n + RFI_PARTIALS - 1) / RFI_PARTIALS;
    return even > least ? (even + GRAIN - 1) / GRAIN * GRAIN : least;
}

static void reduce_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const rf_index size = block_of(j->n);
    rf_index a, b;
    rfi_split((j->n + size - 1) / size, 1, thread, threads, &a, &b);
    for (rf_index i = a; i < b; i++) {
        const rf_index left = j->n - i * size;
        j->d->partial[i] = j->block(j->ctx, i * size, left < size ? left : size);
    }
}

double rfi_vec_reduce(rf_device *d, rf_index n, rfi_block_fn *fn, const void *ctx)
{
    run(d, n, reduce_part, &(job){.n = n, .block = fn, .ctx = ctx});
    const rf_index size = block_of(n);
    double s = 0;
    for (rf_index i = 0; i * size < n; i++) s += d->partial[i];
    return s;
}

typedef struct summands {
    const rfi_kernels *k;
    const rf_real *x;
} summands;

static double sum_of(const void *ctx, rf_index first, rf_index n)
{
    const summands *t = ctx;
    const rf_real *x = t->x + first;
    double s = 0;
    for (rf_index i = 0; i < n; i += 4096)
        s += (double)t->k->sum(n - i < 4096 ? n - i : 4096, x + i);
    return s;
}

static double sumsq_of(const void *ctx, rf_index first, rf_index n)
{
    const summands *t = ctx;
    return t->k->sumsq(n, t->x + first);
}

double rfi_vec_sum(rf_device *d, rf_index n, const rf_real *x)
{
    return rfi_vec_reduce(d, n, sum_of, &(summands){d->k, x});
}

double rfi_vec_sumsq(rf_device *d, rf_index n, const rf_real *x)
{
    return rfi_vec_reduce(d, n, sumsq_of, &(summands){d->k, x});
}

static void update_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    j->update(j->u, b - a, j->a + a, j->y + a, j->s1 ? j->s1 + a : NULL, j->s2 ? j->s2 + a : NULL);
}

void rfi_vec_update(rf_device *d, rfi_update_fn *fn, const rfi_update *u, rf_index n,
                    const rf_real *g, rf_real *p, rf_real *s1, rf_real *s2)
{
    run(d, n, update_part,
        &(job){.n = n, .update = fn, .u = u, .a = g, .y = p, .s1 = s1, .s2 = s2});
}

static void xent_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->R, 1, thread, threads, &a, &b);
    for (rf_index r = a; r < b; r++) {
        rf_real *gx = j->y ? j->y + r * j->n : NULL;
        const bool skip = j->target[r] < 0;
        j->z[r] = skip ? 0 : j->d->k->softmax_xent(j->n, j->a + r * j->n, j->target[r], j->s, gx);
        if (skip && gx) memset(gx, 0, (size_t)j->n * sizeof *gx);
    }
}

void rfi_vec_softmax_xent(rf_device *d, rf_index R, rf_index n, const rf_real *x,
                          const int32_t *target, rf_real scale, rf_real *gx, rf_real *loss)
{
    run(d, R * n, xent_part,
        &(job){.R = R, .n = n, .a = x, .target = target, .s = scale, .y = gx, .z = loss});
}

static void column_sum_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const rfi_kernels *k = j->d->k;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    if (a == b) return;
    if (!j->accumulate) memset(j->y + a, 0, (size_t)(b - a) * sizeof *j->y);
    for (rf_index r = 0; r < j->R; r++) k->add(b - a, j->a + r * j->ld + a, j->y + a, j->y + a);
}

void rfi_vec_column_sum(rf_device *d, rf_index R, rf_index n, const rf_real *x, rf_index ldx,
                        rf_real *y, bool accumulate)
{
    run(d, R * n, column_sum_part,
        &(job){.R = R, .n = n, .a = x, .ld = ldx, .y = y, .accumulate = accumulate});
}
