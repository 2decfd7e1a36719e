/* pinyin/annotate_net.h -- the network that weighs the readings of a character in its sentence.
 *
 *     columns -> embeddings x -> dropout -> recurrent layers in both directions h -> [x h] -> dropout
 *     score of a reading = w_reading . [x h] + b_reading + (v . [x h] + c) [the phrase has this reading]
 *                        + (u . [x h] + d) [it has this one, too]
 *
 * and a softmax over the readings of that character.  Vectors w are a character's own; v tells how far
 * the phrase that the character stands in is to be trusted.
 *
 * Several such networks, which differ by what they began with, may be members of one: the probability is the
 * mean of theirs.
 *
 * Tensors in the file, of the second member behind "1.", and so on: char.weight, pair.weight, hint.weight, place.weight [V,E]; rnn.weight_ih_l0 ...;
 * reading.weight [K,D], bias.weight [K,1]; trust.weight [2,D], trust.bias [2].
 *
 * Source: Park & Lee, "g2pM: A Neural Grapheme-to-Phoneme Conversion Package for Mandarin Chinese Based
 * on a New Open Benchmark Dataset", Interspeech 2020; pairs, phrases and places are ours. */
#ifndef PINYIN_ANNOTATE_NET_H
#define PINYIN_ANNOTATE_NET_H

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/training.h>

#include "annotate_lexis.h"

typedef struct an_shape {
    const rf_cell *cell;
    rf_index hidden, embed, pair, hint;
    int layers, members;
    /* Of a training only. */
    double drop_input, drop_output;
    double drop_known; /* what was seen n times is unknown with probability a / (a + n) */
} an_shape;

enum { AN_TABLE_CHAR, AN_TABLE_PAIR, AN_TABLE_HINT, AN_TABLE_PLACE, AN_TABLES };

enum { AN_MEMBERS = 16 }; /* at most */
enum { AN_PHRASES = 2 };  /* readings by a phrase: columns hint and other */

typedef struct an_member {
    rf_embedding_layer table[AN_TABLES], reading, bias;
    rf_rnn *rnn;
    rf_linear_layer trust;
} an_member;

typedef struct an_net {
    an_shape shape;
    an_lexis lexis; /* owned */
    rf_params *params;
    an_member member[AN_MEMBERS];
} an_net;

/* An untrained network; takes the lexis, also when it fails.  NULL with err. */
an_net *an_net_new(const an_shape *shape, an_lexis *lexis, rf_error *err);
void an_net_free(an_net *m);

/* The characters of a batch that have a choice of readings, in order of sentence and place. */
typedef struct an_rows {
    rf_index n, R;              /* characters, and the most readings of one */
    int32_t *item, *place;      /* [n] sentence of the set, character in it */
    int32_t *at;                /* [n] place * B + lane */
    int32_t *class;             /* [n,R] */
    int32_t *count;             /* [n] classes that are not filled up */
    int32_t *right;             /* [n] of these, or -1 */
    rf_real *shut;              /* [n,R] what is filled up */
    rf_real *agree[AN_PHRASES]; /* [n,R] what the phrase says, and what else it says */
} an_rows;
/* All of them, or those `told` alone.  False: no memory. */
bool an_rows_find(rf_graph *g, const an_net *m, const an_set *set, const rf_bucket_batch *b,
                  bool told, an_rows *out);
/* The mean loss of n > 0 rows that are told, each member for itself. */
rf_node an_net_loss(rf_graph *g, const an_net *m, const an_set *set, const rf_bucket_batch *b,
                    const an_rows *rows);
/* Probabilities [n,R] of n > 0 rows. */
rf_node an_net_apply(rf_graph *g, const an_net *m, const an_set *set, const rf_bucket_batch *b,
                     const an_rows *rows);

/* Every character with a choice of every sentence. */
typedef struct an_walk {
    rf_graph *g;
    const an_net *m;
    const an_set *set;
    bool told; /* only those whose reading is told */
    /* Called for each: probabilities p [count] of its classes.  A status ends the walk. */
    rf_status (*each)(void *ctx, int32_t item, int32_t place, const rf_real *p, rf_error *err);
    void *ctx;
    rf_status (*tell)(void *ctx, double done, double total); /* after each batch; or NULL */
    void *tell_ctx;
} an_walk;
/* Errors: ENOMEM, EDIVERGED, those of the callbacks. */
rf_status an_walk_run(const an_walk *w, rf_error *err);

#endif
