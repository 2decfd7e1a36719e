/* translate/options.c -- what the user can choose: one row an option, with type, range, default and
 * help. */
#include "translate.h"

#include "units.h"

/* In the order of rf_attend and rf_attention_kind. */
static const char *const attends[] = {"between", "after", "feed", NULL};
static const char *const attentions[] = {"additive", "dot", "general", NULL};

/* In the order of TR_METRIC_. */
static const char *const metrics[] = {"bleu", "loss", NULL};

#define DATA  "Texts"
#define UNITS "Words and pieces"

#define COUNT(NAME, DEF, MIN, MAX, FLAGS, GROUP, HELP)                                             \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .def = DEF, .min = MIN, .max = MAX, .flags = (FLAGS),        \
        .group = GROUP, .help = HELP                                                               \
    }
#define PART(NAME, DEF, FLAGS, HELP)                                                               \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = 1, .flags = RF_OPT_BELOW | (FLAGS),      \
        .group = RF_GROUP_LEARN, .help = HELP                                                      \
    }
#define SWITCH(NAME, DEF, HELP)                                                                    \
    {                                                                                              \
        .name = NAME, .type = RF_BOOL, .def = DEF, .flags = RF_OPT_MODEL | RF_OPT_ADVANCED,        \
        .group = RF_GROUP_NET, .help = HELP                                                        \
    }
#define WORDS(NAME, LETTER, DEF, CHOICES, GROUP, HELP)                                             \
    {                                                                                              \
        .name = NAME, .type = RF_CHOICE, .letter = LETTER, .def = DEF, .choices = CHOICES,         \
        .flags = RF_OPT_MODEL, .group = GROUP, .help = HELP                                        \
    }
#define COLUMNS                                                                                    \
    {                                                                                              \
        .name = "columns", .type = RF_STRING, .def = "1,2", .meta = "S,T", .group = DATA,          \
        .help = "which columns of a table are source and target, from 1"                           \
    }

const rf_option tr_train_options[TRAIN_COUNT + 1] = {
    [TRAIN_COLUMNS] = COLUMNS,
    [TRAIN_VALID] = {.name = "valid",
                     .type = RF_INFILE,
                     .flags = RF_OPT_LIST,
                     .group = DATA,
                     .help = "held-out texts: a table, or source and then target; else a part of "
                             "the pairs is held out"},
    [TRAIN_VALID_FRACTION] = {.name = "valid-fraction",
                              .type = RF_REAL,
                              .def = "0.05",
                              .max = 0.5,
                              .group = DATA,
                              .help = "how many pairs are held out, drawn by chance; 0: none"},
    [TRAIN_SOURCE] = WORDS("source-language", 's', "none", tr_languages, UNITS,
                           "language of the source: en and zh are cut into words; none is cut "
                           "at blanks"),
    [TRAIN_TARGET] =
        WORDS("target-language", 't', "none", tr_languages, UNITS, "likewise of the target"),
    [TRAIN_SOURCE_LETTERS] = WORDS("source-letters", 0, "keep", tr_letters, UNITS,
                                   "capitals stay, become small, or stay where words have them "
                                   "within sentences"),
    [TRAIN_TARGET_LETTERS] =
        WORDS("target-letters", 0, "keep", tr_letters, UNITS, "likewise of the target"),
    [TRAIN_SOURCE_UNIT] = WORDS("source-unit", 0, "bpe", tr_unit_names, UNITS,
                                "what the network reads: words, characters or pieces of words"),
    [TRAIN_TARGET_UNIT] = WORDS("target-unit", 0, "bpe", tr_unit_names, UNITS, "what it writes"),
    [TRAIN_JOINT] = WORDS("joint", 'j', "separate", tr_joints, UNITS,
                          "what both sides share: nothing, the learned pieces, or also the "
                          "vocabulary and its vectors"),
    [TRAIN_MERGES] =
        COUNT("merges", "8000", 1, 1e7, RF_OPT_MODEL, UNITS, "pairs that are joined to pieces"),
    [TRAIN_MIN_COUNT] = COUNT("min-count", "1", 1, 1e9, RF_OPT_MODEL, UNITS,
                              "what occurs less often is unknown, or cut again"),
    [TRAIN_VOCABULARY] = COUNT("vocabulary", "0", 0, 1e9, RF_OPT_MODEL | RF_OPT_ADVANCED, UNITS,
                               "most words, characters or pieces of a side; 0: any number"),
    [TRAIN_LONGEST] = {.name = "longest",
                       .type = RF_INT,
                       .def = "100",
                       .max = 1e6,
                       .unit = "tokens",
                       .group = DATA,
                       .help = "pairs with a longer side are not learned from; 0: all are"},
    [TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [TRAIN_EMBED] =
        COUNT("embed", "256", 1, 16384, RF_OPT_MODEL, RF_GROUP_NET, "size of a token's vector"),
    [TRAIN_HIDDEN] =
        RF_HIDDEN_ROW("512", "size of the decoder's state, and of both directions of the "
                             "encoder's together; even"),
    [TRAIN_ENCODER] = COUNT("encoder-layers", "1", 1, 64, RF_OPT_MODEL, RF_GROUP_NET,
                            "layers that read the source"),
    [TRAIN_DECODER] = COUNT("decoder-layers", "2", 1, 64, RF_OPT_MODEL, RF_GROUP_NET,
                            "layers that write the target"),
    [TRAIN_ATTEND] = WORDS("attend", 'a', "between", attends, RF_GROUP_NET,
                           "where the decoder attends: between its first layer and the others, "
                           "after the last, or so and with what came of it fed back"),
    [TRAIN_ATTENTION] = WORDS("attention", 0, "dot", attentions, RF_GROUP_NET,
                              "how states are compared: v tanh(W q + U k), q k, or q W k"),
    [TRAIN_TIED] =
        SWITCH("tied", "0", "the target's vectors are the rows of the output layer as well"),
    [TRAIN_COPY] = SWITCH("copy", "0", "a gate lets the decoder copy tokens of the source"),
    [TRAIN_COVERAGE] = SWITCH("coverage", "0",
                              "attention sees what was attended to before; with --attend feed and "
                              "--attention additive"),
    [TRAIN_FORGET_BIAS] = {.name = "forget-bias",
                           .type = RF_REAL,
                           .def = "1",
                           .min = -10,
                           .max = 10,
                           .flags = RF_OPT_ADVANCED,
                           .group = RF_GROUP_NET,
                           .help = "added to an LSTM's first forget bias"},
    [TRAIN_DROPOUT] = PART("dropout", "0.3", 0, "part of the last vectors left out while training"),
    [TRAIN_DROPOUT_INPUT] = PART("dropout-input", "0.3", 0, "part of the tokens' vectors left out"),
    [TRAIN_DROPOUT_HIDDEN] = PART("dropout-hidden", "0.3", 0, "likewise between layers"),
    [TRAIN_SMOOTHING] =
        PART("smoothing", "0.1", 0, "label smoothing: part of 1 that all tokens share"),
    [TRAIN_SAMPLING] = PART("sampling", "0", RF_OPT_ADVANCED,
                            "scheduled sampling: part of the decoder's inputs that are its own "
                            "guesses"),
    [TRAIN_COVERAGE_WEIGHT] = {.name = "coverage-weight",
                               .type = RF_REAL,
                               .def = "1",
                               .max = 1000,
                               .flags = RF_OPT_ADVANCED,
                               .group = RF_GROUP_LEARN,
                               .help = "weight of attending twice in the loss of --coverage"},
    [TRAIN_BATCH] =
        RF_BATCH_ROW("2048", "tokens", "tokens side by side: pairs times the longest side"),
    [TRAIN_METRIC] = {.name = "metric",
                      .type = RF_CHOICE,
                      .def = "bleu",
                      .choices = metrics,
                      .group = RF_GROUP_TIME,
                      .help = "what the best model is the best at, on what is held out: BLEU of "
                              "greedy translations, or the loss"},
    [TRAIN_KEEP] = {.name = "keep",
                    .type = RF_INT,
                    .def = "0",
                    .max = 1000,
                    .group = RF_GROUP_FILES,
                    .help = "write the models of the last N validations as well, to MODEL.1 ... "
                            "MODEL.N: for average"},
    [TRAIN_LEARN] = RF_LEARN_ROWS("20", "5", "1", "cosine"),
};

#define SEARCH(BEAM)                                                                               \
    [SEARCH_BEAM] = {.name = "beam",                                                               \
                     .type = RF_INT,                                                               \
                     .letter = 'k',                                                                \
                     .def = BEAM,                                                                  \
                     .min = 1,                                                                     \
                     .max = 4096,                                                                  \
                     .help = "hypotheses kept side by side; 1: greedy"},                           \
    [SEARCH_PENALTY] = {.name = "length-penalty",                                                  \
                        .type = RF_REAL,                                                           \
                        .def = "1",                                                                \
                        .min = 0,                                                                  \
                        .max = 10,                                                                 \
                        .meta = "ALPHA",                                                           \
                        .help = "a score is log p / ((5 + n) / 6)^ALPHA, n tokens"},               \
    [SEARCH_COVERAGE] = {.name = "coverage-penalty",                                               \
                         .type = RF_REAL,                                                          \
                         .def = "0",                                                               \
                         .max = 100,                                                               \
                         .meta = "BETA",                                                           \
                         .help = "BETA times the sum of ln min(attention, 1) over the source is "  \
                                 "added"},                                                         \
    [SEARCH_MIN] = {.name = "min-length",                                                          \
                    .type = RF_INT,                                                                \
                    .def = "0",                                                                    \
                    .max = 1e6,                                                                    \
                    .unit = "tokens",                                                              \
                    .flags = RF_OPT_ADVANCED,                                                      \
                    .help = "write no less"},                                                      \
    [SEARCH_MAX] = {.name = "max-length",                                                          \
                    .type = RF_INT,                                                                \
                    .def = "0",                                                                    \
                    .max = 1e6,                                                                    \
                    .unit = "tokens",                                                              \
                    .flags = RF_OPT_ADVANCED,                                                      \
                    .help = "write no more; 0: twice the source and 20"},                          \
    [SEARCH_REPEAT] = {.name = "block-ngrams",                                                     \
                       .type = RF_INT,                                                             \
                       .def = "0",                                                                 \
                       .max = 100,                                                                 \
                       .meta = "N",                                                                \
                       .flags = RF_OPT_ADVANCED,                                                   \
                       .help = "write no N tokens twice; 0: it may"},                              \
    [SEARCH_UNKNOWN] = {.name = "replace-unknown",                                                 \
                        .type = RF_BOOL,                                                           \
                        .def = "1",                                                                \
                        .help = "write the source's token that was attended to most instead of "   \
                                "<unk>"},                                                          \
    [SEARCH_BATCH] = {.name = "batch",                                                             \
                      .type = RF_INT,                                                              \
                      .letter = 'b',                                                               \
                      .def = "64",                                                                 \
                      .min = 1,                                                                    \
                      .max = 65536,                                                                \
                      .unit = "sentences",                                                         \
                      .flags = RF_OPT_ADVANCED,                                                    \
                      .help = "sentences side by side"}

#define MEMORY "Translation memory"

const rf_option tr_run_options[RUN_COUNT + 1] = {
    SEARCH("5"),
    [RUN_NBEST] = {.name = "nbest",
                   .type = RF_INT,
                   .letter = 'n',
                   .def = "0",
                   .max = 4096,
                   .help = "a table of the so many best translations and their scores"},
    [RUN_PREFIX] = {.name = "prefix",
                    .type = RF_STRING,
                    .meta = "TEXT",
                    .help = "how every translation begins"},
    [RUN_ATTENTION] = {.name = "attention",
                       .type = RF_BOOL,
                       .letter = 'a',
                       .def = "0",
                       .help = "a table with the tokens of both sides and the attention between "
                               "them"},
    [RUN_MEMORY] = {.name = "memory",
                    .type = RF_INFILE,
                    .group = MEMORY,
                    .help =
                        "a table of sentences and translations: what is in it, or nearly so, is "
                        "not translated anew"},
    [RUN_MEMORY_COLUMNS] = {.name = "memory-columns",
                            .type = RF_STRING,
                            .def = "1,2",
                            .meta = "FROM,TO",
                            .group = MEMORY,
                            .help = "where it has them"},
    [RUN_MEMORY_LEAST] = {.name = "memory-least",
                          .type = RF_REAL,
                          .def = "0.9",
                          .min = 0,
                          .max = 1,
                          .group = MEMORY,
                          .help = "how alike sentences must be, 1: have the same words (cosine of "
                                  "TF-IDF)"},
};

const rf_option tr_align_options[ALIGN_COUNT + 1] = {
    SEARCH("5"),
    [ALIGN_TARGET] = {.name = "target",
                      .type = RF_STRING,
                      .letter = 't',
                      .meta = "TEXT",
                      .help = "the translation, if it is given"},
    [ALIGN_SVG] = {.name = "svg",
                   .type = RF_OUTFILE,
                   .meta = "FILE.svg",
                   .help = "a picture of the attention"},
};

const rf_option tr_score_options[SCORE_COUNT + 1] = {
    [SCORE_COLUMNS] = COLUMNS,
    [SCORE_BATCH] = {.name = "batch",
                     .type = RF_INT,
                     .letter = 'b',
                     .def = "32",
                     .min = 1,
                     .max = 65536,
                     .unit = "pairs",
                     .flags = RF_OPT_ADVANCED,
                     .help = "pairs side by side"},
};

const rf_option tr_average_options[AVERAGE_COUNT + 1] = {
    [AVERAGE_STORAGE] = {.name = "storage",
                         .type = RF_CHOICE,
                         .def = "f32",
                         .choices = rf_training_storages,
                         .help = "how numbers are stored"},
};
