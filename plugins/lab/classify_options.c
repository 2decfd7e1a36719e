/* lab/classify_options.c -- the options of the verbs classify-...: tables made of common rows. */
#include "classify.h"

static const char *const separators[] = {"auto", "comma", "tab", "semicolon", "blank", NULL};
static const char *const headers[] = {"auto", "yes", "no", NULL};
static const char *const inputs[] = {"text", "frames", "images", NULL};
static const char *const units[] = {"byte", "char", "word", "bpe", NULL};
static const char *const owners[] = {"sequence", "frame", NULL};
static const char *const steps[] = {"rows", "columns", "pixels", NULL};
static const char *const scales[] = {"training", "sequence", "none", NULL};
static const char *const networks[] = {"recurrent", "logistic", "majority", NULL};
static const char *const pools[] = {"attention", "last", "mean", "max", NULL};
static const char *const metrics[] = {"accuracy", "macro-f1", "loss", NULL};

#define DATA "Files to read"

/* FLAGS: RF_OPT_MODEL where they are kept. */
#define READ_ROWS(FLAGS, BATCH)                                                                    \
    [READ_SEPARATOR] = {.name = "separator",                                                       \
                        .type = RF_CHOICE,                                                         \
                        .flags = (FLAGS) | RF_OPT_ADVANCED,                                        \
                        .def = "auto",                                                             \
                        .choices = separators,                                                     \
                        .group = DATA,                                                             \
                        .help = "what stands between columns"},                                    \
    [READ_HEADER] = {.name = "header",                                                             \
                     .type = RF_CHOICE,                                                            \
                     .flags = (FLAGS) | RF_OPT_ADVANCED,                                           \
                     .def = "auto",                                                                \
                     .choices = headers,                                                           \
                     .group = DATA,                                                                \
                     .help = "whether the first row names the columns"},                           \
    [READ_LABEL] = {.name = "label-column",                                                        \
                    .type = RF_STRING,                                                             \
                    .flags = (FLAGS),                                                              \
                    .meta = "COLUMN",                                                              \
                    .group = DATA,                                                                 \
                    .help =                                                                        \
                        "name or number; else the one named label, the first of a text's, the "    \
                        "last of frames'"},                                                        \
    [READ_TEXT] = {.name = "text-column",                                                          \
                   .type = RF_STRING,                                                              \
                   .flags = (FLAGS),                                                               \
                   .meta = "COLUMN",                                                               \
                   .group = DATA,                                                                  \
                   .help = "name or number; else the one named text, or the last"},                \
    [READ_SEQUENCE] = {.name = "sequence-column",                                                  \
                       .type = RF_STRING,                                                          \
                       .flags = (FLAGS),                                                           \
                       .meta = "COLUMN",                                                           \
                       .group = DATA,                                                              \
                       .help = "frames that agree there are one sequence; else a file is one, or " \
                               "what stands between empty lines"},                                 \
    [READ_IGNORE] = {.name = "ignore",                                                             \
                     .type = RF_STRING,                                                            \
                     .flags = (FLAGS),                                                             \
                     .meta = "COLUMN,COLUMN",                                                      \
                     .group = DATA,                                                                \
                     .help = "columns of frames that are not read"},                               \
    [READ_END] = {.name = "end-row",                                                               \
                  .type = RF_STRING,                                                               \
                  .flags = (FLAGS) | RF_OPT_ADVANCED,                                              \
                  .meta = "NUMBER",                                                                \
                  .group = DATA,                                                                   \
                  .help = "a row of this number alone ends a sequence of frames"},                 \
    [READ_COUNTS] = {.name = "label-counts",                                                       \
                     .type = RF_STRING,                                                            \
                     .flags = RF_OPT_ADVANCED,                                                     \
                     .meta = "N,N",                                                                \
                     .group = DATA,                                                                \
                     .help = "frames without a column of labels: how many sequences there are of " \
                             "label 1, which come first, of label 2, and so on"},                  \
    [READ_IMAGES] = {.name = "images",                                                             \
                     .type = RF_INFILE,                                                            \
                     .group = DATA,                                                                \
                     .help = "images in MNIST's format (idx), instead of operands"},               \
    [READ_LABELS] = {.name = "labels",                                                             \
                     .type = RF_INFILE,                                                            \
                     .group = DATA,                                                                \
                     .help = "their labels, likewise"},                                            \
    [READ_BATCH] = {.name = "batch",                                                               \
                    .type = RF_INT,                                                                \
                    .letter = 'b',                                                                 \
                    .def = BATCH,                                                                  \
                    .min = 1,                                                                      \
                    .max = 65536,                                                                  \
                    .group = RF_GROUP_LEARN,                                                       \
                    .help = "sequences that are computed side by side"}

#define DROPOUT(NAME, DEF, HELP)                                                                   \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = 1, .flags = RF_OPT_BELOW,                \
        .group = RF_GROUP_NET, .help = HELP                                                        \
    }

#define NET_ROWS                                                                                   \
    [NET_INPUT] = {.name = "input",                                                                \
                   .type = RF_CHOICE,                                                              \
                   .letter = 'i',                                                                  \
                   .flags = RF_OPT_MODEL,                                                          \
                   .def = "text",                                                                  \
                   .choices = inputs,                                                              \
                   .group = DATA,                                                                  \
                   .help = "labelled texts, frames of numbers, or --images"},                      \
    [NET_UNIT] = {.name = "unit",                                                                  \
                  .type = RF_CHOICE,                                                               \
                  .letter = 'u',                                                                   \
                  .flags = RF_OPT_MODEL,                                                           \
                  .def = "word",                                                                   \
                  .choices = units,                                                                \
                  .group = DATA,                                                                   \
                  .help = "what a text is read by"},                                               \
    [NET_VOCABULARY] = {.name = "vocabulary",                                                      \
                        .type = RF_INT,                                                            \
                        .flags = RF_OPT_MODEL,                                                     \
                        .def = "0",                                                                \
                        .max = 10e6,                                                               \
                        .unit = "units",                                                           \
                        .group = DATA,                                                             \
                        .help = "keep the most frequent ones; 0: all"},                            \
    [NET_MIN_COUNT] = {.name = "min-count",                                                        \
                       .type = RF_INT,                                                             \
                       .flags = RF_OPT_MODEL,                                                      \
                       .def = "2",                                                                 \
                       .min = 1,                                                                   \
                       .max = 1e9,                                                                 \
                       .group = DATA,                                                              \
                       .help = "units seen less often are unknown"},                               \
    [NET_BPE_MERGES] = {.name = "bpe-merges",                                                      \
                        .type = RF_INT,                                                            \
                        .flags = RF_OPT_MODEL | RF_OPT_ADVANCED,                                   \
                        .def = "10000",                                                            \
                        .min = 1,                                                                  \
                        .max = 1e6,                                                                \
                        .group = DATA,                                                             \
                        .help = "merges to learn when --unit is bpe"},                             \
    [NET_MAX_LENGTH] = {.name = "max-length",                                                      \
                        .type = RF_INT,                                                            \
                        .flags = RF_OPT_MODEL,                                                     \
                        .def = "400",                                                              \
                        .max = 1e6,                                                                \
                        .unit = "units",                                                           \
                        .group = DATA,                                                             \
                        .help = "what goes beyond in a text is not read; 0: all is"},              \
    [NET_LABEL_OF] = {.name = "label-of",                                                          \
                      .type = RF_CHOICE,                                                           \
                      .flags = RF_OPT_MODEL,                                                       \
                      .def = "sequence",                                                           \
                      .choices = owners,                                                           \
                      .group = DATA,                                                               \
                      .help = "whether each frame has a label of its own"},                        \
    [NET_PIXELS] = {.name = "step",                                                                \
                    .type = RF_CHOICE,                                                             \
                    .flags = RF_OPT_MODEL,                                                         \
                    .def = "rows",                                                                 \
                    .choices = steps,                                                              \
                    .group = DATA,                                                                 \
                    .help = "what of an image is read at a time"},                                 \
    [NET_SCALE] = {.name = "standardise",                                                          \
                   .type = RF_CHOICE,                                                              \
                   .flags = RF_OPT_MODEL | RF_OPT_ADVANCED,                                        \
                   .def = "training",                                                              \
                   .choices = scales,                                                              \
                   .group = DATA,                                                                  \
                   .help = "bring the numbers of frames to mean 0 and deviation 1: over what is "  \
                           "learned from, within each sequence, or not"},                          \
    [NET_NETWORK] = {.name = "network",                                                            \
                     .type = RF_CHOICE,                                                            \
                     .flags = RF_OPT_MODEL,                                                        \
                     .def = "recurrent",                                                           \
                     .choices = networks,                                                          \
                     .group = RF_GROUP_NET,                                                        \
                     .help = "or a baseline: a linear softmax, or the most frequent label alone"}, \
    [NET_CELL] = RF_CELL_ROW("lstm"),                                                              \
    [NET_LAYER_NORM] = {.name = "layer-norm",                                                      \
                        .type = RF_BOOL,                                                           \
                        .flags = RF_OPT_MODEL,                                                     \
                        .def = "0",                                                                \
                        .group = RF_GROUP_NET,                                                     \
                        .help = "normalise what enters the gates, over each layer"},               \
    [NET_LAYERS] = RF_LAYERS_ROW("1", "recurrent layers, one on the other"),                       \
    [NET_HIDDEN] = RF_HIDDEN_ROW("128", "state of each layer and direction"),                      \
    [NET_EMBED] = {.name = "embed",                                                                \
                   .type = RF_INT,                                                                 \
                   .flags = RF_OPT_MODEL,                                                          \
                   .def = "128",                                                                   \
                   .min = 1,                                                                       \
                   .max = 65536,                                                                   \
                   .group = RF_GROUP_NET,                                                          \
                   .help = "size of the units' vectors"},                                          \
    [NET_BIDIRECTIONAL] = {.name = "bidirectional",                                                \
                           .type = RF_BOOL,                                                        \
                           .flags = RF_OPT_MODEL,                                                  \
                           .def = "1",                                                             \
                           .group = RF_GROUP_NET,                                                  \
                           .help = "read from both ends"},                                         \
    [NET_POOL] = {.name = "pool",                                                                  \
                  .type = RF_CHOICE,                                                               \
                  .letter = 'p',                                                                   \
                  .flags = RF_OPT_MODEL,                                                           \
                  .def = "attention",                                                              \
                  .choices = pools,                                                                \
                  .group = RF_GROUP_NET,                                                           \
                  .help = "how the states of a sequence become one"},                              \
    [NET_ATTENTION] = {.name = "attention",                                                        \
                       .type = RF_INT,                                                             \
                       .flags = RF_OPT_MODEL | RF_OPT_ADVANCED,                                    \
                       .def = "0",                                                                 \
                       .max = 65536,                                                               \
                       .group = RF_GROUP_NET,                                                      \
                       .help = "size of attention; 0: that of the states"},                        \
    [NET_IDENTITY] = {.name = "identity",                                                          \
                      .type = RF_BOOL,                                                             \
                      .def = "0",                                                                  \
                      .flags = RF_OPT_ADVANCED,                                                    \
                      .group = RF_GROUP_NET,                                                       \
                      .help =                                                                      \
                          "begin as an IRNN, the state kept as it is; with --cell elman-relu"},    \
    [NET_FORGET_BIAS] = {.name = "forget-bias",                                                    \
                         .type = RF_REAL,                                                          \
                         .def = "1",                                                               \
                         .min = -10,                                                               \
                         .max = 10,                                                                \
                         .flags = RF_OPT_ADVANCED,                                                 \
                         .group = RF_GROUP_NET,                                                    \
                         .help = "added to an LSTM's first forget bias"},                          \
    [NET_CHRONO] = {.name = "chrono",                                                              \
                    .type = RF_REAL,                                                               \
                    .def = "0",                                                                    \
                    .min = 0,                                                                      \
                    .max = 1e9,                                                                    \
                    .unit = "steps",                                                               \
                    .flags = RF_OPT_ADVANCED,                                                      \
                    .group = RF_GROUP_NET,                                                         \
                    .help = "gates begin as if what matters lasted up to so long (Tallec & "       \
                            "Ollivier 2018); 0: not so"},                                          \
    [NET_DROPOUT] = DROPOUT("dropout", "0.3", "part of the states left out while training"),       \
    [NET_DROPOUT_UNITS] = DROPOUT("dropout-units", "0", "part of a text's units left out whole"),  \
    [NET_DROPOUT_INPUT] = DROPOUT("dropout-input", "0.2", "part of the inputs' numbers left out"), \
    [NET_DROPOUT_HIDDEN] = DROPOUT("dropout-hidden", "0.3", "likewise between layers"),            \
    [NET_BALANCE] = {.name = "balance",                                                            \
                     .type = RF_BOOL,                                                              \
                     .def = "0",                                                                   \
                     .group = RF_GROUP_LEARN,                                                      \
                     .help = "let rare labels count as much as frequent ones"},                    \
    [NET_WINDOW] = {.name = "window",                                                              \
                    .type = RF_INT,                                                                \
                    .def = "0",                                                                    \
                    .max = 1e6,                                                                    \
                    .unit = "frames",                                                              \
                    .group = RF_GROUP_LEARN,                                                       \
                    .help = "with --label-of frame, learn from pieces as long; 0: from whole "     \
                            "sequences"},                                                          \
    [NET_METRIC] = {.name = "metric",                                                              \
                    .type = RF_CHOICE,                                                             \
                    .def = "accuracy",                                                             \
                    .choices = metrics,                                                            \
                    .group = RF_GROUP_LEARN,                                                       \
                    .help = "what decides which network is the best"}

const rf_option lab_classify_train_options[TRAIN_COUNT + 1] = {
    READ_ROWS(RF_OPT_MODEL, "32"),
    NET_ROWS,
    [TRAIN_VALID] = {.name = "valid",
                     .type = RF_INFILE,
                     .flags = RF_OPT_LIST,
                     .group = DATA,
                     .help = "held-out files; else a part of the sequences is held out"},
    [TRAIN_VALID_FRACTION] = {.name = "valid-fraction",
                              .type = RF_REAL,
                              .def = "0.1",
                              .max = 0.5,
                              .group = DATA,
                              .help = "how many sequences are held out, drawn by chance; 0: none"},
    [TRAIN_LEARN] = RF_LEARN_ROWS("20", "5", "1", "cosine"),
};

const rf_option lab_classify_folds_options[FOLDS_COUNT + 1] = {
    READ_ROWS(RF_OPT_MODEL, "32"),
    NET_ROWS,
    [FOLDS_FOLDS] = {.name = "folds",
                     .type = RF_INT,
                     .letter = 'k',
                     .def = "0",
                     .max = 1000,
                     .help = "parts the sequences are cut into; 0: each file is one"},
    [FOLDS_BASELINES] = {.name = "baselines",
                         .type = RF_BOOL,
                         .def = "1",
                         .help = "train a linear softmax, and count the most frequent label, too"},
    [FOLDS_LEARN] = RF_LEARN_TIME_ROWS("20", "0", "1", "cosine"),
};

const rf_option lab_classify_eval_options[EVAL_COUNT + 1] = {
    READ_ROWS(0, "64"),
    [EVAL_CONFUSION] = {.name = "confusion",
                        .type = RF_BOOL,
                        .def = "1",
                        .help = "count which label was told for which"},
    [EVAL_PLOT] = {.name = "svg",
                   .type = RF_OUTFILE,
                   .meta = "FILE.svg",
                   .help = "that as a picture"},
};

const rf_option lab_classify_run_options[RUN_COUNT + 1] = {
    READ_ROWS(0, "64"),
    [RUN_PLAIN] = {.name = "table",
                   .type = RF_BOOL,
                   .def = "0",
                   .help = "texts are in a table, as in training, not a line each"},
    [RUN_ALL] = {.name = "all",
                 .type = RF_BOOL,
                 .letter = 'a',
                 .def = "0",
                 .help = "the probabilities of all labels"},
    [RUN_ATTENTION] = {.name = "attention",
                       .type = RF_BOOL,
                       .letter = 'A',
                       .def = "0",
                       .help = "how much each unit counted"},
    [RUN_PLOT] = {.name = "svg",
                  .type = RF_OUTFILE,
                  .meta = "FILE.svg",
                  .help = "texts shaded by how much each unit counted"},
};
