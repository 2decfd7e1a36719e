/* text/bpe.h -- the inside of byte pair encoding, for its two halves: learning and applying. */
#ifndef TEXT_BPE_H
#define TEXT_BPE_H

#include <refrain/text.h>

#define RFI_WORD_END "</w>"
#define RFI_GOES_ON  "@@"

typedef struct rfi_merge {
    int32_t left, right, merged; /* symbols */
} rfi_merge;

/* Symbols are strings, numbered; two ways to make the same string make the same symbol, as in
 * subword-nmt. */
struct rf_bpe {
    rf_vocab *symbols;
    rfi_merge *merges;
    int32_t count, cap;
    rf_map *ranks; /* of pairs of symbols: the first merge of each */
};

/* NULL: no memory. */
rf_bpe *rfi_bpe_new(void);
/* The symbol of a code point at the end of a word, or within; add: make it if new.  -1: none. */
int32_t rfi_bpe_symbol(const rf_bpe *b, const char *code, size_t n, bool last, bool add);
/* Append a merge.  False: no memory. */
bool rfi_bpe_add(rf_bpe *b, int32_t left, int32_t right);

#endif
