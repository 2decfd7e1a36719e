/* refrain/metric_text.h -- how good texts are beside texts by people: BLEU, chrF, ROUGE, CIDEr-D, METEOR.
 *
 *     rf_text_metric *s = rf_text_metric_new(rf_text_metric_find("bleu"), &(rf_text_metric_options)RF_TEXT_METRIC_OPTIONS, &err);
 *     for (each sentence) rf_text_metric_add(s, hypothesis, references, count, &err);
 *     rf_text_metric_corpus(s, &score);       // score.value: 0 .. 100
 *
 * A metric is a row of a table: what a sentence contributes, as a few numbers that are added up, and the
 * score of a sum.  So each has scores of corpora, of sentences, and of samples for the bootstrap.
 *
 * BLEU and chrF are those of sacreBLEU, digit for digit.  What captions are measured with is defined as
 * in pycocoevalcap, of the COCO caption challenge:
 *
 *   bleu-1 .. bleu-4  n-grams up to as many words, the closest reference's length, nothing smoothed: 0
 *                     where no n-gram is right
 *   rouge-l-coco      the best precision and the best recall of any references, recall 1.2 times as important
 *   cider             CIDEr-D
 *
 * but "meteor" has only two of METEOR's modules, equal words and equal English stems: it knows no
 * synonyms, and its scores are not that program's.  "exact" counts texts whose words are those of a
 * reference.
 * Source: Papineni, Roukos, Ward, Zhu, "BLEU", ACL 2002; Popovic, "chrF", WMT 2015, and "chrF++", WMT
 * 2017; Post, "A call for clarity in reporting BLEU scores", WMT 2018, and github.com/mjpost/sacrebleu
 * 2.6.0; Lin, "ROUGE", 2004; Vedantam, Zitnick, Parikh, "CIDEr", CVPR 2015; Banerjee, Lavie, "METEOR", ACL
 * workshop 2005; Chen et al., "Microsoft COCO captions", 2015. */
#ifndef REFRAIN_METRIC_TEXT_H
#define REFRAIN_METRIC_TEXT_H

#include <math.h>
#include <refrain/base.h>

RF_BEGIN

/* ---- Words of a line --------------------------------------------------------------------------- */

/* How lines are cut for a metric, as sacreBLEU's tokenizers of these names do it.
 *
 *   13a   punctuation apart, as mteval-v13a.pl: English and others in Latin letters
 *   zh    each Chinese character, and the rest as 13a
 *   intl  punctuation and symbols of all scripts apart
 *   char  each character
 *   none  what stands between blanks */
typedef enum rf_text_tokens {
    RF_TOKENS_13A,
    RF_TOKENS_ZH,
    RF_TOKENS_INTL,
    RF_TOKENS_CHAR,
    RF_TOKENS_NONE
} rf_text_tokens;

/* "13a", "zh", "intl", "char", "none", NULL: for options, in the order above. */
RF_API extern const char *const rf_text_tokenizers[];

/* Append the words of a line, apart by single blanks.  The line is valid UTF-8. */
RF_API void rf_text_tokenize(rf_text_tokens how, const char *line, size_t n, rf_str *out);

/* ---- Metrics ----------------------------------------------------------------------------------- */

/* What BLEU does where no n-gram of some length is right; "exp", "floor", "add-k", "none". */
typedef enum rf_text_smoothing {
    RF_SMOOTH_EXP,   /* a half, a quarter ... of one */
    RF_SMOOTH_FLOOR, /* `smooth_value` of one; 0.1 unless it is said */
    RF_SMOOTH_ADD_K, /* adds as much to all counts but those of words; 1 unless it is said */
    RF_SMOOTH_NONE
} rf_text_smoothing;

RF_API extern const char *const rf_text_smoothings[];

typedef struct rf_text_metric_options {
    rf_text_tokens tokens; /* all but chrF */
    bool lowercase;
    /* BLEU */
    rf_text_smoothing smoothing;
    double smooth_value;  /* NAN: the usual one */
    bool effective_order; /* leave lengths out that a text is too short for: for single sentences */
    /* chrF */
    int char_order, word_order; /* lengths of n-grams: 1 .. 10, 0 .. 4 */
    int beta;                   /* recall weighs beta squared as much as precision */
    bool whitespace;            /* blanks are characters */
    bool eps_smoothing;
} rf_text_metric_options;

/* sacreBLEU's. */
#define RF_TEXT_METRIC_OPTIONS                                                                     \
    {                                                                                              \
        .tokens = RF_TOKENS_13A, .smoothing = RF_SMOOTH_EXP, .smooth_value = NAN, .char_order = 6, \
        .beta = 2                                                                                  \
    }

/* Number of a metric: "bleu", "bleu-1" .. "bleu-4", "chrf", "chrf++", "rouge-1", "rouge-2", "rouge-l",
 * "rouge-l-coco", "cider", "meteor", "exact"; -1: none.
 * Its name; NULL past the last. */
RF_API int rf_text_metric_find(const char *name);
RF_API const char *rf_text_metric_name_at(int metric);

typedef struct rf_text_metric rf_text_metric;

/* NULL with err: EINVAL (no such metric, order), ENOMEM. */
RF_API rf_text_metric *rf_text_metric_new(int metric, const rf_text_metric_options *o,
                                          rf_error *err);
RF_API void rf_text_metric_free(rf_text_metric *s);

/* Add a sentence.
 *
 *   hypothesis  what a system wrote
 *   reference   [count]: what people wrote; NULL among them: no reference
 *
 * Errors: EINVAL (no reference), EFORMAT (not UTF-8), ENOMEM. */
RF_API rf_status rf_text_metric_add(rf_text_metric *s, const char *hypothesis,
                                    const char *const *reference, size_t count, rf_error *err);
RF_API size_t rf_text_metric_count(const rf_text_metric *s);

#define RF_TEXT_SCORE_PARTS 16

/* A score, and what it is made of: of BLEU precision_1 .. precision_4, BP (brevity penalty), ratio, hyp_len,
 * ref_len. */
typedef struct rf_text_score {
    double value;
    int parts;
    struct {
        const char *name;
        double value;
    } part[RF_TEXT_SCORE_PARTS];
} rf_text_score;

/* The score of all sentences, of sentence i alone (with the same options).  Of no sentence: 0.
 * Without memory: NAN. */
RF_API void rf_text_metric_corpus(rf_text_metric *s, rf_text_score *out);
RF_API void rf_text_metric_sentence(rf_text_metric *s, size_t i, rf_text_score *out);

/* Append what a score is made of, as sacreBLEU writes it: "72.7/50.0/33.3/20.0 (BP = 1.000 ratio = 1.000
 * hyp_len = 6 ref_len = 6)". */
RF_API void rf_text_score_parts(const rf_text_score *x, rf_str *out);

/* "chrF2++", and how it was computed: "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0".
 * The version is that of sacreBLEU with which the score agrees; other metrics have none. */
RF_API void rf_text_metric_title(const rf_text_metric *s, rf_str *out);
RF_API void rf_text_metric_sign(const rf_text_metric *s, rf_str *out);

/* ---- Is one system better? ----------------------------------------------------------------------- */

typedef struct rf_bootstrap {
    double value;     /* of the test set */
    double mean;      /* of the samples */
    double low, high; /* 95 % of them are between */
    double p; /* that a difference as large comes from chance; NAN: nothing to compare with */
    /* How much better than the other system: of the test set, and 95 % of the samples, each of which is the
     * same sentences for both; NAN likewise. */
    double difference, difference_low, difference_high;
} rf_bootstrap;

/* Scores of `samples` test sets that are drawn, with replacement, from the sentences of this one.
 *
 *   s        a system
 *   against  another on the same sentences, in the same order, with the same metric; or NULL
 *   go_on    called now and then; NULL, or a cancellation where it says false
 *
 * Source: Koehn, "Statistical significance tests for machine translation evaluation", EMNLP 2004;
 * p as in sacreBLEU.  Errors: EINVAL (not the same sentences), ECANCELLED, ENOMEM. */
RF_API rf_status rf_text_metric_bootstrap(rf_text_metric *s, rf_text_metric *against, int samples,
                                          uint64_t seed, bool (*go_on)(void *ctx, double part),
                                          void *ctx, rf_bootstrap *out, rf_error *err);

RF_END
#endif
