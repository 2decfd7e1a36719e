/* graph/ops.c -- the table of ops, and what their rules share. */
#include "graph/ops.h"

#include "tensor/vec.h"

static const rf_op *const table[] = {
#define RF_OP_ROW(name) &rfi_op_##name,
#include "graph/ops.def"
#undef RF_OP_ROW
};

const rf_op *rf_op_at(int i)
{
    return i >= 0 && i < (int)(sizeof table / sizeof *table) ? table[i] : NULL;
}

const rf_op *rf_op_find(const char *name)
{
    for (int i = 0; rf_op_at(i); i++)
        if (!strcmp(rf_op_at(i)->name, name)) return rf_op_at(i);
    return NULL;
}

/* ---- Shapes --------------------------------------------------------------------------------- */

rfi_around rfi_around_dim(rf_shape s, int d)
{
    rfi_around a = {1, s.dim[d], 1};
    for (int i = 0; i < d; i++) a.outer *= s.dim[i];
    for (int i = d + 1; i < s.rank; i++) a.inner *= s.dim[i];
    return a;
}

int rfi_dim(rf_shape s, int d)
{
    if (d < 0) d += s.rank;
    return d >= 0 && d < s.rank ? d : -1;
}

rf_shape rfi_with_dim(rf_shape s, int d, rf_index n)
{
    s.dim[d] = n;
    return s;
}

rf_shape rfi_without_dim(rf_shape s, int d)
{
    s.rank--;
    for (int i = d; i < s.rank; i++) s.dim[i] = s.dim[i + 1];
    return s;
}

bool rfi_shape_same(const rf_call *c, rf_shape *y)
{
    *y = c->x[0].shape;
    return true;
}

bool rfi_shape_scalar(const rf_call *c, rf_shape *y)
{
    (void)c;
    *y = (rf_shape){0};
    return true;
}

bool rfi_fail_dim(const rf_call *c, int d)
{
    char a[RF_SHAPE_TEXT];
    return rf_call_fail(c, "%s has no dimension %d", rf_shape_text(c->x[0].shape, a), d);
}

bool rfi_fail_pair(const rf_call *c, rf_shape x, rf_shape y, const char *what)
{
    char a[RF_SHAPE_TEXT], b[RF_SHAPE_TEXT];
    return rf_call_fail(c, "%s and %s %s", rf_shape_text(x, a), rf_shape_text(y, b), what);
}

/* ---- Lists and copies ----------------------------------------------------------------------------- */

const rfi_ids *rfi_ids_copy(rf_graph *g, rf_index n, const int32_t *ids)
{
    if (g->error.status || n < 0) return NULL;
    if (!ids) n = 0;
    rfi_ids *p = rf_graph_alloc(g, sizeof *p + (size_t)n * sizeof *ids);
    if (!p) return NULL;
    p->n = n;
    if (n) memcpy(p->id, ids, (size_t)n * sizeof *ids);
    return p;
}

typedef struct put {
    const rfi_kernels *k;
    bool add;
    rf_index R, n, lda, ldz;
    const rf_real *a;
    rf_real *z;
} put;

static void put_block(const put *p, rf_index r0, rf_index r1, rf_index c0, rf_index c1)
{
    const rf_real *a = p->a + r0 * p->lda + c0;
    rf_real *z = p->z + r0 * p->ldz + c0;
    if (!p->add) {
        p->k->copy_rows(r1 - r0, c1 - c0, a, p->lda, z, p->ldz);
        return;
    }
    for (rf_index r = r0; r < r1; r++, a += p->lda, z += p->ldz) p->k->add(c1 - c0, a, z, z);
}

/* Rows, or columns where there are more of these. */
static void put_part(void *ctx, int thread, int threads)
{
    enum { GRAIN = 64 };
    const put *p = ctx;
    rf_index from, to;
    if (p->R >= p->n / GRAIN) {
        rfi_split(p->R, 1, thread, threads, &from, &to);
        put_block(p, from, to, 0, p->n);
    } else {
        rfi_split(p->n, GRAIN, thread, threads, &from, &to);
        put_block(p, 0, p->R, from, to);
    }
}

void rfi_put_rows(rf_device *d, bool add, rf_index R, rf_index n, const rf_real *a, rf_index lda,
                  rf_real *z, rf_index ldz)
{
    rfi_vec_share(d, R * n, put_part, &(put){d->k, add, R, n, lda, ldz, a, z});
}

void rfi_fill_rows(rf_device *d, rf_index R, rf_index O, const rf_real *row, rf_real *y)
{
    rfi_put_rows(d, false, R, O, row, 0, y, O);
}

/* ---- Leaves and views ---------------------------------------------------------------------------- */

const rf_op rfi_op_constant = {.name = "constant", .flags = RF_OP_LEAF, .formula = "y"};
const rf_op rfi_op_variable = {.name = "variable", .flags = RF_OP_LEAF, .formula = "y"};
const rf_op rfi_op_parameter = {.name = "parameter", .flags = RF_OP_LEAF, .formula = "y"};

typedef struct part_attr {
    rf_index offset; /* first: see RF_OP_VIEW */
    rf_shape shape;
} part_attr;

static bool part_shape(const rf_call *c, rf_shape *y)
{
    const part_attr *a = c->attr;
    char s[RF_SHAPE_TEXT], t[RF_SHAPE_TEXT];
    const rf_index n = rf_shape_count(a->shape), have = rfi_count(&c->x[0]);
    if (n < 0 || a->offset < 0 || n > have || a->offset > have - n)
        return rf_call_fail(c, "%s from element %lld on is not within %s",
                            rf_shape_text(a->shape, s), (long long)a->offset,
                            rf_shape_text(c->x[0].shape, t));
    *y = a->shape;
    return true;
}

const rf_op rfi_op_part = {.name = "part",
                           .arity = 1,
                           .flags = RF_OP_VIEW,
                           .formula = "y = x[offset ..]",
                           .shape = part_shape};

rf_node rf_part(rf_graph *g, rf_node x, rf_index offset, rf_shape shape)
{
    part_attr a;
    memset(&a, 0, sizeof a);
    a.offset = offset;
    a.shape = shape;
    return rf_apply(g, &rfi_op_part, 1, &x, &a, sizeof a);
}

rf_node rf_reshape(rf_graph *g, rf_node x, rf_shape shape)
{
    const rf_shape s = rf_shape_of(g, x);
    char a[RF_SHAPE_TEXT], b[RF_SHAPE_TEXT], text[2 * RF_SHAPE_TEXT + 40];
    if (g->error.status || x == RF_NONE || rf_shape_count(s) == rf_shape_count(shape))
        return rf_part(g, x, 0, shape);
    snprintf(text, sizeof text, "%s has not as many elements as %s", rf_shape_text(s, a),
             rf_shape_text(shape, b));
    return rfi_poison(g, RF_ESHAPE, "reshape", text);
}

rf_node rf_rows(rf_graph *g, rf_node x, rf_index from, rf_index count)
{
    const rf_shape s = rf_shape_of(g, x);
    char a[RF_SHAPE_TEXT], text[RF_SHAPE_TEXT + 80];
    if (g->error.status || x == RF_NONE) return rf_part(g, x, 0, s);
    if (s.rank > 0 && from >= 0 && count >= 0 && count <= s.dim[0] && from <= s.dim[0] - count) {
        const rf_shape row = rfi_without_dim(s, 0);
        return rf_part(g, x, from * rf_shape_count(row), rfi_with_dim(s, 0, count));
    }
    snprintf(text, sizeof text, "%lld rows from row %lld on are not within %s", (long long)count,
             (long long)from, rf_shape_text(s, a));
    return rfi_poison(g, RF_ESHAPE, "rows", text);
}
