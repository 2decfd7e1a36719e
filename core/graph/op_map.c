/* graph/op_map.c -- elementwise functions of one input.
 *
 * Their Jacobians are diagonal: one function, z += g f'(x), is the tangent rule (g = dx) and the
 * adjoint rule (g = gy).  It may use the value y instead of x. */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <math.h>

typedef struct map_rule {
    void (*value)(const rf_call *c, rf_index n, const rf_real *x, rf_real *y);
    void (*slope)(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                  const rf_real *g, rf_real *z);
} map_rule;

static const map_rule *rule_of(const rf_call *c);

/* ---- Running a rule over all elements ----------------------------------------------------------- */

enum { GRAIN = 64 };

typedef struct job {
    const rf_call *c;
    const map_rule *rule;
    rf_index n;
    const rf_real *g; /* NULL: compute the value */
    rf_real *z;
} job;

static void work(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const rf_real *x = j->c->x[0].data, *y = j->c->y.data;
    rf_index a, b;
    rfi_split(j->n, GRAIN, thread, threads, &a, &b);
    if (j->g)
        j->rule->slope(j->c, b - a, x + a, y + a, j->g + a, j->z + a);
    else
        j->rule->value(j->c, b - a, x + a, j->z + a);
}

static void run(const rf_call *c, const rf_real *g, rf_real *z)
{
    job j = {c, rule_of(c), rfi_count(&c->y), g, z};
    rfi_vec_share(c->device, j.n, work, &j);
}

static void map_forward(const rf_call *c) { run(c, NULL, c->y.data); }

static void map_tangent(const rf_call *c)
{
    rfi_vec_fill(c->device, rfi_count(&c->y), 0, c->dy);
    run(c, c->dx[0], c->dy);
}

static void map_adjoint(const rf_call *c)
{
    if (c->gx[0]) run(c, c->gy, c->gx[0]);
}

/* ---- The functions ------------------------------------------------------------------------------ */

typedef struct affine_attr {
    double scale, shift;
} affine_attr;

static void affine_value(const rf_call *c, rf_index n, const rf_real *x, rf_real *y)
{
    const affine_attr *a = c->attr;
    c->device->k->affine(n, (rf_real)a->scale, (rf_real)a->shift, x, y);
}

static void affine_slope(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                         const rf_real *g, rf_real *z)
{
    const affine_attr *a = c->attr;
    (void)x, (void)y;
    c->device->k->axpy(n, (rf_real)a->scale, g, z);
}

static void exp_value(const rf_call *c, rf_index n, const rf_real *x, rf_real *y)
{
    c->device->k->exp(n, x, y);
}

static void exp_slope(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                      const rf_real *g, rf_real *z)
{
    (void)x;
    c->device->k->mul_add(n, g, y, z);
}

static void log_value(const rf_call *c, rf_index n, const rf_real *x, rf_real *y)
{
    c->device->k->log(n, x, y);
}

static void log_slope(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                      const rf_real *g, rf_real *z)
{
    (void)c, (void)y;
    for (rf_index i = 0; i < n; i++) z[i] += g[i] / x[i];
}

static void sqrt_value(const rf_call *c, rf_index n, const rf_real *x, rf_real *y)
{
    c->device->k->sqrt(n, x, y);
}

static void sqrt_slope(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                       const rf_real *g, rf_real *z)
{
    (void)c, (void)x;
    for (rf_index i = 0; i < n; i++) z[i] += g[i] / (2 * y[i]);
}

static void tanh_value(const rf_call *c, rf_index n, const rf_real *x, rf_real *y)
{
    c->device->k->tanh(n, x, y);
}

static void tanh_slope(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                       const rf_real *g, rf_real *z)
{
    (void)x;
    c->device->k->tanh_bp(n, g, y, z);
}

static void sigmoid_value(const rf_call *c, rf_index n, const rf_real *x, rf_real *y)
{
    c->device->k->sigmoid(n, x, y);
}

static void sigmoid_slope(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                          const rf_real *g, rf_real *z)
{
    (void)x;
    c->device->k->sigmoid_bp(n, g, y, z);
}

static void relu_value(const rf_call *c, rf_index n, const rf_real *x, rf_real *y)
{
    c->device->k->relu(n, x, y);
}

static void relu_slope(const rf_call *c, rf_index n, const rf_real *x, const rf_real *y,
                       const rf_real *g, rf_real *z)
{
    (void)x;
    c->device->k->relu_bp(n, g, y, z);
}

/* ---- Rows of the table ----------------------------------------------------------------------------- */

static const affine_attr affine_sample = {-1.5, 0.25};
static const rf_case affine_cases[] = {
    {.n = 1, .shape = {RFI_S2(3, 5)}, .low = -2, .high = 2, RFI_ATTR(affine_sample)}};
RFI_CASES(affine_cases)

static const rf_case wide[] = {{.n = 1, .shape = {RFI_S0}, .low = -2, .high = 2},
                               {.n = 1, .shape = {RFI_S1(1)}, .low = -2, .high = 2},
                               {.n = 1, .shape = {RFI_S3(3, 1, 5)}, .low = -3, .high = 3}};
RFI_CASES(wide)

static const rf_case positive[] = {{.n = 1, .shape = {RFI_S1(5)}, .low = 0.2, .high = 3},
                                   {.n = 1, .shape = {RFI_S2(3, 5)}, .low = 0.2, .high = 3}};
RFI_CASES(positive)

/* Away from 0, where relu has no derivative. */
static const rf_case off_zero[] = {{.n = 1, .shape = {RFI_S2(3, 5)}, .low = 0.1, .high = 2},
                                   {.n = 1, .shape = {RFI_S2(5, 3)}, .low = -2, .high = -0.1}};
RFI_CASES(off_zero)

#define MAP_ROW(op, text, cases)                                                                   \
    static const map_rule op##_rule = {op##_value, op##_slope};                                    \
    const rf_op rfi_op_##op = {.name = #op,                                                        \
                               .arity = 1,                                                         \
                               .formula = text,                                                    \
                               .shape = rfi_shape_same,                                            \
                               .forward = map_forward,                                             \
                               .tangent = map_tangent,                                             \
                               .adjoint = map_adjoint,                                             \
                               .sample = sample_##cases}

MAP_ROW(affine, "y = scale x + shift", affine_cases);
MAP_ROW(exp, "y = e^x", wide);
MAP_ROW(log, "y = ln x", positive);
MAP_ROW(sqrt, "y = sqrt x", positive);
MAP_ROW(tanh, "y = (e^x - e^-x) / (e^x + e^-x)", wide);
MAP_ROW(sigmoid, "y = 1 / (1 + e^-x)", wide);
MAP_ROW(relu, "y = max(x, 0)", off_zero);

static const map_rule *rule_of(const rf_call *c)
{
    static const struct {
        const rf_op *op;
        const map_rule *rule;
    } rows[] = {{&rfi_op_affine, &affine_rule}, {&rfi_op_exp, &exp_rule},
                {&rfi_op_log, &log_rule},       {&rfi_op_sqrt, &sqrt_rule},
                {&rfi_op_tanh, &tanh_rule},     {&rfi_op_sigmoid, &sigmoid_rule},
                {&rfi_op_relu, &relu_rule}};
    size_t i = 0;
    while (rows[i].op != c->op) i++;
    return rows[i].rule;
}

/* ---- Builders ---------------------------------------------------------------------------------- */

#define MAP_BUILDER(op)                                                                            \
    rf_node rf_##op(rf_graph *g, rf_node x) { return rf_apply(g, &rfi_op_##op, 1, &x, NULL, 0); }

MAP_BUILDER(exp)
MAP_BUILDER(log)
MAP_BUILDER(sqrt)
MAP_BUILDER(tanh)
MAP_BUILDER(sigmoid)
MAP_BUILDER(relu)

rf_node rf_affine(rf_graph *g, rf_node x, double scale, double shift)
{
    const affine_attr a = {scale, shift};
    return rf_apply(g, &rfi_op_affine, 1, &x, &a, sizeof a);
}
