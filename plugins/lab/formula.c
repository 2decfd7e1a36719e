/* lab/formula.c -- the operations of a derivation and their derivatives as text: for each a rule how it is
 * written, and one for what is its derivative.
 *
 * Invariant: texts stay short: an expression of more than WIDE columns appears by its label. */
#include "formula.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDE = 28, WIDEST = 90 }; /* of an expression within another; of a derivative */

/* ---- Expressions -------------------------------------------------------------------------------- */

static const lab_term *term_of(const lab_formulas *f, int t) { return &f->d->p->term[t]; }

/* [1,2;3,4], or its shape where it is long. */
static lab_formula constant(const lab_formulas *f, const lab_term *t)
{
    rf_str s = {0};
    char shape[RF_SHAPE_TEXT];
    const rf_index n = rf_shape_count(t->shape),
                   cols = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
    if (!t->shape.rank) return lab_text_number(f->arena, *t->value);
    if (n > 12) return lab_text_atom(rf_arena_strdup(f->arena, rf_shape_text(t->shape, shape)));
    for (rf_index k = 0; k < n; k++)
        rf_str_printf(&s, "%s%.4g", !k ? "[" : k % cols ? "," : ";", t->value[k]);
    rf_str_put(&s, "]");
    return lab_text_take(f->arena, LAB_ATOMS, &s);
}

/* A variable that is held, or a number. */
static lab_formula constant_term(const lab_formulas *f, int t)
{
    const lab_term *x = term_of(f, t);
    return x->kind == LAB_INPUT ? lab_text_atom(x->name) : constant(f, x);
}

/* An operand within an expression: short ones in full, others by their label. */
static lab_formula operand(const lab_formulas *f, int t, bool label)
{
    if (!term_of(f, t)->varies) return constant_term(f, t);
    return label ? lab_text_atom(f->label[t]) : f->whole[t];
}

typedef lab_formula writer(const lab_formulas *f, const lab_term *t, const lab_formula *x);

static lab_formula w_neg(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_minus(f->arena, x[0]);
}

static lab_formula w_add(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_sum(f->arena, x[0], x[1]);
}

static lab_formula w_sub(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_difference(f->arena, x[0], x[1]);
}

static lab_formula w_mul(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    const bool tensors = term_of(f, t->arg[0])->shape.rank && term_of(f, t->arg[1])->shape.rank;
    return tensors ? lab_text_elementwise(f->arena, x[0], x[1])
                   : lab_text_times(f->arena, x[0], x[1]);
}

static lab_formula w_div(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_over(f->arena, x[0], x[1]);
}

static lab_formula w_pow(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    const lab_term *by = term_of(f, t->arg[1]);
    const bool known = by->kind == LAB_NUMBER && !by->shape.rank;
    return known ? lab_text_power_of(f->arena, x[0], *by->value)
                 : lab_text_power(f->arena, x[0], x[1]);
}

static lab_formula w_matmul(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_times(f->arena, x[0], x[1]);
}

static lab_formula w_dot(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_times(f->arena, lab_text_suffixed(f->arena, x[0], "ᵀ"), x[1]);
}

static lab_formula w_transpose(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_suffixed(f->arena, x[0], "ᵀ");
}

static lab_formula w_pick(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    return lab_text_subscript(f->arena, x[0], t->index + 1);
}

static lab_formula w_sigmoid(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return lab_text_call(f->arena, "σ", x[0], "");
}

static lab_formula w_cross_entropy(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    char more[24];
    snprintf(more, sizeof more, ",%d", t->index + 1);
    return lab_text_call(f->arena, lab_function_name(t->kind), x[0], more);
}

static lab_formula w_stack(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    rf_str s = {0};
    const rf_index cols = t->shape.dim[t->shape.rank - 1];
    for (int k = 0; k < t->n; k++)
        rf_str_printf(&s, "%s%s", !k ? "[" : k % cols ? "," : ";", x[k].s);
    rf_str_put(&s, "]");
    return lab_text_take(f->arena, LAB_ATOMS, &s);
}

/* Operations that are not written as function(operand). */
static writer *const writers[LAB_KINDS] = {
    [LAB_NEG] = w_neg,         [LAB_ADD] = w_add,
    [LAB_SUB] = w_sub,         [LAB_MUL] = w_mul,
    [LAB_DIV] = w_div,         [LAB_POW] = w_pow,
    [LAB_MATMUL] = w_matmul,   [LAB_DOT] = w_dot,
    [LAB_PICK] = w_pick,       [LAB_TRANSPOSE] = w_transpose,
    [LAB_SIGMOID] = w_sigmoid, [LAB_CROSS_ENTROPY] = w_cross_entropy,
    [LAB_STACK] = w_stack};

static lab_formula expression(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    if (writers[t->kind]) return writers[t->kind](f, t, x);
    return lab_text_call(f->arena, lab_function_name(t->kind), x[0], "");
}

/* The operation of a term on its operands, in full or by their labels. */
static lab_formula written(const lab_formulas *f, int t, bool labels)
{
    const lab_term *x = term_of(f, t);
    lab_formula *operands = rf_arena_alloc(f->arena, ((size_t)x->n + 1) * sizeof *operands);
    if (!operands) return lab_text_atom("?");
    for (int k = 0; k < x->n; k++) operands[k] = operand(f, x->arg[k], labels);
    return expression(f, x, operands);
}

/* v1, v2 ... unless a variable is called so; then u1, w1 ... */
static char letter_for_labels(const lab_program *p)
{
    for (const char *c = "vuwtn"; *c; c++) {
        bool taken = false;
        for (int k = 0; k < p->symbols; k++) {
            const char *s = p->symbol[k].name;
            taken |= *s == *c && s[1] >= '0' && s[1] <= '9';
        }
        if (!taken) return *c;
    }
    return '_';
}

/* The output of an expression without a name is y, if nothing else is. */
static const char *output_name(const lab_program *p)
{
    for (int k = 0; k < p->symbols; k++)
        if (!strcmp(p->symbol[k].name, "y")) return "out";
    return "y";
}

static void set_labels(lab_formulas *f)
{
    const lab_derivation *d = f->d;
    const char letter = letter_for_labels(d->p);
    int count = 0;
    for (int k = 0; k < d->count; k++) {
        const int t = d->shown[k];
        char buf[24];
        snprintf(buf, sizeof buf, "%c%d", letter, count + 1);
        const char *name = term_of(f, t)->name;
        if (!name && t == d->output) name = output_name(d->p);
        if (!name) count++;
        f->label[t] = name ? name : rf_arena_strdup(d->arena, buf);
        if (!f->label[t]) f->label[t] = "?";
    }
}

static void set_expressions(lab_formulas *f)
{
    for (int k = 0; k < f->d->count; k++) {
        const int t = f->d->shown[k];
        const lab_term *x = term_of(f, t);
        f->whole[t] = lab_text_atom(f->label[t]);
        f->tensors |= x->shape.rank > 0;
        f->operation[t] = "input";
        if (x->kind == LAB_INPUT) continue;
        f->operation[t] = lab_text_spaced(f->arena, written(f, t, true).s);
        const lab_formula full = written(f, t, false);
        if (!x->name && rf_utf8_width(full.s, strlen(full.s)) <= WIDE) f->whole[t] = full;
    }
}

/* ---- Local derivatives -------------------------------------------------------------------------- */

/* What a rule needs: the operation's operands a and b, its own text y, and which operand is asked for. */
typedef struct subject {
    rf_arena *arena;
    const lab_formulas *f;
    const lab_term *t;
    lab_formula a, b, y;
    int slot;
} subject;

typedef lab_formula rule(const subject *s);

static lab_formula d_add(const subject *s)
{
    (void)s;
    return lab_text_atom("1");
}

static lab_formula d_neg(const subject *s) { return lab_text_number(s->arena, -1); }

static lab_formula d_sub(const subject *s)
{
    return s->slot ? lab_text_number(s->arena, -1) : lab_text_atom("1");
}

static lab_formula d_mul(const subject *s) { return s->slot ? s->a : s->b; }

static lab_formula d_div(const subject *s)
{
    if (!s->slot) return lab_text_over(s->arena, lab_text_atom("1"), s->b);
    return lab_text_minus(s->arena,
                          lab_text_over(s->arena, s->a, lab_text_power_of(s->arena, s->b, 2)));
}

static lab_formula d_pow(const subject *s)
{
    const lab_formulas *f = s->f;
    const lab_term *by = term_of(f, s->t->arg[1]);
    if (s->slot) return lab_text_times(f->arena, s->y, lab_text_call(f->arena, "log", s->a, ""));
    if (!by->varies && !by->shape.rank)
        return lab_text_times(f->arena, lab_text_number(f->arena, *by->value),
                              lab_text_power_of(f->arena, s->a, *by->value - 1));
    return lab_text_times(
        f->arena, s->b,
        lab_text_power(f->arena, s->a, lab_text_difference(f->arena, s->b, lab_text_atom("1"))));
}

static lab_formula d_exp(const subject *s) { return s->y; }

static lab_formula d_log(const subject *s)
{
    return lab_text_over(s->arena, lab_text_atom("1"), s->a);
}

static lab_formula d_sqrt(const subject *s)
{
    return lab_text_over(s->arena, lab_text_atom("1"),
                         lab_text_times(s->arena, lab_text_atom("2"), s->y));
}

static lab_formula d_tanh(const subject *s)
{
    return lab_text_difference(s->arena, lab_text_atom("1"), lab_text_power_of(s->arena, s->y, 2));
}

static lab_formula d_sigmoid(const subject *s)
{
    return lab_text_times(s->arena, s->y, lab_text_difference(s->arena, lab_text_atom("1"), s->y));
}

static lab_formula d_relu(const subject *s)
{
    rf_str text = {0};
    rf_str_printf(&text, "[%s>0]", s->a.s);
    return lab_text_take(s->arena, LAB_ATOMS, &text);
}

static lab_formula turned(const subject *s, lab_formula a)
{
    return lab_text_suffixed(s->arena, a, "ᵀ");
}

/* diag(y) - y yT */
static lab_formula d_softmax(const subject *s)
{
    const lab_formula square = lab_text_times(s->arena, s->y, turned(s, s->y));
    return lab_text_difference(s->arena, lab_text_call(s->arena, "diag", s->y, ""), square);
}

static lab_formula d_sum(const subject *s)
{
    return term_of(s->f, s->t->arg[0])->shape.rank ? lab_text_atom("1ᵀ") : lab_text_atom("1");
}

static lab_formula d_mean(const subject *s)
{
    const rf_index n = rf_shape_count(term_of(s->f, s->t->arg[0])->shape);
    return lab_text_over(s->arena, d_sum(s), lab_text_number(s->arena, (double)n));
}

static lab_formula d_dot(const subject *s) { return turned(s, s->slot ? s->a : s->b); }

/* y = A B, row-major: with respect to A the Kronecker product of I and B turned; to B that of A and I.
 * With a column vector the second I is 1, with a row vector the first. */
static lab_formula d_matmul(const subject *s)
{
    const bool row = term_of(s->f, s->t->arg[0])->shape.rank == 1;
    const bool column = term_of(s->f, s->t->arg[1])->shape.rank == 1;
    rf_str text = {0};
    if (s->slot && column) return row ? turned(s, s->a) : s->a;
    if (!s->slot && row) return turned(s, s->b);
    if (s->slot)
        lab_text_put(&text, s->a, LAB_ATOMS), rf_str_put(&text, "⊗I");
    else
        rf_str_put(&text, "I⊗"), lab_text_put(&text, turned(s, s->b), LAB_ATOMS);
    return lab_text_take(s->arena, LAB_SUMS, &text); /* in brackets within a product */
}

static lab_formula unit(const subject *s, int k)
{
    return turned(s, lab_text_subscript(s->arena, lab_text_atom("e"), k));
}

static lab_formula d_pick(const subject *s) { return unit(s, s->t->index + 1); }

static lab_formula d_cross_entropy(const subject *s)
{
    const lab_formula p = turned(s, lab_text_call(s->arena, "softmax", s->a, ""));
    return lab_text_difference(s->arena, p, unit(s, s->t->index + 1));
}

static lab_formula d_stack(const subject *s)
{
    return lab_text_subscript(s->arena, lab_text_atom("e"), s->slot + 1);
}

static lab_formula d_transpose(const subject *s)
{
    (void)s;
    return lab_text_atom("T");
}

static rule *const rules[LAB_KINDS] = {
    [LAB_NEG] = d_neg,         [LAB_ADD] = d_add,
    [LAB_SUB] = d_sub,         [LAB_MUL] = d_mul,
    [LAB_DIV] = d_div,         [LAB_POW] = d_pow,
    [LAB_EXP] = d_exp,         [LAB_LOG] = d_log,
    [LAB_SQRT] = d_sqrt,       [LAB_TANH] = d_tanh,
    [LAB_SIGMOID] = d_sigmoid, [LAB_RELU] = d_relu,
    [LAB_SOFTMAX] = d_softmax, [LAB_SUM] = d_sum,
    [LAB_MEAN] = d_mean,       [LAB_TRANSPOSE] = d_transpose,
    [LAB_DOT] = d_dot,         [LAB_MATMUL] = d_matmul,
    [LAB_PICK] = d_pick,       [LAB_CROSS_ENTROPY] = d_cross_entropy,
    [LAB_STACK] = d_stack};

/* Elementwise on tensors: a diagonal Jacobian, whose diagonal the formula tells. */
static lab_formula diagonal(const lab_formulas *f, lab_formula x)
{
    if (lab_text_is(x, "1")) return lab_text_atom("I");
    if (lab_text_is(x, LAB_SIGN "1")) return (lab_formula){LAB_SIGN "I", LAB_MINUS};
    if (lab_text_is_numeral(x.s)) return lab_text_times(f->arena, x, lab_text_atom("I"));
    return lab_text_call(f->arena, "diag", x, "");
}

static lab_formula local_of(const lab_formulas *f, const lab_edge *e)
{
    const lab_term *t = term_of(f, e->to);
    subject s = {f->arena, f, t, operand(f, t->arg[0], false), {0}, f->whole[e->to], e->slot};
    s.b = t->n > 1 ? operand(f, t->arg[1], false) : s.a;
    if (t->kind == LAB_EXP && !t->name) s.y = lab_text_call(f->arena, "exp", s.a, "");
    const lab_formula x = rules[t->kind](&s);
    return lab_is_elementwise(t->kind) && term_of(f, e->from)->shape.rank ? diagonal(f, x) : x;
}

/* ---- Derivatives of the output ------------------------------------------------------------------ */

/* A local derivative, then what follows it on the way to the output. */
static lab_formula chained(const lab_formulas *f, lab_formula local, lab_formula rest)
{
    return f->tensors ? lab_text_times(f->arena, rest, local)
                      : lab_text_times(f->arena, local, rest);
}

static lab_formula by_symbol(const lab_formulas *f, int t)
{
    rf_str s = {0};
    rf_str_printf(&s, "∂%s/∂%s", f->label[f->d->output], f->label[t]);
    return lab_text_take(f->arena, LAB_ATOMS, &s);
}

static lab_formula rest_of(const lab_formulas *f, int t)
{
    const lab_formula x = f->total[t];
    return rf_utf8_width(x.s, strlen(x.s)) <= WIDEST ? x : by_symbol(f, t);
}

/* The sum of the local derivatives of those edges from t, from e on, that are followed by the same. */
static lab_formula grouped(const lab_formulas *f, int e, lab_formula rest, bool *done)
{
    lab_formula all = f->local[e];
    const int t = f->d->edge[e].from;
    for (int k = e + 1; k < f->d->edges; k++) {
        if (f->d->edge[k].from != t || done[k] ||
            !lab_text_is(rest_of(f, f->d->edge[k].to), rest.s))
            continue;
        all = lab_text_sum(f->arena, all, f->local[k]);
        done[k] = true;
    }
    return all;
}

/* A contribution that is itself a sum stands in brackets beside others. */
static lab_formula bracketed(const lab_formulas *f, lab_formula x)
{
    rf_str s = {0};
    lab_text_put(&s, x, LAB_MINUS);
    return lab_text_take(f->arena, x.level == LAB_SUMS ? LAB_ATOMS : x.level, &s);
}

static lab_formula total_of(const lab_formulas *f, int t, bool *done)
{
    lab_formula all = {0};
    int count = 0;
    if (t == f->d->output) return lab_text_atom(f->d->p->term[t].shape.rank ? "I" : "1");
    for (int e = 0; e < f->d->edges; e++) {
        if (f->d->edge[e].from != t || done[e]) continue;
        const lab_formula rest = rest_of(f, f->d->edge[e].to);
        const lab_formula one = chained(f, grouped(f, e, rest, done), rest);
        if (count == 1) all = bracketed(f, all);
        all = count++ ? lab_text_sum(f->arena, all, bracketed(f, one)) : one;
    }
    return all.s ? all : lab_text_atom("0");
}

const char *lab_path_formula(const lab_formulas *f, int n, const int *edge)
{
    lab_formula all = lab_text_atom("1");
    for (int k = 0; k < n; k++) {
        const lab_formula x = f->local[edge[k]];
        all = f->tensors ? lab_text_times(f->arena, x, all) : lab_text_times(f->arena, all, x);
    }
    return all.s;
}

const char *lab_element_name(const lab_formulas *f, int term, rf_index k)
{
    const rf_shape s = term_of(f, term)->shape;
    const char *label = f->label[term];
    rf_str text = {0};
    if (!s.rank) return label;
    rf_str_put(&text, label);
    if (s.rank == 2) {
        lab_text_put_raised(&text, (int)(k / s.dim[1]) + 1, false);
        rf_str_put(&text, ",");
        k %= s.dim[1];
    }
    lab_text_put_raised(&text, (int)k + 1, false);
    return lab_text_take(f->arena, LAB_ATOMS, &text).s;
}

bool lab_formulas_make(lab_formulas *f, const lab_derivation *d)
{
    const size_t terms = (size_t)d->p->terms + 1, edges = (size_t)d->edges + 1;
    *f = (lab_formulas){.arena = d->arena, .d = d};
    f->label = rf_arena_zalloc(d->arena, terms * sizeof *f->label);
    f->whole = rf_arena_zalloc(d->arena, terms * sizeof *f->whole);
    f->total = rf_arena_zalloc(d->arena, terms * sizeof *f->total);
    f->operation = rf_arena_zalloc(d->arena, terms * sizeof *f->operation);
    f->local = rf_arena_zalloc(d->arena, edges * sizeof *f->local);
    bool *done = rf_arena_zalloc(d->arena, edges);
    if (!f->label || !f->whole || !f->total || !f->operation || !f->local || !done) return false;
    set_labels(f);
    set_expressions(f);
    for (int e = 0; e < d->edges; e++) f->local[e] = local_of(f, &d->edge[e]);
    for (int k = d->count - 1; k >= 0; k--) f->total[d->shown[k]] = total_of(f, d->shown[k], done);
    return true;
}
