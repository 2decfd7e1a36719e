/* caption/search.h -- pictures described: batches of beam searches, and the words of what they find. */
#ifndef CAPTION_SEARCH_H
#define CAPTION_SEARCH_H

#include <refrain/decode.h>

#include "model.h"

/* One description. */
typedef struct cap_answer {
    const char *words; /* apart by single blanks; see cap_words_join */
    double score, logp;
    /* With `attention`: each word, and [n,S] how much of it each place of the picture has; else 0 and
     * NULL.  attention NULL: the model has none. */
    rf_index n;
    const char *const *word;
    const rf_real *attention;
} cap_answer;

/* What is to be described: a picture, as cap_sight counts them, in a language. */
typedef struct cap_wish {
    int32_t row, language;
} cap_wish;

/* One of the networks that describe together. */
typedef struct cap_voice {
    const cap_network *net;
    rf_device *d;
    rf_graph *g;
    rf_translator *t; /* of the search */
} cap_voice;

enum { CAP_VOICES = 64 };

typedef struct cap_search {
    /* Set by the caller. */
    const rf_vocab *words;
    cap_voice voice[CAP_VOICES]; /* the first one's attention is told.  All know the same words, */
    int voices;                  /* and count pictures alike */
    rf_index B, beam, best;      /* descriptions side by side; hypotheses, answers of each */
    double alpha;                /* penalty of length */
    rf_index most;               /* words */
    int32_t no_repeat;
    /* Answers are those that most agree with of so many of each voice; 0: the most probable.  See
     * cap_consensus */
    rf_index consensus;
    double sharpness;
    bool attention; /* whether answers have it */
    /* Answer `rank` of wish i: from 0, best first. */
    rf_status (*each)(void *ctx, rf_index i, rf_index rank, const cap_answer *a, rf_error *err);
    void *ctx;
    rf_status (*tell)(void *watcher, double done, double total); /* or NULL */
    void *watcher;

    rf_ensemble *ensemble; /* of more than one voice */
    uint8_t *forbid;       /* [V] */
    rf_told_scorer told;
} cap_search;

/* After the caller's part is set.  Errors: ENOMEM. */
rf_status cap_search_begin(cap_search *s, rf_error *err);
void cap_search_end(cap_search *s);
/* All wishes, in their order.  The parameters are read anew with `refresh`. */
rf_status cap_search_run(cap_search *s, const cap_wish *wish, rf_index n, bool refresh,
                         rf_error *err);

#endif
