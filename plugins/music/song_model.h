/* music/song_model.h -- the hierarchy of networks that songs are learned by and composed with.
 *
 *     style    key and scale, metre, tempo, instruments, range, how bars recur    distributions
 *     profile  what each two bars of the melody are like                          a Markov chain
 *     melody   at each step rest, strike or hold, and which pitch is struck       recurrent, two heads
 *     chords   for each half bar, given the melody                                recurrent
 *     drums    at each step which are struck, given melody and chords             recurrent
 *
 * Each layer sees what view.h says.  Source: Chu, Urtasun, Fidler, arXiv 1611.03477.
 *
 * Tensors in the file: melody.rnn.weight_ih_l0 ..., melody.act.weight [3,H], melody.pitch.weight [36,H];
 * chords.rnn..., chords.out.weight [109,H]; drums.rnn..., drums.out.weight [V,H]; biases beside them; and
 * the style's, below. */
#ifndef MUSIC_SONG_MODEL_H
#define MUSIC_SONG_MODEL_H

#include <refrain/cell.h>
#include <refrain/layers.h>

#include "profile.h"

#define SONG_PHRASE        8                 /* bars of a phrase */
#define SONG_PLACES        (2 * SONG_PHRASE) /* of bars: those of the first phrase, those of later ones */
#define SONG_SCALES        8
#define SONG_PATTERNS_MOST 128 /* sets of drums struck together that the drums layer tells apart */
#define SONG_METRES_MOST   16

/* What of a metre is known: columns of style.metre. */
enum {
    SONG_METRE_BEATS,
    SONG_METRE_UNIT,
    SONG_METRE_SHARE,
    SONG_METRE_TEMPO,
    SONG_METRE_SPREAD,
    SONG_METRE_SIZE
};

/* Which of SONG_PLACES a bar is at. */
static inline int song_place(int bar)
{
    return bar < SONG_PHRASE ? bar : SONG_PHRASE + bar % SONG_PHRASE;
}

typedef struct song_shape {
    const rf_cell *cell;
    rf_index hidden[SONG_LAYERS]; /* H; of drums, 0: the layer is not there */
    int layers;                   /* of the melody; the others have one */
    rf_index patterns, metres;    /* V, M */
    /* Of a training only. */
    double forget_bias, dropout, drop_input;
} song_shape;

/* What is not learned by descent but counted: parameters without a gradient. */
typedef struct song_style {
    rf_param *key;     /* style.key [8,12]: chance of each scale with each tonic */
    rf_param *metre;   /* style.metre [M,5]: beats, unit, share; mean and deviation of ln qpm */
    rf_param *program; /* style.program [3]: of melody, chords, bass */
    rf_param *range;   /* style.range [2]: lowest and highest pitch */
    rf_param *
        repeat; /* style.repeat [16,5]: chance of a bar, by song_place, to be new, or as 1, 2, 4, 8 bars before */
    rf_param *centre, *follow; /* style.profile [10,15], style.follow [11,10]: see profile.h */
    rf_param *pattern;         /* style.pattern [V,9]: sets of drums; NULL without that layer */
} song_style;

typedef struct song_model {
    song_shape shape;
    rf_params *params;
    rf_rnn *rnn[SONG_LAYERS];
    rf_linear_layer act, pitch, chord, drums;
    song_style style;
    int16_t
        pattern_of[1 << SONG_DRUMS]; /* the nearest pattern to a set; kept by song_model_settle */
} song_model;

/* An untrained network.  NULL with err: ENOMEM. */
song_model *song_model_new(const song_shape *shape, rf_error *err);
void song_model_free(song_model *m);
/* After the style's numbers are there. */
void song_model_settle(song_model *m);
song_profiles song_model_profiles(const song_model *m);
/* The drums of pattern i. */
uint16_t song_model_pattern(const song_model *m, int i);

/* Some bars of a song. */
typedef struct song_window {
    const song_view *view;
    int32_t first, bars;
} song_window;

/* What of songs costs how many nats. */
enum { SONG_NATS_ACT, SONG_NATS_PITCH, SONG_NATS_CHORD, SONG_NATS_DRUMS, SONG_NATS };
typedef struct song_losses {
    rf_node mean[SONG_NATS];   /* nats each; RF_NONE where there is nothing to tell */
    rf_index count[SONG_NATS]; /* steps, notes, half bars, steps */
} song_losses;

/* The windows, side by side from a zero state.  Songs without chords or drums do not count there. */
song_losses song_model_losses(rf_graph *g, const song_model *m, const song_window *w, rf_index B);
/* Their sum: what training makes smaller; a note's pitch counts once a note, and all is by step. */
rf_node song_model_loss(rf_graph *g, const song_losses *l);

/* Nats of a whole song in C, its sums into nats[SONG_NATS], those of its profiles into *profiles. */
rf_status song_model_nats(rf_graph *g, const song_model *m, const song_view *v, double *nats,
                          rf_index *count, double *profiles, rf_error *err);

#endif
