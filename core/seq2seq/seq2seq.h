/* seq2seq/seq2seq.h -- inside of rf_seq2seq: its parts, and what its files share. */
#ifndef RFI_SEQ2SEQ_SEQ2SEQ_H
#define RFI_SEQ2SEQ_SEQ2SEQ_H

#ifndef RF_NO_PLACES
#define RF_NO_PLACES
#endif
#include <refrain/seq2seq.h>

struct rf_seq2seq {
    rf_seq2seq_spec spec;
    rf_embedding_layer source, target;
    rf_rnn *encoder;         /* NULL with features */
    rf_linear_layer memory;  /* of features */
    rf_linear_layer *bridge; /* [decoder layers, states of the cell] */
    rf_rnn *lower;           /* between: layer 0 of the decoder; else NULL */
    rf_rnn *upper;           /* its other layers, or all */
    rf_attention_layer attention;
    rf_linear_layer combine, output, gate; /* output.weight may be the target's table */
    rf_index width;                        /* O, of o_t */
    double loud;                           /* sqrt(E): what vectors of tokens are multiplied with */
};

/* A: how wide what is compared is. */
static inline rf_index rfi_seq2seq_compared(const rf_seq2seq_spec *s)
{
    const bool own = s->attention == RF_ATTENTION_ADDITIVE && s->compare > 0;
    return own ? s->compare : s->hidden;
}

/* Whether the decoder attends. */
static inline bool rfi_seq2seq_attends(const rf_seq2seq *m)
{
    return m->spec.attend != RF_ATTEND_NONE;
}

/* The source as the decoder sees it. */
typedef struct rfi_encoded {
    rf_node states; /* [S,B,H] */
    rf_node h, c;   /* [decoder layers,B,H]; c RF_NONE where the cell has one state */
} rfi_encoded;
rfi_encoded rfi_seq2seq_encode(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b);

/* What the decoder makes of inputs [T,B]. */
typedef struct rfi_decoded {
    rf_node out;     /* o [T,B,O] */
    rf_node weights; /* [T,B,S]; RF_NONE without attention */
    rf_node twice;   /* [T,B] sums of min(attention, coverage); RF_NONE without coverage */
} rfi_decoded;
rfi_decoded rfi_seq2seq_decode(rf_graph *g, const rf_seq2seq *m, const rfi_encoded *e,
                               const rf_seq2seq_batch *b, const int32_t *input);

#endif
