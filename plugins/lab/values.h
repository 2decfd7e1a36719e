/* lab/values.h -- rows of numbers, as a person types them: "1,0;0,1". */
#ifndef LAB_VALUES_H
#define LAB_VALUES_H

#include <refrain/base.h>

/* Read the value of the option --values: rows of equally many numbers, with blanks and brackets where one
 * likes.  x has room for what an earlier call with NULL counted.
 * Errors: EINVAL, and `where`, unless NULL, is set as lab_mark sets it. */
rf_status lab_values_read(const char *text, rf_real *x, rf_index *rows, rf_index *cols,
                          rf_str *where, rf_error *err);

#endif
