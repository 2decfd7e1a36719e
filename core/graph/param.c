/* graph/param.c -- named parameters: their memory, first values and gradients.
 *
 * Invariant: parameters never move.  First values are a function of the seed, the parameter's name
 * and the element, so the order of creation and the rest of the model do not matter. */
#include "graph/tape.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rf_params {
    rf_param **item;
    size_t count, cap;
    rf_map *names;
};

rf_params *rf_params_new(void)
{
    rf_params *ps = calloc(1, sizeof *ps);
    if (ps) ps->names = rf_map_new();
    if (ps && ps->names) return ps;
    free(ps);
    return NULL;
}

static void free_param(rf_param *p)
{
    if (!p) return;
    rf_param_set_sparse(p, false);
    rf_aligned_free(p->value.data);
    rf_aligned_free(p->grad);
    free((char *)(uintptr_t)p->name);
    free(p);
}

void rf_params_free(rf_params *ps)
{
    if (!ps) return;
    for (size_t i = 0; i < ps->count; i++) free_param(ps->item[i]);
    free(ps->item);
    rf_map_free(ps->names);
    free(ps);
}

/* ---- Adding and finding ----------------------------------------------------------------------- */

static bool reserve(rf_params *ps)
{
    if (ps->count < ps->cap) return true;
    const size_t cap = ps->cap ? 2 * ps->cap : 32;
    rf_param **item = realloc(ps->item, cap * sizeof(rf_param *));
    if (!item) return false;
    ps->item = item;
    ps->cap = cap;
    return true;
}

static rf_param *new_param(const char *name, rf_shape shape, rf_init init)
{
    const size_t n = (size_t)rf_shape_count(shape);
    rf_param *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->name = strdup(name);
    p->value = (rf_tensor){rf_aligned_calloc(n, sizeof(rf_real)), shape};
    p->grad = rf_aligned_calloc(n, sizeof(rf_real));
    p->init = init;
    p->decay = shape.rank >= 2;
    p->zero = true;
    if (p->name && p->value.data && p->grad) return p;
    free_param(p);
    return NULL;
}

rf_param *rf_params_add(rf_params *ps, const char *name, rf_shape shape, rf_init init,
                        rf_error *err)
{
    char text[RF_SHAPE_TEXT];
    if (rf_params_find(ps, name)) {
        rf_fail(err, RF_EINVAL, "%s: a parameter of this name exists", name);
        return NULL;
    }
    if (rf_shape_count(shape) <= 0) {
        rf_fail(err, RF_ESHAPE, "%s: a parameter cannot have shape %s", name,
                rf_shape_text(shape, text));
        return NULL;
    }
    rf_param *p = reserve(ps) ? new_param(name, shape, init) : NULL;
    if (!p || !rf_map_put(ps->names, name, strlen(name), (int64_t)ps->count)) {
        free_param(p);
        rf_fail(err, RF_ENOMEM, "%s: no memory for a parameter of shape %s", name,
                rf_shape_text(shape, text));
        return NULL;
    }
    return ps->item[ps->count++] = p;
}

rf_param *rf_params_find(const rf_params *ps, const char *name)
{
    const int64_t i = rf_map_get(ps->names, name, strlen(name), -1);
    return i < 0 ? NULL : ps->item[i];
}

size_t rf_params_count(const rf_params *ps) { return ps->count; }

rf_param *rf_params_at(const rf_params *ps, size_t i)
{
    assert(i < ps->count);
    return ps->item[i];
}

rf_index rf_params_elements(const rf_params *ps)
{
    rf_index n = 0;
    for (size_t i = 0; i < ps->count; i++) n += rf_shape_count(ps->item[i]->value.shape);
    return n;
}

/* ---- First values ------------------------------------------------------------------------------- */

static void init_constant(rf_param *p, rf_key key, rf_index n)
{
    (void)key;
    for (rf_index i = 0; i < n; i++) p->value.data[i] = (rf_real)p->init.scale;
}

static void init_uniform(rf_param *p, rf_key key, rf_index n)
{
    const double s = p->init.scale;
    for (rf_index i = 0; i < n; i++)
        p->value.data[i] = (rf_real)(s * (2 * rf_uniform(key, (uint64_t)i) - 1));
}

static void init_normal(rf_param *p, rf_key key, rf_index n)
{
    for (rf_index i = 0; i < n; i++)
        p->value.data[i] = (rf_real)(p->init.scale * rf_normal(key, (uint64_t)i));
}

static void init_identity(rf_param *p, rf_key key, rf_index n)
{
    const rf_index columns = n / p->value.shape.dim[0];
    (void)key;
    for (rf_index i = 0; i < n; i++)
        p->value.data[i] = (rf_real)(i / columns == i % columns ? p->init.scale : 0);
}

/* v -= (v . u) u. */
static void remove_part(rf_index n, double *v, const double *u)
{
    double s = 0;
    for (rf_index i = 0; i < n; i++) s += v[i] * u[i];
    for (rf_index i = 0; i < n; i++) v[i] -= s * u[i];
}

/* Gram and Schmidt, each vector freed twice of those before it ("twice is enough", Kahan). */
static void orthonormalise(rf_index vectors, rf_index n, double *v)
{
    for (rf_index a = 0; a < vectors; a++) {
        double *x = v + a * n, s = 0;
        for (int twice = 0; twice < 2; twice++)
            for (rf_index b = 0; b < a; b++) remove_part(n, x, v + b * n);
        for (rf_index i = 0; i < n; i++) s += x[i] * x[i];
        for (rf_index i = 0; i < n; i++) x[i] /= sqrt(s);
    }
}

/* The shorter side's vectors are made orthonormal.  Without memory the draws stay as they are. */
static void init_orthogonal(rf_param *p, rf_key key, rf_index n)
{
    const rf_index rows = p->value.shape.rank ? p->value.shape.dim[0] : 1, columns = n / rows;
    const bool wide = rows <= columns;
    const rf_index vectors = wide ? rows : columns, size = wide ? columns : rows;
    double *v = rf_aligned_calloc((size_t)n, sizeof *v);
    if (!v) {
        init_normal(p, key, n);
        return;
    }
    for (rf_index i = 0; i < n; i++) v[i] = rf_normal(key, (uint64_t)i);
    orthonormalise(vectors, size, v);
    for (rf_index i = 0; i < n; i++) {
        const rf_index r = i / columns, c = i % columns;
        p->value.data[i] = (rf_real)(p->init.scale * (wide ? v[r * size + c] : v[c * size + r]));
    }
    rf_aligned_free(v);
}

static void init_memory(rf_param *p)
{
    const rf_init *s = &p->init;
    for (rf_index k = 0; s->memory > 2 && k < s->span; k++) {
        const double v = log1p((s->memory - 2) * ((double)k + 0.5) / (double)s->span);
        if (s->keep >= 0) p->value.data[s->keep + k] = (rf_real)v;
        if (s->admit >= 0) p->value.data[s->admit + k] = (rf_real)-v;
    }
}

void rf_params_init(rf_params *ps, uint64_t seed)
{
    static void (*const rules[])(rf_param *, rf_key, rf_index) = {
        [RF_INIT_CONSTANT] = init_constant, [RF_INIT_UNIFORM] = init_uniform,
        [RF_INIT_NORMAL] = init_normal,     [RF_INIT_ORTHOGONAL] = init_orthogonal,
        [RF_INIT_IDENTITY] = init_identity,
    };
    for (size_t i = 0; i < ps->count; i++) {
        rf_param *p = ps->item[i];
        rules[p->init.kind](p, rf_key_make(seed, p->name, 0), rf_shape_count(p->value.shape));
        for (rf_index k = 0; k < p->init.shift_count; k++)
            p->value.data[p->init.shift_from + k] += (rf_real)p->init.shift;
        init_memory(p);
    }
}

/* ---- Gradients ----------------------------------------------------------------------------------- */

static void zero_rows(rf_param *p)
{
    const rf_index width = rf_shape_count(p->value.shape) / p->value.shape.dim[0];
    for (rf_index k = 0; k < p->rows; k++) {
        memset(p->grad + p->row[k] * width, 0, (size_t)width * sizeof *p->grad);
        p->touched[p->row[k]] = 0;
    }
    p->rows = 0;
}

void rf_params_zero_grad(rf_params *ps)
{
    for (size_t i = 0; i < ps->count; i++) {
        rf_param *p = ps->item[i];
        if (p->sparse)
            zero_rows(p);
        else
            memset(p->grad, 0, (size_t)rf_shape_count(p->value.shape) * sizeof *p->grad);
        p->zero = true;
    }
}

bool rf_param_set_sparse(rf_param *p, bool sparse)
{
    free(p->row);
    free(p->touched);
    p->row = NULL;
    p->touched = NULL;
    p->rows = 0;
    p->sparse = false;
    if (!sparse) return true;
    assert(p->value.shape.rank > 0);
    const size_t n = (size_t)p->value.shape.dim[0];
    p->row = calloc(n, sizeof *p->row);
    p->touched = calloc(n, sizeof *p->touched);
    p->sparse = p->row && p->touched;
    return p->sparse || (rf_param_set_sparse(p, false), false);
}
