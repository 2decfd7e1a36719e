/* lab/evaluate.c -- values of an expression in double, by a walk over its operations, and derivatives
 * by central differences.  What a graph is checked with: nothing here knows the graph. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "expression.h"

/* ---- Shapes ------------------------------------------------------------------------------------- */

static rf_index count_of(const lab_term *t) { return rf_shape_count(t->shape); }

static bool misfit(lab_program *p, const lab_term *t, const char *due)
{
    char a[RF_SHAPE_TEXT], b[RF_SHAPE_TEXT] = "";
    rf_shape_text(p->term[t->arg[0]].shape, a);
    if (t->n > 1) rf_shape_text(p->term[t->arg[1]].shape, b);
    lab_program_fail(p, t->place, "%s%s%s where %s", a, t->n > 1 ? " and " : "", b, due);
    return false;
}

/* Equal shapes, or a number with anything. */
static bool same_shape(lab_program *p, lab_term *t)
{
    const rf_shape a = p->term[t->arg[0]].shape, b = p->term[t->arg[t->n - 1]].shape;
    t->shape = a.rank ? a : b;
    if (!a.rank || !b.rank || rf_shape_equal(a, b)) return true;
    return misfit(p, t, "equal shapes or a number are due; @ is the product of matrices");
}

static bool matmul_shape(lab_program *p, lab_term *t)
{
    const rf_shape a = p->term[t->arg[0]].shape, b = p->term[t->arg[1]].shape;
    if (!a.rank || !b.rank || a.dim[a.rank - 1] != b.dim[0])
        return misfit(p, t, "columns of the first and rows of the second should be as many");
    rf_index dim[2];
    int n = 0;
    if (a.rank == 2) dim[n++] = a.dim[0];
    if (b.rank == 2) dim[n++] = b.dim[1];
    t->shape = rf_shape_make(n, dim);
    return true;
}

static bool dot_shape(lab_program *p, lab_term *t)
{
    const rf_shape a = p->term[t->arg[0]].shape;
    t->shape = RF_SCALAR;
    if (a.rank == 1 && rf_shape_equal(a, p->term[t->arg[1]].shape)) return true;
    return misfit(p, t, "two vectors of one length are due");
}

static bool scalar_shape(lab_program *p, lab_term *t)
{
    (void)p;
    t->shape = RF_SCALAR;
    return true;
}

static bool softmax_shape(lab_program *p, lab_term *t)
{
    t->shape = p->term[t->arg[0]].shape;
    return t->shape.rank || misfit(p, t, "a vector or a matrix is due");
}

static bool transpose_shape(lab_program *p, lab_term *t)
{
    const rf_shape a = p->term[t->arg[0]].shape;
    if (a.rank != 2) return misfit(p, t, "a matrix is due");
    t->shape = RF_SHAPE(a.dim[1], a.dim[0]);
    return true;
}

static bool pick_shape(lab_program *p, lab_term *t)
{
    const rf_shape a = p->term[t->arg[0]].shape;
    t->shape = RF_SCALAR;
    if (a.rank != 1) return misfit(p, t, "a vector is due");
    if (t->index < a.dim[0]) return true;
    lab_program_fail(p, t->place, "element %d of a vector of %d", t->index + 1, (int)a.dim[0]);
    return false;
}

/* The parser has set it; elements are scalars. */
static bool stack_shape(lab_program *p, lab_term *t)
{
    char text[RF_SHAPE_TEXT];
    for (int k = 0; k < t->n; k++) {
        const lab_term *x = &p->term[t->arg[k]];
        if (!x->shape.rank) continue;
        lab_program_fail(p, t->place, "element %d is %s where a number is due", k + 1,
                         rf_shape_text(x->shape, text));
        return false;
    }
    return true;
}

/* ---- Values ------------------------------------------------------------------------------------- */

static const double *value_of(const lab_program *p, const lab_term *t, int k)
{
    return p->term[t->arg[k]].value;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double relu(double x) { return x > 0 ? x : 0; }
static double negated(double x) { return -x; }
static double add(double a, double b) { return a + b; }
static double sub(double a, double b) { return a - b; }
static double mul(double a, double b) { return a * b; }
static double divided(double a, double b) { return a / b; }

static void softmax_row(rf_index n, const double *x, double *y)
{
    double most = x[0], sum = 0;
    for (rf_index k = 1; k < n; k++) most = fmax(most, x[k]);
    for (rf_index k = 0; k < n; k++) sum += y[k] = exp(x[k] - most);
    for (rf_index k = 0; k < n; k++) y[k] /= sum;
}

static void softmax(const lab_program *p, const lab_term *t)
{
    const rf_index n = t->shape.dim[t->shape.rank - 1];
    for (rf_index k = 0; k < count_of(t); k += n)
        softmax_row(n, value_of(p, t, 0) + k, t->value + k);
}

static void sum(const lab_program *p, const lab_term *t)
{
    const rf_index n = count_of(&p->term[t->arg[0]]);
    *t->value = 0;
    for (rf_index k = 0; k < n; k++) *t->value += value_of(p, t, 0)[k];
    if (t->kind == LAB_MEAN) *t->value /= (double)n;
}

static void transpose(const lab_program *p, const lab_term *t)
{
    const rf_index rows = t->shape.dim[0], cols = t->shape.dim[1];
    for (rf_index i = 0; i < rows; i++)
        for (rf_index j = 0; j < cols; j++)
            t->value[i * cols + j] = value_of(p, t, 0)[j * rows + i];
}

/* Vectors are rows on the left and columns on the right: [M,K] [K,N]. */
static void matmul(const lab_program *p, const lab_term *t)
{
    const rf_shape a = p->term[t->arg[0]].shape, b = p->term[t->arg[1]].shape;
    const rf_index M = a.rank == 2 ? a.dim[0] : 1, K = b.dim[0], N = b.rank == 2 ? b.dim[1] : 1;
    for (rf_index i = 0; i < M; i++)
        for (rf_index j = 0; j < N; j++) {
            double y = 0;
            for (rf_index k = 0; k < K; k++)
                y += value_of(p, t, 0)[i * K + k] * value_of(p, t, 1)[k * N + j];
            t->value[i * N + j] = y;
        }
}

static void dot(const lab_program *p, const lab_term *t)
{
    const rf_index n = count_of(&p->term[t->arg[0]]);
    *t->value = 0;
    for (rf_index k = 0; k < n; k++) *t->value += value_of(p, t, 0)[k] * value_of(p, t, 1)[k];
}

static void pick(const lab_program *p, const lab_term *t)
{
    *t->value = value_of(p, t, 0)[t->index];
}

static void cross_entropy(const lab_program *p, const lab_term *t)
{
    const double *z = value_of(p, t, 0);
    const rf_index n = count_of(&p->term[t->arg[0]]);
    double most = z[0], total = 0;
    for (rf_index k = 1; k < n; k++) most = fmax(most, z[k]);
    for (rf_index k = 0; k < n; k++) total += exp(z[k] - most);
    *t->value = most + log(total) - z[t->index];
}

static void stack(const lab_program *p, const lab_term *t)
{
    for (int k = 0; k < t->n; k++) t->value[k] = *value_of(p, t, k);
}

/* One row an operation: either a function of one or two numbers, or a rule for the whole. */
static const struct {
    double (*one)(double);
    double (*two)(double, double);
    bool (*shape)(lab_program *p, lab_term *t);
    void (*compute)(const lab_program *p, const lab_term *t);
} rules[LAB_KINDS] = {[LAB_NEG] = {negated, NULL, same_shape, NULL},
                      [LAB_ADD] = {NULL, add, same_shape, NULL},
                      [LAB_SUB] = {NULL, sub, same_shape, NULL},
                      [LAB_MUL] = {NULL, mul, same_shape, NULL},
                      [LAB_DIV] = {NULL, divided, same_shape, NULL},
                      [LAB_POW] = {NULL, pow, same_shape, NULL},
                      [LAB_EXP] = {exp, NULL, same_shape, NULL},
                      [LAB_LOG] = {log, NULL, same_shape, NULL},
                      [LAB_SQRT] = {sqrt, NULL, same_shape, NULL},
                      [LAB_TANH] = {tanh, NULL, same_shape, NULL},
                      [LAB_SIGMOID] = {sigmoid, NULL, same_shape, NULL},
                      [LAB_RELU] = {relu, NULL, same_shape, NULL},
                      [LAB_SOFTMAX] = {NULL, NULL, softmax_shape, softmax},
                      [LAB_SUM] = {NULL, NULL, scalar_shape, sum},
                      [LAB_MEAN] = {NULL, NULL, scalar_shape, sum},
                      [LAB_TRANSPOSE] = {NULL, NULL, transpose_shape, transpose},
                      [LAB_DOT] = {NULL, NULL, dot_shape, dot},
                      [LAB_MATMUL] = {NULL, NULL, matmul_shape, matmul},
                      [LAB_PICK] = {NULL, NULL, pick_shape, pick},
                      [LAB_CROSS_ENTROPY] = {NULL, NULL, pick_shape, cross_entropy},
                      [LAB_STACK] = {NULL, NULL, stack_shape, stack}};

/* An operand's element k: that of a number is the same for all. */
static double element(const lab_program *p, const lab_term *t, int arg, rf_index k)
{
    return value_of(p, t, arg)[p->term[t->arg[arg]].shape.rank ? k : 0];
}

static void compute(const lab_program *p, const lab_term *t)
{
    if (rules[t->kind].compute) {
        rules[t->kind].compute(p, t);
        return;
    }
    for (rf_index k = 0; k < count_of(t); k++)
        t->value[k] = t->n == 1 ? rules[t->kind].one(element(p, t, 0, k))
                                : rules[t->kind].two(element(p, t, 0, k), element(p, t, 1, k));
}

/* "log(-4) is not a number" */
static rf_status check_finite(lab_program *p, const lab_term *t)
{
    for (rf_index k = 0; k < count_of(t); k++) {
        if (fabs(t->value[k]) <= (double)FLT_MAX) continue;
        const char *what = isnan(t->value[k]) ? "not a number" : "too large for a float";
        const char *name = rules[t->kind].one ? lab_function_name(t->kind) : NULL;
        if (!name) return lab_program_fail(p, t->place, "the value is %s", what);
        return lab_program_fail(p, t->place, "%s(%.6g) is %s", name, element(p, t, 0, k), what);
    }
    return RF_OK;
}

static rf_status no_value(lab_program *p, const lab_term *t)
{
    return lab_program_fail(p, t->place, "%s has no value: add %s=NUMBER", t->name, t->name);
}

static rf_status evaluate_term(lab_program *p, lab_term *t)
{
    if (t->kind == LAB_NUMBER) return RF_OK;
    if (t->kind == LAB_INPUT) return t->value ? RF_OK : no_value(p, t);
    if (!rules[t->kind].shape(p, t)) return RF_EINVAL;
    if (count_of(t) > LAB_ELEMENTS)
        return lab_program_fail(p, t->place, "more than %d elements", LAB_ELEMENTS);
    t->value = rf_arena_alloc(p->arena, (size_t)count_of(t) * sizeof *t->value);
    if (!t->value) return rf_fail(&p->fault.err, RF_ENOMEM, "no memory for the values");
    compute(p, t);
    return check_finite(p, t);
}

rf_status lab_evaluate(lab_program *p, int first)
{
    rf_status st = RF_OK;
    for (int k = first; k < p->terms && !st; k++) st = evaluate_term(p, &p->term[k]);
    return st;
}

/* ---- Central differences ------------------------------------------------------------------------ */

static void recompute(lab_program *p)
{
    for (int k = 0; k < p->terms; k++)
        if (p->term[k].kind > LAB_INPUT && p->term[k].varies) compute(p, &p->term[k]);
}

bool lab_central_differences(lab_program *p, int output, int input, double *out)
{
    const rf_index rows = count_of(&p->term[output]), cols = count_of(&p->term[input]);
    double *x = p->term[input].value, *y = p->term[output].value;
    double *high = rf_aligned_alloc((size_t)rows + 1, sizeof *high);
    if (!high) return false;
    for (rf_index j = 0; j < cols; j++) {
        const double middle = x[j], h = 6e-6 * fmax(1, fabs(middle));
        x[j] = middle + h;
        recompute(p);
        memcpy(high, y, (size_t)rows * sizeof *high);
        x[j] = middle - h;
        recompute(p);
        for (rf_index i = 0; i < rows; i++) out[i * cols + j] = (high[i] - y[i]) / (2 * h);
        x[j] = middle;
    }
    recompute(p);
    rf_aligned_free(high);
    return true;
}
