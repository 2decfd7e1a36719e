/* test_expression.c -- expressions are read as they are meant, valued in double, and refused at the place
 * that is wrong. */
#include <math.h>
#include <string.h>

#include "../../plugins/lab/expression.h"
#include "../suite.h"

/* The output's value with x = 3, y = 2. */
static double value(const char *text)
{
    lab_program p;
    const char *const source[] = {text, "x=3", "y=2; z = x + y"};
    double result = NAN;
    if (lab_program_read(&p, source, 3) == RF_OK)
        result = *p.term[lab_program_find(&p, "out")].value;
    if (p.fault.err.status) printf("\n%s: %s\n", text, p.fault.err.text);
    lab_program_free(&p);
    return result;
}

static void as_mathematics_is_read(void)
{
    static const struct {
        const char *text;
        double value;
    } row[] = {
        {"out=x+y*2", 7},
        {"out=(x+y)*2", 10},
        {"out=x-y-1", 0},
        {"out=12/x/y", 2},
        {"out=-x^2", -9},
        {"out=(-x)^2", 9},
        {"out=x^-1", 1 / 3.0},
        {"out=y^y^x", 256},
        {"out=x--y", 5},
        {"out=+x", 3},
        {"out=2x", 6},
        {"out=2x^2", 18},
        {"out=2(x+y)", 10},
        {"out=(x+y)(x-y)", 5},
        {"out=(x+y)x", 15},
        {"out=x²y", 18},
        {"out=x⁻²", 1 / 9.0},
        {"out=x·y × y ÷ x − 1", 3},
        {"out=（x＋y）＊2", 10},
        {"out=1e2x", 300},
        {"out=.5x + 1.", 2.5},
        {"out=exp(0x)", 1},
        {"out=ln(exp(x))", 3},
        {"out=sqrt(x^2+16)", 5},
        {"out=tanh(0x)+relu(-x)+relu(y)", 2},
        {"out=σ(0x)", 0.5},
        {"out=dot([x,y],[1,10])", 23},
        {"out=sum([1,2;3,4]*x)", 30},
        {"out=mean([x,y;y,x])", 2.5},
        {"out=sum([1,2;3,4]@[x,y])", 24},
        {"out=sum([x,y]@[1,2;3,4])", 23},
        {"out=pick(transpose([1,x;2,y])@[1,0],2)", 3},
        {"out=pick([1,2;3,4]@[x,y],2)", 17},
        {"out=pick(softmax([x,x,x,x]),3)", 0.25},
        {"out=cross_entropy([x,x],1)", 0.69314718055994531},
        {"a=2x\n\n;;b=a+1\nout=(a+\nb)*[1,\n2]@[1,1]", 39},
        {"中文变量=x; out=中文变量+ŷ_1*0; ŷ_1=1/3", 3},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        CU_ASSERT_DOUBLE_EQUAL(value(row[k].text), row[k].value, 1e-12);
}

/* What is wrong, the message, the line as shown and the mark below it. */
static void errors_point_at_the_place(void)
{
    static const struct {
        const char *text, *message, *mark;
    } row[] = {
        {"e=(a+b*(b+1)", "column 13: ')' is due before the end", "            ^"},
        {"e=a+*b", "column 5: a number, a name or '(' is due here", "    ^"},
        {"变量=变量甲*/变量乙", "column 8: a number, a name or '(' is due here", "            ^"},
        {"y=softmx(x)", "column 3: no function softmx; did you mean softmax?", "  ^~~~~~"},
        {"x=2; y=x+x(x+1)", "column 10: x is no function; x*( ) is the product", "         ^"},
        {"y=x+z; x=1", "column 5: z has no value: add z=NUMBER", "    ^"},
        {"y=x*2; x=1; z=3", "column 13: no expression uses z", "            ^"},
        {"y=weight*2; wieght=3", "column 13: no expression uses wieght; did you mean weight?",
         "            ^~~~~~"},
        {"y=x+1; x=1; x=2", "column 13: x has a value already", "            ^"},
        {"y=x+1; y=x+2; x=1", "column 8: y has a value already", "       ^"},
        {"y=x+c; c=x+1; x=1", "column 8: c is used before it is assigned", "       ^"},
        {"x=x+1", "column 1: x is used before it is assigned", "^"},
        {"y=[1,2]*x; x=[1,2,3]",
         "column 8: [2] and [3] where equal shapes or a number are due; @ is the product of "
         "matrices",
         "       ^"},
        {"y=matmul([1,2;3,4],x); x=[1,2,3]",
         "column 3: [2,2] and [3] where columns of the first and rows of the second should be as "
         "many",
         "  ^~~~~~"},
        {"y=dot(x,[1,2]); x=3", "column 3: [] and [2] where two vectors of one length are due",
         "  ^~~"},
        {"y=softmax(x); x=3", "column 3: [] where a vector or a matrix is due", "  ^~~~~~~"},
        {"y=pick(x,4); x=[1,2,3]", "column 3: element 4 of a vector of 3", "  ^~~~"},
        {"y=pick(x,0); x=[1,2,3]", "column 10: the number of an element, from 1 on, is due here",
         "         ^"},
        {"y=[1,2;x]; x=1", "column 9: a row of 1 elements where 2 are due", "        ^"},
        {"y=[x,2]; x=[1,2]", "column 3: element 1 is [2] where a number is due", "  ^"},
        {"y=log(x); x=0-4", "column 3: log(-4) is not a number", "  ^~~"},
        {"y=exp(x); x=1000", "column 3: exp(1000) is too large for a float", "  ^~~"},
        {"y=x*1e39; x=1", "column 5: a number too large for a float", "    ^~~~"},
        {"y=exp; x=1", "column 6: '(' after the name of a function is due here", "     ^"},
        {"exp=3*x; x=1", "column 1: the name of a function", "^~~"},
        {"y=exp(x,x); x=1", "column 8: more arguments than the function takes", "       ^"},
        {"y=dot(x); x=[1]", "column 8: a comma and one more argument is due here", "       ^"},
        {"y=x y; x=1", "column 5: an operator or ';' is due here", "    ^"},
        {"y=2 $ x", "column 5: no sign of an expression", "    ^"},
        {"y=x⁻; x=1", "column 4: an exponent is due", "   ^"},
        {"", "column 1: no expression of variables, such as y = x^2", "^"},
        {"y=2+3", "column 1: no expression of variables, such as y = x^2", "^"},
        {"2+3; y=x", "column 1: no variable in this expression", "^"},
        {"a=1;y=a;\n  z=a*)", "line 2, column 7: a number, a name or '(' is due here", "      ^"},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        lab_program p;
        const char *const source[] = {row[k].text};
        CU_ASSERT_EQUAL(lab_program_read(&p, source, 1), RF_EINVAL);
        if (strcmp(p.fault.err.text, row[k].message) || strcmp(p.fault.mark.s, row[k].mark)) {
            printf("\n%s\n%s|\n%s|\n", row[k].text, p.fault.err.text, p.fault.mark.s);
            CU_FAIL("another message");
        }
        lab_program_free(&p);
    }
}

static void places_among_several_sources(void)
{
    lab_program p;
    const char *const source[] = {"y=a*b", "a=1", "c=2"};
    CU_ASSERT_EQUAL(lab_program_read(&p, source, 3), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(p.fault.err.text,
                           "expression 3, column 1: no expression uses c; did you mean b?");
    CU_ASSERT_STRING_EQUAL(p.fault.line.s, "c=2");
    lab_program_free(&p);
    lab_program_free(&p);
}

static void long_lines_are_cut(void)
{
    char text[4000] = "y=x";
    lab_program p;
    const char *const source[] = {text};
    for (int k = 0; k < 100; k++) strcat(text, "+变*x");
    strcat(text, "+*");
    for (int k = 0; k < 100; k++) strcat(text, "+x");
    CU_ASSERT_EQUAL(lab_program_read(&p, source, 1), RF_EINVAL);
    CU_ASSERT_EQUAL(strncmp(p.fault.line.s, "... ", 4), 0);
    CU_ASSERT(rf_utf8_width(p.fault.line.s, p.fault.line.n) < 125);
    const size_t column = strlen(p.fault.mark.s) - 1;
    size_t at = 0;
    while (rf_utf8_width(p.fault.line.s, at) < column) at++;
    CU_ASSERT_EQUAL(strncmp(p.fault.line.s + at, "*+x", 3), 0);
    lab_program_free(&p);
}

static void limits(void)
{
    char text[3 * LAB_TERMS + 200] = "y=x";
    lab_program p;
    const char *const source[] = {text, "x=1"};
    for (int k = 0; k < LAB_TERMS; k++) strcat(text, "+x");
    CU_ASSERT_EQUAL(lab_program_read(&p, source, 2), RF_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.fault.err.text, "more than 400 operations"));
    lab_program_free(&p);
    strcpy(text, "y=");
    for (int k = 0; k < LAB_DEPTH; k++) strcat(text, "(");
    CU_ASSERT_EQUAL(lab_program_read(&p, source, 2), RF_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.fault.err.text, "nested too deeply"));
    lab_program_free(&p);
    strcpy(text, "y=x");
    for (int k = 0; k < 10; k++) strcat(text, "*2");
    CU_ASSERT_EQUAL(lab_program_read(&p, source, 2), RF_OK);
    CU_ASSERT_EQUAL(*p.term[p.output].value, 1024);
    lab_program_free(&p);
}

static void differences_are_central(void)
{
    lab_program p;
    const char *const source[] = {"y=[x^3, x*z; exp(z), x]", "x=2; z=0.5"};
    double dx[4], dz[4];
    CU_ASSERT_EQUAL_FATAL(lab_program_read(&p, source, 2), RF_OK);
    const int x = lab_program_find(&p, "x"), z = lab_program_find(&p, "z");
    CU_ASSERT(lab_central_differences(&p, p.output, x, dx));
    CU_ASSERT(lab_central_differences(&p, p.output, z, dz));
    const double due_x[] = {12, 0.5, 0, 1}, due_z[] = {0, 2, exp(0.5), 0};
    for (int k = 0; k < 4; k++) {
        CU_ASSERT_DOUBLE_EQUAL(dx[k], due_x[k], 1e-8);
        CU_ASSERT_DOUBLE_EQUAL(dz[k], due_z[k], 1e-8);
    }
    CU_ASSERT_EQUAL(*p.term[x].value, 2);
    CU_ASSERT_EQUAL(p.term[p.output].value[0], 8);
    lab_program_free(&p);
}

static void holding_inputs(void)
{
    lab_program p;
    const char *const source[] = {"u=a*b; y=u+c", "a=2; b=3; c=4"};
    const char *const only_a[] = {"a", NULL}, *const none[] = {"d", NULL},
                      *const inner[] = {"u", NULL};
    CU_ASSERT_EQUAL_FATAL(lab_program_read(&p, source, 2), RF_OK);
    CU_ASSERT_EQUAL(lab_program_hold(&p, only_a, p.output), RF_OK);
    CU_ASSERT_TRUE(p.term[lab_program_find(&p, "u")].varies);
    CU_ASSERT_FALSE(p.term[lab_program_find(&p, "c")].varies);
    CU_ASSERT_EQUAL(lab_program_hold(&p, inner, p.output), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(p.fault.err.text, "u is no input but computed");
    lab_program_free(&p);
    CU_ASSERT_EQUAL_FATAL(lab_program_read(&p, source, 2), RF_OK);
    CU_ASSERT_EQUAL(lab_program_hold(&p, none, p.output), RF_EINVAL);
    CU_ASSERT_EQUAL(strncmp(p.fault.err.text, "no variable d; did you mean ", 28), 0);
    lab_program_free(&p);
    const char *const two[] = {"y=a*a; z=c*c", "a=2; c=4"};
    CU_ASSERT_EQUAL_FATAL(lab_program_read(&p, two, 2), RF_OK);
    CU_ASSERT_EQUAL(lab_program_hold(&p, only_a, p.output), RF_EINVAL);
    lab_program_free(&p);
}

int main(void)
{
    CU_TestInfo tests[] = {{"as mathematics is read", as_mathematics_is_read},
                           {"errors point at the place", errors_point_at_the_place},
                           {"places among several sources", places_among_several_sources},
                           {"long lines are cut", long_lines_are_cut},
                           {"limits", limits},
                           {"differences are central", differences_are_central},
                           {"holding inputs", holding_inputs},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "expression", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
