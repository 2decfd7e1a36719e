/* translate/plugin.c -- who this plugin is and which verbs it has. */
#include "translate.h"

static const char *const bpe_examples[] = {
    "# Learn 8,000 merges of both languages together.\n"
    "refrain-translate bpe train.de train.en --merges 8000 --write codes.bpe",
    "echo 'a lowest newest widest' | refrain-translate bpe --codes codes.bpe",
    "# Chinese, whose words are not apart: whole lines are cut.\n"
    "echo 今天天气很好 | refrain-translate bpe --codes 词.bpe",
    "echo 'new@@ est wid@@ est' | refrain-translate bpe --undo", NULL};

static const char *const eval_examples[] = {
    "refrain-translate eval --hypotheses mine.en --references test.en",
    "# Chinese, by its characters.\n"
    "refrain-translate eval --hypotheses 译文.zh --references 参考.zh --tokenize zh",
    "# Four translations by people; interval, and whether another system is better.\n"
    "refrain-translate eval -i mine.en -a other.en -r ref0.en -r ref1.en -r ref2.en -r ref3.en",
    "# Which sentences are bad?\n"
    "refrain-translate eval -i mine.en -r test.en --metric chrf --sentences --format tsv",
    NULL};

static const char *const baseline_examples[] = {
    "# Word by word, by a dictionary that the text itself teaches.\n"
    "echo 'the cat sleeps' | refrain-translate baseline --train data/translate/train.tsv --columns "
    "2,1 \\\n"
    "    --source-language en --target-language zh",
    "# The translation of the most similar sentence.\n"
    "echo 小猫在睡觉。 | refrain-translate baseline --train data/translate/train.tsv --method "
    "nearest \\\n"
    "    --source-language zh --target-language en",
    "refrain-translate baseline --train train.de --target train.en --list > dictionary.txt", NULL};

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
    {.name = "eval",
     .summary = "measure how good translations are",
     .help =
         "Compares translations with those of people: BLEU and chrF as sacreBLEU computes them, "
         "with its signature.  With --against, a second system is measured on the same "
         "sentences; the interval has 95 % of the scores of test sets that are drawn from this "
         "one, and p says how often chance makes a difference as large.",
     .emits = RF_EMITS(RF_EV_RECORD),
     .options = tr_eval_options,
     .examples = eval_examples,
     .run = tr_eval},
    {.name = "baseline",
     .summary = "translate without a network, to compare one with",
     .help =
         "Learns from a parallel text at once and translates lines of files or of standard input: "
         "word by word, by a dictionary (IBM model 1 in both directions), or by looking up the "
         "most similar sentence (TF-IDF) and answering with its translation.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_RECORD),
     .options = tr_baseline_options,
     .examples = baseline_examples,
     .run = tr_baseline},
    {0}};

static const char *const cites[] = {
    "Sennrich, Haddow, Birch: Neural machine translation of rare "
    "words with subword units, ACL 2016",
    "Brown, Della Pietra, Della Pietra, Mercer: The mathematics of statistical machine "
    "translation, "
    "Computational Linguistics 19, 1993",
    "Papineni, Roukos, Ward, Zhu: BLEU, a method for automatic evaluation of machine translation, "
    "ACL 2002",
    "Popovic: chrF, character n-gram F-score for automatic MT evaluation, WMT 2015",
    "Post: A call for clarity in reporting BLEU scores, WMT 2018",
    "Koehn: Statistical significance tests for machine translation evaluation, EMNLP 2004",
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
