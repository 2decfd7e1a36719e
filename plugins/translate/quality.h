/* translate/quality.h -- the BLEU of translations that are made one after the other.
 *
 * Apart from other headers: what a metric and a decoder call a scorer are two things. */
#ifndef TRANSLATE_QUALITY_H
#define TRANSLATE_QUALITY_H

#include <refrain/base.h>

/* language: of TR_LANGUAGES, which says how words are told; lowercase: capitals do not count. */
typedef struct tr_quality tr_quality;
tr_quality *tr_quality_new(int language, bool lowercase, rf_error *err);
void tr_quality_free(tr_quality *q);
/* Errors: ENOMEM. */
rf_status tr_quality_add(tr_quality *q, const char *translation, const char *reference,
                         rf_error *err);
/* From 0 to 100. */
double tr_quality_get(tr_quality *q);

#endif
