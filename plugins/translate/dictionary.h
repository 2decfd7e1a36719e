/* translate/dictionary.h -- a lexical table: which word of one language goes with which of another,
 * learned from parallel text alone. */
#ifndef TRANSLATE_DICTIONARY_H
#define TRANSLATE_DICTIONARY_H

#include <refrain/text.h>

/* Sentences as numbers of words, from 0.  Start it as {0}. */
typedef struct tr_sentences {
    rf_ids word;   /* of all sentences */
    rf_ids start;  /* [n + 1]; sentence i is word.at[start[i]] .. word.at[start[i + 1]] */
    int32_t words; /* numbers are smaller */
} tr_sentences;

void tr_sentences_free(tr_sentences *s);
/* End the sentence that was added to `word`.  False: no memory. */
bool tr_sentences_end(tr_sentences *s);
size_t tr_sentences_count(const tr_sentences *s);

typedef struct tr_dictionary tr_dictionary;

/* Called now and then with the part that is done; false: stop. */
typedef bool (*tr_go_on)(void *ctx, double part);

/* IBM's model 1 in both directions by expectation maximisation: t(target | source), with an empty word
 * beside those of the sentence, and t(source | target).
 *
 *   side    [2]: source and target, as many sentences each
 *   rounds  of EM
 *
 * NULL with err: EINVAL, ECANCELLED, ENOMEM.
 * Source: Brown, Della Pietra, Della Pietra, Mercer, "The mathematics of statistical machine translation",
 * Computational Linguistics 19, 1993. */
tr_dictionary *tr_dictionary_learn(const tr_sentences side[2], int rounds, tr_go_on go_on,
                                   void *ctx, rf_error *err);
void tr_dictionary_free(tr_dictionary *d);
/* t(target | source); source -1: the empty word. */
double tr_dictionary_p(const tr_dictionary *d, int32_t source, int32_t target);
/* The target word with the largest t(target | source) t(source | target), or -1: never seen together
 * with one. */
int32_t tr_dictionary_best(const tr_dictionary *d, int32_t source);

#endif
