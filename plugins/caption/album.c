/* caption/album.c -- see album.h. */
#include "album.h"

#include <stdlib.h>
#include <string.h>

enum { ROUND = 16 }; /* pictures of a thread between two reports */

static size_t bytes_of(const cap_album *a) { return 3 * (size_t)a->rows * (size_t)a->columns; }

/* ---- Reading ------------------------------------------------------------------------------------- */

typedef struct reading {
    const cap_album_spec *spec;
    cap_album *a;
    rf_index first, end; /* of this round */
    rf_error *error;     /* [threads] each thread's first */
    rf_index *at;        /* [threads] of which picture */
} reading;

static rf_status read_one(const reading *r, rf_index i, rf_error *err)
{
    const cap_album_spec *s = r->spec;
    cap_image im = {0}, small = {0};
    rf_status st = cap_image_read(&im, s->path[i], s->background, err);
    if (!st) st = cap_image_resize(&im, s->crop, s->columns, s->rows, &small, err);
    if (!st) memcpy(r->a->pixel + (size_t)i * bytes_of(r->a), small.rgb, bytes_of(r->a));
    cap_image_free(&im);
    cap_image_free(&small);
    return st;
}

/* Every threads-th picture of the round, up to the first that is bad. */
static void read_part(void *ctx, int thread, int threads)
{
    const reading *r = ctx;
    for (rf_index i = r->first + thread; i < r->end; i += threads)
        if (read_one(r, i, &r->error[thread])) {
            r->at[thread] = i;
            return;
        }
}

/* A round; what the first of its bad pictures says does not depend on the number of threads. */
static rf_status read_round(reading *r, int threads, rf_error *err)
{
    int first = -1;
    memset(r->error, 0, (size_t)threads * sizeof *r->error);
    rf_device_run(r->spec->device, read_part, r);
    for (int t = 0; t < threads; t++)
        if (r->error[t].status && (first < 0 || r->at[t] < r->at[first])) first = t;
    return first < 0 ? RF_OK : rf_fail(err, r->error[first].status, "%s", r->error[first].text);
}

static rf_status read_all(reading *r, rf_error *err)
{
    const cap_album_spec *s = r->spec;
    const int threads = rf_device_threads(s->device);
    rf_status st = RF_OK;
    r->error = calloc((size_t)threads, sizeof *r->error);
    r->at = calloc((size_t)threads, sizeof *r->at);
    if (!r->error || !r->at) st = rf_fail(err, RF_ENOMEM, "no memory to read pictures");
    for (r->first = 0; r->first < s->n && !st; r->first = r->end) {
        r->end = r->first + (rf_index)ROUND * threads;
        if (r->end > s->n) r->end = s->n;
        st = read_round(r, threads, err);
        if (!st && s->watch) st = s->watch(s->self, (double)r->end, (double)s->n);
    }
    free(r->error);
    free(r->at);
    return st;
}

rf_status cap_album_read(cap_album *a, const cap_album_spec *spec, rf_error *err)
{
    *a = (cap_album){.n = spec->n, .rows = spec->rows, .columns = spec->columns};
    a->pixel = calloc((size_t)a->n + 1, bytes_of(a));
    if (!a->pixel)
        return rf_fail(err, RF_ENOMEM, "no memory for %lld pictures of %d x %d", (long long)a->n,
                       a->columns, a->rows);
    const rf_status st = read_all(&(reading){.spec = spec, .a = a}, err);
    if (st) cap_album_free(a);
    return st;
}

void cap_album_free(cap_album *a)
{
    free(a->pixel);
    *a = (cap_album){0};
}

/* ---- Looking ------------------------------------------------------------------------------------- */

typedef struct looking {
    const cap_album *a;
    const cap_view *look;
    const int32_t *item;
    rf_index B;
    rf_real *x;
    rf_key shift, noise;
} looking;

static int moved(int at, int by, int n)
{
    const int to = at + by;
    return to < 0 ? 0 : to >= n ? n - 1 : to;
}

/* From -most to most, each as probable. */
static int shift_of(const looking *q, rf_index draw)
{
    const int most = q->look->shift;
    return most > 0 ? (int)((2 * most + 1) * rf_uniform(q->shift, (uint64_t)draw)) - most : 0;
}

static void put_pixel(const uint8_t *p, bool grey, rf_real *to)
{
    const rf_real unit = 1 / (rf_real)127.5;
    const rf_real light = (rf_real)0.299 * (rf_real)p[0] + (rf_real)0.587 * (rf_real)p[1] +
                          (rf_real)0.114 * (rf_real)p[2];
    for (int c = 0; c < 3; c++) to[c] = (grey ? light : (rf_real)p[c]) * unit - 1;
}

static void look_at(const looking *q, rf_index b)
{
    const cap_album *a = q->a;
    const rf_index n = (rf_index)bytes_of(a);
    rf_real *x = q->x + b * n;
    if (q->item[b] < 0) {
        memset(x, 0, (size_t)n * sizeof *x);
        return;
    }
    const uint8_t *pixel = a->pixel + q->item[b] * n;
    const int down = shift_of(q, 2 * b), right = shift_of(q, 2 * b + 1);
    for (int i = 0; i < a->rows; i++) {
        const uint8_t *row = pixel + (rf_index)moved(i, -down, a->rows) * a->columns * 3;
        rf_real *to = x + (rf_index)i * a->columns * 3;
        for (int j = 0; j < a->columns; j++)
            put_pixel(row + (rf_index)3 * moved(j, -right, a->columns), q->look->grey, to + 3 * j);
    }
    const rf_real noise = (rf_real)q->look->noise;
    for (rf_index i = 0; noise > 0 && i < n; i++)
        x[i] += noise * (rf_real)rf_normal(q->noise, (uint64_t)(b * n + i));
}

static void look_part(void *ctx, int thread, int threads)
{
    const looking *q = ctx;
    for (rf_index b = thread; b < q->B; b += threads) look_at(q, b);
}

void cap_album_look(const cap_album *a, const cap_view *look, rf_device *d, const int32_t *item,
                    rf_index B, rf_real *x)
{
    looking q = {.a = a, .look = look, .item = item, .B = B, .x = x};
    q.shift = rf_key_make(look->seed, "shift", look->step);
    q.noise = rf_key_make(look->seed, "noise", look->step);
    rf_device_run(d, look_part, &q);
}
