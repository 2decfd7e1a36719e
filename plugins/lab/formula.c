/* lab/formula.c -- sums, products and powers as text, with as few brackets as mathematics needs; one
 * rule an operation for its derivatives.
 *
 * Invariant: texts stay short: an expression of more than WIDE columns appears by its label. */
#include "formula.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDE = 28, WIDEST = 90 }; /* of an expression within another; of a derivative */

#define MINUS "−"

/* ---- Texts -------------------------------------------------------------------------------------- */

static lab_formula made(const lab_formulas *f, lab_level level, const rf_str *text)
{
    const char *s = text->s && !text->failed ? rf_arena_strdup(f->d->arena, text->s) : NULL;
    return (lab_formula){s ? s : "?", level};
}

static lab_formula take(const lab_formulas *f, lab_level level, rf_str *text)
{
    const lab_formula x = made(f, level, text);
    rf_str_free(text);
    return x;
}

static lab_formula atom(const char *s) { return (lab_formula){s, LAB_ATOMS}; }

static bool is(lab_formula a, const char *s) { return !strcmp(a.s, s); }

/* The identity: a factor that changes nothing. */
static bool is_one(lab_formula a) { return is(a, "1") || is(a, "I"); }

static void put(rf_str *out, lab_formula a, lab_level least)
{
    rf_str_printf(out, a.level < least ? "(%s)" : "%s", a.s);
}

static lab_formula number(const lab_formulas *f, double x)
{
    rf_str s = {0};
    rf_str_printf(&s, "%s%.6g", x < 0 ? MINUS : "", fabs(x));
    return take(f, x < 0 ? LAB_MINUS : LAB_ATOMS, &s);
}

static lab_formula minus(const lab_formulas *f, lab_formula a)
{
    rf_str s = {0};
    if (!strncmp(a.s, MINUS, strlen(MINUS)) && a.level == LAB_MINUS)
        return (lab_formula){a.s + strlen(MINUS), LAB_PRODUCTS};
    rf_str_put(&s, MINUS);
    put(&s, a, LAB_PRODUCTS);
    return take(f, LAB_MINUS, &s);
}

static lab_formula sum(const lab_formulas *f, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    put(&s, a, LAB_SUMS);
    if (b.level != LAB_MINUS) rf_str_put(&s, "+");
    put(&s, b, LAB_SUMS);
    return take(f, LAB_SUMS, &s);
}

static lab_formula difference(const lab_formulas *f, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    put(&s, a, LAB_SUMS);
    rf_str_put(&s, MINUS);
    put(&s, b, LAB_PRODUCTS);
    return take(f, LAB_SUMS, &s);
}

static bool is_numeral(const char *s) { return *s && s[strspn(s, "0123456789.")] == 0; }

/* Whether a numeral may stand before it without a dot: a name, and what follows is no bracket. */
static bool follows_numeral(const char *s)
{
    const size_t n = strcspn(s, "·/+(" MINUS);
    const unsigned char c = (unsigned char)*s;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
    const bool exponent = (c == 'e' || c == 'E') && (s[1] == '-' || (s[1] >= '0' && s[1] <= '9'));
    return letter && !exponent && s[n] != '(' && strncmp(s, MINUS, strlen(MINUS)) != 0;
}

/* Of tensors, element by element. */
static lab_formula elementwise(const lab_formulas *f, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    put(&s, a, LAB_MINUS);
    rf_str_put(&s, "⊙");
    put(&s, b, LAB_PRODUCTS);
    return take(f, a.level == LAB_MINUS ? LAB_MINUS : LAB_PRODUCTS, &s);
}

static bool brackets_meet(const char *a, const char *b)
{
    return *a && a[strlen(a) - 1] == ')' && *b == '(' && *a == '(';
}

static lab_formula times(const lab_formulas *f, lab_formula a, lab_formula b)
{
    rf_str left = {0}, right = {0};
    if (is_one(a)) return b;
    if (is_one(b)) return a;
    if (is(a, "0") || is(b, "0")) return atom("0");
    if (is(a, MINUS "1") || is(a, MINUS "I")) return minus(f, b);
    const bool over = !strncmp(b.s, "1/", 2) && b.level == LAB_PRODUCTS;
    put(&left, a, LAB_MINUS);
    put(&right, b, LAB_PRODUCTS);
    const char *l = left.s ? left.s : "?", *r = right.s ? right.s + over : "?";
    const bool bare =
        over || (is_numeral(l) && (follows_numeral(r) || *r == '(')) || brackets_meet(l, r);
    rf_str all = {0};
    rf_str_printf(&all, "%s%s%s", l, bare ? "" : "·", r);
    rf_str_free(&left);
    rf_str_free(&right);
    return take(f, a.level == LAB_MINUS ? LAB_MINUS : LAB_PRODUCTS, &all);
}

static lab_formula over(const lab_formulas *f, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    if (is_one(b)) return a;
    put(&s, a, LAB_MINUS);
    rf_str_put(&s, "/");
    put(&s, b, LAB_POWERS);
    return take(f, a.level == LAB_MINUS ? LAB_MINUS : LAB_PRODUCTS, &s);
}

/* A whole number in superscript or subscript. */
static void put_raised(rf_str *out, int n, bool up)
{
    static const char *const high[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    static const char *const low[] = {"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};
    const unsigned size = (unsigned)(n < 0 ? -n : n);
    if (n < 0) rf_str_put(out, "⁻");
    if (size >= 10) put_raised(out, (int)(size / 10), up);
    rf_str_put(out, (up ? high : low)[size % 10]);
}

static lab_formula power(const lab_formulas *f, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    put(&s, a, LAB_ATOMS);
    rf_str_put(&s, "^");
    put(&s, b, LAB_ATOMS);
    return take(f, LAB_POWERS, &s);
}

static lab_formula power_of(const lab_formulas *f, lab_formula a, double n)
{
    rf_str s = {0};
    if (n == 1) return a;
    if (n == 0) return atom("1");
    if (n != floor(n) || fabs(n) > 999) return power(f, a, number(f, n));
    put(&s, a, LAB_ATOMS);
    put_raised(&s, (int)n, true);
    return take(f, LAB_POWERS, &s);
}

static lab_formula call(const lab_formulas *f, const char *name, lab_formula a, const char *more)
{
    rf_str s = {0};
    rf_str_printf(&s, "%s(%s%s)", name, a.s, more);
    return take(f, LAB_ATOMS, &s);
}

static lab_formula suffixed(const lab_formulas *f, lab_formula a, const char *suffix)
{
    rf_str s = {0};
    put(&s, a, LAB_ATOMS);
    rf_str_put(&s, suffix);
    return take(f, LAB_ATOMS, &s);
}

static lab_formula subscript(const lab_formulas *f, lab_formula a, int k)
{
    rf_str s = {0};
    put(&s, a, LAB_ATOMS);
    put_raised(&s, k, false);
    return take(f, LAB_ATOMS, &s);
}

const char *lab_spaced(const lab_formulas *f, const char *s)
{
    rf_str out = {0};
    int depth = 0;
    bool term = false; /* something stands before */
    for (; *s; s++) {
        const bool dash = !strncmp(s, MINUS, strlen(MINUS));
        depth += (*s == '(' || *s == '[') - (*s == ')' || *s == ']');
        if (!depth && term && (dash || (*s == '+' && s[-1] != 'e')))
            rf_str_printf(&out, " %s ", dash ? MINUS : "+");
        else if (dash)
            rf_str_put(&out, MINUS);
        else
            rf_str_add(&out, s, 1);
        if (dash) s += strlen(MINUS) - 1;
        term = !dash;
    }
    return take(f, LAB_SUMS, &out).s;
}

/* ---- Expressions -------------------------------------------------------------------------------- */

static const lab_term *term_of(const lab_formulas *f, int t) { return &f->d->p->term[t]; }

/* [1,2;3,4], or its shape where it is long. */
static lab_formula constant(const lab_formulas *f, const lab_term *t)
{
    rf_str s = {0};
    char shape[RF_SHAPE_TEXT];
    const rf_index n = rf_shape_count(t->shape),
                   cols = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
    if (!t->shape.rank) return number(f, *t->value);
    if (n > 12) return atom(rf_arena_strdup(f->d->arena, rf_shape_text(t->shape, shape)));
    for (rf_index k = 0; k < n; k++)
        rf_str_printf(&s, "%s%.4g", !k ? "[" : k % cols ? "," : ";", t->value[k]);
    rf_str_put(&s, "]");
    return take(f, LAB_ATOMS, &s);
}

/* A variable that is held, or a number. */
static lab_formula constant_term(const lab_formulas *f, int t)
{
    const lab_term *x = term_of(f, t);
    return x->kind == LAB_INPUT ? atom(x->name) : constant(f, x);
}

/* An operand within an expression: short ones in full, others by their label. */
static lab_formula operand(const lab_formulas *f, int t, bool label)
{
    if (!term_of(f, t)->varies) return constant_term(f, t);
    return label ? atom(f->label[t]) : f->whole[t];
}

typedef lab_formula writer(const lab_formulas *f, const lab_term *t, const lab_formula *x);

static lab_formula w_neg(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return minus(f, x[0]);
}

static lab_formula w_add(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return sum(f, x[0], x[1]);
}

static lab_formula w_sub(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return difference(f, x[0], x[1]);
}

static lab_formula w_mul(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    const bool tensors = term_of(f, t->arg[0])->shape.rank && term_of(f, t->arg[1])->shape.rank;
    return tensors ? elementwise(f, x[0], x[1]) : times(f, x[0], x[1]);
}

static lab_formula w_div(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return over(f, x[0], x[1]);
}

static lab_formula w_pow(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    const lab_term *by = term_of(f, t->arg[1]);
    const bool known = by->kind == LAB_NUMBER && !by->shape.rank;
    return known ? power_of(f, x[0], *by->value) : power(f, x[0], x[1]);
}

static lab_formula w_matmul(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return times(f, x[0], x[1]);
}

static lab_formula w_dot(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return times(f, suffixed(f, x[0], "ᵀ"), x[1]);
}

static lab_formula w_transpose(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return suffixed(f, x[0], "ᵀ");
}

static lab_formula w_pick(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    return subscript(f, x[0], t->index + 1);
}

static lab_formula w_sigmoid(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    (void)t;
    return call(f, "σ", x[0], "");
}

static lab_formula w_cross_entropy(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    char more[24];
    snprintf(more, sizeof more, ",%d", t->index + 1);
    return call(f, lab_function_name(t->kind), x[0], more);
}

static lab_formula w_stack(const lab_formulas *f, const lab_term *t, const lab_formula *x)
{
    rf_str s = {0};
    const rf_index cols = t->shape.dim[t->shape.rank - 1];
    for (int k = 0; k < t->n; k++)
        rf_str_printf(&s, "%s%s", !k ? "[" : k % cols ? "," : ";", x[k].s);
    rf_str_put(&s, "]");
    return take(f, LAB_ATOMS, &s);
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
    return call(f, lab_function_name(t->kind), x[0], "");
}

/* The operation of a term on its operands, in full or by their labels. */
static lab_formula written(const lab_formulas *f, int t, bool labels)
{
    const lab_term *x = term_of(f, t);
    lab_formula *operands = rf_arena_alloc(f->d->arena, ((size_t)x->n + 1) * sizeof *operands);
    if (!operands) return atom("?");
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
        f->whole[t] = atom(f->label[t]);
        f->tensors |= x->shape.rank > 0;
        f->operation[t] = "input";
        if (x->kind == LAB_INPUT) continue;
        f->operation[t] = lab_spaced(f, written(f, t, true).s);
        const lab_formula full = written(f, t, false);
        if (!x->name && rf_utf8_width(full.s, strlen(full.s)) <= WIDE) f->whole[t] = full;
    }
}

/* ---- Local derivatives -------------------------------------------------------------------------- */

/* What a rule needs: the operation's operands a and b, its own text y, and which operand is asked for. */
typedef struct subject {
    const lab_formulas *f;
    const lab_term *t;
    lab_formula a, b, y;
    int slot;
} subject;

typedef lab_formula rule(const subject *s);

static lab_formula d_add(const subject *s)
{
    (void)s;
    return atom("1");
}

static lab_formula d_neg(const subject *s) { return number(s->f, -1); }

static lab_formula d_sub(const subject *s) { return s->slot ? number(s->f, -1) : atom("1"); }

static lab_formula d_mul(const subject *s) { return s->slot ? s->a : s->b; }

static lab_formula d_div(const subject *s)
{
    if (!s->slot) return over(s->f, atom("1"), s->b);
    return minus(s->f, over(s->f, s->a, power_of(s->f, s->b, 2)));
}

static lab_formula d_pow(const subject *s)
{
    const lab_formulas *f = s->f;
    const lab_term *by = term_of(f, s->t->arg[1]);
    if (s->slot) return times(f, s->y, call(f, "log", s->a, ""));
    if (!by->varies && !by->shape.rank)
        return times(f, number(f, *by->value), power_of(f, s->a, *by->value - 1));
    return times(f, s->b, power(f, s->a, difference(f, s->b, atom("1"))));
}

static lab_formula d_exp(const subject *s) { return s->y; }

static lab_formula d_log(const subject *s) { return over(s->f, atom("1"), s->a); }

static lab_formula d_sqrt(const subject *s)
{
    return over(s->f, atom("1"), times(s->f, atom("2"), s->y));
}

static lab_formula d_tanh(const subject *s)
{
    return difference(s->f, atom("1"), power_of(s->f, s->y, 2));
}

static lab_formula d_sigmoid(const subject *s)
{
    return times(s->f, s->y, difference(s->f, atom("1"), s->y));
}

static lab_formula d_relu(const subject *s)
{
    rf_str text = {0};
    rf_str_printf(&text, "[%s>0]", s->a.s);
    return take(s->f, LAB_ATOMS, &text);
}

static lab_formula turned(const subject *s, lab_formula a) { return suffixed(s->f, a, "ᵀ"); }

/* diag(y) - y yT */
static lab_formula d_softmax(const subject *s)
{
    const lab_formula square = times(s->f, s->y, turned(s, s->y));
    return difference(s->f, call(s->f, "diag", s->y, ""), square);
}

static lab_formula d_sum(const subject *s)
{
    return term_of(s->f, s->t->arg[0])->shape.rank ? atom("1ᵀ") : atom("1");
}

static lab_formula d_mean(const subject *s)
{
    const rf_index n = rf_shape_count(term_of(s->f, s->t->arg[0])->shape);
    return over(s->f, d_sum(s), number(s->f, (double)n));
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
        put(&text, s->a, LAB_ATOMS), rf_str_put(&text, "⊗I");
    else
        rf_str_put(&text, "I⊗"), put(&text, turned(s, s->b), LAB_ATOMS);
    return take(s->f, LAB_SUMS, &text); /* in brackets within a product */
}

static lab_formula unit(const subject *s, int k)
{
    return turned(s, subscript(s->f, atom("e"), k));
}

static lab_formula d_pick(const subject *s) { return unit(s, s->t->index + 1); }

static lab_formula d_cross_entropy(const subject *s)
{
    const lab_formula p = turned(s, call(s->f, "softmax", s->a, ""));
    return difference(s->f, p, unit(s, s->t->index + 1));
}

static lab_formula d_stack(const subject *s) { return subscript(s->f, atom("e"), s->slot + 1); }

static lab_formula d_transpose(const subject *s)
{
    (void)s;
    return atom("T");
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
    if (is(x, "1")) return atom("I");
    if (is(x, MINUS "1")) return (lab_formula){MINUS "I", LAB_MINUS};
    if (is_numeral(x.s)) return times(f, x, atom("I"));
    return call(f, "diag", x, "");
}

static lab_formula local_of(const lab_formulas *f, const lab_edge *e)
{
    const lab_term *t = term_of(f, e->to);
    subject s = {f, t, operand(f, t->arg[0], false), {0}, f->whole[e->to], e->slot};
    s.b = t->n > 1 ? operand(f, t->arg[1], false) : s.a;
    if (t->kind == LAB_EXP && !t->name) s.y = call(f, "exp", s.a, "");
    const lab_formula x = rules[t->kind](&s);
    return lab_is_elementwise(t->kind) && term_of(f, e->from)->shape.rank ? diagonal(f, x) : x;
}

/* ---- Derivatives of the output ------------------------------------------------------------------ */

/* A local derivative, then what follows it on the way to the output. */
static lab_formula chained(const lab_formulas *f, lab_formula local, lab_formula rest)
{
    return f->tensors ? times(f, rest, local) : times(f, local, rest);
}

static lab_formula by_symbol(const lab_formulas *f, int t)
{
    rf_str s = {0};
    rf_str_printf(&s, "∂%s/∂%s", f->label[f->d->output], f->label[t]);
    return take(f, LAB_ATOMS, &s);
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
        if (f->d->edge[k].from != t || done[k] || !is(rest_of(f, f->d->edge[k].to), rest.s))
            continue;
        all = sum(f, all, f->local[k]);
        done[k] = true;
    }
    return all;
}

/* A contribution that is itself a sum stands in brackets beside others. */
static lab_formula bracketed(const lab_formulas *f, lab_formula x)
{
    rf_str s = {0};
    put(&s, x, LAB_MINUS);
    return take(f, x.level == LAB_SUMS ? LAB_ATOMS : x.level, &s);
}

static lab_formula total_of(const lab_formulas *f, int t, bool *done)
{
    lab_formula all = {0};
    int count = 0;
    if (t == f->d->output) return atom(f->d->p->term[t].shape.rank ? "I" : "1");
    for (int e = 0; e < f->d->edges; e++) {
        if (f->d->edge[e].from != t || done[e]) continue;
        const lab_formula rest = rest_of(f, f->d->edge[e].to);
        const lab_formula one = chained(f, grouped(f, e, rest, done), rest);
        if (count == 1) all = bracketed(f, all);
        all = count++ ? sum(f, all, bracketed(f, one)) : one;
    }
    return all.s ? all : atom("0");
}

const char *lab_path_formula(const lab_formulas *f, int n, const int *edge)
{
    lab_formula all = atom("1");
    for (int k = 0; k < n; k++) {
        const lab_formula x = f->local[edge[k]];
        all = f->tensors ? times(f, x, all) : times(f, all, x);
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
        put_raised(&text, (int)(k / s.dim[1]) + 1, false);
        rf_str_put(&text, ",");
        k %= s.dim[1];
    }
    put_raised(&text, (int)k + 1, false);
    return take(f, LAB_ATOMS, &text).s;
}

bool lab_says_more(const char *formula, const char *value)
{
    const size_t n = strlen(MINUS);
    if (!strncmp(formula, MINUS, n) && *value == '-') return strcmp(formula + n, value + 1) != 0;
    return strcmp(formula, value) != 0;
}

bool lab_formulas_make(lab_formulas *f, const lab_derivation *d)
{
    const size_t terms = (size_t)d->p->terms + 1, edges = (size_t)d->edges + 1;
    *f = (lab_formulas){.d = d};
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
