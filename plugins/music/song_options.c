/* music/song_options.c -- what the user can choose of songs: one row an option. */
#include "song_verbs.h"

#define DATA  "Files to read"
#define FILES "Files to write"
#define SOUND "What it is like"

#define SIZE(NAME, DEF, HELP)                                                                      \
    {                                                                                              \
        .name = NAME, .type = RF_INT, .def = DEF, .min = 1, .max = 4096, .flags = RF_OPT_MODEL,    \
        .group = RF_GROUP_NET, .help = HELP                                                        \
    }
#define DROPOUT(NAME, DEF, HELP)                                                                   \
    {                                                                                              \
        .name = NAME, .type = RF_REAL, .def = DEF, .max = 1, .flags = RF_OPT_BELOW,                \
        .group = RF_GROUP_LEARN, .help = HELP                                                      \
    }
#define PROGRAMS                                                                                   \
    {                                                                                              \
        .name = "programs", .type = RF_STRING, .meta = "M,C,B", .group = SOUND,                    \
        .help = "General MIDI instruments of melody, chords and bass, counted from 0"              \
    }

const rf_option song_train_options[TRAIN_COUNT + 1] = {
    [TRAIN_STEPS] = {.name = "steps-per-quarter",
                     .type = RF_INT,
                     .def = "4",
                     .min = 1,
                     .max = 96,
                     .flags = RF_OPT_ADVANCED,
                     .group = DATA,
                     .help = "how many time steps of a piano roll (JSON) make a quarter note"},
    [TRAIN_WINDOW] = {.name = "window",
                      .type = RF_INT,
                      .letter = 'w',
                      .def = "16",
                      .min = 1,
                      .max = 256,
                      .unit = "bars",
                      .group = DATA,
                      .help = "how much of a song is learned at once"},
    [TRAIN_DRUMS] = {.name = "drums",
                     .type = RF_STRING,
                     .meta = "FILE",
                     .group = DATA,
                     .help = "patterns that songs without drums get, as data/music/drums.txt has "
                             "them, which is the default; none: no drums at all"},
    [TRAIN_QPM] = {.name = "qpm",
                   .type = RF_REAL,
                   .def = "0",
                   .max = 400,
                   .unit = "quarter notes a minute",
                   .group = SOUND,
                   .help = "tempo of the songs, as piano rolls do not tell theirs; 0: as they say"},
    [TRAIN_PROGRAMS] = PROGRAMS,
    [TRAIN_CELL] = RF_CELL_ROW("lstm"),
    [TRAIN_LAYERS] = RF_LAYERS_ROW("2", "recurrent layers of the melody; the others have one"),
    [TRAIN_HIDDEN] = SIZE("hidden", "192", "size of the state of the melody's layers"),
    [TRAIN_HIDDEN_CHORDS] = SIZE("hidden-chords", "96", "of the chords'"),
    [TRAIN_HIDDEN_DRUMS] = SIZE("hidden-drums", "96", "of the drums'"),
    [TRAIN_FORGET_BIAS] = {.name = "forget-bias",
                           .type = RF_REAL,
                           .def = "1",
                           .min = -10,
                           .max = 10,
                           .flags = RF_OPT_ADVANCED,
                           .group = RF_GROUP_NET,
                           .help = "added to an LSTM's first forget bias"},
    [TRAIN_DROPOUT] = DROPOUT("dropout", "0.3", "part of the states left out while training"),
    [TRAIN_DROPOUT_INPUT] = DROPOUT("dropout-input", "0.1", "part of the inputs left out"),
    [TRAIN_BATCH] = RF_BATCH_ROW("16", "windows", "windows side by side"),
    [TRAIN_LEARN] = RF_LEARN_ROWS("30", "5", "5", "cosine"),
};

#define MAKE_ROWS                                                                                  \
    [MAKE_STYLE] = {.name = "style",                                                               \
                    .type = RF_STRING,                                                             \
                    .letter = 's',                                                                 \
                    .def = "pop",                                                                  \
                    .meta = "NAME",                                                                \
                    .help = "chorale, folk or pop, as installed; a model of one's own is given "   \
                            "by --model"},                                                         \
    [MAKE_MIDI] = {.name = "midi",                                                                 \
                   .type = RF_OUTFILE,                                                             \
                   .letter = 'o',                                                                  \
                   .meta = "FILE.mid",                                                             \
                   .group = FILES,                                                                 \
                   .help = "the song; song.mid where no file is named"},                           \
    [MAKE_SVG] = {.name = "svg",                                                                   \
                  .type = RF_OUTFILE,                                                              \
                  .meta = "FILE.svg",                                                              \
                  .group = FILES,                                                                  \
                  .help = "its piano roll"},                                                       \
    [MAKE_AUDIO] = {.name = "audio",                                                               \
                    .type = RF_OUTFILE,                                                            \
                    .meta = "FILE",                                                                \
                    .group = FILES,                                                                \
                    .help = "its sound: .wav, .flac or .ogg"},                                     \
    [MAKE_TRACKS] = {.name = "tracks",                                                             \
                     .type = RF_STRING,                                                            \
                     .meta = "LIST",                                                               \
                     .group = SOUND,                                                               \
                     .help = "of melody,chords,bass,drums; all that the style has"},               \
    [MAKE_QPM] = {.name = "qpm",                                                                   \
                  .type = RF_REAL,                                                                 \
                  .def = "0",                                                                      \
                  .min = 0,                                                                        \
                  .max = 400,                                                                      \
                  .unit = "quarter notes a minute",                                                \
                  .group = SOUND,                                                                  \
                  .help = "tempo; 0: one of the style's, or the given melody's"},                  \
    [MAKE_PROGRAMS] = PROGRAMS,                                                                    \
    [MAKE_TEMPERATURE] = {.name = "temperature",                                                   \
                          .type = RF_REAL,                                                         \
                          .letter = 't',                                                           \
                          .def = "1",                                                              \
                          .min = 0,                                                                \
                          .max = 10,                                                               \
                          .group = SOUND,                                                          \
                          .help = "0: always the likeliest; 1: as learned; above: bolder"},        \
    [MAKE_TOP_P] = {.name = "top-p",                                                               \
                    .type = RF_REAL,                                                               \
                    .def = "0.95",                                                                 \
                    .min = 0,                                                                      \
                    .max = 1,                                                                      \
                    .flags = RF_OPT_ADVANCED,                                                      \
                    .group = SOUND,                                                                \
                    .help = "choose among the likeliest that have this probability together"}

const rf_option song_compose_options[COMPOSE_COUNT + 1] = {
    MAKE_ROWS,
    [COMPOSE_BARS] = {.name = "bars",
                      .type = RF_INT,
                      .letter = 'b',
                      .def = "32",
                      .min = 2,
                      .max = 1024,
                      .group = SOUND,
                      .help = "length of the song"},
    [COMPOSE_FORM] = {.name = "form",
                      .type = RF_STRING,
                      .meta = "LETTERS",
                      .group = SOUND,
                      .help =
                          "its sections, such as AABA: the same letter, the same music, varied; "
                          "of equal length; by default of 4 or 8 bars"},
    [COMPOSE_METRE] = {.name = "metre",
                       .type = RF_STRING,
                       .meta = "N/M",
                       .group = SOUND,
                       .help = "one of the style's; 3/4"},
    [COMPOSE_KEY] = {.name = "key",
                     .type = RF_STRING,
                     .letter = 'k',
                     .meta = "TONIC",
                     .group = SOUND,
                     .help = "C, F#, Bb, Am ...; else one of the style's"},
    [COMPOSE_SCALE] = {.name = "scale",
                       .type = RF_STRING,
                       .meta = "NAME",
                       .group = SOUND,
                       .help = "major, minor, harmonic-minor, dorian, mixolydian, pentatonic, "
                               "minor-pentatonic or blues: the notes the melody keeps to"},
    [COMPOSE_CHORDS] = {.name = "chords",
                        .type = RF_STRING,
                        .meta = "\"C G Am F\"",
                        .group = SOUND,
                        .help = "the harmony: a chord a bar, over and over; C/G shares a bar"},
    [COMPOSE_PRIMER] = {.name = "primer",
                        .type = RF_INFILE,
                        .meta = "FILE.mid",
                        .group = SOUND,
                        .help = "how the melody begins"},
    [COMPOSE_SONGS] = {.name = "count",
                       .type = RF_INT,
                       .letter = 'n',
                       .def = "1",
                       .min = 1,
                       .max = 10000,
                       .group = FILES,
                       .help = "how many songs, in files song-1.mid, song-2.mid and so on"},
};

const rf_option song_continue_options[CONTINUE_COUNT + 1] = {
    MAKE_ROWS,
    [CONTINUE_BARS] = {.name = "bars",
                       .type = RF_INT,
                       .letter = 'b',
                       .def = "16",
                       .min = 1,
                       .max = 1024,
                       .group = SOUND,
                       .help = "how many are added"},
};

const rf_option song_harmonize_options[HARMONIZE_COUNT + 1] = {MAKE_ROWS};
