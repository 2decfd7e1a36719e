/* lab/sentences.h -- sentences of words with tags, as a person types them: "我/n 爱/v 购物/n". */
#ifndef LAB_SENTENCES_H
#define LAB_SENTENCES_H

#include <refrain/base.h>
#include <refrain/text.h>

enum { LAB_WORDS_MAX = 200, LAB_VOCABULARY_MAX = 1000, LAB_TAGS_MAX = 32 };

typedef struct lab_sentence {
    int n;
    int32_t *word, *tag; /* [n]; tag -1: none was given */
} lab_sentence;

/* Words and tags are numbered as they come. */
typedef struct lab_sentences {
    rf_vocab *words, *tags;
    lab_sentence *sentence;
    int count, longest, tagged; /* tagged: words that have a tag */
} lab_sentences;

/* Read `n` sentences; words stand between blanks, a tag behind a word's last slash.
 *
 *   vocabulary  the words there are, between blanks; or NULL: those of the sentences
 *
 * Errors: EINVAL, naming sentence and word; ENOMEM.  Free them even then. */
rf_status lab_sentences_read(lab_sentences *s, const char *const *text, size_t n,
                             const char *vocabulary, rf_error *err);
void lab_sentences_free(lab_sentences *s);

const char *lab_word(const lab_sentences *s, int32_t id);
/* "-" where there is none. */
const char *lab_tag(const lab_sentences *s, int32_t id);

#endif
