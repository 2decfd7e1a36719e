/* lab/search.h -- random search: ranges of settings, and what is drawn from them. */
#ifndef LAB_SEARCH_H
#define LAB_SEARCH_H

#include <refrain/base.h>

#include "attempt.h"

typedef struct lab_range {
    double low, high;
} lab_range;

/* What setting k of DRAWS is: the option that names its range, what lies within reason, and how it is
 * drawn. */
typedef enum lab_scale {
    LAB_EVEN,     /* all values are equally probable */
    LAB_FACTOR,   /* all factors are: the logarithm is drawn evenly */
    LAB_REMAINDER /* the logarithm of 1 - x is */
} lab_scale;
typedef struct lab_draw_row {
    const char *name;
    double min, max;
    lab_scale scale;
    bool whole;
} lab_draw_row;
extern const lab_draw_row lab_draw_rows[DRAWS];

/* "0.01" or "0.001:0.03".
 * Errors: EINVAL "--learning-rate: 0.1:x: a number or LOW:HIGH is due", or out of reason. */
rf_status lab_range_parse(int k, const char *text, lab_range *out, rf_error *err);

/* The settings of trial 1, 2, ...: a function of seed and trial alone, the same for every cell. */
void lab_search_draw(const lab_range range[DRAWS], uint64_t seed, int64_t trial,
                     double value[DRAWS]);

#endif
