/* translate/plugin.c -- who this plugin is and which verbs it has. */
#include "translate.h"

static const char *const bpe_examples[] = {
    "# Learn 8,000 merges of both languages together.\n"
    "refrain-translate bpe train.de train.en --merges 8000 --write codes.bpe",
    "echo 'a lowest newest widest' | refrain-translate bpe --codes codes.bpe",
    "# Chinese, whose words are not apart: whole lines are cut.\n"
    "echo 今天天气很好 | refrain-translate bpe --codes 词.bpe",
    "echo 'new@@ est wid@@ est' | refrain-translate bpe --undo", NULL};

static const rf_verb verbs[] = {
    {.name = "bpe",
     .summary = "learn and apply byte pair encoding",
     .help =
         "With --write, learns pieces of words from the files.  With --codes, cuts the words of "
         "files or of standard input into such pieces; with --undo, joins them again.  The files "
         "are those of subword-nmt (#version: 0.2), and the results are the same.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE),
     .options = tr_bpe_options,
     .examples = bpe_examples,
     .run = tr_bpe},
    {0}};

static const char *const cites[] = {"Sennrich, Haddow, Birch: Neural machine translation of rare "
                                    "words with subword units, ACL 2016",
                                    NULL};

static const char *const features[] = {"text", NULL};

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = TR_PLUGIN,
    .task = TR_TASK,
    .name = "Machine translation",
    .summary = "translate texts and measure translations",
    .version = "1.0.0",
    .license = "MIT",
    .cites = cites,
    .features = features,
    .verbs = verbs,
    .open = rf_session_open,
    .close = rf_session_close,
    .query = rf_session_query,
};

RF_PLUGIN(plugin)
