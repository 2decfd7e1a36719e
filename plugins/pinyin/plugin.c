/* pinyin/plugin.c -- who this plugin is and which verbs it has. */
#include <string.h>

#include "annotate.h"
#include "listen.h"
#include "listen_hear.h"
#include "live.h"

static const char *const train_examples[] = {
    "# The small lexicon and text that come with it.\n"
    "refrain-pinyin train data/pinyin/demo.txt --lexicon data/pinyin/demo-lexicon.txt \\\n"
    "  --hidden 64 --epochs 10 --model demo.safetensors",
    "# From a large text; sentences of the test are in none of it.\n"
    "refrain-pinyin train news.txt --lexicon chars.txt --lexicon phrases.txt "
    "\\\n"
    "  --exclude test.tsv --model 拼音.safetensors",
    NULL};
static const char *const decode_examples[] = {
    "refrain-pinyin decode 'ta shi yan jiu sheng wu de'",
    "# Without blanks; the five best, with their scores.\n"
    "refrain-pinyin decode tashiyanjiushengwude --nbest 5",
    "# Only initials; the second and third character are known.\n"
    "refrain-pinyin decode tsyjswd --fix _是研究",
    "# All that could have been meant, as a picture.\n"
    "refrain-pinyin decode 'ta shi yan jiu sheng wu de' --lattice lattice.svg",
    NULL};
static const char *const score_examples[] = {
    "refrain-pinyin score --pinyin 'ta shi yan jiu sheng wu de' \\\n"
    "  他是研究生物的 踏实研究生物的 他实验救生物的 他使烟酒生物的",
    NULL};
static const char *const eval_examples[] = {"refrain-pinyin eval test.tsv --compare",
                                            "refrain-pinyin eval input.csv --errors 20", NULL};

static const char *const type_examples[] = {
    "# Candidates follow every key; a number picks; Enter takes the first and ends the line.\n"
    "refrain-pinyin type",
    "printf 'tashi\\nyanjiu\\n2\\n\\n' | refrain-pinyin type", NULL};

static const rf_verb verbs[] = {
    {.name = "train",
     .summary = "learn to choose characters, from texts and lexica",
     .help =
         "Counts n-grams of characters and of words, then trains a recurrent network over "
         "characters, and chooses the weights between them on lines that are held out.  The "
         "lexica say which words there are, how they are read and how frequent they are.  MODEL "
         "is one file with all of it.\n\n"
         "MODEL.state holds all that --resume needs to go on as if nothing had happened.",
     .operands = "TEXT...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = py_train_options,
     .examples = train_examples,
     .run = py_verb_train},
    {.name = "decode",
     .summary = "turn pinyin into characters",
     .help =
         "Takes lines from the command or from standard input: syllables with blanks or without, "
         "with ', with tones as digits (shi4) or marks (shì) or none, v or ü.  Letters that "
         "make no syllables are taken as initials; words with capitals, numbers, punctuation and "
         "characters pass through.  Without --model the installed one is taken.",
     .operands = "[PINYIN...]",
     .operand_type = RF_STRING,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = py_decode_options,
     .examples = decode_examples,
     .run = py_verb_decode},
    {.name = "score",
     .summary = "compare given readings of the same syllables",
     .help = "The best first.  A reading that the lattice of the syllables does not have has no "
             "score.",
     .operands = "READING...",
     .operand_type = RF_STRING,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD),
     .options = py_score_options,
     .examples = score_examples,
     .run = py_verb_score},
    LISTEN_VERBS,
    ANNOTATE_VERBS,
    {.name = "eval",
     .summary = "measure how many characters and sentences are right",
     .help =
         "Files have lines \"pinyin TAB characters\", further columns before them, or "
         "\"number,pinyin,characters\".  Characters right are counted at their places, or, where "
         "an answer has another length, by edit distance, as cer (edits for each character due) "
         "always is.",
     .operands = "FILE...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC),
     .options = py_eval_options,
     .examples = eval_examples,
     .run = py_verb_eval},
    {.name = "type",
     .summary = "type pinyin, see candidates, pick by number",
     .help =
         "At a terminal each key is answered at once: a number picks that candidate, the space bar "
         "the first, Tab and the arrows show more, Backspace erases, Escape forgets, Enter takes "
         "the first candidate and writes what was made, Ctrl-D ends.\n\n"
         "Elsewhere lines are read from standard input and each is answered: letters are added to "
         "what is typed, a number picks that candidate, - erases the last letter, -- all of it; an "
         "empty line takes the first candidate, writes what was made and begins anew.  Programs "
         "have the same, key by key, as the interface rf.live/1.",
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_TEXT),
     .options = py_live_options,
     .examples = type_examples,
     .run = py_verb_type},
    {0}};

static const char *const cites[] = {
    "Graves, Fernandez, Gomez, Schmidhuber: Connectionist temporal classification: labelling "
    "unsegmented sequence data with recurrent neural networks, ICML 2006",
    "Park, Chan, Zhang, Chiu, Zoph, Cubuk, Le: SpecAugment: a simple data augmentation method for "
    "automatic speech recognition, Interspeech 2019",
    "Park, Lee: g2pM: a neural grapheme-to-phoneme conversion package for Mandarin Chinese based "
    "on "
    "a new open benchmark dataset, Interspeech 2020",
    "Chen, Lee: A new statistical approach to Chinese pinyin input, ACL 2000",
    "Chen, Goodman: An empirical study of smoothing techniques for language modeling, 1998",
    "Mikolov, Karafiat, Burget, Cernocky, Khudanpur: Recurrent neural network based language "
    "model, Interspeech 2010",
    NULL};

static const char *const features[] = {"text", "audio", NULL};

static const void *query(const char *id)
{
    if (!strcmp(id, RF_HEAR)) return &listen_hear;
    return strcmp(id, RF_LIVE) ? NULL : &py_live;
}

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = PY_ID,
    .task = "pinyin",
    .name = "Pinyin to characters",
    .summary = "turn pinyin, typed or spoken, into Chinese characters with recurrent networks",
    .version = "1.0.0",
    .license = "MIT",
    .cites = cites,
    .features = features,
    .verbs = verbs,
    .open = rf_session_open,
    .close = rf_session_close,
    .query = query,
};

RF_PLUGIN(plugin)
