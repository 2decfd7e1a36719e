/* lab/formula.h -- expressions and their derivatives as people write them: 2x·exp(x²), diag(1/ŷ). */
#ifndef LAB_FORMULA_H
#define LAB_FORMULA_H

#include "derivation.h"
#include "notation.h"

/* Texts of a derivation's terms and edges; all in its arena.  Where memory ends they are "?". */
typedef struct lab_formulas {
    rf_arena *arena;
    const lab_derivation *d;
    const char **label;     /* [terms]: the term's name, or v1, v2 ... */
    lab_formula *whole;     /* [terms]: its name, or its expression where that is short */
    lab_formula *local;     /* [edges] */
    lab_formula *total;     /* [terms]: d output / d term, common factors taken out */
    const char **operation; /* [terms]: "v1·x", "input" */
    bool tensors;           /* some term is no scalar: factors stand from the output back */
} lab_formulas;

bool lab_formulas_make(lab_formulas *f, const lab_derivation *d);
/* The product of the local derivatives along n edges, from an input to the output. */
const char *lab_path_formula(const lab_formulas *f, int n, const int *edge);
/* A name with a subscript, "x₂": element k (from 0 on) of a tensor of n elements; the name alone of a
 * scalar. */
const char *lab_element_name(const lab_formulas *f, int term, rf_index k);

#endif
