/* text/metric_chrf.c -- chrF: n-grams of characters, and of words, of which as many as possible should
 * be right, and be found.
 *
 * A sentence contributes, for each length, the n-grams of the text, of the reference, and of both. */
#include <string.h>

#include "text/metric.h"

static int orders(const rf_text_metric_options *o) { return o->char_order + o->word_order; }

int rfi_chrf_width(const rf_text_metric_options *o) { return 3 * orders(o); }

/* ---- Sequences ----------------------------------------------------------------------------------- */

static bool read_characters(const rf_text_metric *s, const char *text, rf_ids *out)
{
    size_t kept = 0;
    rfi_codes(text, strlen(text), out);
    for (size_t i = 0; i < out->n; i++)
        if (s->o.whitespace || !rfi_is_space(out->at[i])) out->at[kept++] = out->at[i];
    out->n = kept;
    return !out->failed;
}

static bool is_punct(char c)
{
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

static bool add_word(rf_text_metric *s, const char *word, size_t n, rf_ids *out)
{
    const int32_t id = rf_vocab_add(s->words, word, n);
    rf_ids_add(out, id);
    return id >= 0 && !out->failed;
}

/* A mark behind a word stands apart, or else one before it. */
static bool add_parts(rf_text_metric *s, const char *word, size_t n, rf_ids *out)
{
    size_t cut = 0;
    if (rf_utf8_count(word, n) > 1 && is_punct(word[0])) cut = 1;
    if (rf_utf8_count(word, n) > 1 && is_punct(word[n - 1])) cut = n - 1;
    if (!cut) return add_word(s, word, n, out);
    return add_word(s, word, cut, out) && add_word(s, word + cut, n - cut, out);
}

static bool read_words(rf_text_metric *s, const char *text, rf_ids *out)
{
    rf_str words = {0};
    rf_text_tokenize(RF_TOKENS_NONE, text, strlen(text), &words);
    bool done = !words.failed;
    for (size_t i = 0, from = 0; i <= words.n && done; i++) {
        if (i < words.n && words.s[i] != ' ') continue;
        if (i > from) done = add_parts(s, words.s + from, i - from, out);
        from = i + 1;
    }
    rf_str_free(&words);
    return done;
}

typedef struct sequences {
    rfi_grams characters, words;
} sequences;

static bool read_text(rf_text_metric *s, const char *text, sequences *x)
{
    rf_ids characters = {0}, words = {0};
    bool done = read_characters(s, text, &characters) &&
                rfi_grams_count(&x->characters, &characters, s->o.char_order);
    if (s->o.word_order)
        done = done && read_words(s, text, &words) &&
               rfi_grams_count(&x->words, &words, s->o.word_order);
    rf_ids_free(&characters);
    rf_ids_free(&words);
    return done;
}

static void free_sequences(sequences *x)
{
    rfi_grams_free(&x->characters);
    rfi_grams_free(&x->words);
}

/* ---- Counting ------------------------------------------------------------------------------------ */

/* N-grams of a length that the reference has none of are not counted. */
static void compare(const rfi_grams *told, const rfi_grams *right, int order, double *stats)
{
    int64_t match[RFI_GRAMS_ORDER];
    if (!order) return;
    rfi_grams_match(told, right, order, match);
    for (int n = 1; n <= order; n++, stats += 3) {
        const int64_t due = rfi_grams_total(right, n);
        stats[0] = due ? (double)rfi_grams_total(told, n) : 0;
        stats[1] = (double)due;
        stats[2] = (double)match[n - 1];
    }
}

/* The reference with the best score counts. */
bool rfi_chrf_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    sequences told = {0};
    double best = -1, one[RFI_METRIC_WIDTH];
    const size_t width = (size_t)s->width;
    bool done = read_text(s, x->hypothesis, &told);
    for (size_t i = 0; i < x->count && done; i++) {
        sequences right = {0};
        rf_text_score score = {0};
        done = read_text(s, x->reference[i], &right);
        if (done) {
            compare(&told.characters, &right.characters, s->o.char_order, one);
            compare(&told.words, &right.words, s->o.word_order, one + 3 * s->o.char_order);
            rfi_chrf_score(&s->o, one, &score);
        }
        if (done && score.value > best) {
            best = score.value;
            memcpy(stats, one, width * sizeof *stats);
        }
        free_sequences(&right);
    }
    free_sequences(&told);
    return done;
}

/* ---- The score ----------------------------------------------------------------------------------- */

void rfi_chrf_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out)
{
    const double tiny = 1e-16, factor = o->beta * o->beta;
    double smoothed = 0, precision = 0, recall = 0;
    int counted = 0;
    for (int i = 0; i < orders(o); i++, sum += 3) {
        const double told = sum[0], due = sum[1], right = sum[2];
        const double p = told > 0 ? right / told : tiny, r = due > 0 ? right / due : tiny;
        const double below = factor * p + r;
        smoothed += below > 0 ? (1 + factor) * p * r / below : tiny;
        if (told <= 0 || due <= 0) continue;
        precision += p;
        recall += r;
        counted++;
    }
    precision = counted ? precision / counted : 0;
    recall = counted ? recall / counted : 0;
    const bool any = precision + recall != 0;
    out->value =
        any ? 100 * ((1 + factor) * precision * recall / (factor * precision + recall)) : 0;
    if (o->eps_smoothing) out->value = 100 * smoothed / orders(o);
    rfi_score_part(out, "precision", 100 * precision);
    rfi_score_part(out, "recall", 100 * recall);
}

void rfi_chrf_title(const rf_text_metric_options *o, rf_str *out)
{
    rf_str_printf(out, "chrF%d", o->beta);
    for (int i = 0; i < o->word_order; i++) rf_str_put(out, "+");
}

void rfi_chrf_sign(const rf_text_metric_options *o, rf_str *out)
{
    rf_str_printf(out, "|eff:%s|nc:%d|nw:%d|space:%s|version:2.6.0",
                  o->eps_smoothing ? "no" : "yes", o->char_order, o->word_order,
                  o->whitespace ? "yes" : "no");
}
