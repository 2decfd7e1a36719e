/* caption/consensus.h -- of the descriptions that searches found, those that most others agree with. */
#ifndef CAPTION_CONSENSUS_H
#define CAPTION_CONSENSUS_H

#include <refrain/decode.h>

/* Of what one or more searches found, list [lists], the `keep` descriptions that are expected to have most
 * words in common with what is right (F1: the harmonic mean of precision and recall), best first.  Each
 * list has one vote, which its hypotheses share in proportion to p^sharpness (0: all alike).  Of equal ones
 * the one that was found before.  What several lists have is told once, as the first has it.  Tokens of
 * `out` are those of the lists; it is freed before them.
 * Source: Kumar & Byrne, HLT-NAACL 2004 (minimum Bayes risk).  Errors: ENOMEM. */
rf_status cap_consensus(const rf_hypotheses *list, int lists, double sharpness, rf_index keep,
                        rf_hypotheses *out, rf_error *err);

#endif
