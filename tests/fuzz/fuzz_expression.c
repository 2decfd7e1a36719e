/* fuzz_expression.c -- any bytes as an expression with two values beside it: a fault that points into the
 * text, or values that are all finite and derivatives without end. */
#include <math.h>
#include <string.h>

#include "../../plugins/lab/expression.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    const char *const source[] = {text, "x=1.5", "v=[1,2;3,4]"};
    MUST(text);
    memcpy(text, data, n);
    text[n] = 0;
    lab_program p;
    const rf_status st = lab_program_read(&p, source, 3);
    MUST(st == RF_OK ? p.output >= 0 : p.fault.err.text[0] && p.fault.line.s && p.fault.mark.s);
    MUST(p.terms <= LAB_TERMS &&
         (st == RF_OK || rf_utf8_check(p.fault.line.s, p.fault.line.n, "", NULL) == RF_OK));
    for (int k = 0; !st && k < p.terms; k++)
        for (rf_index i = 0; i < rf_shape_count(p.term[k].shape); i++)
            MUST(isfinite(p.term[k].value[i]));
    const int x = st ? -1 : lab_program_find(&p, "x");
    const rf_index rows = st ? 0 : rf_shape_count(p.term[p.output].shape);
    double *out = malloc(((size_t)rows + 1) * sizeof *out);
    if (x >= 0 && out) MUST(lab_central_differences(&p, p.output, x, out));
    free(out);
    lab_program_free(&p);
    free(text);
    return 0;
}
