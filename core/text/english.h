/* text/english.h -- what the rules for English know by heart. */
#ifndef TEXT_ENGLISH_H
#define TEXT_ENGLISH_H

#include "text/segment.h"

/* Lists of short words in lower case. */
typedef enum rfi_english_list {
    RFI_EN_TITLES,   /* abbreviations that a name or number follows: mr dr st no */
    RFI_EN_SHORT,    /* other abbreviations: inc etc p.m */
    RFI_EN_PREFIXES, /* stay with what follows their hyphen: e non anti */
    RFI_EN_HYPHENED, /* whole words with a hyphen: uh-oh */
    RFI_EN_ENDINGS,  /* behind a dot, of hosts and files: com xls */
    RFI_EN_UNITS,    /* behind digits, words of their own: am km */
    RFI_EN_STARTERS, /* begin a sentence where an abbreviation may end one: the he it */
    RFI_EN_NUMBERED, /* abbreviations where a number follows: no */
    RFI_EN_CLIPPED   /* begin with an apostrophe: em til */
} rfi_english_list;

/* Is the word (n bytes, any case) in the list? */
bool rfi_english_has(rfi_english_list list, const char *s, size_t n);
/* Bytes of the first part of a word that is two: can|not, gon|na, do|nt; 0: it is one.  With an
 * apostrophe, that of the last of its parts: do|n't, he'd|'ve. */
size_t rfi_english_cut(const char *s, size_t n);
/* Length of the emoticon that the text begins with; 0: none. */
size_t rfi_english_face(const char *s, size_t n);

/* Mark the sentences among the words of a paragraph, from word `first` on to the last. */
void rfi_english_mark(const char *text, rf_segments *out, size_t first);

#endif
