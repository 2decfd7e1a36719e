/* translate/search.h -- lines translated: batches of beam searches, and the texts of what they find.
 *
 *     tr_search_begin
 *     tr_search_add     lines, numbered from 0
 *     tr_search_run     all are translated, those of like length side by side; each answer in the order
 *                       of lines
 *     tr_search_clear   the next ones
 *     tr_search_end */
#ifndef TRANSLATE_SEARCH_H
#define TRANSLATE_SEARCH_H

#include "pairs.h"

/* One translation of a line. */
typedef struct tr_answer {
    const char *text;
    double score, logp; /* NAN of an empty line's */
    /* Tokens, the ends included, and with `attention` [target,source]; else 0 and NULL. */
    rf_index source, target;
    const char *const *source_piece, *const *target_piece;
    const rf_real *attention;
} tr_answer;

typedef struct tr_search {
    /* Set by the caller. */
    const tr_lexis *lexis;
    const rf_seq2seq *m;
    rf_device *d;
    rf_graph *g;
    rf_index B, beam, best;  /* lines side by side; hypotheses, answers of each */
    double alpha, beta;      /* penalties of length and coverage */
    rf_index shortest, most; /* tokens; most 0: by the source */
    int32_t no_repeat;
    bool replace, attention; /* unknown tokens by attention; whether answers have it */
    const rf_ids *prefix;    /* how all begin, or NULL */
    bool ends;               /* and that is all: nothing may follow it */
    /* Answer `rank` of a line: from 0, best first.  An empty line has one, which is empty. */
    rf_status (*each)(void *ctx, rf_index line, rf_index rank, const tr_answer *a, rf_error *err);
    tr_tell *tell; /* or NULL */
    void *ctx;

    rf_translator *t;
    tr_set set;
    tr_text pieces;      /* of all sources, TR_EOS left out */
    size_t *first_piece; /* [lines] */
    bool *empty;         /* [lines] */
    rf_index lines, cap;
    rf_hypotheses *found; /* [lines] */
    rf_told_scorer told;  /* of the batch that is searched, in lines */
} tr_search;

/* After the caller's part is set.  Errors: ENOMEM. */
rf_status tr_search_begin(tr_search *s, rf_error *err);
void tr_search_end(tr_search *s);
rf_status tr_search_add(tr_search *s, const char *line, size_t n, rf_error *err);
/* The parameters are read anew with `refresh`. */
rf_status tr_search_run(tr_search *s, bool refresh, rf_error *err);
void tr_search_clear(tr_search *s);

#endif
