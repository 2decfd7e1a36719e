/* check.c -- the generic checks of check.h.
 *
 * Everything that is differentiated is a slot: first the leaves, then the parameters.  Each check
 * builds its own graph; only slot values, u and v are shared. */
#include "check.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/tape.h"
#include <CUnit/CUnit.h>

enum { SLOTS = 96, REPORTS = 4, SAMPLED = 300, PAD = 7, BEFORE = 5 };

#define DIFFERENCES 1e-6 /* relative, against differences */
#define DUALITY     1e-10
#define SAME        1e-12 /* the same mathematics in another order, times what cancels */

typedef struct slot {
    const char *name;
    rf_param *param; /* NULL: a leaf */
    rf_index n;
    rf_real *value;
    double *v;
} slot;

typedef struct check {
    const check_problem *p;
    rf_device *d;
    rf_graph *g;
    rf_arena *a;
    slot s[SLOTS];
    int slots;
    rf_node leaf[CHECK_LEAVES];  /* of the last build: what has the gradient */
    rf_node given[CHECK_LEAVES]; /* what the builder got */
    uint32_t constant;
    bool views;
    int merged; /* this leaf is also passed as leaf `into` */
    int into;
    const char *what; /* the running check */
    int reports;
    rf_index ny;
    double *u, *y0; /* y0: scale of rounding */
} check;

/* ---- Reporting --------------------------------------------------------------------------------- */

void check_fail(const char *fmt, ...)
{
    char text[700];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CU_assertImplementation(CU_FALSE, __LINE__, text, __FILE__, "", CU_FALSE);
}

static void begin_check(check *c, const char *what)
{
    c->what = what;
    c->reports = 0;
    c->constant = c->p->constant;
    c->views = false;
    c->merged = c->into = -1;
}

/* Are a and b equal to `tol`, relative to the larger of them and of what cancelled in them? */
static bool compare(check *c, const char *where, rf_index i, double a, double b, double tol,
                    double scale)
{
    const double size = fmax(fmax(fabs(a), fabs(b)), scale);
    if (a == b || fabs(a - b) <= tol * size) return true; /* false for NaN */
    if (c->reports++ >= REPORTS) return false;
    check_fail("%s: %s: %s, element %lld: %.17g where %.17g is due", c->p->name, c->what, where,
               (long long)i, a, b);
    return false;
}

static void compare_all(check *c, const char *where, rf_index n, const double *a, const double *b,
                        double tol)
{
    double scale = 1e-3;
    for (rf_index i = 0; i < n; i++) scale = fmax(scale, fabs(b[i]));
    for (rf_index i = 0; i < n; i++) compare(c, where, i, a[i], b[i], tol, scale);
}

static void fail_graph(check *c)
{
    rf_error err = {0};
    rf_graph_status(c->g, &err);
    if (c->reports++ < REPORTS) check_fail("%s: %s: %s", c->p->name, c->what, err.text);
}

/* ---- Building ---------------------------------------------------------------------------------- */

static double *numbers(check *c, rf_index n)
{
    double *p = rf_arena_zalloc(c->a, (size_t)(n > 0 ? n : 1) * sizeof *p);
    if (p) return p;
    CU_FAIL_FATAL("no memory");
    return NULL;
}

static rf_node add_leaf(check *c, int i, rf_mode mode)
{
    const slot *s = &c->s[i];
    const rf_shape shape = c->p->shape[i];
    rf_node (*make)(rf_graph *, const rf_real *, rf_shape) =
        c->constant >> i & 1 || mode == RF_INFER ? (rf_constant) : (rf_variable);
    if (shape.rank < 0) return c->leaf[i] = RF_NONE;
    if (!c->views) return c->leaf[i] = make(c->g, s->value, shape);
    double *wide = numbers(c, s->n + PAD);
    for (rf_index k = 0; k < s->n + PAD; k++) wide[k] = NAN; /* not to be read */
    memcpy(wide + BEFORE, s->value, (size_t)s->n * sizeof *wide);
    c->leaf[i] = make(c->g, wide, RF_SHAPE(s->n + PAD));
    return rf_part(c->g, c->leaf[i], BEFORE, shape);
}

/* The problem's graph; RF_POISON after a report. */
static rf_node build_as(check *c, rf_mode mode)
{
    rf_graph_begin(c->g, mode, rf_key_make(c->p->seed, "check", 1));
    for (int i = 0; i < c->p->n; i++) c->given[i] = add_leaf(c, i, mode);
    if (c->merged >= 0) c->given[c->into] = c->given[c->merged];
    if (c->merged >= 0) c->leaf[c->into] = c->leaf[c->merged];
    rf_node y = c->p->build(c->g, c->given, c->p->ctx);
    if (y == RF_POISON || rf_graph_status(c->g, NULL)) {
        fail_graph(c);
        return RF_POISON;
    }
    return y;
}

static rf_mode mode_of(const check *c) { return c->p->mode ? c->p->mode : RF_EVAL; }

static rf_node build(check *c) { return build_as(c, mode_of(c)); }

static double *value_of(check *c, rf_node y)
{
    double *v = numbers(c, c->ny);
    if (y != RF_POISON) memcpy(v, rf_value(c->g, y).data, (size_t)c->ny * sizeof *v);
    return v;
}

/* J^T u of every slot, one after the other in memory of its own; NULL after a report. */
static double **sweep_back(check *c, rf_node y, const double *u)
{
    double **g = rf_arena_zalloc(c->a, SLOTS * sizeof(double *));
    if (c->p->params) rf_params_zero_grad(c->p->params);
    if (y == RF_POISON) return NULL;
    if (rf_adjoint_with(c->g, y, u)) {
        fail_graph(c);
        return NULL;
    }
    for (int i = 0; i < c->slots; i++) {
        const slot *s = &c->s[i];
        const rf_real *from = s->param ? s->param->grad : rf_gradient(c->g, c->leaf[i]);
        g[i] = numbers(c, s->n);
        if (from && c->views && !s->param) from += BEFORE;
        if (from) memcpy(g[i], from, (size_t)s->n * sizeof **g);
    }
    return g;
}

static bool live(const check *c, int i)
{
    if (c->s[i].param) return !c->s[i].param->frozen;
    return c->p->shape[i].rank >= 0 && !(c->constant >> i & 1);
}

static void set_tangents(check *c, int only)
{
    for (int i = 0; i < c->p->n; i++)
        if (c->leaf[i] != RF_NONE && live(c, i) && (only < 0 || only == i))
            rf_set_tangent(c->g, c->leaf[i], c->s[i].v);
    for (rf_node k = 1; k < c->g->count; k++)
        for (int i = c->p->n; i < c->slots; i++)
            if (c->g->node[k].param == c->s[i].param && live(c, i) && (only < 0 || only == i))
                rf_set_tangent(c->g, k, c->s[i].v);
}

/* J v, with all slots moving or only one. */
static double *sweep_forth(check *c, rf_node y, int only)
{
    double *dy = numbers(c, c->ny);
    if (y == RF_POISON) return dy;
    set_tangents(c, only);
    if (rf_sweep_tangents(c->g)) fail_graph(c);
    const rf_real *from = rf_tangent(c->g, y);
    if (from) memcpy(dy, from, (size_t)c->ny * sizeof *dy);
    return dy;
}

static double dot(rf_index n, const double *a, const double *b)
{
    double s = 0;
    for (rf_index i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

/* ---- Differences ------------------------------------------------------------------------------- */

/* f'(0) from five points, f'(0) = (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h + O(h^4). */
static const struct {
    double at, weight;
} points[] = {{1, 8}, {-1, -8}, {2, -1}, {-2, 1}};

/* d<u, y>/dx of element k of slot i. */
static double difference_of(check *c, int i, rf_index k, double h)
{
    rf_real *x = &c->s[i].value[k];
    const rf_real x0 = *x;
    double sum = 0;
    for (int j = 0; j < 4; j++) {
        *x = x0 + points[j].at * h;
        const rf_node y = build(c);
        if (y != RF_POISON) sum += points[j].weight * dot(c->ny, c->u, rf_value(c->g, y).data);
    }
    *x = x0;
    return sum / (12 * h);
}

/* dy along v. */
static double *difference_along(check *c, double h)
{
    double *sum = numbers(c, c->ny);
    rf_real *x0[SLOTS];
    for (int i = 0; i < c->slots; i++) {
        x0[i] = numbers(c, c->s[i].n);
        memcpy(x0[i], c->s[i].value, (size_t)c->s[i].n * sizeof **x0);
    }
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < c->slots; i++)
            for (rf_index k = 0; live(c, i) && k < c->s[i].n; k++)
                c->s[i].value[k] = x0[i][k] + points[j].at * h * c->s[i].v[k];
        const rf_node y = build(c);
        const rf_real *v = rf_value(c->g, y).data;
        for (rf_index k = 0; v && k < c->ny; k++) sum[k] += points[j].weight * v[k] / (12 * h);
    }
    for (int i = 0; i < c->slots; i++)
        memcpy(c->s[i].value, x0[i], (size_t)c->s[i].n * sizeof **x0);
    return sum;
}

/* A kink within the wider points is no error: the narrow ones decide then. */
static const double steps[] = {1e-4, 1e-6};

/* ---- Checks ------------------------------------------------------------------------------------ */

static void check_adjoint_differences(check *c)
{
    begin_check(c, "adjoint against differences");
    double **g = sweep_back(c, build(c), c->u);
    const double scale = 1e-3 * (1 + fabs(dot(c->ny, c->u, c->y0)));
    for (int i = 0; g && i < c->slots; i++) {
        const slot *s = &c->s[i];
        const rf_index stride = s->n / SAMPLED + 1;
        for (rf_index k = 0; live(c, i) && k < s->n; k += stride) {
            double due = difference_of(c, i, k, steps[0]);
            if (fabs(due - g[i][k]) > DIFFERENCES * fmax(scale, fabs(due)))
                due = difference_of(c, i, k, steps[1]);
            compare(c, s->name, k, g[i][k], due, DIFFERENCES, scale);
        }
    }
}

static void check_tangent_differences(check *c)
{
    begin_check(c, "tangent against differences");
    double *dy = sweep_forth(c, build(c), -1);
    double *wide = difference_along(c, steps[0]), *narrow = difference_along(c, steps[1]);
    double scale = 1e-3;
    for (rf_index k = 0; k < c->ny; k++) scale = fmax(scale, 1e-3 * fabs(c->y0[k]));
    for (rf_index k = 0; k < c->ny; k++) {
        const bool good = fabs(dy[k] - wide[k]) <= DIFFERENCES * fmax(scale, fabs(wide[k]));
        compare(c, "output", k, dy[k], good ? wide[k] : narrow[k], DIFFERENCES, scale);
    }
}

static void check_tangent_sum(check *c)
{
    begin_check(c, "sum of the slots' tangents");
    double *all = sweep_forth(c, build(c), -1), *sum = numbers(c, c->ny);
    for (int i = 0; i < c->slots; i++) {
        if (!live(c, i)) continue;
        double *one = sweep_forth(c, build(c), i);
        for (rf_index k = 0; k < c->ny; k++) sum[k] += one[k];
    }
    compare_all(c, "output", c->ny, sum, all, DUALITY);
}

static void check_duality(check *c)
{
    begin_check(c, "<u, J v> against <J^T u, v>");
    const rf_node y = build(c);
    double *dy = sweep_forth(c, y, -1), **g = sweep_back(c, y, c->u), back = 0, scale = 1e-3;
    for (int i = 0; g && i < c->slots; i++) {
        if (!live(c, i)) continue;
        back += dot(c->s[i].n, g[i], c->s[i].v);
        for (rf_index k = 0; k < c->s[i].n; k++) scale += fabs(g[i][k] * c->s[i].v[k]);
    }
    compare(c, "product", 0, dot(c->ny, c->u, dy), back, DUALITY, scale);
}

static void check_textbook(check *c)
{
    begin_check(c, "fused against the textbook graph");
    rf_node y = build(c);
    double *value = value_of(c, y), *dy = sweep_forth(c, y, -1), **g = sweep_back(c, y, c->u);
    c->g->textbook = true;
    y = build(c);
    compare_all(c, "value", c->ny, value, value_of(c, y), SAME);
    compare_all(c, "tangent", c->ny, dy, sweep_forth(c, y, -1), SAME);
    double **due = sweep_back(c, y, c->u);
    for (int i = 0; g && due && i < c->slots; i++)
        compare_all(c, c->s[i].name, c->s[i].n, g[i], due[i], SAME);
    c->g->textbook = false;
}

/* f applied twice to the same leaves: either alone, then both in one sweep, then one again. */
static void check_accumulation(check *c)
{
    begin_check(c, "two uses in one sweep");
    const rf_node a = build(c);
    if (a == RF_POISON) return;
    const rf_node b = c->p->build(c->g, c->given, c->p->ctx), sum = rf_add(c->g, a, b);
    double **ga = sweep_back(c, a, c->u), **gb = sweep_back(c, b, c->u);
    double **both = sweep_back(c, sum, c->u), **again = sweep_back(c, a, c->u);
    if (!ga || !gb || !both || !again) return;
    for (int i = 0; i < c->slots; i++) {
        const slot *s = &c->s[i];
        c->what = "the same sweep again";
        compare_all(c, s->name, s->n, again[i], ga[i], 0);
        c->what = "two uses in one sweep";
        for (rf_index k = 0; k < s->n; k++) ga[i][k] += gb[i][k];
        compare_all(c, s->name, s->n, both[i], ga[i], SAME);
        c->what = "inputs written to";
        const rf_real *now = s->param ? s->value : rf_value(c->g, c->leaf[i]).data;
        if (now) compare_all(c, s->name, s->n, now, s->value, 0);
    }
}

static void check_views(check *c)
{
    begin_check(c, "leaves that are views");
    rf_node y = build(c);
    double *value = value_of(c, y), **due = sweep_back(c, y, c->u);
    c->views = true;
    y = build(c);
    compare_all(c, "value", c->ny, value_of(c, y), value, SAME);
    double **g = sweep_back(c, y, c->u);
    for (int i = 0; g && due && i < c->slots; i++) {
        const slot *s = &c->s[i];
        compare_all(c, s->name, s->n, g[i], due[i], SAME);
        const rf_real *wide = s->param ? NULL : rf_gradient(c->g, c->leaf[i]);
        for (rf_index k = 0; wide && k < s->n + PAD; k++)
            if (k < BEFORE || k >= BEFORE + s->n)
                compare(c, "outside of the view", k - BEFORE, wide[k], 0, 0, 0);
    }
}

/* The gradients with leaves `constant` constant against those of `due`. */
static void check_constants_are(check *c, uint32_t constant, double **due)
{
    c->constant = constant;
    double **g = sweep_back(c, build(c), c->u);
    for (int i = 0; g && i < c->slots; i++) {
        if (live(c, i))
            compare_all(c, c->s[i].name, c->s[i].n, g[i], due[i], SAME);
        else if (!c->s[i].param && rf_gradient(c->g, c->leaf[i]))
            check_fail("%s: %s: %s is constant and has a gradient", c->p->name, c->what,
                       c->s[i].name);
    }
}

static void check_constants(check *c)
{
    begin_check(c, "constants");
    const uint32_t all = c->p->n < 32 ? (1u << c->p->n) - 1 : UINT32_MAX, own = c->p->constant;
    double **due = sweep_back(c, build(c), c->u);
    if (!due) return;
    for (int i = 0; i < c->p->n; i++) {
        if (own >> i & 1 || c->p->shape[i].rank < 0) continue;
        check_constants_are(c, own | 1u << i, due);
        check_constants_are(c, all & ~(1u << i), due);
    }
    check_constants_are(c, all, due);
}

static void check_frozen(check *c)
{
    begin_check(c, "frozen parameters");
    double **due = sweep_back(c, build(c), c->u);
    for (int i = c->p->n; due && i < c->slots; i++) {
        const bool was = c->s[i].param->frozen;
        c->s[i].param->frozen = true;
        double **g = sweep_back(c, build(c), c->u);
        c->s[i].param->frozen = was;
        for (int j = 0; g && j < c->slots; j++)
            compare_all(c, c->s[j].name, c->s[j].n, g[j], j == i ? numbers(c, c->s[j].n) : due[j],
                        SAME);
    }
}

static void check_inference(check *c)
{
    if (mode_of(c) == RF_TRAIN) return;
    begin_check(c, "value in inference");
    double *due = value_of(c, build(c));
    compare_all(c, "value", c->ny, value_of(c, build_as(c, RF_INFER)), due, 0);
}

/* ---- Running ----------------------------------------------------------------------------------- */

static void draw(check *c, const char *what, int k, rf_index n, double low, double high, double *to)
{
    const rf_key key = rf_key_make(c->p->seed + 1, what, (uint64_t)k);
    for (rf_index i = 0; i < n; i++) to[i] = low + (high - low) * rf_uniform(key, (uint64_t)i);
}

static void add_slots(check *c)
{
    const check_problem *p = c->p;
    for (int i = 0; i < p->n; i++) {
        slot *s = &c->s[c->slots++];
        char *name = rf_arena_alloc(c->a, 32);
        snprintf(name, 32, "input %d", i);
        *s = (slot){.name = name, .n = p->shape[i].rank < 0 ? 0 : rf_shape_count(p->shape[i])};
        s->value = numbers(c, s->n);
        draw(c, "x", i, s->n, p->low, p->high, s->value);
    }
    const int params = p->params ? (int)rf_params_count(p->params) : 0;
    assert(c->slots + params <= SLOTS);
    for (int i = 0; i < params; i++) {
        rf_param *q = rf_params_at(p->params, (size_t)i);
        c->s[c->slots++] = (slot){.name = q->name,
                                  .param = q,
                                  .n = rf_shape_count(q->value.shape),
                                  .value = q->value.data};
    }
    for (int i = 0; i < c->slots; i++) {
        c->s[i].v = numbers(c, c->s[i].n);
        draw(c, "v", i, c->s[i].n, -1, 1, c->s[i].v);
    }
}

/* Fills c; false after a report when the problem does not build. */
static bool set_up(check *c, const check_problem *p)
{
    *c = (check){.p = p};
    assert(p->n <= CHECK_LEAVES);
    c->a = rf_arena_new(1 << 16);
    c->d = rf_device_new(1, NULL);
    c->g = c->d ? rf_graph_new(c->d) : NULL;
    if (!c->a || !c->g) {
        check_fail("%s: no memory", p->name);
        return false;
    }
    add_slots(c);
    begin_check(c, "building");
    const rf_node y = build(c);
    if (y == RF_POISON) return false;
    c->ny = rf_shape_count(rf_shape_of(c->g, y));
    c->y0 = value_of(c, y);
    c->u = numbers(c, c->ny);
    draw(c, "u", 0, c->ny, -1, 1, c->u);
    for (rf_index i = 0; i < c->ny; i++)
        if (!isfinite(c->y0[i]))
            check_fail("%s: output %lld is %g", p->name, (long long)i, c->y0[i]);
    return true;
}

static void tear_down(check *c)
{
    rf_graph_free(c->g);
    rf_device_free(c->d);
    rf_arena_free(c->a);
}

void check_all(const check_problem *p)
{
    static void (*const checks[])(check *) = {
        check_adjoint_differences,
        check_tangent_differences,
        check_tangent_sum,
        check_duality,
        check_textbook,
        check_accumulation,
        check_views,
        check_constants,
        check_frozen,
        check_inference,
    };
    check c;
    if (set_up(&c, p))
        for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) checks[i](&c);
    tear_down(&c);
}

void check_shared(const check_problem *p, int i, int j)
{
    check c;
    assert(rf_shape_equal(p->shape[i], p->shape[j]));
    if (set_up(&c, p)) {
        memcpy(c.s[j].value, c.s[i].value, (size_t)c.s[i].n * sizeof(rf_real));
        memcpy(c.s[j].v, c.s[i].v, (size_t)c.s[i].n * sizeof(double));
        begin_check(&c, "one node as two inputs");
        rf_node y = build(&c);
        double *dy = sweep_forth(&c, y, -1), **due = sweep_back(&c, y, c.u);
        c.merged = i;
        c.into = j;
        y = build(&c);
        compare_all(&c, "tangent", c.ny, sweep_forth(&c, y, -1), dy, SAME);
        double **g = sweep_back(&c, y, c.u);
        for (rf_index k = 0; g && due && k < c.s[i].n; k++) due[i][k] += due[j][k];
        if (g && due) compare_all(&c, c.s[i].name, c.s[i].n, g[i], due[i], SAME);
    }
    tear_down(&c);
}
