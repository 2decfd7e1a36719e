/* lab/formula.h -- expressions and their derivatives as people write them: 2x·exp(x²), diag(1/ŷ). */
#ifndef LAB_FORMULA_H
#define LAB_FORMULA_H

#include "derivation.h"

/* A text, and how tightly its outermost sign binds. */
typedef enum lab_level { LAB_SUMS, LAB_MINUS, LAB_PRODUCTS, LAB_POWERS, LAB_ATOMS } lab_level;

typedef struct lab_formula {
    const char *s; /* without blanks */
    lab_level level;
} lab_formula;

/* Texts of a derivation's terms and edges; all in its arena.  Where memory ends they are "?". */
typedef struct lab_formulas {
    const lab_derivation *d;
    const char **label;     /* [terms]: the term's name, or v1, v2 ... */
    lab_formula *whole;     /* [terms]: its name, or its expression where that is short */
    lab_formula *local;     /* [edges] */
    lab_formula *total;     /* [terms]: d output / d term, common factors taken out */
    const char **operation; /* [terms]: "v1·x", "input" */
    bool tensors;           /* some term is no scalar: factors stand from the output back */
} lab_formulas;

/* Whether a value's text tells more than the formula does: not for a number. */
bool lab_says_more(const char *formula, const char *value);
bool lab_formulas_make(lab_formulas *f, const lab_derivation *d);
/* With blanks around the signs of the outermost sum. */
const char *lab_spaced(const lab_formulas *f, const char *s);
/* The product of the local derivatives along n edges, from an input to the output. */
const char *lab_path_formula(const lab_formulas *f, int n, const int *edge);
/* A name with a subscript, "x₂": element k (from 0 on) of a tensor of n elements; the name alone of a
 * scalar. */
const char *lab_element_name(const lab_formulas *f, int term, rf_index k);

#endif
