/* lab/expression.c -- the parser: by recursive descent, each rule of the grammar a function.
 *
 *     statement  [NAME =] sum
 *     sum        product {(+ | -) product}
 *     product    signed {(* | / | @ | nothing) signed}
 *     signed     {-} power
 *     power      primary {SUPERSCRIPT} [^ signed]
 *     primary    NUMBER | NAME | FUNCTION ( sum {, sum} ) | ( sum ) | [ rows ]
 *
 * Rules return the number of a term, or -1 after a fault. */
#include "expression.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lexer.h"

static const struct {
    const char *name;
    int args;
    bool elementwise,
        indexed; /* indexed: the last argument is a number that stands for an element */
} ops[LAB_KINDS] = {
    [LAB_NEG] = {NULL, 1, true, false},
    [LAB_ADD] = {NULL, 2, true, false},
    [LAB_SUB] = {NULL, 2, true, false},
    [LAB_MUL] = {NULL, 2, true, false},
    [LAB_DIV] = {NULL, 2, true, false},
    [LAB_POW] = {NULL, 2, true, false},
    [LAB_EXP] = {"exp", 1, true, false},
    [LAB_LOG] = {"log", 1, true, false},
    [LAB_SQRT] = {"sqrt", 1, true, false},
    [LAB_TANH] = {"tanh", 1, true, false},
    [LAB_SIGMOID] = {"sigmoid", 1, true, false},
    [LAB_RELU] = {"relu", 1, true, false},
    [LAB_SOFTMAX] = {"softmax", 1, false, false},
    [LAB_SUM] = {"sum", 1, false, false},
    [LAB_MEAN] = {"mean", 1, false, false},
    [LAB_TRANSPOSE] = {"transpose", 1, false, false},
    [LAB_DOT] = {"dot", 2, false, false},
    [LAB_MATMUL] = {"matmul", 2, false, false},
    [LAB_PICK] = {"pick", 2, false, true},
    [LAB_CROSS_ENTROPY] = {"cross_entropy", 2, false, true},
};

/* What else functions are called in print. */
static const struct {
    const char *name;
    lab_kind kind;
} other_names[] = {
    {"σ", LAB_SIGMOID}, {"ln", LAB_LOG}, {"softmax_cross_entropy", LAB_CROSS_ENTROPY}};

bool lab_is_elementwise(lab_kind k) { return ops[k].elementwise; }

const char *lab_function_name(lab_kind k) { return ops[k].name; }

typedef struct parser {
    lab_program *p;
    int source;
    size_t end; /* of the source */
    lab_token now;
    int last; /* the kind of the token before */
    int depth, nested;
} parser;

/* ---- Faults ------------------------------------------------------------------------------------- */

static int no_memory(lab_program *p)
{
    rf_fail(&p->fault.err, RF_ENOMEM, "no memory for the expression");
    return -1;
}

static int fail_at(parser *s, lab_place place, const char *what)
{
    lab_program_fail(s->p, place, "%s", what);
    return -1;
}

/* "')' is due here", or why the token is none. */
static int is_due(parser *s, const char *what)
{
    if (s->now.kind == LAB_BAD) return fail_at(s, s->now.place, s->now.why);
    const char *here = s->now.kind == LAB_END ? "before the end" : "here";
    lab_program_fail(s->p, s->now.place, "%s is due %s", what, here);
    return -1;
}

/* ---- Terms and names ---------------------------------------------------------------------------- */

static void advance(parser *s)
{
    const lab_token t = s->now;
    s->nested += (t.kind == '(' || t.kind == '[') - (t.kind == ')' || t.kind == ']');
    s->last = t.kind;
    s->now = lab_token_at(s->p->source[s->source], s->end, s->source, t.place.at + t.place.n,
                          s->nested > 0);
}

static int add_term(lab_program *p, lab_term t)
{
    if (p->terms == LAB_TERMS) {
        lab_program_fail(p, t.place, "more than %d operations", LAB_TERMS);
        return -1;
    }
    p->term[p->terms] = t;
    return p->terms++;
}

static int add_op(lab_program *p, lab_kind kind, int n, const int *arg, lab_place place)
{
    lab_term t = {.kind = kind, .n = n, .place = place};
    int *copy = rf_arena_alloc(p->arena, ((size_t)n + 1) * sizeof *copy);
    if (!copy) return no_memory(p);
    for (int k = 0; k < n; k++) {
        if (arg[k] < 0) return -1;
        copy[k] = arg[k];
        t.varies |= p->term[arg[k]].varies;
    }
    t.arg = copy;
    return add_term(p, t);
}

static int add_number(lab_program *p, double x, lab_place place)
{
    double *value = rf_arena_alloc(p->arena, sizeof *value);
    if (!value) return no_memory(p);
    *value = x;
    return add_term(p, (lab_term){.kind = LAB_NUMBER, .value = value, .place = place});
}

static int find_symbol(const lab_program *p, const char *name, size_t n)
{
    for (int k = 0; k < p->symbols; k++)
        if (strlen(p->symbol[k].name) == n && !memcmp(p->symbol[k].name, name, n)) return k;
    return -1;
}

/* The symbol of a name, made with a term for an input where it is new. */
static int symbol_of(lab_program *p, lab_place place)
{
    const char *name = p->source[place.source] + place.at;
    const int k = find_symbol(p, name, place.n);
    if (k >= 0) return k;
    if (p->symbols == LAB_TERMS) {
        lab_program_fail(p, place, "more than %d names", LAB_TERMS);
        return -1;
    }
    char *copy = rf_arena_alloc(p->arena, place.n + 1);
    if (!copy) return no_memory(p);
    memcpy(copy, name, place.n);
    copy[place.n] = 0;
    const int term =
        add_term(p, (lab_term){.kind = LAB_INPUT, .name = copy, .varies = true, .place = place});
    if (term < 0) return -1;
    p->symbol[p->symbols] = (lab_symbol){.name = copy, .term = term, .first = place};
    return p->symbols++;
}

/* ---- Expressions -------------------------------------------------------------------------------- */

static int parse_sum(parser *s);
static int parse_signed(parser *s);

static bool is_function(const char *name, size_t n, lab_kind *kind)
{
    for (size_t k = 0; k < sizeof other_names / sizeof *other_names; k++)
        if (strlen(other_names[k].name) == n && !memcmp(other_names[k].name, name, n)) {
            *kind = other_names[k].kind;
            return true;
        }
    for (*kind = 0; *kind < LAB_KINDS; (*kind)++)
        if (ops[*kind].name && strlen(ops[*kind].name) == n && !memcmp(ops[*kind].name, name, n))
            return true;
    return false;
}

static int no_such_function(parser *s, lab_place place)
{
    const char *names[LAB_KINDS + 1] = {0};
    char name[65] = {0};
    size_t n = 0;
    memcpy(name, s->p->source[place.source] + place.at, place.n < 64 ? place.n : 64);
    for (lab_kind k = 0; k < LAB_KINDS; k++)
        if (ops[k].name) names[n++] = ops[k].name;
    const char *near = rf_nearest(name, names);
    if (find_symbol(s->p, name, place.n) >= 0)
        lab_program_fail(s->p, place, "%s is no function; %s*( ) is the product", name, name);
    else
        lab_program_fail(s->p, place, "no function %s%s%s%s", name, near ? "; did you mean " : "",
                         near ? near : "", near ? "?" : "");
    return -1;
}

/* The whole number that says which element, from 1 on. */
static bool parse_index(parser *s, int *index)
{
    const double x = s->now.number;
    if (s->now.kind != LAB_NUMERAL || x < 1 || x > LAB_ELEMENTS || x != floor(x))
        return is_due(s, "the number of an element, from 1 on,") >= 0;
    *index = (int)x - 1;
    advance(s);
    return true;
}

/* What follows a function's name: ( argument, ... ). */
static int parse_call(parser *s, lab_kind kind, lab_place name)
{
    int arg[2] = {-1, -1}, index = 0;
    const int args = ops[kind].args - ops[kind].indexed;
    advance(s);
    for (int k = 0; k < args; k++) {
        if ((arg[k] = parse_sum(s)) < 0) return -1;
        if (k + 1 == args && !ops[kind].indexed) break;
        if (s->now.kind != ',') return is_due(s, "a comma and one more argument");
        advance(s);
    }
    if (ops[kind].indexed && !parse_index(s, &index)) return -1;
    if (s->now.kind == ',')
        return fail_at(s, s->now.place, "more arguments than the function takes");
    if (s->now.kind != ')') return is_due(s, "')'");
    advance(s);
    const int t = add_op(s->p, kind, args, arg, name);
    if (t >= 0) s->p->term[t].index = index;
    return t;
}

static int parse_name(parser *s)
{
    const lab_place place = s->now.place;
    lab_kind kind;
    const bool function = is_function(s->p->source[s->source] + place.at, place.n, &kind);
    advance(s);
    if (s->now.kind == '(')
        return function ? parse_call(s, kind, place) : no_such_function(s, place);
    if (function) return is_due(s, "'(' after the name of a function");
    const int k = symbol_of(s->p, place);
    if (k < 0) return -1;
    s->p->symbol[k].used = true;
    return s->p->symbol[k].term;
}

static int parse_group(parser *s)
{
    advance(s);
    const int t = parse_sum(s);
    if (t < 0) return -1;
    if (s->now.kind != ')') return is_due(s, "')'");
    advance(s);
    return t;
}

/* The elements of a matrix, row by row, into `list`.  False after a fault. */
static bool parse_rows(parser *s, rf_ids *list, rf_shape *shape)
{
    size_t rows = 0, first = 0, before = 0;
    do {
        advance(s); /* the '[', ',' or ';' */
        const int t = parse_sum(s);
        if (t < 0) return false;
        rf_ids_add(list, t);
        if (list->failed) return no_memory(s->p) >= 0;
        if (list->n > LAB_ELEMENTS) return fail_at(s, s->now.place, "too many elements") >= 0;
        if (s->now.kind == ',') continue;
        if (s->now.kind != ';' && s->now.kind != ']') return is_due(s, "',', ';' or ']'") >= 0;
        if (!rows++) first = list->n;
        if (list->n - before != first) {
            lab_program_fail(s->p, s->now.place, "a row of %zu elements where %zu are due",
                             list->n - before, first);
            return false;
        }
        before = list->n;
    } while (s->now.kind != ']');
    *shape = rows > 1 ? RF_SHAPE((rf_index)rows, (rf_index)first) : RF_SHAPE((rf_index)first);
    return true;
}

/* A matrix of constants becomes one constant. */
static int fold(lab_program *p, int first, int t)
{
    if (p->term[t].varies) return t;
    if (lab_evaluate(p, first)) return -1;
    lab_term x = p->term[t];
    x.kind = LAB_NUMBER;
    x.n = 0;
    p->terms = first;
    return add_term(p, x);
}

static int parse_matrix(parser *s)
{
    const lab_place place = s->now.place;
    const int first = s->p->terms;
    rf_ids list = {0};
    rf_shape shape;
    int t = -1;
    if (parse_rows(s, &list, &shape)) {
        t = add_op(s->p, LAB_STACK, (int)list.n, list.at, place);
        if (t >= 0) s->p->term[t].shape = shape;
        if (t >= 0) t = fold(s->p, first, t);
        advance(s);
    }
    rf_ids_free(&list);
    return t;
}

static int parse_primary(parser *s)
{
    const lab_token t = s->now;
    if (t.kind == LAB_NUMERAL) {
        advance(s);
        return add_number(s->p, t.number, t.place);
    }
    if (t.kind == LAB_NAME) return parse_name(s);
    if (t.kind == '(') return parse_group(s);
    if (t.kind == '[') return parse_matrix(s);
    return is_due(s, "a number, a name or '('");
}

static int parse_power(parser *s)
{
    int t = parse_primary(s);
    while (t >= 0 && s->now.kind == LAB_SUPERSCRIPT) {
        const lab_place place = s->now.place;
        const int by = add_number(s->p, s->now.number, place);
        advance(s);
        t = add_op(s->p, LAB_POW, 2, (const int[]){t, by}, place);
    }
    if (t < 0 || s->now.kind != '^') return t;
    const lab_place place = s->now.place;
    advance(s);
    const int by = parse_signed(s);
    return by < 0 ? -1 : add_op(s->p, LAB_POW, 2, (const int[]){t, by}, place);
}

/* Nesting is counted here: every way down leads through this rule. */
static int parse_signed(parser *s)
{
    if (++s->depth > LAB_DEPTH) return fail_at(s, s->now.place, "nested too deeply");
    const lab_place place = s->now.place;
    const bool minus = s->now.kind == '-';
    if (minus || s->now.kind == '+') advance(s);
    int t = minus || place.at != s->now.place.at ? parse_signed(s) : parse_power(s);
    s->depth--;
    if (t < 0 || !minus) return t;
    if (s->p->term[t].kind == LAB_NUMBER && !s->p->term[t].shape.rank && t == s->p->terms - 1) {
        *s->p->term[t].value *= -1; /* -2 is a number */
        return t;
    }
    return add_op(s->p, LAB_NEG, 1, &t, place);
}

/* Where nothing stands between two factors: 2x, 2(x+1), (a+b)(b+1), (a+b)x, x²y. */
static bool implied(const parser *s)
{
    const int now = s->now.kind, last = s->last;
    return (last == LAB_NUMERAL || last == LAB_SUPERSCRIPT || last == ')') &&
           (now == LAB_NAME || now == '(');
}

static int parse_product(parser *s)
{
    static const struct {
        int sign;
        lab_kind kind;
    } signs[] = {{'*', LAB_MUL}, {'/', LAB_DIV}, {'@', LAB_MATMUL}};
    int t = parse_signed(s);
    while (t >= 0) {
        const lab_place place = s->now.place;
        lab_kind kind = LAB_NUMBER;
        for (size_t k = 0; k < 3; k++)
            if (s->now.kind == signs[k].sign) kind = signs[k].kind;
        if (kind == LAB_NUMBER && !implied(s)) break;
        if (kind != LAB_NUMBER) advance(s);
        const int by = kind == LAB_NUMBER ? parse_power(s) : parse_signed(s);
        if (by < 0) return -1;
        t = add_op(s->p, kind == LAB_NUMBER ? LAB_MUL : kind, 2, (const int[]){t, by}, place);
    }
    return t;
}

static int parse_sum(parser *s)
{
    int t = parse_product(s);
    while (t >= 0 && (s->now.kind == '+' || s->now.kind == '-')) {
        const lab_place place = s->now.place;
        const lab_kind kind = s->now.kind == '+' ? LAB_ADD : LAB_SUB;
        advance(s);
        const int by = parse_product(s);
        if (by < 0) return -1;
        t = add_op(s->p, kind, 2, (const int[]){t, by}, place);
    }
    return t;
}

/* ---- Statements --------------------------------------------------------------------------------- */

/* NAME = a constant: the value of an input. */
static bool give_value(lab_program *p, lab_place name, int first, int t)
{
    if (lab_evaluate(p, first)) return false;
    const lab_term x = p->term[t];
    p->terms = first;
    const int k = symbol_of(p, name);
    if (k < 0) return false;
    lab_symbol *y = &p->symbol[k];
    if (y->given) return lab_program_fail(p, name, "%s has a value already", y->name) == RF_OK;
    y->given = true;
    p->term[y->term].value = x.value;
    p->term[y->term].shape = x.shape;
    return true;
}

/* NAME = an expression of variables. */
static bool give_expression(lab_program *p, lab_place name, int t)
{
    const int k = find_symbol(p, p->source[name.source] + name.at, name.n);
    if (k >= 0 && p->symbol[k].given)
        return lab_program_fail(p, name, "%s has a value already", p->symbol[k].name) == RF_OK;
    if (k >= 0)
        return lab_program_fail(p, name, "%s is used before it is assigned", p->symbol[k].name) ==
               RF_OK;
    const int terms = p->terms, fresh = symbol_of(p, name);
    if (fresh < 0) return false;
    p->terms = terms; /* its input was never used */
    p->symbol[fresh].term = t;
    p->symbol[fresh].given = true;
    if (!p->term[t].name) p->term[t].name = p->symbol[fresh].name;
    p->output = t;
    return true;
}

/* The name that is assigned to, if the statement assigns. */
static bool parse_target(parser *s, lab_place *name)
{
    const parser before = *s;
    lab_kind kind;
    if (s->now.kind != LAB_NAME) return false;
    *name = s->now.place;
    advance(s);
    if (s->now.kind != '=') {
        *s = before;
        return false;
    }
    advance(s);
    if (is_function(s->p->source[s->source] + name->at, name->n, &kind))
        fail_at(s, *name, "the name of a function");
    return true;
}

static bool parse_statement(parser *s)
{
    lab_program *p = s->p;
    lab_place name = {0};
    const lab_place start = s->now.place;
    const bool named = parse_target(s, &name);
    if (p->fault.err.status) return false;
    const int first = p->terms, t = parse_sum(s);
    if (t < 0) return false;
    const int k = s->now.kind;
    if (k != LAB_END && k != LAB_SPLIT && k != ';') return is_due(s, "an operator or ';'") >= 0;
    if (named)
        return p->term[t].varies ? give_expression(p, name, t) : give_value(p, name, first, t);
    if (!p->term[t].varies) return fail_at(s, start, "no variable in this expression") >= 0;
    p->output = t;
    return true;
}

static bool parse_source(lab_program *p, int source)
{
    parser s = {.p = p, .source = source, .end = strlen(p->source[source])};
    if (s.end > LAB_SOURCE)
        return lab_program_fail(p, (lab_place){source, 0, 0}, "more than %d bytes", LAB_SOURCE) ==
               RF_OK;
    s.now = lab_token_at(p->source[source], s.end, source, 0, false);
    while (s.now.kind != LAB_END) {
        if (s.now.kind == ';' || s.now.kind == LAB_SPLIT)
            advance(&s);
        else if (!parse_statement(&s))
            return false;
    }
    return true;
}

/* A value that no expression uses: perhaps that of a variable that has none. */
static rf_status fail_unused(lab_program *p, const lab_symbol *x)
{
    const char *names[LAB_TERMS + 1] = {0};
    int n = 0;
    for (int k = 0; k < p->symbols; k++)
        if (p->symbol[k].used && !p->symbol[k].given) names[n++] = p->symbol[k].name;
    const char *near = rf_nearest(x->name, names);
    return lab_program_fail(p, x->first, "no expression uses %s%s%s%s", x->name,
                            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* Values that nothing uses are mistakes, and so are programs that compute nothing. */
static rf_status check_whole(lab_program *p)
{
    if (p->output < 0)
        return lab_program_fail(p, (lab_place){0, 0, 0},
                                "no expression of variables, such as y = x^2");
    for (int k = 0; k < p->symbols; k++) {
        const lab_symbol *x = &p->symbol[k];
        const lab_term *t = &p->term[x->term];
        if (!x->used && t->kind == LAB_INPUT && t->name == x->name) return fail_unused(p, x);
    }
    return RF_OK;
}

rf_status lab_program_read(lab_program *p, const char *const *source, int sources)
{
    *p =
        (lab_program){.arena = rf_arena_new(0), .source = source, .sources = sources, .output = -1};
    if (p->arena) {
        p->term = rf_arena_alloc(p->arena, LAB_TERMS * sizeof *p->term);
        p->symbol = rf_arena_alloc(p->arena, LAB_TERMS * sizeof *p->symbol);
    }
    if (!p->term || !p->symbol) no_memory(p);
    for (int k = 0; k < sources && !p->fault.err.status; k++) parse_source(p, k);
    if (!p->fault.err.status) check_whole(p);
    if (!p->fault.err.status) lab_evaluate(p, 0);
    return p->fault.err.status;
}

void lab_program_free(lab_program *p)
{
    rf_arena_free(p->arena);
    rf_str_free(&p->fault.line);
    rf_str_free(&p->fault.mark);
    *p = (lab_program){0};
}

int lab_program_find(lab_program *p, const char *name)
{
    const char *names[LAB_TERMS + 1] = {0};
    const int k = find_symbol(p, name, strlen(name));
    if (k >= 0) return p->symbol[k].term;
    for (int i = 0; i < p->symbols; i++) names[i] = p->symbol[i].name;
    const char *near = rf_nearest(name, names);
    rf_fail(&p->fault.err, RF_EINVAL, "no variable %s%s%s%s", name, near ? "; did you mean " : "",
            near ? near : "", near ? "?" : "");
    return -1;
}

rf_status lab_program_hold(lab_program *p, const char *const *vary, int output)
{
    for (int k = 0; k < p->symbols; k++) p->term[p->symbol[k].term].varies = false;
    for (; *vary; vary++) {
        const int t = lab_program_find(p, *vary);
        if (t < 0) return p->fault.err.status;
        if (p->term[t].kind != LAB_INPUT)
            return rf_fail(&p->fault.err, RF_EINVAL, "%s is no input but computed", *vary);
        p->term[t].varies = true;
    }
    for (int t = 0; t < p->terms; t++) {
        lab_term *x = &p->term[t];
        if (x->kind != LAB_INPUT) x->varies = false;
        for (int k = 0; k < x->n; k++) x->varies |= p->term[x->arg[k]].varies;
    }
    if (p->term[output].varies) return RF_OK;
    return rf_fail(&p->fault.err, RF_EINVAL, "the output depends on none of these inputs");
}
