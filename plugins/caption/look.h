/* caption/look.h -- a model made ready to describe given pictures: what it sees of them, and the search as
 * options ask for it.  What describe and eval have in common. */
#ifndef CAPTION_LOOK_H
#define CAPTION_LOOK_H

#include "encoded.h"
#include "search.h"

/* Start it with the caller's part. */
typedef struct cap_look {
    cap_model *x;
    const char *name; /* of the model, for messages */
    const rf_host *host;
    const char *features;  /* a file, or NULL */
    const char *folder;    /* pictures are in it; NULL: file has whole paths */
    const rf_setting *opt; /* [LOOK_COUNT] */
    uint32_t threads;
    bool alone;              /* whatever --with says */
    const char *const *file; /* [n]; n 0: all of `features` */
    rf_index n;

    cap_features given; /* read, or made by an encoder */
    cap_encoder *encoder;
    cap_pictures pixels; /* of a batch */
    const char **all;    /* names in `features` */
    uint8_t background[3];
    struct cap_other *other; /* [others] */
    int others;
} cap_look;
/* A model of --with, and how it looks. */
typedef struct cap_other {
    cap_model x;
    cap_look look;
} cap_other;

/* Read or compute features where the model learned from them; file and n are complete then.
 * Errors: EINVAL (options, widths that do not fit), EFORMAT, EIO, ENOMEM, the host's. */
rf_status cap_look_begin(cap_look *l, rf_error *err);
/* Make the model see pictures from .. from + B - 1: row [B], as cap_sight counts them.  Errors: likewise. */
rf_status cap_look_at(cap_look *l, rf_index from, rf_index B, int32_t *row, rf_error *err);
void cap_look_end(cap_look *l);

/* A search that looks with it; its B, each, tell and contexts are the caller's. */
cap_search cap_look_search(const cap_look *l);

/* Options, as a part of a verb's, in this order. */
enum {
    LOOK_BEAM,
    LOOK_PENALTY,
    LOOK_MAX,
    LOOK_REPEAT,
    LOOK_WITH,
    LOOK_CONSENSUS,
    LOOK_SHARPNESS,
    LOOK_ENCODER,
    LOOK_BACKGROUND,
    LOOK_BATCH,
    LOOK_COUNT
};

#define LOOK_ROWS(GROUP)                                                                           \
    {.name = "beam",                                                                               \
     .type = RF_INT,                                                                               \
     .letter = 'k',                                                                                \
     .def = "3",                                                                                   \
     .min = 1,                                                                                     \
     .max = 4096,                                                                                  \
     .group = GROUP,                                                                               \
     .help = "descriptions followed side by side; 1: greedy"},                                     \
        {.name = "length-penalty",                                                                 \
         .type = RF_REAL,                                                                          \
         .def = "0.7",                                                                             \
         .max = 10,                                                                                \
         .meta = "ALPHA",                                                                          \
         .group = GROUP,                                                                           \
         .help = "a score is log p / ((5 + n) / 6)^ALPHA, n words"},                               \
        {.name = "max-length",                                                                     \
         .type = RF_INT,                                                                           \
         .def = "40",                                                                              \
         .min = 1,                                                                                 \
         .max = 1e6,                                                                               \
         .unit = "words",                                                                          \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = GROUP,                                                                           \
         .help = "write no more"},                                                                 \
        {.name = "block-ngrams",                                                                   \
         .type = RF_INT,                                                                           \
         .def = "0",                                                                               \
         .max = 1000,                                                                              \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = GROUP,                                                                           \
         .help = "no run of as many words twice; 0: any"},                                         \
        {.name = "with",                                                                           \
         .type = RF_STRING,                                                                        \
         .letter = 'w',                                                                            \
         .flags = RF_OPT_LIST,                                                                     \
         .meta = "MODEL",                                                                          \
         .group = GROUP,                                                                           \
         .help = "describe together with this model too: each word by what all hold probable; "    \
                 "several: give it again"},                                                        \
        {.name = "consensus",                                                                      \
         .type = RF_INT,                                                                           \
         .def = "0",                                                                               \
         .max = 4096,                                                                              \
         .meta = "N",                                                                              \
         .group = GROUP,                                                                           \
         .help = "of the N best descriptions, tell the one that most of them agree with in its "   \
                 "words; 0: the best"},                                                            \
        {.name = "sharpness",                                                                      \
         .type = RF_REAL,                                                                          \
         .def = "0.3",                                                                             \
         .max = 100,                                                                               \
         .meta = "X",                                                                              \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = GROUP,                                                                           \
         .help = "with --consensus: each has p^X votes; 0: one"},                                  \
        {.name = "encoder",                                                                        \
         .type = RF_PATH,                                                                          \
         .letter = 'e',                                                                            \
         .meta = "FOLDER",                                                                         \
         .group = GROUP,                                                                           \
         .help = "the network through which the model saw its pictures"},                          \
        {.name = "background",                                                                     \
         .type = RF_STRING,                                                                        \
         .def = "white",                                                                           \
         .meta = "COLOUR",                                                                         \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = GROUP,                                                                           \
         .help = "what shows behind transparent pixels: white, black, "                            \
                 "#rrggbb"},                                                                       \
    {                                                                                              \
        .name = "batch", .type = RF_INT, .def = "16", .min = 1, .max = 4096,                       \
        .flags = RF_OPT_ADVANCED, .unit = "pictures", .group = GROUP,                              \
        .help = "how many are described side by side"                                              \
    }

#endif
