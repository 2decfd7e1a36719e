/* pos/options.c -- what the user can choose: one row an option, with type, range, default and help. */
#include "pos.h"

static const char *const tasks[] = {"tags", "words", NULL};
static const char *const sources[] = {"auto", "conllu", "tagged", NULL};
static const char *const inputs[] = {"auto", "conllu", "tagged", "tokens", "raw", NULL};
static const char *const styles[] = {"auto", "conllu", "slash", "tsv", "table", NULL};
static const char *const columns[] = {"upos", "xpos", "feats", NULL};
static const char *const outputs[] = {"crf", "softmax", NULL};

#define DATA "Files to read"

#define DROPOUT(NAME, DEF, HELP)                                                                   \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = 1, .flags = RF_OPT_BELOW,                \
        .group = RF_GROUP_LEARN, .help = HELP                                                      \
    }
#define SIZE(NAME, DEF, MIN, HELP)                                                                 \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .def = DEF, .min = MIN, .max = 16384,                        \
        .flags = RF_OPT_MODEL | RF_OPT_ADVANCED, .group = RF_GROUP_NET, .help = HELP               \
    }
#define KEEP(NAME, DEF, MIN, HELP)                                                                 \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .def = DEF, .min = MIN, .max = 1e9,                          \
        .flags = RF_OPT_MODEL | RF_OPT_ADVANCED, .group = DATA, .help = HELP                       \
    }
#define BATCH(DEF, FLAGS)                                                                          \
    {                                                                                              \
        .name = "batch", .type = RF_INT, .letter = 'b', .def = DEF, .min = 1, .max = 65536,        \
        .unit = "sentences", .flags = (FLAGS), .help = "sentences side by side"                    \
    }
#define LEXICON                                                                                    \
    {                                                                                              \
        .name = "lexicon", .type = RF_INFILE, .letter = 'l',                                       \
        .help = "words that are words, a line each, and behind tabs the tags they may have"        \
    }

const rf_option pos_train_options[TRAIN_COUNT + 1] = {
    [TRAIN_TASK] = {.name = "task",
                    .type = RF_CHOICE,
                    .letter = 't',
                    .def = "tags",
                    .choices = tasks,
                    .flags = RF_OPT_MODEL,
                    .help = "tag given words, or find words and tags in raw text at once, as "
                            "Chinese needs"},
    [TRAIN_INPUT] = {.name = "input",
                     .type = RF_CHOICE,
                     .letter = 'i',
                     .def = "auto",
                     .choices = sources,
                     .group = DATA,
                     .help = "CoNLL-U, or lines of word/tag; auto: by the first line"},
    [TRAIN_TAG] = {.name = "tag",
                   .type = RF_CHOICE,
                   .def = "upos",
                   .choices = columns,
                   .flags = RF_OPT_MODEL,
                   .group = DATA,
                   .help = "the column of CoNLL-U that is learned"},
    [TRAIN_VALID] = {.name = "valid",
                     .type = RF_INFILE,
                     .flags = RF_OPT_LIST,
                     .group = DATA,
                     .help = "held-out files; else a part of the sentences is held out"},
    [TRAIN_VALID_FRACTION] = {.name = "valid-fraction",
                              .type = RF_REAL,
                              .def = "0.1",
                              .max = 0.5,
                              .group = DATA,
                              .help = "how many sentences are held out, drawn by chance; 0: none"},
    [TRAIN_VOCABULARY] = KEEP("vocabulary", "0", 0, "most words, or characters; 0: any number"),
    [TRAIN_MIN_COUNT] = KEEP("min-count", "1", 1, "those that occur less often are unknown"),
    [TRAIN_PAIRS] = KEEP("pairs", "0", 0, "most pairs of characters, or affixes; 0: any number"),
    [TRAIN_PAIR_COUNT] = KEEP("pair-count", "2", 1, "those that occur less often are unknown"),
    [TRAIN_VECTORS] = {.name = "vectors",
                       .type = RF_INFILE,
                       .group = DATA,
                       .help = "vectors of words, or of characters and pairs of them, to begin "
                               "with: text of word2vec"},
    [TRAIN_OUTPUT] = {.name = "output",
                      .type = RF_CHOICE,
                      .def = "crf",
                      .choices = outputs,
                      .flags = RF_OPT_MODEL,
                      .group = RF_GROUP_NET,
                      .help = "choose the labels of a sentence together, or each alone"},
    [TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [TRAIN_LAYERS] = RF_LAYERS_ROW("2", "recurrent layers"),
    [TRAIN_HIDDEN] = RF_HIDDEN_ROW("160", "size of a layer's state, in each direction"),
    [TRAIN_BIDIRECTIONAL] = {.name = "bidirectional",
                             .type = RF_BOOL,
                             .def = "1",
                             .flags = RF_OPT_MODEL,
                             .group = RF_GROUP_NET,
                             .help = "read from both ends"},
    [TRAIN_EMBED] = SIZE("embed", "100", 1, "size of a word's vector, or a character's"),
    [TRAIN_EMBED_PAIR] = SIZE("embed-pair", "32", 1, "size of the vector of two characters"),
    [TRAIN_SPELLING] =
        SIZE("spelling", "50", 0, "state of the layer that reads a word's letters; 0: none"),
    [TRAIN_EMBED_LETTER] = SIZE("embed-letter", "32", 1, "size of a letter's vector"),
    [TRAIN_AFFIXES] = {.name = "affixes",
                       .type = RF_INT,
                       .def = "3",
                       .max = 5,
                       .flags = RF_OPT_MODEL | RF_OPT_ADVANCED,
                       .group = RF_GROUP_NET,
                       .help = "see the first and last 1 to as many letters of words"},
    [TRAIN_EMBED_AFFIX] = SIZE("embed-affix", "16", 1, "size of an affix's vector"),
    [TRAIN_FORGET_BIAS] = {.name = "forget-bias",
                           .type = RF_REAL,
                           .def = "1",
                           .min = -10,
                           .max = 10,
                           .flags = RF_OPT_ADVANCED,
                           .group = RF_GROUP_NET,
                           .help = "added to an LSTM's first forget bias"},
    [TRAIN_DROPOUT] = DROPOUT("dropout", "0.4", "part of the last states left out while training"),
    [TRAIN_DROPOUT_INPUT] = DROPOUT("dropout-input", "0.3", "part of the inputs left out"),
    [TRAIN_DROPOUT_HIDDEN] = DROPOUT("dropout-hidden", "0.4", "likewise between layers"),
    [TRAIN_DROPOUT_WORDS] = {.name = "dropout-words",
                             .type = RF_REAL,
                             .def = "0.25",
                             .max = 1000,
                             .meta = "A",
                             .group = RF_GROUP_LEARN,
                             .help = "what was seen n times is unknown with probability A/(A+n)"},
    [TRAIN_BATCH] = BATCH("32", 0),
    [TRAIN_LONGEST] = {.name = "longest",
                       .type = RF_INT,
                       .def = "0",
                       .max = 1e6,
                       .unit = "words",
                       .flags = RF_OPT_ADVANCED,
                       .group = DATA,
                       .help = "leave longer sentences out of the training; 0: none"},
    [TRAIN_LEARN] = RF_LEARN_ROWS("30", "6", "5", "cosine"),
};

const rf_option pos_tag_options[TAG_COUNT + 1] = {
    [TAG_INPUT] = {.name = "input",
                   .type = RF_CHOICE,
                   .letter = 'i',
                   .def = "auto",
                   .choices = inputs,
                   .help = "auto: CoNLL-U by its first lines, else raw text; tokens: words "
                           "between blanks, a sentence a line"},
    [TAG_STYLE] = {.name = "style",
                   .type = RF_CHOICE,
                   .letter = 's',
                   .def = "auto",
                   .choices = styles,
                   .help = "auto: conllu for CoNLL-U, else slash (word/tag); tsv: a word a line; "
                           "table: with probabilities, as --format has it"},
    [TAG_COLUMN] = {.name = "column",
                    .type = RF_CHOICE,
                    .def = "upos",
                    .choices = columns,
                    .help = "of CoNLL-U, where tags are written; by default the one the model "
                            "has learned"},
    [TAG_NBEST] = {.name = "nbest",
                   .type = RF_INT,
                   .letter = 'n',
                   .def = "0",
                   .max = 1000,
                   .help = "a table of the so many most probable answers"},
    [TAG_LEXICON] = LEXICON,
    [TAG_BATCH] = BATCH("64", RF_OPT_ADVANCED),
};

const rf_option pos_eval_options[EVAL_COUNT + 1] = {
    [EVAL_INPUT] = {.name = "input",
                    .type = RF_CHOICE,
                    .letter = 'i',
                    .def = "auto",
                    .choices = sources,
                    .help = "CoNLL-U, or lines of word/tag; auto: by the first line"},
    [EVAL_TAG] = {.name = "tag",
                  .type = RF_CHOICE,
                  .def = "upos",
                  .choices = columns,
                  .help = "the column of CoNLL-U that is right; by default the one the model "
                          "has learned"},
    [EVAL_RAW] = {.name = "raw",
                  .type = RF_BOOL,
                  .letter = 'r',
                  .def = "0",
                  .help = "read the text alone, and find sentences and words as well"},
    [EVAL_GIVEN] = {.name = "given-words",
                    .type = RF_BOOL,
                    .letter = 'g',
                    .def = "0",
                    .help = "let a model that finds words tag the given ones"},
    [EVAL_SEEN] = {.name = "seen",
                   .type = RF_INFILE,
                   .flags = RF_OPT_LIST,
                   .help = "the training's files: words that are not in them are unknown; else "
                           "those that the model does not have"},
    [EVAL_LEXICON] = LEXICON,
    [EVAL_CONFUSION] = {.name = "confusion",
                        .type = RF_BOOL,
                        .def = "0",
                        .help = "count which tag was told for which"},
    [EVAL_PLOT] = {.name = "svg",
                   .type = RF_OUTFILE,
                   .meta = "FILE.svg",
                   .help = "that as a picture"},
    [EVAL_BATCH] = BATCH("64", RF_OPT_ADVANCED),
};
