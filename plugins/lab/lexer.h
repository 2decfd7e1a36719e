/* lab/lexer.h -- the words of an expression. */
#ifndef LAB_LEXER_H
#define LAB_LEXER_H

#include "expression.h"

/* A token is a character of its own ("+", "(", "="), or one of these. */
enum { LAB_END = 0, LAB_SPLIT = '\n', LAB_NUMERAL = 256, LAB_NAME, LAB_SUPERSCRIPT, LAB_BAD };

typedef struct lab_token {
    int kind;
    double number; /* LAB_NUMERAL, LAB_SUPERSCRIPT */
    lab_place place;
    const char *why; /* LAB_BAD */
} lab_token;

/* The token at byte `at` of source `number`, which ends at `end`.  Within brackets (`nested`) a new
 * line is a blank. */
lab_token lab_token_at(const char *source, size_t end, int number, size_t at, bool nested);

#endif
