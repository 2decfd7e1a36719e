/* pinyin/options.c -- what the user can choose: one row an option, with type, range, default and
 * help. */
#include "options.h"

static const char *const weights[] = {"f32", "bf16", "int8", NULL};

#define DATA   "Lexicon and text"
#define COUNTS "N-grams"
#define NET    "Network"
#define TYPING "How it is typed"
#define SEARCH "Search"

#define NUMBER(NAME, DEF, MIN, MAX, GROUP, FLAGS, HELP)                                            \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .def = DEF, .min = MIN, .max = MAX, .group = GROUP,          \
        .flags = (FLAGS), .help = HELP                                                             \
    }
#define PART(NAME, DEF, GROUP, FLAGS, HELP)                                                        \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = 1, .group = GROUP, .flags = (FLAGS),     \
        .help = HELP                                                                               \
    }
#define YES(NAME, DEF, GROUP, HELP)                                                                \
    {                                                                                              \
        .name = NAME, .type = RF_BOOL, .def = DEF, .group = GROUP, .help = HELP                    \
    }

const rf_option py_train_options[TRAIN_COUNT + 1] = {
    [TRAIN_LEXICON] = {.name = "lexicon",
                       .type = RF_INFILE,
                       .letter = 'l',
                       .flags = RF_OPT_LIST | RF_OPT_REQUIRED,
                       .group = DATA,
                       .help = "words and readings: lines \"U+4E00: yī,yí\", \"银行: yín háng\" "
                               "or \"银行 8350\"; first readings count most"},
    [TRAIN_EXCLUDE] = {.name = "exclude",
                       .type = RF_INFILE,
                       .letter = 'x',
                       .flags = RF_OPT_LIST,
                       .group = DATA,
                       .help = "leave out lines of text that have a sentence of these files"},
    [TRAIN_LEXICON_WORDS] = NUMBER("words", "55000", 0, 60000, DATA, RF_OPT_MODEL,
                                   "longer words that are kept, the most frequent ones"),
    [TRAIN_VOCABULARY] = NUMBER("vocabulary", "6500", 8, 16000, DATA, RF_OPT_MODEL,
                                "characters that are kept, the most frequent ones"),
    [TRAIN_MIN_COUNT] = NUMBER("min-count", "1", 1, 1e9, DATA, RF_OPT_MODEL | RF_OPT_ADVANCED,
                               "characters that occur less often are unknown"),
    [TRAIN_HELD] = PART("valid-fraction", "0.02", DATA, 0,
                        "lines of the text that are held out, evenly over it"),
    [TRAIN_ORDER] = NUMBER("order", "4", 1, 4, COUNTS, RF_OPT_MODEL, "of characters"),
    [TRAIN_WORD_ORDER] = NUMBER("word-order", "3", 1, 4, COUNTS, RF_OPT_MODEL, "of words"),
    [TRAIN_PRUNE] = NUMBER("prune", "1", 0, 1000, COUNTS, RF_OPT_MODEL,
                           "leave out n-grams of 3 and more characters seen as often or less, and "
                           "pairs seen less often"),
    [TRAIN_WORD_PRUNE] =
        NUMBER("word-prune", "1", 0, 1000, COUNTS, RF_OPT_MODEL, "likewise of words"),
    [TRAIN_PRIOR] = PART("prior", "0.5", COUNTS, RF_OPT_MODEL,
                         "weight of the lexicon's frequencies against those of the text"),
    [TRAIN_NETWORK] = YES("network", "1", NET, "learn a recurrent network, too"),
    [TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [TRAIN_LAYERS] = NUMBER("layers", "1", 1, 8, NET, RF_OPT_MODEL, "recurrent layers"),
    [TRAIN_HIDDEN] = NUMBER("hidden", "512", 1, 8192, NET, RF_OPT_MODEL, "size of a state"),
    [TRAIN_EMBED] = NUMBER("embed", "0", 0, 8192, NET, RF_OPT_MODEL,
                           "size of a character's vector; 0: as a state"),
    [TRAIN_TIE] = {.name = "tie",
                   .type = RF_BOOL,
                   .def = "1",
                   .flags = RF_OPT_MODEL,
                   .group = NET,
                   .help = "the output layer has the characters' vectors"},
    [TRAIN_DROPOUT] = {.name = "dropout",
                       .type = RF_REAL,
                       .def = "0.2",
                       .max = 1,
                       .flags = RF_OPT_BELOW,
                       .group = RF_GROUP_LEARN,
                       .help = "part of inputs and states left out while training"},
    [TRAIN_BPTT] = NUMBER("bptt", "32", 1, 4096, RF_GROUP_LEARN, 0, "steps learned at once"),
    [TRAIN_BATCH] =
        NUMBER("batch", "64", 1, 65536, RF_GROUP_LEARN, 0, "places of the text read side by side"),
    [TRAIN_BYTES] = YES("bytes", "0", RF_GROUP_FILES, "write the network in 8 bits a number"),
    [TRAIN_TUNE] = NUMBER("tune", "300", 0, 100000, RF_GROUP_LEARN, 0,
                          "held-out sentences that choose the weight of words; 0: as it is"),
    [TRAIN_LEARN] = RF_LEARN_ROWS("6", "0", "1", "cosine"),
};

#define HOW                                                                                        \
    [HOW_BEAM] = NUMBER("beam", "12", 1, 1000, SEARCH, 0, "different strings kept at a place"),    \
    [HOW_FUZZY] = {.name = "fuzzy",                                                                \
                   .type = RF_STRING,                                                              \
                   .letter = 'f',                                                                  \
                   .def = "",                                                                      \
                   .meta = "GROUPS",                                                               \
                   .group = TYPING,                                                                \
                   .help = "sounds that are not told apart: z-zh,n-l,en-eng ..., or all"},         \
    [HOW_INITIALS] = YES("initials", "1", TYPING, "letters may be beginnings of syllables"),       \
    [HOW_CORRECT] = YES("correct", "0", TYPING, "accept usual misspellings: zhogn, liou"),         \
    [HOW_TONES] = YES("tones", "1", TYPING, "heed tones where they are typed"),                    \
    [HOW_MIX] = {.name = "mix",                                                                    \
                 .type = RF_REAL,                                                                  \
                 .def = "-1",                                                                      \
                 .min = -1,                                                                        \
                 .max = 1,                                                                         \
                 .group = SEARCH,                                                                  \
                 .flags = RF_OPT_ADVANCED,                                                         \
                 .help = "part of the network against the n-grams of characters; -1: the "         \
                         "model's"},                                                               \
    [HOW_WORDS] = {.name = "word-weight",                                                          \
                   .type = RF_REAL,                                                                \
                   .def = "-1",                                                                    \
                   .min = -1,                                                                      \
                   .max = 1,                                                                       \
                   .group = SEARCH,                                                                \
                   .flags = RF_OPT_ADVANCED,                                                       \
                   .help = "of the n-grams of words; -1: the model's"},                            \
    [HOW_WEIGHTS] = {.name = "weights",                                                            \
                     .type = RF_CHOICE,                                                            \
                     .def = "int8",                                                                \
                     .choices = weights,                                                           \
                     .flags = RF_OPT_ADVANCED,                                                     \
                     .group = SEARCH,                                                              \
                     .help = "how the network's numbers are held"}
#define CONTEXT                                                                                    \
    {                                                                                              \
        .name = "context", .type = RF_STRING, .meta = "TEXT", .help = "what stands before"         \
    }

const rf_option py_decode_options[DECODE_COUNT + 1] = {
    HOW,
    [DECODE_NBEST] = {.name = "nbest",
                      .type = RF_INT,
                      .letter = 'n',
                      .def = "0",
                      .max = PY_NBEST_MOST,
                      .help = "a table of the so many best answers with their scores"},
    [DECODE_CONTEXT] = CONTEXT,
    [DECODE_FIX] = {.name = "fix",
                    .type = RF_STRING,
                    .meta = "CHARACTERS",
                    .help = "characters of the answer, from its beginning; _ is any: __研究"},
    [DECODE_WORDS_SHOWN] = YES("show-words", "0", NULL, "blanks between the words"),
    [DECODE_LATTICE] = {.name = "lattice",
                        .type = RF_OUTFILE,
                        .meta = "FILE.svg",
                        .help = "picture of the words of the first line, and of the best paths"},
};

const rf_option py_score_options[SCORE_COUNT + 1] = {
    HOW,
    [SCORE_PINYIN] = {.name = "pinyin",
                      .type = RF_STRING,
                      .letter = 'p',
                      .flags = RF_OPT_REQUIRED,
                      .meta = "SYLLABLES",
                      .help = "what was typed or said"},
    [SCORE_CONTEXT] = CONTEXT,
};

const rf_option py_eval_options[EVAL_COUNT + 1] = {
    HOW,
    [EVAL_TONED] = YES("toned", "0", TYPING, "keep the tones of the file"),
    [EVAL_JOINED] = YES("joined", "0", TYPING, "take the blanks between syllables away"),
    [EVAL_COMPARE] = YES("compare", "0", NULL, "also without the network, and without the words"),
    [EVAL_MOST] = NUMBER("most", "0", 0, 1e9, NULL, 0, "sentences that are read; 0: all"),
    [EVAL_ERRORS] = NUMBER("errors", "0", 0, 1e9, NULL, 0, "wrong answers that are shown"),
    [EVAL_TRAINING] = {.name = "training",
                       .type = RF_INFILE,
                       .flags = RF_OPT_LIST,
                       .help = "texts of a training: count the sentences that are in them"},
};

const rf_option py_live_options[LIVE_COUNT + 1] = {
    HOW,
    [LIVE_SHOWN] = NUMBER("shown", "9", 1, 100, NULL, 0, "candidates that are shown"),
    [LIVE_CONTEXT] = CONTEXT,
};

py_net_shape py_options_shape(const rf_setting *v, rf_index V)
{
    const rf_index hidden = (rf_index)v[TRAIN_HIDDEN].as.i, embed = (rf_index)v[TRAIN_EMBED].as.i;
    return (py_net_shape){.cell = rf_cell_find(v[TRAIN_CELL].as.s),
                          .V = V,
                          .hidden = hidden,
                          .embed = embed ? embed : hidden,
                          .layers = (int)v[TRAIN_LAYERS].as.i,
                          .tie = v[TRAIN_TIE].as.i && (!embed || embed == hidden)};
}

rf_status py_options_how(const rf_setting *v, const py_model *m, py_decode_spec *spec,
                         rf_error *err)
{
    const char *item = "";
    size_t n = 0;
    rf_str names = {0};
    *spec = (py_decode_spec){.typing = {.initials = v[HOW_INITIALS].as.i,
                                        .correct = v[HOW_CORRECT].as.i,
                                        .tones = v[HOW_TONES].as.i},
                             .beam = (int)v[HOW_BEAM].as.i,
                             .nbest = 1,
                             .mix = v[HOW_MIX].as.f >= 0 ? v[HOW_MIX].as.f : m->mix,
                             .words = v[HOW_WORDS].as.f >= 0 ? v[HOW_WORDS].as.f : m->words,
                             .form = (rf_weights)v[HOW_WEIGHTS].as.i};
    if (py_fuzzy_parse(v[HOW_FUZZY].as.s, &spec->typing.fuzzy, &item, &n)) return RF_OK;
    for (int i = 0; py_fuzzy_name(i); i++) rf_str_printf(&names, "%s, ", py_fuzzy_name(i));
    rf_fail(err, RF_EINVAL, "--fuzzy: there is no group %.*s; there are %sall", (int)n, item,
            names.s ? names.s : "");
    rf_str_free(&names);
    return RF_EINVAL;
}
