/* translate/judge.h -- how good a translator is on held-out pairs: its loss, and its translations. */
#ifndef TRANSLATE_JUDGE_H
#define TRANSLATE_JUDGE_H

#include <refrain/metric_text.h>
#include <refrain/train.h>

#include "search.h"

/* The mean of -ln p of the set's target tokens.  Errors: those of the graph; of `tell`. */
rf_status tr_judge_loss(rf_graph *g, const rf_seq2seq *m, const tr_set *set, rf_index cells,
                        rf_status (*tell)(void *ctx, double done, double total), void *ctx,
                        double *loss, rf_error *err);
/* BLEU, to which translations are added: words are told by the language (of TR_LANGUAGES); lowercase:
 * capitals do not count.  NULL with err: ENOMEM. */
rf_text_metric *tr_judge_bleu(int language, bool lowercase, rf_error *err);

#endif
