/* graph/op_zip.c -- elementwise functions of two inputs, broadcast as numpy does.
 *
 * The output is walked as [outer .., n]: a run of n elements along which each input either advances
 * or stands still.  Rules see stretches of at most CHUNK elements with both inputs spelled out, so
 * each needs only three functions: the value, and z = g dy/da and z = g dy/db, which serve both
 * modes.  Where an input stood still its gradient is the sum. */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <math.h>

enum { CHUNK = 512, GRAIN = CHUNK };

typedef struct zip_rule {
    void (*value)(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b, rf_real *y);
    void (*slope[2])(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                     const rf_real *g, rf_real *z);
} zip_rule;

static const zip_rule *rule_of(const rf_call *c);

/* ---- Broadcasting ------------------------------------------------------------------------------- */

/* Dimensions of the output with the steps of both inputs and of the output itself; the last
 * dimension is the run.  `base` is where each of the three begins. */
enum { Y = 2 };
typedef struct walk {
    int rank;
    rf_index dim[RF_MAX_RANK], step[3][RF_MAX_RANK], base[3];
} walk;

static rf_index aligned_dim(rf_shape s, int rank, int i)
{
    const int d = i - (rank - s.rank);
    return d < 0 ? 1 : s.dim[d];
}

/* Append a dimension, or let the last one absorb it where both inputs walk on evenly. */
static void push_dim(walk *w, rf_index n, rf_index sa, rf_index sb)
{
    const int l = w->rank - 1;
    if (n == 1) return;
    if (l >= 0 && w->step[0][l] == sa * n && w->step[1][l] == sb * n) {
        w->dim[l] *= n;
        w->step[0][l] = sa;
        w->step[1][l] = sb;
        return;
    }
    w->dim[w->rank] = n;
    w->step[0][w->rank] = sa;
    w->step[1][w->rank++] = sb;
}

static walk make_walk(const rf_call *c)
{
    const rf_shape y = c->y.shape;
    rf_index step[2][RF_MAX_RANK], size = 1;
    for (int k = 0; k < 2; k++) {
        rf_index s = 1;
        for (int i = y.rank - 1; i >= 0; i--) {
            const rf_index n = aligned_dim(c->x[k].shape, y.rank, i);
            step[k][i] = n == 1 ? 0 : s;
            s *= n;
        }
    }
    walk w = {0};
    for (int i = 0; i < y.rank; i++) push_dim(&w, y.dim[i], step[0][i], step[1][i]);
    if (!w.rank) w = (walk){.rank = 1, .dim = {1}, .step = {{1}, {1}}};
    for (int i = w.rank - 1; i >= 0; size *= w.dim[i--]) w.step[Y][i] = size;
    return w;
}

/* Element i of run r, of input k or Y. */
static rf_index offset_of(const walk *w, int k, rf_index r, rf_index i)
{
    rf_index at = w->base[k] + i * w->step[k][w->rank - 1];
    for (int d = w->rank - 2; d >= 0; d--) {
        at += r % w->dim[d] * w->step[k][d];
        r /= w->dim[d];
    }
    return at;
}

static rf_index walk_count(const walk *w)
{
    rf_index n = 1;
    for (int i = 0; i < w->rank; i++) n *= w->dim[i];
    return n;
}

/* n elements of an input from p on: themselves, or the one that stands still n times. */
static const rf_real *spell(rf_index n, const rf_real *p, rf_index step, rf_real *room)
{
    if (step) return p;
    for (rf_index i = 0; i < n; i++) room[i] = *p;
    return room;
}

/* ---- Running a rule -------------------------------------------------------------------------------- */

/* One stretch: elements [i, i+n) of run r. */
typedef struct stretch {
    rf_index n, y, x[2];
    const rf_real *a, *b;
} stretch;

typedef struct job {
    const rf_call *c;
    const zip_rule *rule;
    walk w;
    void (*each)(const struct job *j, const stretch *s);
    int k;       /* the input whose slope is wanted */
    rf_real *gx; /* its gradient */
} job;

/* Elements at .. end-1 of a walk. */
static void go(const job *j, const walk *w, rf_index at, rf_index end)
{
    const rf_index run = w->dim[w->rank - 1];
    const rf_index sa = w->step[0][w->rank - 1], sb = w->step[1][w->rank - 1];
    rf_real ra[CHUNK], rb[CHUNK];
    while (at < end) {
        const rf_index r = at / run, i = at % run;
        rf_index n = run - i < CHUNK ? run - i : CHUNK;
        if (n > end - at) n = end - at;
        stretch s = {.n = n,
                     .y = offset_of(w, Y, r, i),
                     .x = {offset_of(w, 0, r, i), offset_of(w, 1, r, i)}};
        s.a = spell(n, j->c->x[0].data + s.x[0], sa, ra);
        s.b = spell(n, j->c->x[1].data + s.x[1], sb, rb);
        j->each(j, &s);
        at += n;
    }
}

static void work(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index at, end;
    rfi_split(walk_count(&j->w), GRAIN, thread, threads, &at, &end);
    go(j, &j->w, at, end);
}

static job job_of(const rf_call *c, void (*each)(const job *j, const stretch *s), int k)
{
    return (job){.c = c, .rule = rule_of(c), .w = make_walk(c), .each = each, .k = k};
}

static void run(const rf_call *c, void (*each)(const job *j, const stretch *s), int k)
{
    job j = job_of(c, each, k);
    rfi_vec_share(c->device, rfi_count(&c->y), work, &j);
}

static void value_of(const job *j, const stretch *s)
{
    j->rule->value(j->c->device->k, s->n, s->a, s->b, j->c->y.data + s->y);
}

static void tangent_of(const job *j, const stretch *s)
{
    const rfi_kernels *kernels = j->c->device->k;
    const rf_index step = j->w.step[j->k][j->w.rank - 1];
    rf_real room[CHUNK], z[CHUNK];
    const rf_real *dx = spell(s->n, j->c->dx[j->k] + s->x[j->k], step, room);
    j->rule->slope[j->k](kernels, s->n, s->a, s->b, dx, z);
    kernels->add(s->n, z, j->c->dy + s->y, j->c->dy + s->y);
}

static bool zip_shape(const rf_call *c, rf_shape *y)
{
    const rf_shape a = c->x[0].shape, b = c->x[1].shape;
    return rf_shape_broadcast(a, b, y) || rfi_fail_pair(c, a, b, "do not broadcast");
}

static void zip_forward(const rf_call *c) { run(c, value_of, 0); }

static void zip_tangent(const rf_call *c)
{
    rfi_vec_fill(c->device, rfi_count(&c->y), 0, c->dy);
    for (int k = 0; k < 2; k++)
        if (c->dx[k]) run(c, tangent_of, k);
}

/* ---- Adjoints ------------------------------------------------------------------------------------ */

/* Each element of gx once. */
static void write_of(const job *j, const stretch *s)
{
    j->rule->slope[j->k](j->c->device->k, s->n, s->a, s->b, j->c->gy + s->y, j->gx + s->x[j->k]);
}

static void adjoint_of(const job *j, const stretch *s)
{
    const rfi_kernels *kernels = j->c->device->k;
    rf_real *gx = j->gx + s->x[j->k], z[CHUNK];
    j->rule->slope[j->k](kernels, s->n, s->a, s->b, j->c->gy + s->y, z);
    if (j->w.step[j->k][j->w.rank - 1])
        kernels->add(s->n, z, gx, gx);
    else
        *gx += kernels->sum(s->n, z);
}

/* The dimension along which most threads can go side by side: the input moves there, so that none
 * adds where another does.  -1: it moves nowhere. */
static int widest(const walk *w, int k)
{
    int best = -1;
    rf_index most = 0;
    for (int i = 0; i < w->rank; i++) {
        const rf_index n = i + 1 < w->rank ? w->dim[i] : (w->dim[i] + 15) / 16;
        if (w->step[k][i] == 0 || n <= most) continue;
        most = n;
        best = i;
    }
    return best;
}

static void work_along(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const int d = widest(&j->w, j->k);
    walk w = j->w;
    rf_index from, to;
    rfi_split(w.dim[d], d + 1 < w.rank ? 1 : 16, thread, threads, &from, &to);
    for (int k = 0; k < 3; k++) w.base[k] = from * w.step[k][d];
    w.dim[d] = to - from;
    if (from < to) go(j, &w, 0, walk_count(&w));
}

/* The part of the one element's gradient that comes from some of the output. */
static double part_of(const void *ctx, rf_index first, rf_index n)
{
    job j = *(const job *)ctx;
    rf_real sum = 0;
    j.gx = &sum;
    go(&j, &j.w, first, first + n);
    return (double)sum;
}

static void zip_adjoint(const rf_call *c)
{
    for (int k = 0; k < 2; k++) {
        if (!c->gx[k]) continue;
        const rf_index n = rfi_count(&c->y), own = rfi_count(&c->x[k]);
        job j = job_of(c, own == n && c->fresh[k] ? write_of : adjoint_of, k);
        j.gx = c->gx[k];
        if (own != n && c->fresh[k]) rfi_vec_fill(c->device, own, 0, j.gx);
        if (own == n)
            rfi_vec_share(c->device, n, work, &j);
        else if (own > 1)
            rfi_vec_share(c->device, n, work_along, &j);
        else
            *j.gx += (rf_real)rfi_vec_reduce(c->device, n, part_of, &j);
    }
}

/* ---- The functions --------------------------------------------------------------------------------- */

static void add_value(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                      rf_real *y)
{
    k->add(n, a, b, y);
}

static void sub_value(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                      rf_real *y)
{
    k->sub(n, a, b, y);
}

static void mul_value(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                      rf_real *y)
{
    k->mul(n, a, b, y);
}

static void div_value(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                      rf_real *y)
{
    k->div(n, a, b, y);
}

static void pow_value(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                      rf_real *y)
{
    (void)k;
    for (rf_index i = 0; i < n; i++) y[i] = (rf_real)pow((double)a[i], (double)b[i]);
}

static void slope_one(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                      const rf_real *g, rf_real *z)
{
    (void)k, (void)a, (void)b;
    memcpy(z, g, (size_t)n * sizeof *z);
}

static void slope_minus_one(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                            const rf_real *g, rf_real *z)
{
    (void)a, (void)b;
    k->scale(n, -1, g, z);
}

static void slope_b(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                    const rf_real *g, rf_real *z)
{
    (void)a;
    k->mul(n, g, b, z);
}

static void slope_a(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                    const rf_real *g, rf_real *z)
{
    (void)b;
    k->mul(n, g, a, z);
}

/* y = a/b: dy/da = 1/b, dy/db = -a/b^2. */
static void div_slope_a(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                        const rf_real *g, rf_real *z)
{
    (void)a;
    k->div(n, g, b, z);
}

static void div_slope_b(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                        const rf_real *g, rf_real *z)
{
    (void)k;
    for (rf_index i = 0; i < n; i++) z[i] = -g[i] * a[i] / (b[i] * b[i]);
}

/* y = a^b: dy/da = b a^(b-1), dy/db = y ln a. */
static void pow_slope_a(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                        const rf_real *g, rf_real *z)
{
    (void)k;
    for (rf_index i = 0; i < n; i++) {
        const double slope = b[i] == 0 ? 0 : (double)b[i] * pow((double)a[i], (double)b[i] - 1);
        z[i] = g[i] * (rf_real)slope;
    }
}

static void pow_slope_b(const rfi_kernels *k, rf_index n, const rf_real *a, const rf_real *b,
                        const rf_real *g, rf_real *z)
{
    (void)k;
    for (rf_index i = 0; i < n; i++)
        z[i] = g[i] * (rf_real)(pow((double)a[i], (double)b[i]) * log((double)a[i]));
}

/* ---- Rows of the table ------------------------------------------------------------------------------ */

static const rf_case pairs[] = {
    {.n = 2, .shape = {RFI_S2(3, 5), RFI_S2(3, 5)}, .low = 0.3, .high = 2},
    {.n = 2, .shape = {RFI_S0, RFI_S0}, .low = 0.3, .high = 2},
    {.n = 2, .shape = {RFI_S3(3, 1, 5), RFI_S1(5)}, .low = 0.3, .high = 2},
    {.n = 2, .shape = {RFI_S3(3, 5, 1), RFI_S2(5, 3)}, .low = 0.3, .high = 2},
    {.n = 2, .shape = {RFI_S2(5, 1), RFI_S2(1, 3)}, .low = 0.3, .high = 2},
    {.n = 2, .shape = {RFI_S0, RFI_S2(3, 5)}, .low = 0.3, .high = 2},
    {.n = 2, .shape = {RFI_S4(3, 1, 5, 1), RFI_S4(1, 5, 1, 3)}, .low = 0.3, .high = 2},
    {.n = 2, .shape = {RFI_S2(1, 600), RFI_S2(3, 1)}, .low = 0.3, .high = 2}};
RFI_CASES(pairs)

#define ZIP_ROW(op, text, da, db)                                                                  \
    static const zip_rule op##_rule = {op##_value, {da, db}};                                      \
    const rf_op rfi_op_##op = {.name = #op,                                                        \
                               .arity = 2,                                                         \
                               .flags = RF_OP_OVERWRITES,                                          \
                               .formula = text,                                                    \
                               .shape = zip_shape,                                                 \
                               .forward = zip_forward,                                             \
                               .tangent = zip_tangent,                                             \
                               .adjoint = zip_adjoint,                                             \
                               .sample = sample_pairs}

ZIP_ROW(add, "y = a + b", slope_one, slope_one);
ZIP_ROW(sub, "y = a - b", slope_one, slope_minus_one);
ZIP_ROW(mul, "y = a b", slope_b, slope_a);
ZIP_ROW(div, "y = a / b", div_slope_a, div_slope_b);
ZIP_ROW(pow, "y = a^b", pow_slope_a, pow_slope_b);

static const zip_rule *rule_of(const rf_call *c)
{
    static const struct {
        const rf_op *op;
        const zip_rule *rule;
    } rows[] = {{&rfi_op_add, &add_rule},
                {&rfi_op_sub, &sub_rule},
                {&rfi_op_mul, &mul_rule},
                {&rfi_op_div, &div_rule},
                {&rfi_op_pow, &pow_rule}};
    size_t i = 0;
    while (rows[i].op != c->op) i++;
    return rows[i].rule;
}

/* ---- Builders ------------------------------------------------------------------------------------ */

#define ZIP_BUILDER(op)                                                                            \
    rf_node rf_##op(rf_graph *g, rf_node a, rf_node b)                                             \
    {                                                                                              \
        return rf_apply(g, &rfi_op_##op, 2, (const rf_node[]){a, b}, NULL, 0);                     \
    }

ZIP_BUILDER(add)
ZIP_BUILDER(sub)
ZIP_BUILDER(mul)
ZIP_BUILDER(div)
ZIP_BUILDER(pow)
