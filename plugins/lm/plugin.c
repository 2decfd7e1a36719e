/* lm/plugin.c -- who this plugin is and which verbs it has. */
#include "options.h"
#include "session.h"

static const char *const train_examples[] = {
    "# Learn from a text, then go on writing it.\n"
    "refrain-lm train data/lm/nursery.txt --model song.safetensors",
    "# Words, tied vectors, and a picture of the learning curves.\n"
    "refrain-lm train ptb.txt --unit word --tie --model ptb --plot ptb.svg",
    "# Tens of thousands of words: do not compare with all of them at each step.\n"
    "refrain-lm train novels.txt --unit word --softmax adaptive --model novels",
    "# Stop it at any time; go on where it was.\n"
    "refrain-lm train data/lm/nursery.txt --model song.safetensors --resume",
    NULL};
static const char *const eval_examples[] = {
    "refrain-lm eval data/lm/nursery.txt --model song.safetensors", NULL};
static const char *const generate_examples[] = {
    "refrain-lm generate --model song.safetensors --prompt 'Once upon' --length 300",
    "# The same seed gives the same text.\n"
    "refrain-lm generate --model tang.safetensors --prompt 春 --lines 4 --seed 7",
    NULL};
static const char *const score_examples[] = {
    "# Which line is the most likely one?\n"
    "refrain-lm score candidates.txt --rank total --model song.safetensors",
    NULL};
static const char *const predict_examples[] = {
    "refrain-lm predict 'Once upon a ti' --model song.safetensors --top 5", NULL};

static const rf_verb verbs[] = {
    {.name = "train",
     .summary = "learn to continue texts",
     .help =
         "Text files may be packed with gzip; several are read as one long text.  Their last tenth "
         "is held out to validate, unless --valid names a text for that.  MODEL is written "
         "whenever the validation is the best so far: one safetensors file, complete in "
         "itself.  MODEL.state holds all that --resume needs to go on as if nothing had "
         "happened; it may be removed when the training is done.\n\n"
         "Started by mpirun, several processes share the --batch.",
     .operands = "TEXT...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_FILE) |
              RF_EMITS(RF_EV_RECORD),
     .flags = RF_VERB_RANKS,
     .options = lm_train_options,
     .examples = train_examples,
     .run = lm_train},
    {.name = "eval",
     .summary = "measure how well a model predicts texts",
     .help = "Reports for each text, and for all together, the loss in nats per unit, the "
             "perplexity per unit, bits per unit and per character, and how many units the model "
             "does not know.",
     .operands = "TEXT...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_METRIC),
     .options = lm_eval_options,
     .examples = eval_examples,
     .run = lm_eval},
    {.name = "generate",
     .summary = "write text",
     .help = "Text appears as it is written.  With --beam the most probable continuations are "
             "searched for instead, and come as a table, the best first.",
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_RECORD),
     .options = lm_generate_options,
     .examples = generate_examples,
     .run = lm_generate},
    {.name = "score",
     .summary = "tell how probable lines are",
     .help =
         "Reads lines from files or from standard input.  For each: the logarithm to base 10 of "
         "its probability, its line end included, and its perplexity per unit.",
     .operands = "[TEXT...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_RECORD),
     .options = lm_score_options,
     .examples = score_examples,
     .run = lm_score},
    {.name = "predict",
     .summary = "show the most probable next units after a prefix",
     .operands = "PREFIX...",
     .operand_type = RF_STRING,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_RECORD),
     .options = lm_predict_options,
     .examples = predict_examples,
     .run = lm_predict},
    {.name = "cells",
     .summary = "list the recurrent cells that train can use",
     .emits = RF_EMITS(RF_EV_RECORD),
     .run = lm_cells},
    {0}};

static const char *const cites[] = {
    "Mikolov, Karafiat, Burget, Cernocky, Khudanpur: Recurrent neural network based language "
    "model, "
    "Interspeech 2010",
    "Zaremba, Sutskever, Vinyals: Recurrent neural network regularization, 2014",
    "Press, Wolf: Using the output embedding to improve language models, EACL 2017",
    "Merity, Keskar, Socher: Regularizing and optimizing LSTM language models, ICLR 2018",
    "Grave, Joulin, Cisse, Grangier, Jegou: Efficient softmax approximation for GPUs, ICML 2017",
    "Jean, Cho, Memisevic, Bengio: On using very large target vocabulary for neural machine "
    "translation, ACL 2015",
    NULL};

static const char *const features[] = {"text", NULL};

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = LM_ID,
    .task = "lm",
    .name = "Language model",
    .summary = "learn to continue texts, write them, and tell how probable they are",
    .version = LM_VERSION,
    .license = "MIT",
    .cites = cites,
    .features = features,
    .verbs = verbs,
    .open = rf_session_open,
    .close = rf_session_close,
    .query = rf_session_query,
};

RF_PLUGIN(plugin)
