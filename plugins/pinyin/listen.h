/* pinyin/listen.h -- the verbs of the speech front end and their options. */
#ifndef PINYIN_LISTEN_H
#define PINYIN_LISTEN_H

#include <refrain/training.h>

#define SPEECH_TASK "speech" /* of its models */

/* Metadata of its models. */
#define SPEECH_META_UNITS     "speech.units"
#define SPEECH_META_SYLLABLES "speech.syllables"
#define SPEECH_META_DATA      "speech.data"

enum {
    LISTEN_TRAIN_UNITS,
    LISTEN_TRAIN_TONES,
    LISTEN_TRAIN_COLUMN,
    LISTEN_TRAIN_WHERE,
    LISTEN_TRAIN_FOLDER,
    LISTEN_TRAIN_VALID_FRACTION,
    LISTEN_TRAIN_LONGEST,
    LISTEN_TRAIN_RATE,
    LISTEN_TRAIN_MELS,
    LISTEN_TRAIN_LOW,
    LISTEN_TRAIN_FLOOR,
    LISTEN_TRAIN_PITCH,
    LISTEN_TRAIN_NORM,
    LISTEN_TRAIN_SLOPES,
    LISTEN_TRAIN_STACK,
    LISTEN_TRAIN_CELL,
    LISTEN_TRAIN_LAYERS,
    LISTEN_TRAIN_HIDDEN,
    LISTEN_TRAIN_BIDIRECTIONAL,
    LISTEN_TRAIN_DROPOUT,
    LISTEN_TRAIN_FORGET_BIAS,
    LISTEN_TRAIN_JOIN,
    LISTEN_TRAIN_GAP,
    LISTEN_TRAIN_SPEED,
    LISTEN_TRAIN_GAIN,
    LISTEN_TRAIN_NOISE,
    LISTEN_TRAIN_MASKS,
    LISTEN_TRAIN_MASK_TIME,
    LISTEN_TRAIN_MASK_BANDS,
    LISTEN_TRAIN_BATCH,
    LISTEN_TRAIN_LEARN,
    LISTEN_TRAIN_COUNT = LISTEN_TRAIN_LEARN + RF_LEARN_COUNT
};

enum {
    LISTEN_NBEST,
    LISTEN_BEAM,
    LISTEN_TIMES,
    LISTEN_STREAM,
    LISTEN_CHUNK,
    LISTEN_RAW,
    LISTEN_PLOT,
    LISTEN_CHARACTERS,
    LISTEN_WEIGHT,
    LISTEN_COUNT
};

enum {
    LISTEN_EVAL_COLUMN,
    LISTEN_EVAL_WHERE,
    LISTEN_EVAL_FOLDER,
    LISTEN_EVAL_BY,
    LISTEN_EVAL_BEAM,
    LISTEN_EVAL_JOIN,
    LISTEN_EVAL_GAP,
    LISTEN_EVAL_TEMPLATES,
    LISTEN_EVAL_TEMPLATES_WHERE,
    LISTEN_EVAL_SHOW,
    LISTEN_EVAL_CHARACTERS,
    LISTEN_EVAL_CHARACTERS_COLUMN,
    LISTEN_EVAL_WEIGHT,
    LISTEN_EVAL_COUNT
};

extern const rf_option listen_train_options[], listen_options[], listen_eval_options[];
extern const char *const listen_train_examples[], *const listen_examples[],
                                                      *const listen_eval_examples[];
rf_status listen_train(rf_session *s, const rf_run *r);
rf_status listen_run(rf_session *s, const rf_run *r);
rf_status listen_eval(rf_session *s, const rf_run *r);

/* Rows for the plugin's table of verbs. */
/* clang-format off */
#define LISTEN_VERBS                                                                               \
    {.name = "listen",                                                                             \
     .summary = "write down what is said in recordings",                                           \
     .help = "Reads WAV, FLAC, OGG, MP3 and what else libsndfile knows, of any rate and any number "   \
             "of channels, and writes the units that the model has learned: toned syllables, "     \
             "words or digits, the most probable first.\n\n"                                      \
             "With --stream it listens piece by piece and tells what it has understood so far; with " \
             "--raw it does so with samples on standard input, as a microphone gives them.",       \
     .operands = "FILE...",                                                                        \
     .operand_type = RF_INFILE,                                                                    \
     .arg_max = UINT32_MAX,                                                                        \
     .model = RF_MODEL_READ,                                                                       \
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),                \
     .options = listen_options,                                                                    \
     .examples = listen_examples,                                                                  \
     .run = listen_run},                                                                           \
    {.name = "listen-train",                                                                       \
     .summary = "learn to write down what is said, from recordings with transcripts",              \
     .help = "TABLE has a line for each recording: file and transcript between tabs; a first line " \
             "that begins with the word file names the columns.  The network hears 25 ms of "      \
             "log-mel spectrum each 10 ms and learns by connectionist temporal classification, so " \
             "that nobody needs to say where in a recording a syllable is.\n\n"                    \
             "While training, recordings are played faster and slower, louder and softer and in "  \
             "noise, joined (--join) and partly masked.  MODEL is written whenever the held-out "  \
             "error is the lowest so far; MODEL.state holds all that --resume needs.",             \
     .operands = "TABLE...",                                                                       \
     .operand_type = RF_INFILE,                                                                    \
     .arg_min = 1,                                                                                 \
     .arg_max = UINT32_MAX,                                                                        \
     .model = RF_MODEL_WRITE,                                                                      \
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),              \
     .options = listen_train_options,                                                              \
     .examples = listen_train_examples,                                                            \
     .run = listen_train},                                                                         \
    {.name = "listen-eval",                                                                        \
     .summary = "measure how well a model listens",                                                \
     .help = "Compares with transcripts: errors are the words, or syllables, that have to be put, " \
             "taken out or replaced, per word there is.  With --templates the same of the nearest " \
             "recording of another table, by dynamic time warping of cepstra.",                    \
     .operands = "TABLE...",                                                                       \
     .operand_type = RF_INFILE,                                                                    \
     .arg_min = 1,                                                                                 \
     .arg_max = UINT32_MAX,                                                                        \
     .model = RF_MODEL_READ,                                                                       \
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_RECORD),                                     \
     .options = listen_eval_options,                                                               \
     .examples = listen_eval_examples,                                                             \
     .run = listen_eval}
/* clang-format on */

#endif
