/* text/vocab.h -- vocabularies as parts of larger JSON texts. */
#ifndef TEXT_VOCAB_H
#define TEXT_VOCAB_H

#include <jansson.h>

#include <refrain/text.h>

/* NULL: no memory. */
json_t *rfi_vocab_to_json(const rf_vocab *v);
rf_vocab *rfi_vocab_from_json(const json_t *list, rf_error *err);
/* Append a JSON value, which is taken over (NULL: no memory). */
rf_status rfi_json_put(json_t *value, rf_str *out, rf_error *err);

#endif
