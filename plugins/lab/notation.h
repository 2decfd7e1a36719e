/* lab/notation.h -- sums, products and powers as people write them, with as few brackets as that needs:
 * 2x·exp(x²)·x + exp(x²), (α+β+γ)(δ+ε+ζ), −1/ŷ₂.
 *
 * Texts live in an arena; where memory ends they are "?". */
#ifndef LAB_NOTATION_H
#define LAB_NOTATION_H

#include <refrain/base.h>

/* The sign between summands and before what is negative. */
#define LAB_SIGN "−"

/* How tightly the outermost sign of a text binds. */
typedef enum lab_level { LAB_SUMS, LAB_MINUS, LAB_PRODUCTS, LAB_POWERS, LAB_ATOMS } lab_level;

typedef struct lab_formula {
    const char *s; /* without blanks */
    lab_level level;
} lab_formula;

/* A name or the like; the text is kept by the caller. */
lab_formula lab_text_atom(const char *s);
/* What was written into `text`, which is freed. */
lab_formula lab_text_take(rf_arena *arena, lab_level level, rf_str *text);
/* Append it, in brackets if it binds less than `least`. */
void lab_text_put(rf_str *out, lab_formula a, lab_level least);
/* Append a whole number in superscript (up) or subscript. */
void lab_text_put_raised(rf_str *out, int n, bool up);

bool lab_text_is(lab_formula a, const char *s);
/* 1 or I, the factors that change nothing. */
bool lab_text_is_one(lab_formula a);
bool lab_text_is_numeral(const char *s);

lab_formula lab_text_number(rf_arena *arena, double x);
lab_formula lab_text_minus(rf_arena *arena, lab_formula a);
lab_formula lab_text_sum(rf_arena *arena, lab_formula a, lab_formula b);
lab_formula lab_text_difference(rf_arena *arena, lab_formula a, lab_formula b);
/* Products leave out what is 1; 0 is left of a product with 0. */
lab_formula lab_text_times(rf_arena *arena, lab_formula a, lab_formula b);
lab_formula lab_text_elementwise(rf_arena *arena, lab_formula a, lab_formula b);
lab_formula lab_text_over(rf_arena *arena, lab_formula a, lab_formula b);
lab_formula lab_text_power(rf_arena *arena, lab_formula a, lab_formula b);
/* With a number as the exponent: x², x⁻¹, x^0.5. */
lab_formula lab_text_power_of(rf_arena *arena, lab_formula a, double n);
/* name(a more) */
lab_formula lab_text_call(rf_arena *arena, const char *name, lab_formula a, const char *more);
lab_formula lab_text_suffixed(rf_arena *arena, lab_formula a, const char *suffix);
lab_formula lab_text_subscript(rf_arena *arena, lab_formula a, int k);

/* With blanks around the signs of the outermost sum. */
const char *lab_text_spaced(rf_arena *arena, const char *s);
/* Whether a value's text tells more than the formula does: not for a number. */
bool lab_text_says_more(const char *formula, const char *value);

#endif
