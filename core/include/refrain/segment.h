/* refrain/segment.h -- raw text to sentences and words by rules, and how good a division is.
 *
 *     rf_segments s = {0};
 *     rf_segment_text(RF_SEGMENT_ENGLISH, text, n, &s, &err);
 *     rf_draft *d = rf_draft_new();
 *     for (size_t i = 0, k; i < s.n; i += k) {
 *         rf_sentence *sentence = rf_draft_sentence(d, text, &s, i, &k, &err);
 *         ... tag it; rf_conllu_write(sentence, &out); ...
 *     }
 *
 * A text may be cut anywhere an empty line is, and be given part by part. */
#ifndef REFRAIN_SEGMENT_H
#define REFRAIN_SEGMENT_H

#include <refrain/conllu.h>

RF_BEGIN

/* ---- Splitting --------------------------------------------------------------------------------- */

/* How a text is divided.
 *
 *   english  words and sentences as in the English Web Treebank: do|n't, Elena|'s, search|-|engine;
 *            an empty line ends a paragraph
 *   chinese  characters, of which Latin letters and digits side by side are one; a sentence ends with
 *            its mark (。！？ and what closes behind it), a line with its end
 *   blanks   text that is divided already: words apart by blanks, a sentence a line */
typedef enum rf_segment_rule {
    RF_SEGMENT_ENGLISH,
    RF_SEGMENT_CHINESE,
    RF_SEGMENT_BLANKS
} rf_segment_rule;
/* "english", "chinese", "blanks"; NULL: none.  -1: there is no such rule. */
RF_API const char *rf_segment_name(int rule);
RF_API int rf_segment_find(const char *name);

enum {
    RF_SEGMENT_INSIDE = 1u << 0,   /* belongs to the token of the word before: n't, 's */
    RF_SEGMENT_SPACE = 1u << 1,    /* a blank follows the word, or the text's end */
    RF_SEGMENT_SENTENCE = 1u << 2, /* begins a sentence */
    RF_SEGMENT_PARAGRAPH = 1u << 3 /* begins a paragraph */
};

typedef struct rf_segment {
    size_t at, n; /* bytes of the text */
    uint32_t flags;
} rf_segment;

/* Start it as {0}. */
typedef struct rf_segments {
    rf_segment *word;
    size_t n, cap;
    bool failed;
} rf_segments;

/* The words of a text, in place of those that were there.  Every character that is no blank is in
 * exactly one word.  Errors: EFORMAT (not UTF-8, NUL), EINVAL (rule), ENOMEM. */
RF_API rf_status rf_segment_text(rf_segment_rule rule, const char *text, size_t n, rf_segments *out,
                                 rf_error *err);
RF_API void rf_segments_free(rf_segments *s);

/* ---- Sentences that are made rather than read ---------------------------------------------------- */

typedef struct rf_draft rf_draft;    /* memory for one sentence */
RF_API rf_draft *rf_draft_new(void); /* NULL: no memory */
RF_API void rf_draft_free(rf_draft *d);
/* The sentence that begins with word `first`, as CoNLL-U has it: forms, ranges, SpaceAfter=No, and
 * the comment "text" (before it "newpar" where a paragraph begins).  *words of the split are in it.
 * Valid until the next call.  NULL with err: ENOMEM. */
RF_API rf_sentence *rf_draft_sentence(rf_draft *d, const char *text, const rf_segments *s,
                                      size_t first, size_t *words, rf_error *err);

/* ---- Scores ----------------------------------------------------------------------------------------
 *
 * Sentences, tokens and words of two divisions of one text are compared by where they stand among its
 * characters, blanks left out; words of tokens with several words by the longest common subsequence
 * of their forms.  Source: the evaluator of the CoNLL 2018 shared task (conll18_ud_eval.py). */

typedef struct rf_division rf_division;    /* a text, divided */
RF_API rf_division *rf_division_new(void); /* NULL: no memory */
RF_API void rf_division_free(rf_division *d);
/* Append a sentence; its columns are copied.  Errors: ENOMEM. */
RF_API rf_status rf_division_add(rf_division *d, const rf_sentence *s, rf_error *err);
RF_API size_t rf_division_words(const rf_division *d);
/* A column of word i, counted over all sentences. */
RF_API const char *rf_division_column(const rf_division *d, size_t i, int column);

typedef struct rf_division_score {
    int64_t gold, system, right; /* how many there are, and how many agree */
    double precision, recall, f1;
    double accuracy; /* right over aligned words, of columns; NAN where nothing is aligned */
} rf_division_score;

typedef struct rf_division_scores {
    rf_division_score tokens, sentences, words;
    rf_division_score
        column[RF_COLUMNS]; /* words that agree in it: UPOS, XPOS, FEATS (whole) ... */
    size_t aligned;
    const int32_t *pair; /* [aligned,2]: words of gold and of system; gold's memory */
} rf_division_scores;

/* Errors: EFORMAT "character 17 of the text is 'a' (gold) and 'b' (system) ...", EINVAL (a division is
 * empty), ENOMEM. */
RF_API rf_status rf_division_compare(rf_division *gold, const rf_division *system,
                                     rf_division_scores *out, rf_error *err);

RF_END
#endif
