/* pinyin/annotate_options.c -- what the user can choose: one row an option; and examples. */
#include "annotate.h"

static const char *const tones[] = {"marks", "digits", "none", NULL};

#define DATA "Lexicon and text"
#define NET  "Network"

#define NUMBER(NAME, DEF, MIN, MAX, GROUP, FLAGS, HELP)                                            \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .def = DEF, .min = MIN, .max = MAX, .group = GROUP,          \
        .flags = (FLAGS), .help = HELP                                                             \
    }
#define DROPOUT(NAME, DEF, HELP)                                                                   \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = 1, .flags = RF_OPT_BELOW,                \
        .group = RF_GROUP_LEARN, .help = HELP                                                      \
    }
#define SURE                                                                                       \
    {                                                                                              \
        .name = "sure", .type = RF_REAL, .def = "0.5", .max = 1,                                   \
        .help = "below this probability the lexicon's phrase decides; 0: never"                    \
    }

const rf_option an_train_options[AN_TRAIN_COUNT + 1] = {
    [AN_TRAIN_LEXICON] = {.name = "lexicon",
                          .type = RF_INFILE,
                          .letter = 'l',
                          .flags = RF_OPT_LIST,
                          .group = DATA,
                          .help = "words and readings: lines \"U+4E00: yī,yí\", \"银行: yín háng\" "
                                  "or \"银行 8350\"; first readings count most"},
    [AN_TRAIN_WORDS] = NUMBER("words", "200000", 0, 4e6, DATA, RF_OPT_MODEL,
                              "longer words that are kept, the most frequent ones"),
    [AN_TRAIN_PHRASES] =
        NUMBER("phrases", "0", 0, 4e6, DATA, 0,
               "phrases of the lexicon, the most frequent ones, that are learned as "
               "sentences"),
    [AN_TRAIN_PLAIN] = {.name = "plain",
                        .type = RF_INFILE,
                        .letter = 'p',
                        .flags = RF_OPT_LIST,
                        .group = DATA,
                        .help =
                            "plain text, whose characters are read as the lexicon's phrases in it "
                            "are, which are then hidden"},
    [AN_TRAIN_EXCLUDE] = {.name = "exclude",
                          .type = RF_INFILE,
                          .letter = 'x',
                          .flags = RF_OPT_LIST,
                          .group = DATA,
                          .help =
                              "leave out what has a sentence of these files in it, but for signs "
                              "and for those of fewer than 6 characters"},
    [AN_TRAIN_BEGIN] = {.name = "begin",
                        .type = RF_INFILE,
                        .meta = "MODEL",
                        .flags = RF_OPT_LIST,
                        .group = NET,
                        .help = "begin with what this model has learned; several: members take "
                                "turns"},
    [AN_TRAIN_VALID] = {.name = "valid",
                        .type = RF_INFILE,
                        .flags = RF_OPT_LIST,
                        .group = DATA,
                        .help = "held-out files; else a part of the sentences is held out"},
    [AN_TRAIN_VALID_FRACTION] = {.name = "valid-fraction",
                                 .type = RF_REAL,
                                 .def = "0.1",
                                 .max = 0.5,
                                 .group = DATA,
                                 .help = "how many sentences are held out, drawn by chance; 0: "
                                         "none"},
    [AN_TRAIN_WINDOW] =
        NUMBER("window", "0", 0, 1e6, DATA, RF_OPT_ADVANCED,
               "characters on either side of a marked one that are learned; 0: all"),
    [AN_TRAIN_MIN_COUNT] = NUMBER("min-count", "2", 1, 1e9, DATA, RF_OPT_MODEL | RF_OPT_ADVANCED,
                                  "characters that occur less often are unknown"),
    [AN_TRAIN_PAIR_COUNT] = NUMBER("pair-count", "2", 1, 1e9, DATA, RF_OPT_MODEL | RF_OPT_ADVANCED,
                                   "pairs of characters that occur less often are unknown"),
    [AN_TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [AN_TRAIN_MEMBERS] = NUMBER("members", "1", 1, AN_MEMBERS, NET, RF_OPT_MODEL,
                                "networks whose probabilities are averaged"),
    [AN_TRAIN_LAYERS] = NUMBER("layers", "1", 1, 8, NET, RF_OPT_MODEL, "recurrent layers"),
    [AN_TRAIN_HIDDEN] =
        NUMBER("hidden", "64", 1, 8192, NET, RF_OPT_MODEL, "size of a state, in each direction"),
    [AN_TRAIN_EMBED] =
        NUMBER("embed", "48", 1, 8192, NET, RF_OPT_MODEL, "size of a character's vector"),
    [AN_TRAIN_EMBED_PAIR] = NUMBER("embed-pair", "32", 0, 8192, NET, RF_OPT_MODEL,
                                   "of a pair's; 0: pairs are not looked at"),
    [AN_TRAIN_EMBED_HINT] =
        NUMBER("embed-hint", "16", 1, 8192, NET, RF_OPT_MODEL, "of what the lexicon's phrase says"),
    [AN_TRAIN_DROPOUT] = DROPOUT("dropout", "0.4",
                                 "part of what readings are weighed by that is "
                                 "left out while training"),
    [AN_TRAIN_DROPOUT_INPUT] = DROPOUT("dropout-input", "0.2", "likewise of the vectors"),
    [AN_TRAIN_DROPOUT_KNOWN] = {.name = "dropout-known",
                                .type = RF_REAL,
                                .def = "0.5",
                                .max = 1000,
                                .flags = RF_OPT_ADVANCED,
                                .group = RF_GROUP_LEARN,
                                .help = "A: a character or pair seen N times is unknown to the "
                                        "training with probability A / (A + N)"},
    [AN_TRAIN_BATCH] = RF_BATCH_ROW("32", "sentences", "sentences side by side"),
    [AN_TRAIN_LEARN] = RF_LEARN_ROWS("12", "0", "5", "cosine"),
};

const rf_option an_options[AN_COUNT + 1] = {
    [AN_TONES] = {.name = "tones",
                  .type = RF_CHOICE,
                  .letter = 't',
                  .def = "marks",
                  .choices = tones,
                  .help = "how tones are written: xíng, xing2 or xing"},
    [AN_TABLE] = {.name = "table",
                  .type = RF_BOOL,
                  .def = "0",
                  .help =
                      "a row for each Chinese character: its reading, where it is from, and how "
                      "probable this and the others are"},
    [AN_SURE] = SURE,
};

const rf_option an_eval_options[AN_EVAL_COUNT + 1] = {
    [AN_EVAL_COMPARE] = {.name = "compare",
                         .type = RF_INFILE,
                         .letter = 'c',
                         .flags = RF_OPT_LIST,
                         .help = "texts from which the baselines learn"},
    [AN_EVAL_SURE] = SURE,
    [AN_EVAL_CHARACTERS] = {.name = "characters",
                            .type = RF_BOOL,
                            .def = "0",
                            .help = "a row for each character, too"},
    [AN_EVAL_ERRORS] = {.name = "errors",
                        .type = RF_INT,
                        .def = "0",
                        .max = 1e9,
                        .help = "wrong answers that are shown"},
};

const char *const an_examples[] = {
    "refrain-pinyin annotate --model zh.safetensors 他在银行里行走，头发长得很长。",
    "# Digits instead of marks; the text of a file.\n"
    "refrain-pinyin annotate --model zh.safetensors --tones digits < article.txt",
    "# Which readings were possible, and how probable they are.\n"
    "refrain-pinyin annotate --model zh.safetensors --table 音乐使人快乐",
    NULL};
const char *const an_train_examples[] = {
    "# A small text and lexicon that come with it.\n"
    "refrain-pinyin annotate-train data/pinyin/duoyin.tsv \\\n"
    "  --lexicon data/pinyin/demo-lexicon.txt --hidden 16 --epochs 30 \\\n"
    "  --model demo.safetensors",
    "refrain-pinyin annotate-train dev.sent.gz -l pinyin.txt -l phrases.txt \\\n"
    "  -l dict.txt --model 注音.safetensors",
    "# 先学没有注音的文本 First plain text, then sentences with pinyin.\n"
    "refrain-pinyin annotate-train --plain 小说.txt -l pinyin.txt -l phrases.txt \\\n"
    "  --epochs 1 --model plain.safetensors\n"
    "refrain-pinyin annotate-train dev.sent.gz -l pinyin.txt -l phrases.txt \\\n"
    "  --begin plain.safetensors --exclude test.sent.gz --learning-rate 0.001 \\\n"
    "  --epochs 5 --model zh.safetensors",
    NULL};
const char *const an_eval_examples[] = {
    "refrain-pinyin annotate-eval --model zh.safetensors test.sent.gz --compare dev.sent.gz",
    "refrain-pinyin annotate-eval --model 注音.safetensors test.tsv --errors 20", NULL};
