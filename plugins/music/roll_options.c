/* music/roll_options.c -- what the user of networks over frames can choose. */
#include "roll.h"

static const char *const outputs[] = {"sigmoid", "nade", NULL};

#define DATA "Pieces"

#define DROPOUT(NAME, DEF, HELP)                                                                   \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = 1, .flags = RF_OPT_BELOW,                \
        .group = RF_GROUP_LEARN, .help = HELP                                                      \
    }
#define SIZE(NAME, LETTER, DEF, MOST, HELP)                                                        \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .letter = LETTER, .def = DEF, .min = 1, .max = MOST,         \
        .flags = RF_OPT_MODEL, .group = RF_GROUP_NET, .help = HELP                                 \
    }
#define PART                                                                                       \
    {                                                                                              \
        .name = "part", .type = RF_CHOICE, .def = "test", .choices = music_parts,                  \
        .help = "which part of a set of piano rolls (JSON); MIDI files belong to any"              \
    }
#define PIECE(HELP)                                                                                \
    {                                                                                              \
        .name = "piece", .type = RF_INT, .def = "1", .min = 1, .max = 999999, .help = HELP         \
    }

const rf_option roll_train_options[ROLL_TRAIN_COUNT + 1] = {
    [ROLL_TRAIN_GRID] = {.name = "grid",
                         .type = RF_INT,
                         .def = "4",
                         .min = 1,
                         .max = 96,
                         .unit = "steps per quarter note",
                         .flags = RF_OPT_MODEL,
                         .group = DATA,
                         .help = "what MIDI files are snapped to, and how long a step of a set of "
                                 "piano rolls is"},
    [ROLL_TRAIN_VALID] = {.name = "valid",
                          .type = RF_PATH,
                          .flags = RF_OPT_LIST,
                          .group = DATA,
                          .help = "held-out files and folders; else the valid part of a set of "
                                  "piano rolls, else a part of the pieces"},
    [ROLL_TRAIN_VALID_FRACTION] = {.name = "valid-fraction",
                                   .type = RF_REAL,
                                   .def = "0.1",
                                   .max = 0.5,
                                   .group = DATA,
                                   .help = "how many pieces are held out then, drawn by chance; "
                                           "0: none"},
    [ROLL_TRAIN_TRANSPOSE] = {.name = "transpose",
                              .type = RF_INT,
                              .def = "0",
                              .max = 24,
                              .unit = "semitones",
                              .group = DATA,
                              .help = "move each piece by up to so many, anew each epoch"},
    [ROLL_TRAIN_OUTPUT] = {.name = "output",
                           .type = RF_CHOICE,
                           .letter = 'O',
                           .def = "sigmoid",
                           .choices = outputs,
                           .flags = RF_OPT_MODEL,
                           .group = RF_GROUP_NET,
                           .help = "tell each key by itself, or given the keys below it"},
    [ROLL_TRAIN_NADE] = SIZE("nade-hidden", 0, "128", 16384, "hidden units of that estimator"),
    [ROLL_TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [ROLL_TRAIN_LAYERS] = SIZE("layers", 'L', "1", 64, "recurrent layers"),
    [ROLL_TRAIN_HIDDEN] = SIZE("hidden", 'H', "200", 16384, "size of a layer's state"),
    [ROLL_TRAIN_FORGET_BIAS] = {.name = "forget-bias",
                                .type = RF_REAL,
                                .def = "1",
                                .min = -10,
                                .max = 10,
                                .flags = RF_OPT_ADVANCED,
                                .group = RF_GROUP_NET,
                                .help = "added to an LSTM's first forget bias"},
    [ROLL_TRAIN_DROPOUT] =
        DROPOUT("dropout", "0.4", "part of the last states left out while training"),
    [ROLL_TRAIN_DROPOUT_INPUT] = DROPOUT("dropout-input", "0.1", "part of the keys that are read"),
    [ROLL_TRAIN_DROPOUT_HIDDEN] =
        DROPOUT("dropout-hidden", "0.3", "part of the states between layers"),
    [ROLL_TRAIN_DROPOUT_WEIGHT] = DROPOUT("dropout-weight", "0", "part of the recurrent weights"),
    [ROLL_TRAIN_VARIATIONAL] = {.name = "variational",
                                .type = RF_BOOL,
                                .def = "0",
                                .flags = RF_OPT_ADVANCED,
                                .group = RF_GROUP_LEARN,
                                .help = "leave out the same values at every step of a piece"},
    [ROLL_TRAIN_BATCH] = RF_BATCH_ROW("1", "pieces", "whole pieces side by side"),
    [ROLL_TRAIN_CELLS] = {.name = "batch-steps",
                          .type = RF_INT,
                          .def = "8192",
                          .min = 1,
                          .max = 1e9,
                          .flags = RF_OPT_ADVANCED,
                          .group = RF_GROUP_LEARN,
                          .help = "steps of all pieces of a batch at most, but for a longer piece "
                                  "alone"},
    [ROLL_TRAIN_LEARN] = RF_LEARN_ROWS("40", "12", "5", "cosine"),
};

const rf_option roll_eval_options[ROLL_EVAL_COUNT + 1] = {
    [ROLL_EVAL_PART] = PART,
    [ROLL_EVAL_PIECES] = {.name = "pieces",
                          .type = RF_BOOL,
                          .def = "0",
                          .help = "a table of all pieces"},
    [ROLL_EVAL_SVG] = {.name = "svg",
                       .type = RF_OUTFILE,
                       .meta = "FILE.svg",
                       .group = "Picture",
                       .help = "a piece, and how probable each key was told to be"},
    [ROLL_EVAL_PIECE] = PIECE("which piece is drawn"),
    [ROLL_EVAL_FROM] = {.name = "from",
                        .type = RF_INT,
                        .def = "2",
                        .min = 2,
                        .max = 1e9,
                        .group = "Picture",
                        .help = "the first step drawn; the first of a piece is not predicted"},
    [ROLL_EVAL_FRAMES] = {.name = "frames",
                          .type = RF_INT,
                          .def = "64",
                          .min = 1,
                          .max = 1000,
                          .unit = "steps",
                          .group = "Picture",
                          .help = "how many steps are drawn"},
    [ROLL_EVAL_BATCH] = {.name = "batch",
                         .type = RF_INT,
                         .letter = 'b',
                         .def = "32",
                         .min = 1,
                         .max = 65536,
                         .unit = "pieces",
                         .flags = RF_OPT_ADVANCED,
                         .help = "pieces side by side"},
};

const rf_option roll_sample_options[ROLL_SAMPLE_COUNT + 1] = {
    [ROLL_SAMPLE_MIDI] = {.name = "midi",
                          .type = RF_OUTFILE,
                          .flags = RF_OPT_REQUIRED,
                          .help = "the MIDI file to write: what was given, and what follows"},
    [ROLL_SAMPLE_SVG] = {.name = "svg",
                         .type = RF_OUTFILE,
                         .meta = "FILE.svg",
                         .help = "a picture of it"},
    [ROLL_SAMPLE_PART] = PART,
    [ROLL_SAMPLE_PIECE] = PIECE("which piece is continued"),
    [ROLL_SAMPLE_PRIME] = {.name = "prime",
                           .type = RF_INT,
                           .letter = 'p',
                           .def = "16",
                           .min = 0,
                           .max = 1e6,
                           .unit = "steps",
                           .help = "how much of the piece is given; 0: all"},
    [ROLL_SAMPLE_LENGTH] = {.name = "length",
                            .type = RF_INT,
                            .letter = 'l',
                            .def = "64",
                            .min = 1,
                            .max = 100000,
                            .unit = "steps",
                            .help = "how much follows"},
    [ROLL_SAMPLE_TEMPERATURE] = {.name = "temperature",
                                 .type = RF_REAL,
                                 .letter = 't',
                                 .def = "1",
                                 .min = 0,
                                 .max = 10,
                                 .help = "below 1 keys that are likely become likelier; 0: those "
                                         "alone that are likelier than not"},
    [ROLL_SAMPLE_QPM] = {.name = "qpm",
                         .type = RF_REAL,
                         .def = "90",
                         .min = 4,
                         .max = 1000,
                         .help = "quarter notes a minute"},
};
