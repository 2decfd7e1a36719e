/* pinyin/decode.h -- from typed syllables to characters: beam search over the lattice of words.
 *
 * A path through the lattice is a row of words whose readings are the typed syllables.  Its score
 * is
 *
 *     (1 - w) sum of ln p(character) + w sum of ln p(word) - costs of readings and of typing
 *
 * p(character) being a mixture of the n-gram model and the network, p(word) an n-gram model of
 * words. Hypotheses go character by character, node by node; those with the same characters share
 * one state of the network, which is computed once, for all hypotheses of a node side by side. */
#ifndef PINYIN_DECODE_H
#define PINYIN_DECODE_H

#include "input.h"
#include "model.h"

#define PY_NBEST_MOST 1000

typedef struct py_decode_spec {
    py_typing typing;
    int beam;            /* different strings of characters that are kept at a node */
    int nbest;           /* how many answers, at most */
    double mix, words;   /* weights, see py_model */
    const char *context; /* text that stands before, or NULL */
    const char
        *fix; /* characters of the answer from its beginning, "_" and "?" being any; or NULL */
    rf_weights form; /* of the network */
    bool open;       /* more is being typed: the end is no end of a sentence */
    bool keep;       /* states of the network are kept from answer to answer */
} py_decode_spec;

/* A word of an answer; its text is py_answer.text + at. */
typedef struct py_part {
    int32_t word;     /* -1: passed through */
    uint32_t at, n;   /* bytes */
    int32_t from, to; /* nodes */
} py_part;

typedef struct py_answer {
    char *text;
    double score; /* nats */
    py_part *part;
    size_t parts;
} py_answer;

typedef struct py_answers {
    py_answer *at; /* best first, all different */
    size_t n;
} py_answers;
void py_answers_free(py_answers *a);

/* A word over some nodes, for pictures. */
typedef struct py_arc {
    int32_t from, to, word;
    float cost, prior;
} py_arc;

typedef struct py_decoder py_decoder;

/* The spec is copied, its texts are not: they must live as long as they are used.  NULL with err:
 * ENOMEM, those of rf_stepper_new_as. */
py_decoder *py_decoder_new(const py_model *m, rf_device *d, const py_decode_spec *spec,
                           rf_error *err);
void py_decoder_free(py_decoder *x);
py_decode_spec *py_decoder_spec(py_decoder *x);
const py_model *py_decoder_model(const py_decoder *x);
/* Asked at every node of long inputs; what is not RF_OK ends the search and is returned. */
void py_decoder_watch(py_decoder *x, rf_status (*ask)(void *ctx), void *ctx);

/* The best answers to a line.  Without one (a constraint that nothing meets) out->n is 0.
 * Errors: ENOMEM, `ask`'s. */
rf_status py_decode(py_decoder *x, const char *text, size_t n, py_answers *out, rf_error *err);
/* The words of the lattice of a line, at most `most` for each pair of nodes, the most frequent
 * ones. Free *out.  Errors: ENOMEM. */
rf_status py_lattice(py_decoder *x, const char *text, size_t n, int most, py_input *in,
                     py_arc **out, size_t *count, rf_error *err);

/* The words of the lattice that begin a line, likewise. */
rf_status py_openings(py_decoder *x, const char *text, size_t n, py_input *in, py_arc **out,
                      size_t *count, rf_error *err);

#endif
