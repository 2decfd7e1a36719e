/* lab/notation.c -- sums, products and powers as text. */
#include "notation.h"

#include <math.h>
#include <string.h>

static lab_formula made(rf_arena *arena, lab_level level, const rf_str *text)
{
    const char *s = text->s && !text->failed ? rf_arena_strdup(arena, text->s) : NULL;
    return (lab_formula){s ? s : "?", level};
}

lab_formula lab_text_take(rf_arena *arena, lab_level level, rf_str *text)
{
    const lab_formula x = made(arena, level, text);
    rf_str_free(text);
    return x;
}

lab_formula lab_text_atom(const char *s) { return (lab_formula){s, LAB_ATOMS}; }

bool lab_text_is(lab_formula a, const char *s) { return !strcmp(a.s, s); }

/* The identity: a factor that changes nothing. */
bool lab_text_is_one(lab_formula a) { return lab_text_is(a, "1") || lab_text_is(a, "I"); }

void lab_text_put(rf_str *out, lab_formula a, lab_level least)
{
    rf_str_printf(out, a.level < least ? "(%s)" : "%s", a.s);
}

lab_formula lab_text_number(rf_arena *arena, double x)
{
    rf_str s = {0};
    rf_str_printf(&s, "%s%.6g", x < 0 ? LAB_SIGN : "", fabs(x));
    return lab_text_take(arena, x < 0 ? LAB_MINUS : LAB_ATOMS, &s);
}

lab_formula lab_text_minus(rf_arena *arena, lab_formula a)
{
    rf_str s = {0};
    if (!strncmp(a.s, LAB_SIGN, strlen(LAB_SIGN)) && a.level == LAB_MINUS)
        return (lab_formula){a.s + strlen(LAB_SIGN), LAB_PRODUCTS};
    rf_str_put(&s, LAB_SIGN);
    lab_text_put(&s, a, LAB_PRODUCTS);
    return lab_text_take(arena, LAB_MINUS, &s);
}

lab_formula lab_text_sum(rf_arena *arena, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    lab_text_put(&s, a, LAB_SUMS);
    if (b.level != LAB_MINUS) rf_str_put(&s, "+");
    lab_text_put(&s, b, LAB_SUMS);
    return lab_text_take(arena, LAB_SUMS, &s);
}

lab_formula lab_text_difference(rf_arena *arena, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    lab_text_put(&s, a, LAB_SUMS);
    rf_str_put(&s, LAB_SIGN);
    lab_text_put(&s, b, LAB_PRODUCTS);
    return lab_text_take(arena, LAB_SUMS, &s);
}

bool lab_text_is_numeral(const char *s) { return *s && s[strspn(s, "0123456789.")] == 0; }

/* Whether a numeral may stand before it without a dot: a name, and what follows is no bracket. */
static bool follows_numeral(const char *s)
{
    const size_t n = strcspn(s, "·/+(" LAB_SIGN);
    const unsigned char c = (unsigned char)*s;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
    const bool exponent = (c == 'e' || c == 'E') && (s[1] == '-' || (s[1] >= '0' && s[1] <= '9'));
    return letter && !exponent && s[n] != '(' && strncmp(s, LAB_SIGN, strlen(LAB_SIGN)) != 0;
}

/* Of tensors, element by element. */
lab_formula lab_text_elementwise(rf_arena *arena, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    lab_text_put(&s, a, LAB_MINUS);
    rf_str_put(&s, "⊙");
    lab_text_put(&s, b, LAB_PRODUCTS);
    return lab_text_take(arena, a.level == LAB_MINUS ? LAB_MINUS : LAB_PRODUCTS, &s);
}

static bool brackets_meet(const char *a, const char *b)
{
    return *a && a[strlen(a) - 1] == ')' && *b == '(' && *a == '(';
}

lab_formula lab_text_times(rf_arena *arena, lab_formula a, lab_formula b)
{
    rf_str left = {0}, right = {0};
    if (lab_text_is_one(a)) return b;
    if (lab_text_is_one(b)) return a;
    if (lab_text_is(a, "0") || lab_text_is(b, "0")) return lab_text_atom("0");
    if (lab_text_is(a, LAB_SIGN "1") || lab_text_is(a, LAB_SIGN "I"))
        return lab_text_minus(arena, b);
    const bool over = !strncmp(b.s, "1/", 2) && b.level == LAB_PRODUCTS;
    lab_text_put(&left, a, LAB_MINUS);
    lab_text_put(&right, b, LAB_PRODUCTS);
    const char *l = left.s ? left.s : "?", *r = right.s ? right.s + over : "?";
    const bool bare = over || (lab_text_is_numeral(l) && (follows_numeral(r) || *r == '(')) ||
                      brackets_meet(l, r);
    rf_str all = {0};
    rf_str_printf(&all, "%s%s%s", l, bare ? "" : "·", r);
    rf_str_free(&left);
    rf_str_free(&right);
    return lab_text_take(arena, a.level == LAB_MINUS ? LAB_MINUS : LAB_PRODUCTS, &all);
}

lab_formula lab_text_over(rf_arena *arena, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    if (lab_text_is_one(b)) return a;
    lab_text_put(&s, a, LAB_MINUS);
    rf_str_put(&s, "/");
    lab_text_put(&s, b, LAB_POWERS);
    return lab_text_take(arena, a.level == LAB_MINUS ? LAB_MINUS : LAB_PRODUCTS, &s);
}

/* A whole number in superscript or subscript. */
void lab_text_put_raised(rf_str *out, int n, bool up)
{
    static const char *const high[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    static const char *const low[] = {"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};
    const unsigned size = (unsigned)(n < 0 ? -n : n);
    if (n < 0) rf_str_put(out, "⁻");
    if (size >= 10) lab_text_put_raised(out, (int)(size / 10), up);
    rf_str_put(out, (up ? high : low)[size % 10]);
}

lab_formula lab_text_power(rf_arena *arena, lab_formula a, lab_formula b)
{
    rf_str s = {0};
    lab_text_put(&s, a, LAB_ATOMS);
    rf_str_put(&s, "^");
    lab_text_put(&s, b, LAB_ATOMS);
    return lab_text_take(arena, LAB_POWERS, &s);
}

lab_formula lab_text_power_of(rf_arena *arena, lab_formula a, double n)
{
    rf_str s = {0};
    if (n == 1) return a;
    if (n == 0) return lab_text_atom("1");
    if (n != floor(n) || fabs(n) > 999) return lab_text_power(arena, a, lab_text_number(arena, n));
    lab_text_put(&s, a, LAB_ATOMS);
    lab_text_put_raised(&s, (int)n, true);
    return lab_text_take(arena, LAB_POWERS, &s);
}

lab_formula lab_text_call(rf_arena *arena, const char *name, lab_formula a, const char *more)
{
    rf_str s = {0};
    rf_str_printf(&s, "%s(%s%s)", name, a.s, more);
    return lab_text_take(arena, LAB_ATOMS, &s);
}

lab_formula lab_text_suffixed(rf_arena *arena, lab_formula a, const char *suffix)
{
    rf_str s = {0};
    lab_text_put(&s, a, LAB_ATOMS);
    rf_str_put(&s, suffix);
    return lab_text_take(arena, LAB_ATOMS, &s);
}

lab_formula lab_text_subscript(rf_arena *arena, lab_formula a, int k)
{
    rf_str s = {0};
    lab_text_put(&s, a, LAB_ATOMS);
    lab_text_put_raised(&s, k, false);
    return lab_text_take(arena, LAB_ATOMS, &s);
}

const char *lab_text_spaced(rf_arena *arena, const char *s)
{
    rf_str out = {0};
    int depth = 0;
    bool term = false; /* something stands before */
    for (; *s; s++) {
        const bool dash = !strncmp(s, LAB_SIGN, strlen(LAB_SIGN));
        depth += (*s == '(' || *s == '[') - (*s == ')' || *s == ']');
        if (!depth && term && (dash || (*s == '+' && s[-1] != 'e')))
            rf_str_printf(&out, " %s ", dash ? LAB_SIGN : "+");
        else if (dash)
            rf_str_put(&out, LAB_SIGN);
        else
            rf_str_add(&out, s, 1);
        if (dash) s += strlen(LAB_SIGN) - 1;
        term = !dash;
    }
    return lab_text_take(arena, LAB_SUMS, &out).s;
}

bool lab_text_says_more(const char *formula, const char *value)
{
    const size_t n = strlen(LAB_SIGN);
    if (!strncmp(formula, LAB_SIGN, n) && *value == '-') return strcmp(formula + n, value + 1) != 0;
    return strcmp(formula, value) != 0;
}
