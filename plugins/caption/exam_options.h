/* caption/exam_options.h -- options that eval and baseline have in common; they come first in both. */
#ifndef CAPTION_EXAM_OPTIONS_H
#define CAPTION_EXAM_OPTIONS_H

#include "baseline.h"

enum {
    EXAM_CAPTIONS,
    EXAM_SPLITS,
    EXAM_SPLIT,
    EXAM_LANGUAGE,
    EXAM_FEATURES,
    EXAM_LEARN,
    EXAM_CHOOSE,
    EXAM_METRIC,
    EXAM_FINALISTS,
    EXAM_NEIGHBOURS,
    EXAM_COUNT
};

#define CAPTIONS  "Captions"
#define BASELINES "Baselines"

#define EXAM_ROWS                                                                                  \
    [EXAM_CAPTIONS] = {.name = "captions",                                                         \
                       .type = RF_STRING,                                                          \
                       .letter = 'c',                                                              \
                       .flags = RF_OPT_REQUIRED | RF_OPT_LIST,                                     \
                       .meta = "[en:|zh:]FILE",                                                    \
                       .group = CAPTIONS,                                                          \
                       .help = "what people said of the pictures; several: give it again"},        \
    [EXAM_SPLITS] = {.name = "splits",                                                             \
                     .type = RF_INFILE,                                                            \
                     .group = CAPTIONS,                                                            \
                     .help = "rows of file and split, where the captions do not have it"},         \
    [EXAM_SPLIT] = {.name = "split",                                                               \
                    .type = RF_STRING,                                                             \
                    .meta = "NAME",                                                                \
                    .group = CAPTIONS,                                                             \
                    .help = "describe the pictures of this split; else all"},                      \
    [EXAM_LANGUAGE] = {.name = "language",                                                         \
                       .type = RF_CHOICE,                                                          \
                       .letter = 'l',                                                              \
                       .def = "both",                                                              \
                       .choices = cap_language_choices,                                            \
                       .group = CAPTIONS,                                                          \
                       .help = "in which language; both: in those that there are captions in"},    \
    [EXAM_FEATURES] = {.name = "features",                                                         \
                       .type = RF_INFILE,                                                          \
                       .letter = 'f',                                                              \
                       .meta = "FILE.safetensors",                                                 \
                       .group = CAPTIONS,                                                          \
                       .help = "of the pictures, as encode writes them"},                          \
    [EXAM_LEARN] = {.name = "train-split",                                                         \
                    .type = RF_STRING,                                                             \
                    .meta = "NAME",                                                                \
                    .group = BASELINES,                                                            \
                    .help = "take captions of these pictures; else of all that are not in "        \
                            "--split"},                                                            \
    [EXAM_CHOOSE] = {.name = "valid-split",                                                        \
                     .type = RF_STRING,                                                            \
                     .meta = "NAME",                                                               \
                     .group = BASELINES,                                                           \
                     .help = "constant: these pictures say which caption is best; else those "     \
                             "that captions are taken of"},                                        \
    [EXAM_METRIC] = {.name = "choose",                                                             \
                     .type = RF_STRING,                                                            \
                     .def = "bleu-4",                                                              \
                     .meta = "METRIC",                                                             \
                     .group = BASELINES,                                                           \
                     .help = "constant: what it is best at"},                                      \
    [EXAM_FINALISTS] = {.name = "finalists",                                                       \
                        .type = RF_INT,                                                            \
                        .def = "50",                                                               \
                        .min = 1,                                                                  \
                        .max = 1e6,                                                                \
                        .flags = RF_OPT_ADVANCED,                                                  \
                        .group = BASELINES,                                                        \
                        .help =                                                                    \
                            "constant: captions with the best BLEU, of which --choose takes one"}, \
    [EXAM_NEIGHBOURS] = {.name = "neighbours",                                                     \
                         .type = RF_INT,                                                           \
                         .def = "1",                                                               \
                         .min = 1,                                                                 \
                         .max = 1000,                                                              \
                         .group = BASELINES,                                                       \
                         .help = "nearest: pictures whose captions are looked at; the caption "    \
                                 "most like the others is said"}

/* What the options ask for. */
rf_status cap_exam_asked(cap_exam *x, const rf_setting *opt, rf_error *err);
/* x, and the caller's tell, ctx, from and cosine, are set already. */
rf_status cap_baseline_asked(cap_baseline *b, const rf_setting *opt, rf_error *err);

#endif
