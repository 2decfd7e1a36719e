/* lm/pieces.h -- text that streams out in whole characters, whatever the unit. */
#ifndef LM_PIECES_H
#define LM_PIECES_H

#include <refrain/plugin.h>
#include <refrain/text.h>

/* The text of ids that come one by one.  Bytes wait until their character is complete; what is not
 * UTF-8 becomes U+FFFD.  Start it as {tokenizer, host, item, -1}. */
typedef struct lm_pieces {
    const rf_tokenizer *tokens;
    const rf_host *host;
    int64_t item;
    int32_t last;
    rf_str wait;
    double logp; /* of what waits */
} lm_pieces;

rf_status lm_pieces_put(lm_pieces *p, int32_t id, double logp);
/* What still waits, and the end. */
rf_status lm_pieces_end(lm_pieces *p);

/* The text of n ids, valid UTF-8, appended to out. */
void lm_pieces_text(const rf_tokenizer *t, int32_t last, const int32_t *ids, rf_index n,
                    rf_str *out);
/* A unit for a table: line ends and other control characters are written as escapes. */
void lm_unit_text(const rf_tokenizer *t, int32_t id, rf_str *out);

#endif
