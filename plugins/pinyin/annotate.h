/* pinyin/annotate.h -- from characters to toned pinyin: three verbs, their options, a model in use.
 *
 * Options are indices into rf_run.opt. */
#ifndef PINYIN_ANNOTATE_H
#define PINYIN_ANNOTATE_H

#include "annotate_net.h"

#define AN_TASK         "pinyin-annotate"
#define AN_META_CHARS   "annotate.chars"
#define AN_META_PAIRS   "annotate.pairs"
#define AN_META_CLASSES "annotate.readings"
#define AN_META_DATA    "annotate.data" /* of the state: a hash of the text */

enum {
    AN_TRAIN_LEXICON,
    AN_TRAIN_WORDS,
    AN_TRAIN_PHRASES,
    AN_TRAIN_PLAIN,
    AN_TRAIN_EXCLUDE,
    AN_TRAIN_BEGIN,
    AN_TRAIN_VALID,
    AN_TRAIN_VALID_FRACTION,
    AN_TRAIN_WINDOW,
    AN_TRAIN_MIN_COUNT,
    AN_TRAIN_PAIR_COUNT,
    AN_TRAIN_CELL,
    AN_TRAIN_MEMBERS,
    AN_TRAIN_LAYERS,
    AN_TRAIN_HIDDEN,
    AN_TRAIN_EMBED,
    AN_TRAIN_EMBED_PAIR,
    AN_TRAIN_EMBED_HINT,
    AN_TRAIN_DROPOUT,
    AN_TRAIN_DROPOUT_INPUT,
    AN_TRAIN_DROPOUT_KNOWN,
    AN_TRAIN_BATCH,
    AN_TRAIN_LEARN,
    AN_TRAIN_COUNT = AN_TRAIN_LEARN + RF_LEARN_COUNT
};
enum { AN_TONES, AN_TABLE, AN_SURE, AN_COUNT };
enum { AN_EVAL_COMPARE, AN_EVAL_SURE, AN_EVAL_CHARACTERS, AN_EVAL_ERRORS, AN_EVAL_COUNT };
/* Words of --tones. */
enum { AN_MARKS, AN_DIGITS, AN_NO_TONES };

extern const rf_option an_train_options[AN_TRAIN_COUNT + 1];
extern const rf_option an_options[AN_COUNT + 1];
extern const rf_option an_eval_options[AN_EVAL_COUNT + 1];
extern const char *const an_examples[], *const an_train_examples[], *const an_eval_examples[];

rf_status an_verb_annotate(rf_session *s, const rf_run *r);
rf_status an_verb_train(rf_session *s, const rf_run *r);
rf_status an_verb_eval(rf_session *s, const rf_run *r);

/* ---- Models ---------------------------------------------------------------------------------- */

an_shape an_shape_of(const rf_setting *v);

typedef struct an_model {
    an_net *m;
    rf_device *d;
    rf_graph *g;
    an_set set; /* what is told now; the verbs fill and clear it */
} an_model;
/* Close it even after an error.  Errors: EIO, EFORMAT, ENOMEM. */
rf_status an_model_open(an_model *x, const char *path, uint32_t threads, rf_error *err);
void an_model_close(an_model *x);
/* Let an untrained network begin with what others have learned: member i with model i % count, by turns
 * with the members of that; every row of a character, pair or reading that both know, and what is alike
 * in shape.  How many rows they were.
 *   from  [count], count > 0 */
int64_t an_net_begin(an_net *m, const an_model *from, uint32_t count);

/* ---- Readings in a text ---------------------------------------------------------------------- */

/* How a reading was found. */
enum { AN_NONE, AN_NETWORK, AN_PHRASE, AN_ONLY, AN_USUAL };
extern const char *const an_sources[]; /* "none", "network", "phrase", "only", "usual" */

typedef struct an_told {
    int32_t reading; /* -1: not known, or no Chinese character */
    int source;
    double p;    /* of the reading by the network; NAN: it was not asked */
    rf_index at; /* of the network's probabilities in an_answer.p; -1: none */
} an_told;

/* Every character of the sentences of x->set. */
typedef struct an_answer {
    an_told *told; /* by number of the character in the set */
    rf_real *p;    /* probabilities, one character's behind the other's */
    rf_index n, cap;
} an_answer;
/* Where the best reading has not the probability `sure`, that of the phrase is taken if there is one.
 *   code  the characters of the set
 * Errors: ENOMEM, EDIVERGED, those of tell. */
rf_status an_answer_find(an_answer *a, an_model *x, const int32_t *code, double sure,
                         rf_status (*tell)(void *ctx, double done, double total), void *ctx,
                         rf_error *err);
void an_answer_free(an_answer *a);

/* ---- Rows of the plugin's table -------------------------------------------------------------- */

#define ANNOTATE_VERBS                                                                                \
    {.name = "annotate",                                                                              \
     .summary = "turn characters into toned pinyin, each as its sentence has it read",                \
     .help =                                                                                          \
         "Takes lines from the command or from standard input.  Which reading of 行, 长 or 得 is " \
         "meant, a network in both directions tells by the sentence; where it is unsure, the "        \
         "phrase of the lexicon that the character stands in decides.  Characters that nobody "       \
         "knows, Latin and signs pass through.",                                                      \
     .operands = "[TEXT...]",                                                                         \
     .operand_type = RF_STRING,                                                                       \
     .arg_max = UINT32_MAX,                                                                           \
     .model = RF_MODEL_READ,                                                                          \
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_RECORD),                                          \
     .options = an_options,                                                                           \
     .examples = an_examples,                                                                         \
     .run = an_verb_annotate},                                                                        \
        {.name = "annotate-train",                                                                    \
         .summary = "learn how characters are read, from sentences with pinyin",                      \
         .help =                                                                                      \
             "A line of TEXT is a sentence, a tab, and a syllable for each Chinese character "        \
             "(tones as digits or marks), or has one character between two U+2581, whose "            \
             "reading is a line of FILE.lb beside FILE.sent.  --plain takes text without pinyin, "    \
             "in which "                                                                              \
             "the lexicon's phrases tell how some characters are read.\n\n"                           \
             "MODEL is one file with network and lexicon; MODEL.state holds all that --resume "       \
             "needs to go on as if nothing had happened.",                                            \
         .operands = "[TEXT...]",                                                                     \
         .operand_type = RF_INFILE,                                                                   \
         .arg_max = UINT32_MAX,                                                                       \
         .model = RF_MODEL_WRITE,                                                                     \
         .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),             \
         .options = an_train_options,                                                                 \
         .examples = an_train_examples,                                                               \
         .run = an_verb_train},                                                                       \
    {                                                                                                 \
        .name = "annotate-eval",                                                                      \
        .summary = "measure how many characters with several readings are read rightly",              \
        .help =                                                                                       \
            "Files as in annotate-train.  With --compare two baselines learned from those texts: "    \
            "a character's most frequent reading, and that which it has between its two "             \
            "neighbours, or beside one of them where the three were never seen.",                     \
        .operands = "TEXT...", .operand_type = RF_INFILE, .arg_min = 1, .arg_max = UINT32_MAX,        \
        .model = RF_MODEL_READ, .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC),             \
        .options = an_eval_options, .examples = an_eval_examples, .run = an_verb_eval                 \
    }

#endif
