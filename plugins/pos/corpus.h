/* pos/corpus.h -- sentences of words with tags: what is learned from and measured on. */
#ifndef POS_CORPUS_H
#define POS_CORPUS_H

#include <refrain/text.h>

enum { POS_WHOLE, POS_FIRST, POS_LATER }; /* parts of multiword tokens */

typedef struct pos_word {
    size_t at;           /* of its form in the corpus's text */
    size_t token;        /* of what is written, where it is the first part of a multiword token */
    uint32_t n, token_n; /* bytes of both */
    int32_t tag;         /* -1: none */
    uint8_t part;        /* POS_WHOLE ... */
    bool glued;          /* no blank follows what is written */
} pos_word;

typedef struct pos_corpus {
    rf_str text;
    pos_word *word;
    rf_index words, word_cap;
    rf_index *start; /* [n+1] first word of each sentence */
    bool *opens;     /* [n] begins a paragraph */
    rf_index n, cap;
    rf_vocab *tags; /* as they came, known ones first */
} pos_corpus;

/* An empty corpus; the tags of `known` (or NULL) have their numbers there.  Errors: ENOMEM. */
rf_status pos_corpus_init(pos_corpus *c, const rf_vocab *known, rf_error *err);
void pos_corpus_free(pos_corpus *c);
/* A word of the sentence in the making, to be completed by the caller; tag NULL: none.  NULL: no
 * memory. */
pos_word *pos_corpus_add(pos_corpus *c, const char *form, size_t n, const char *tag, size_t tag_n);
/* End the sentence, unless it is empty.  False: no memory. */
bool pos_corpus_end(pos_corpus *c, bool opens);
const char *pos_corpus_form(const pos_corpus *c, rf_index word, size_t *n);
/* What is written, with its blanks: the text of sentences from .. to - 1. */
void pos_corpus_write(const pos_corpus *c, rf_index from, rf_index to, rf_str *out);
/* A number by which the same sentences are recognised. */
uint64_t pos_corpus_hash(const pos_corpus *c);

#endif
