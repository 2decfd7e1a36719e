/* text/metric.h -- what metrics of texts have in common: sentences as ids, n-grams, and the rows. */
#ifndef TEXT_METRIC_H
#define TEXT_METRIC_H

#include <refrain/metric_text.h>
#include <refrain/text.h>

/* Longest n-grams, of words and characters. */
#define RFI_WORDS_ORDER  4
#define RFI_GRAMS_ORDER  10
/* Most numbers that a sentence contributes. */
#define RFI_METRIC_WIDTH 64

/* The n-grams of one sequence: of each, how often it is there. */
typedef struct rfi_grams {
    rf_map *count;  /* of n ids as bytes */
    int64_t tokens; /* length of the sequence */
} rfi_grams;

/* Count those of 1 .. order ids.  False: no memory. */
bool rfi_grams_count(rfi_grams *g, const rf_ids *ids, int order);
void rfi_grams_free(rfi_grams *g);
/* In how many n-grams of each length two agree: match [order]. */
void rfi_grams_match(const rfi_grams *a, const rfi_grams *b, int order, int64_t *match);
/* How many of length n (from 1) a sequence has. */
int64_t rfi_grams_total(const rfi_grams *g, int n);

typedef struct rfi_metric rfi_metric;

struct rf_text_metric {
    const rfi_metric *row;
    rf_text_metric_options o;
    rf_vocab *words; /* seen so far: ids are numbers here */
    double *stats;   /* [sentences, width] */
    size_t n, cap;
    int width;
    int references; /* of each sentence; -1: not of all the same */
    void *own;      /* the row's */
    bool settled;
};

/* A sentence: texts, in small letters where that is asked for. */
typedef struct rfi_sentence {
    const char *hypothesis;
    const char *const *reference;
    size_t count; /* at least 1 */
} rfi_sentence;

/* One metric.
 *
 *   width    numbers that a sentence contributes
 *   collect  fills them in; false: no memory
 *   settle   corrects those of all sentences, once no more come; NULL: nothing to correct
 *   score    of a sum of them; 0 .. 100
 *   title    "BLEU"; `called` where it is always the same
 *   sign     what differs in signatures */
struct rfi_metric {
    const char *name, *called;
    int word_order; /* of chrF and BLEU, where the name says it; or 0 */
    int (*width)(const rf_text_metric_options *o);
    bool (*collect)(rf_text_metric *s, const rfi_sentence *x, double *stats);
    bool (*settle)(rf_text_metric *s);
    void (*score)(const rf_text_metric_options *o, const double *sum, rf_text_score *out);
    void (*title)(const rf_text_metric_options *o, rf_str *out);
    void (*sign)(const rf_text_metric_options *o, rf_str *out);
    void (*free_own)(void *own);
};

/* The words of a text as ids.  False: no memory. */
bool rfi_metric_words(rf_text_metric *s, const char *text, rf_ids *ids);
void rfi_score_part(rf_text_score *out, const char *name, double value);

/* Blanks as Python's str.split has them. */
bool rfi_is_space(int32_t code);
/* Append the code points of a text. */
void rfi_codes(const char *s, size_t n, rf_ids *out);

int rfi_bleu_width(const rf_text_metric_options *o);
bool rfi_bleu_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
void rfi_bleu_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out);
void rfi_bleu_sign(const rf_text_metric_options *o, rf_str *out);
void rfi_bleu_n_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out);

int rfi_chrf_width(const rf_text_metric_options *o);
bool rfi_chrf_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
void rfi_chrf_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out);
void rfi_chrf_title(const rf_text_metric_options *o, rf_str *out);
void rfi_chrf_sign(const rf_text_metric_options *o, rf_str *out);

int rfi_rouge_width(const rf_text_metric_options *o);
bool rfi_rouge_1_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
bool rfi_rouge_2_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
bool rfi_rouge_l_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
bool rfi_rouge_coco_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
void rfi_rouge_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out);

int rfi_cider_width(const rf_text_metric_options *o);
bool rfi_cider_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
bool rfi_cider_settle(rf_text_metric *s);
void rfi_cider_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out);
void rfi_cider_free(void *own);

int rfi_meteor_width(const rf_text_metric_options *o);
bool rfi_meteor_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
void rfi_meteor_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out);
void rfi_meteor_sign(const rf_text_metric_options *o, rf_str *out);

int rfi_exact_width(const rf_text_metric_options *o);
bool rfi_exact_collect(rf_text_metric *s, const rfi_sentence *x, double *stats);
void rfi_exact_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out);

/* Of metrics of words: how they were cut. */
void rfi_words_sign(const rf_text_metric_options *o, rf_str *out);

#endif
