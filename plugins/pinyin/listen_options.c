/* pinyin/listen_options.c -- what the user can choose: one row an option. */
#include "listen.h"

static const char *const units[] = {"words", "syllables", "characters", NULL};
static const char *const norms[] = {"none", "utterance", "running", "training", NULL};

#define DATA  "Recordings"
#define EAR   "Hearing"
#define NET   "Network"
#define MAKE  "Made from recordings while training"
#define WRITE "Characters"
#define SHAPE RF_OPT_MODEL

#define COLUMN                                                                                     \
    {                                                                                              \
        .name = "column", .type = RF_STRING, .meta = "NAME", .group = DATA,                        \
        .help = "where the transcripts are: pinyin, transcript or text, or else the second"        \
    }
#define WHERE(NAME, HELP)                                                                          \
    {                                                                                              \
        .name = NAME, .type = RF_STRING, .flags = RF_OPT_LIST, .meta = "COLUMN=VALUE",             \
        .group = DATA, .help = HELP                                                                \
    }
#define FOLDER                                                                                     \
    {                                                                                              \
        .name = "folder", .type = RF_PATH, .group = DATA,                                          \
        .help = "where the recordings are, if not beside their table"                              \
    }
#define PART(NAME, DEF, MAX, GROUP, HELP)                                                          \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = MAX, .group = GROUP, .help = HELP        \
    }
#define GAP                                                                                        \
    {                                                                                              \
        .name = "gap", .type = RF_REAL, .def = "0.3", .max = 60, .unit = "s", .group = MAKE,       \
        .help = "longest pause between joined recordings; the shortest is a sixth of it"           \
    }

#define CHARACTERS                                                                                 \
    {                                                                                              \
        .name = "characters", .type = RF_INFILE, .meta = "MODEL", .group = WRITE,                  \
        .help = "write characters, by a model of the verb train"                                   \
    }
#define WEIGHT                                                                                     \
    {                                                                                              \
        .name = "weight", .type = RF_REAL, .def = "0.6", .max = 100, .flags = RF_OPT_ADVANCED,     \
        .group = WRITE, .help = "of how probable the characters are, beside what was heard"        \
    }

const rf_option listen_train_options[LISTEN_TRAIN_COUNT + 1] = {
    [LISTEN_TRAIN_UNITS] = {.name = "units",
                            .type = RF_CHOICE,
                            .letter = 'u',
                            .def = "syllables",
                            .choices = units,
                            .flags = SHAPE,
                            .help = "what is written: words as they stand in the transcripts, "
                                    "toned syllables of pinyin (initials and finals are told "
                                    "apart, so that all syllables share them), or characters"},
    [LISTEN_TRAIN_TONES] = {.name = "tones-apart",
                            .type = RF_BOOL,
                            .def = "0",
                            .flags = SHAPE,
                            .help = "of syllables the tone is a unit by itself, not one with the "
                                    "final: fewer units"},
    [LISTEN_TRAIN_COLUMN] = COLUMN,
    [LISTEN_TRAIN_WHERE] = WHERE("where", "read the rows with this value alone, or with != those "
                                          "without it"),
    [LISTEN_TRAIN_FOLDER] = FOLDER,
    [LISTEN_TRAIN_VALID_FRACTION] = PART("valid-fraction", "0.05", 0.5, DATA,
                                         "how many recordings are held out, drawn by chance; 0: "
                                         "none"),
    [LISTEN_TRAIN_LONGEST] = {.name = "longest",
                              .type = RF_REAL,
                              .def = "60",
                              .max = 3600,
                              .unit = "s",
                              .flags = RF_OPT_ADVANCED,
                              .group = DATA,
                              .help = "a longer recording is an error; 0: none is"},
    [LISTEN_TRAIN_RATE] = {.name = "rate",
                           .type = RF_INT,
                           .def = "16000",
                           .min = 4000,
                           .max = 48000,
                           .unit = "Hz",
                           .flags = SHAPE,
                           .group = EAR,
                           .help = "samples per second that the network hears; recordings of other "
                                   "rates are converted"},
    [LISTEN_TRAIN_MELS] = {.name = "mels",
                           .type = RF_INT,
                           .def = "40",
                           .min = 8,
                           .max = 256,
                           .flags = SHAPE,
                           .group = EAR,
                           .help = "bands of the spectrum"},
    [LISTEN_TRAIN_LOW] = {.name = "low",
                          .type = RF_REAL,
                          .def = "60",
                          .max = 1000,
                          .unit = "Hz",
                          .flags = SHAPE | RF_OPT_ADVANCED,
                          .group = EAR,
                          .help = "where the lowest band begins"},
    [LISTEN_TRAIN_FLOOR] = {.name = "noise-floor",
                            .type = RF_REAL,
                            .def = "0",
                            .max = 200,
                            .unit = "dB",
                            .flags = SHAPE,
                            .group = EAR,
                            .help = "hear the bands as in white noise so much below full scale, "
                                    "which fills the holes that compression leaves; 0: as they "
                                    "are"},
    [LISTEN_TRAIN_PITCH] = {.name = "pitch",
                            .type = RF_BOOL,
                            .def = "0",
                            .flags = SHAPE,
                            .group = EAR,
                            .help = "hear the pitch of the voice, and how clear it is, beside the "
                                    "bands: tones"},
    [LISTEN_TRAIN_NORM] = {.name = "normalise",
                           .type = RF_CHOICE,
                           .def = "utterance",
                           .choices = norms,
                           .flags = SHAPE,
                           .group = EAR,
                           .help =
                               "make each band's mean 0 and its deviation 1: those of the "
                               "recording, of what was heard up to now, as streams need it, or of "
                               "the training, which keeps what a short word sounds like"},
    [LISTEN_TRAIN_SLOPES] = {.name = "deltas",
                             .type = RF_BOOL,
                             .def = "0",
                             .flags = SHAPE,
                             .group = EAR,
                             .help = "hear how the bands change, too, and how that changes"},
    [LISTEN_TRAIN_STACK] = {.name = "stack",
                            .type = RF_INT,
                            .def = "3",
                            .min = 1,
                            .max = 16,
                            .unit = "frames",
                            .flags = SHAPE,
                            .group = EAR,
                            .help = "frames of 10 ms that make one step of the network"},
    [LISTEN_TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [LISTEN_TRAIN_LAYERS] = RF_LAYERS_ROW("2", "recurrent layers"),
    [LISTEN_TRAIN_HIDDEN] = {.name = "hidden",
                             .type = RF_INT,
                             .letter = 'H',
                             .def = "128",
                             .min = 1,
                             .max = 16384,
                             .flags = SHAPE,
                             .group = NET,
                             .help = "size of a layer's state, in each direction"},
    [LISTEN_TRAIN_BIDIRECTIONAL] = {.name = "bidirectional",
                                    .type = RF_BOOL,
                                    .def = "1",
                                    .flags = SHAPE,
                                    .group = NET,
                                    .help = "listen from both ends; without it a stream is heard "
                                            "without delay"},
    [LISTEN_TRAIN_DROPOUT] = {.name = "dropout",
                              .type = RF_REAL,
                              .def = "0.3",
                              .max = 1,
                              .flags = RF_OPT_BELOW,
                              .group = RF_GROUP_LEARN,
                              .help = "part of the states left out while training"},
    [LISTEN_TRAIN_FORGET_BIAS] = {.name = "forget-bias",
                                  .type = RF_REAL,
                                  .def = "1",
                                  .min = -10,
                                  .max = 10,
                                  .flags = RF_OPT_ADVANCED,
                                  .group = NET,
                                  .help = "added to an LSTM's first forget bias"},
    [LISTEN_TRAIN_JOIN] = {.name = "join",
                           .type = RF_INT,
                           .def = "1",
                           .min = 1,
                           .max = 64,
                           .group = MAKE,
                           .help =
                               "join 1 to as many recordings, so that what is said in one breath "
                               "is learned from single words"},
    [LISTEN_TRAIN_GAP] = GAP,
    [LISTEN_TRAIN_SPEED] =
        PART("speed", "0.1", 0.5, MAKE, "play them faster or slower by up to this part"),
    [LISTEN_TRAIN_GAIN] = {.name = "gain",
                           .type = RF_REAL,
                           .def = "6",
                           .max = 60,
                           .unit = "dB",
                           .flags = RF_OPT_ADVANCED,
                           .group = MAKE,
                           .help = "make them louder or softer by up to this"},
    [LISTEN_TRAIN_NOISE] =
        PART("noise", "0.5", 1, MAKE, "how many are heard in white noise, 10 to 40 dB below them"),
    [LISTEN_TRAIN_MASKS] = {.name = "masks",
                            .type = RF_INT,
                            .def = "2",
                            .max = 16,
                            .group = MAKE,
                            .help = "masks of time, and of bands, in each: SpecAugment"},
    [LISTEN_TRAIN_MASK_TIME] = {.name = "mask-time",
                                .type = RF_REAL,
                                .def = "0.08",
                                .max = 1,
                                .flags = RF_OPT_ADVANCED,
                                .group = MAKE,
                                .help = "longest mask of time, as a part of the whole"},
    [LISTEN_TRAIN_MASK_BANDS] = {.name = "mask-bands",
                                 .type = RF_INT,
                                 .def = "8",
                                 .max = 256,
                                 .flags = RF_OPT_ADVANCED,
                                 .group = MAKE,
                                 .help = "widest mask of bands"},
    [LISTEN_TRAIN_BATCH] = {.name = "batch",
                            .type = RF_INT,
                            .letter = 'b',
                            .def = "16",
                            .min = 1,
                            .max = 4096,
                            .unit = "sounds",
                            .group = RF_GROUP_LEARN,
                            .help = "sounds side by side"},
    [LISTEN_TRAIN_LEARN] = RF_LEARN_ROWS("40", "0", "5", "cosine"),
};

const rf_option listen_options[LISTEN_COUNT + 1] = {
    [LISTEN_NBEST] = {.name = "nbest",
                      .type = RF_INT,
                      .letter = 'n',
                      .def = "1",
                      .min = 1,
                      .max = 1000,
                      .help = "a table of the so many most probable answers"},
    [LISTEN_BEAM] = {.name = "beam",
                     .type = RF_INT,
                     .def = "64",
                     .max = 4096,
                     .help = "prefixes kept side by side; 0: the best unit of each step alone"},
    [LISTEN_TIMES] = {.name = "times",
                      .type = RF_BOOL,
                      .letter = 't',
                      .def = "0",
                      .help = "a table of units with the time at which each is said"},
    [LISTEN_STREAM] = {.name = "stream",
                       .type = RF_BOOL,
                       .letter = 's',
                       .def = "0",
                       .help = "tell as soon as more is understood"},
    [LISTEN_CHUNK] = {.name = "chunk",
                      .type = RF_REAL,
                      .def = "0.5",
                      .min = 0.02,
                      .max = 60,
                      .unit = "s",
                      .help =
                          "pieces that a stream is heard in; a model that listens from both ends "
                          "hears as much before and after each"},
    [LISTEN_RAW] = {.name = "raw",
                    .type = RF_INT,
                    .def = "0",
                    .max = 384000,
                    .unit = "Hz",
                    .help = "standard input is samples of 16 bits, little-endian, one channel, so "
                            "many a second; 0: a file like others"},
    [LISTEN_PLOT] = {.name = "plot",
                     .type = RF_OUTFILE,
                     .meta = "FILE.svg",
                     .help = "picture of the spectrum with the units where they are said; of one "
                             "recording"},
    [LISTEN_CHARACTERS] = CHARACTERS,
    [LISTEN_WEIGHT] = WEIGHT,
};

const rf_option listen_eval_options[LISTEN_EVAL_COUNT + 1] = {
    [LISTEN_EVAL_COLUMN] = COLUMN,
    [LISTEN_EVAL_WHERE] = WHERE("where", "read the rows with this value alone, or with != those "
                                         "without it"),
    [LISTEN_EVAL_FOLDER] = FOLDER,
    [LISTEN_EVAL_BY] = {.name = "by",
                        .type = RF_STRING,
                        .meta = "COLUMN",
                        .group = DATA,
                        .help = "the errors of each value of a column, too: split, speaker"},
    [LISTEN_EVAL_BEAM] = {.name = "beam",
                          .type = RF_INT,
                          .def = "64",
                          .max = 4096,
                          .help =
                              "prefixes kept side by side; 0: the best unit of each step alone"},
    [LISTEN_EVAL_JOIN] = {.name = "join",
                          .type = RF_INT,
                          .def = "1",
                          .min = 1,
                          .max = 64,
                          .group = DATA,
                          .help = "join 1 to as many recordings, drawn by chance, to one"},
    [LISTEN_EVAL_GAP] = GAP,
    [LISTEN_EVAL_TEMPLATES] = {.name = "templates",
                               .type = RF_INFILE,
                               .flags = RF_OPT_LIST,
                               .group = DATA,
                               .help = "compare with the nearest recording of these tables"},
    [LISTEN_EVAL_TEMPLATES_WHERE] = WHERE("templates-where", "rows of those that are read"),
    [LISTEN_EVAL_SHOW] = {.name = "show",
                          .type = RF_BOOL,
                          .def = "0",
                          .help = "a table of what was said and what was understood"},
    [LISTEN_EVAL_CHARACTERS] = CHARACTERS,
    [LISTEN_EVAL_CHARACTERS_COLUMN] = {.name = "characters-column",
                                       .type = RF_STRING,
                                       .def = "hanzi",
                                       .meta = "NAME",
                                       .flags = RF_OPT_ADVANCED,
                                       .group = WRITE,
                                       .help = "where the right characters are"},
    [LISTEN_EVAL_WEIGHT] = WEIGHT,
};
