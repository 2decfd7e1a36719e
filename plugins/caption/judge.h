/* caption/judge.h -- how good a describer is on pictures that are held out, while it learns. */
#ifndef CAPTION_JUDGE_H
#define CAPTION_JUDGE_H

#include <refrain/train.h>

#include "search.h"
#include "set.h"

/* Measures of descriptions: parts of 100 that are one of the references, CIDEr-D, BLEU-4. */
enum { CAP_EXACT, CAP_CIDER, CAP_BLEU, CAP_MEASURES, CAP_LOSS = CAP_MEASURES };

/* Start it as {0}. */
typedef struct cap_judge {
    rf_index n, cap; /* wishes */
    cap_wish *wish;
    size_t *first, *count; /* [n] references */
    char **reference;      /* words */
    size_t references, reference_cap;
    rf_arena *texts;
} cap_judge;

void cap_judge_free(cap_judge *j);
/* Add a caption of a picture; those of one picture and language come one after the other.
 * Errors: EFORMAT, ENOMEM. */
rf_status cap_judge_add(cap_judge *j, int32_t row, int language, const char *text, rf_error *err);
/* Describe all, greedily: out[language][measure], NAN where there is none of a language.  `s` is the
 * caller's but for `each` and `ctx`.  Errors: those of cap_search_run. */
rf_status cap_judge_run(const cap_judge *j, cap_search *s, double out[CAP_LANGUAGES][CAP_MEASURES],
                        rf_error *err);

#endif
