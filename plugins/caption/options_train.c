/* caption/options_train.c -- what the user can choose of learning to describe and of describing. */
#include "look.h"

/* In the order of rf_attention_kind, and none. */
static const char *const attentions[] = {"additive", "dot", "general", "none", NULL};
/* In the order of rf_attend. */
static const char *const attends[] = {"between", "after", "feed", NULL};
/* In the order of CAP_EXACT ... */
static const char *const metrics[] = {"exact", "cider", "bleu", "loss", NULL};

#define DATA  "Captions"
#define SIGHT "Pictures"
#define NET   RF_GROUP_NET

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
#define SWITCH(NAME, GROUP, FLAGS, HELP)                                                           \
    {                                                                                              \
        .name = NAME, .type = RF_BOOL, .def = "0", .flags = RF_OPT_MODEL | (FLAGS),                \
        .group = GROUP, .help = HELP                                                               \
    }

const rf_option cap_train_options[TRAIN_COUNT + 1] = {
    [TRAIN_CAPTIONS] = {.name = "captions",
                        .type = RF_STRING,
                        .flags = RF_OPT_LIST,
                        .meta = "[en:|zh:]FILE",
                        .group = DATA,
                        .help = "of the pictures; else FOLDER/captions.tsv"},
    [TRAIN_SPLITS] = {.name = "splits",
                      .type = RF_INFILE,
                      .group = DATA,
                      .help = "rows of file and split, where the captions do not have it"},
    [TRAIN_SPLIT] = {.name = "split",
                     .type = RF_STRING,
                     .meta = "NAME",
                     .group = DATA,
                     .help = "learn from the pictures of this split; else from all that are not "
                             "held out"},
    [TRAIN_VALID_SPLIT] = {.name = "valid-split",
                           .type = RF_STRING,
                           .meta = "NAME",
                           .group = DATA,
                           .help = "hold out the pictures of this split; else a part by chance"},
    [TRAIN_VALID_FRACTION] = {.name = "valid-fraction",
                              .type = RF_REAL,
                              .def = "0.05",
                              .max = 0.5,
                              .group = DATA,
                              .help = "how many pictures are held out by chance; 0: none"},
    [TRAIN_TEXT] = {.name = "text",
                    .type = RF_STRING,
                    .flags = RF_OPT_LIST,
                    .meta = "[en:|zh:]FILE",
                    .group = DATA,
                    .help = "captions without their pictures, to learn the language from; with "
                            "--features, --encoder or --blind"},
    [TRAIN_REPEAT] = COUNT("repeat", "1", 1, 1000, 0, DATA,
                           "how often captions with pictures are in an epoch, beside those of "
                           "--text"),
    [TRAIN_LANGUAGE] = {.name = "language",
                        .type = RF_CHOICE,
                        .letter = 'l',
                        .def = "both",
                        .choices = cap_language_choices,
                        .flags = RF_OPT_MODEL,
                        .group = DATA,
                        .help = "in which captions are learned"},
    [TRAIN_MIN_COUNT] = COUNT("min-count", "1", 1, 1e9, RF_OPT_MODEL, DATA,
                              "words that occur less often are not known"),
    [TRAIN_LONGEST] = COUNT("longest", "40", 1, 1e6, RF_OPT_ADVANCED, DATA,
                            "captions with more words are not learned from"),
    [TRAIN_FEATURES] = {.name = "features",
                        .type = RF_INFILE,
                        .letter = 'f',
                        .meta = "FILE.safetensors",
                        .group = SIGHT,
                        .help =
                            "what is seen of the pictures, as encode --map writes it; FOLDER is "
                            "not needed then"},
    [TRAIN_ENCODER] = {.name = "encoder",
                       .type = RF_PATH,
                       .meta = "FOLDER",
                       .group = SIGHT,
                       .help = "see the pictures through this network, which stays as it is; what "
                               "it makes of them is kept in MODEL.features"},
    [TRAIN_POOLED] = SWITCH("pooled", SIGHT, RF_OPT_ADVANCED,
                            "one vector a picture instead of a map, of --features or --encoder"),
    [TRAIN_BLIND] = SWITCH("blind", SIGHT, 0, "do not look at the pictures: a model of captions"),
    [TRAIN_CROP] = {.name = "crop",
                    .type = RF_REAL,
                    .def = "0",
                    .max = 1,
                    .flags = RF_OPT_MODEL | RF_OPT_ADVANCED,
                    .group = SIGHT,
                    .help = "the middle square of this part of the shorter side; 0: the whole "
                            "picture, pressed into a square"},
    [TRAIN_GREY] = SWITCH("grey", SIGHT, 0, "do not see colours"),
    [TRAIN_SIZE] = {.name = "size",
                    .type = RF_INT,
                    .def = "64",
                    .min = 8,
                    .max = 1024,
                    .unit = "pixels",
                    .flags = RF_OPT_MODEL,
                    .group = SIGHT,
                    .help = "width and height of the pictures that --network sees"},
    [TRAIN_NETWORK] = {.name = "network",
                       .type = RF_STRING,
                       .letter = 'n',
                       .def = "32/2 64/2 64 128/2 128",
                       .meta = "LAYERS",
                       .flags = RF_OPT_MODEL,
                       .group = SIGHT,
                       .help = "convolutions that are learned along: channels/stride of each; see "
                               "the README"},
    [TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [TRAIN_EMBED] = COUNT("embed", "96", 1, 16384, RF_OPT_MODEL, NET, "size of a word's vector"),
    [TRAIN_HIDDEN] = RF_HIDDEN_ROW("160", "size of the decoder's state; even"),
    [TRAIN_LAYERS] = RF_LAYERS_ROW("1", "recurrent layers"),
    [TRAIN_ATTENTION] = {.name = "attention",
                         .type = RF_CHOICE,
                         .letter = 'a',
                         .def = "additive",
                         .choices = attentions,
                         .flags = RF_OPT_MODEL,
                         .group = NET,
                         .help = "how places are compared with the state: v tanh(W q + U k), q k, "
                                 "q W k; none: the picture only begins the decoder"},
    [TRAIN_COMPARE] = COUNT("compare", "64", 0, 16384, RF_OPT_MODEL | RF_OPT_ADVANCED, NET,
                            "dimensions in which additive attention compares; 0: as the state"),
    [TRAIN_ATTEND] = {.name = "attend",
                      .type = RF_CHOICE,
                      .def = "after",
                      .choices = attends,
                      .flags = RF_OPT_MODEL,
                      .group = NET,
                      .help = "where the decoder attends: between its first layer and the others, "
                              "after the last, or so and with what came of it fed back"},
    [TRAIN_TIED] = SWITCH("tied", NET, RF_OPT_ADVANCED,
                          "the words' vectors are the rows of the output layer as well"),
    [TRAIN_DROPOUT] = PART("dropout", "0.3", 0, "part of the last vectors left out while training"),
    [TRAIN_DROPOUT_INPUT] = PART("dropout-input", "0.1", 0, "part of the words' vectors left out"),
    [TRAIN_DROPOUT_HIDDEN] = PART("dropout-hidden", "0", 0, "likewise between layers"),
    [TRAIN_DROPOUT_PICTURE] = PART("dropout-picture", "0", 0, "likewise of what is seen"),
    [TRAIN_SHIFT] =
        {.name = "shift",
         .type = RF_INT,
         .def = "0",
         .max = 64,
         .unit = "pixels",
         .group = RF_GROUP_LEARN,
         .help = "with --network: move each picture by up to as many, another way each time"},
    [TRAIN_NOISE] = {.name = "noise",
                     .type = RF_REAL,
                     .def = "0",
                     .max = 1,
                     .flags = RF_OPT_ADVANCED,
                     .group = RF_GROUP_LEARN,
                     .help = "likewise noise of this deviation, black to white being 2"},
    [TRAIN_SMOOTHING] =
        PART("smoothing", "0", 0, "label smoothing: part of 1 that all words share"),
    [TRAIN_SAMPLING] = PART("sampling", "0", RF_OPT_ADVANCED,
                            "scheduled sampling: part of the decoder's inputs that are its own "
                            "guesses"),
    [TRAIN_EVEN] = {.name = "even",
                    .type = RF_REAL,
                    .def = "0",
                    .max = 1000,
                    .flags = RF_OPT_ADVANCED,
                    .group = RF_GROUP_LEARN,
                    .help = "weight of attending to all places alike in the course of a caption"},
    [TRAIN_BATCH] = RF_BATCH_ROW("16", "captions",
                                 "how many stand side by side; with --network pictures, with all "
                                 "their captions"),
    [TRAIN_METRIC] = {.name = "metric",
                      .type = RF_CHOICE,
                      .def = "cider",
                      .choices = metrics,
                      .group = RF_GROUP_TIME,
                      .help = "what the best model is the best at, on what is held out: greedy "
                              "descriptions that are exactly right, CIDEr-D, BLEU, or the loss"},
    [TRAIN_BEGIN] = {.name = "begin",
                     .type = RF_INFILE,
                     .meta = "MODEL",
                     .group = RF_GROUP_LEARN,
                     .help = "begin with this model's words, and its numbers where they fit"},
    [TRAIN_LEARN] = RF_LEARN_ROWS("30", "0", "1", "cosine"),
};

const rf_option cap_describe_options[DESCRIBE_LOOK + LOOK_COUNT + 1] = {
    [DESCRIBE_LANGUAGE] = {.name = "language",
                           .type = RF_CHOICE,
                           .letter = 'l',
                           .def = "both",
                           .choices = cap_language_choices,
                           .help = "of the descriptions; both: what the model knows"},
    [DESCRIBE_NBEST] = {.name = "nbest",
                        .type = RF_INT,
                        .letter = 'n',
                        .def = "0",
                        .max = 4096,
                        .help = "so many of each, with scores"},
    [DESCRIBE_FEATURES] = {.name = "features",
                           .type = RF_INFILE,
                           .letter = 'f',
                           .meta = "FILE.safetensors",
                           .help =
                               "what is seen of the pictures, as encode --map writes it; without "
                               "IMAGE, of all in it"},
    [DESCRIBE_ATTENTION] = {.name = "weights",
                            .type = RF_BOOL,
                            .def = "0",
                            .help = "tell the words and, for each, the attention to each place"},
    [DESCRIBE_SVG] = {.name = "svg",
                      .type = RF_OUTFILE,
                      .meta = "FILE.svg",
                      .help = "show where each word looked"},
    LOOK_ROWS(NULL),
};
