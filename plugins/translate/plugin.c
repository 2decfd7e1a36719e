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
    "# A model's translations of a test set.\n"
    "refrain-translate eval --model zh-en.safetensors --source test.zh --references test.en",
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
static const char *const train_examples[] = {
    "# German to English, lower-cased and tokenised files, pieces learned of both together.\n"
    "refrain-translate train train.de train.en --valid val.de --valid val.en --joint joint \\\n"
    "    --model de-en.safetensors",
    "# A table whose second column is Chinese and whose first is English.\n"
    "refrain-translate train pairs.tsv --columns 2,1 --source-language zh --target-language en \\\n"
    "    --target-letters true --model 中英.safetensors",
    "# Stop it at any time; go on where it was.\n"
    "refrain-translate train pairs.tsv --model 中英.safetensors --resume",
    NULL};
static const char *const translate_examples[] = {
    "echo 我爱音乐。 | refrain-translate translate --model 中英.safetensors",
    "# The five best of each line, with scores.\n"
    "refrain-translate translate test.zh --model 中英.safetensors --beam 10 --nbest 5",
    "# What was translated before is not translated anew.\n"
    "refrain-translate translate test.zh --model 中英.safetensors --memory 旧译.tsv",
    "# With tokens and attention, for programs.\n"
    "refrain-translate translate test.zh --model 中英.safetensors --attention --format json",
    NULL};
static const char *const align_examples[] = {
    "refrain-translate align 我爱音乐。 --model 中英.safetensors --svg attention.svg",
    "# Of a given translation.\n"
    "refrain-translate align 我爱音乐。 --target 'i love music .' --model 中英.safetensors",
    NULL};
static const char *const score_examples[] = {
    "refrain-translate score test.de test.en --model de-en.safetensors", NULL};
static const char *const average_examples[] = {
    "# What a training with --keep 5 has left.\n"
    "refrain-translate average 中英.safetensors.? --model mean.safetensors",
    NULL};

static const rf_verb verbs[] = {
    {.name = "train",
     .summary = "learn to translate from pairs of lines",
     .help =
         "Reads a table with tabs between columns, or two files whose lines translate each other; "
         "files may be packed with gzip.  Both sides are cut into words, characters, or pieces "
         "that are learned (byte pair encoding); an encoder reads the source from both ends, and "
         "a decoder writes the target while it attends to the source.\n\n"
         "A part of the pairs is held out, unless --valid has others.  MODEL is written whenever "
         "they are translated best so far.  MODEL.state holds all that --resume needs to go on as "
         "if nothing had happened.",
     .operands = "FILE...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 2,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = tr_train_options,
     .examples = train_examples,
     .run = tr_train},
    {.name = "translate",
     .summary = "translate lines",
     .help = "Translates the lines of files, or of standard input as they come, by beam search.  "
             "An empty line stays empty.  Tokens that the model cannot write are replaced by those "
             "of the source that it attended to most.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_RECORD),
     .options = tr_run_options,
     .examples = translate_examples,
     .run = tr_translate},
    {.name = "align",
     .summary = "show what a translation attends to",
     .help = "Translates one sentence, or takes the translation that --target gives, and tells for "
             "each of its tokens how much the decoder attended to each token of the source.",
     .operands = "TEXT",
     .operand_type = RF_STRING,
     .arg_min = 1,
     .arg_max = 1,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = tr_align_options,
     .examples = align_examples,
     .run = tr_align},
    {.name = "score",
     .summary = "tell how probable given translations are",
     .help = "Reads pairs as train does; for each the logarithm of the target's probability given "
             "the source, and the perplexity of a token.",
     .operands = "FILE...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 2,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC),
     .options = tr_score_options,
     .examples = score_examples,
     .run = tr_score},
    {.name = "average",
     .summary = "average the numbers of several models",
     .help = "Of models of one training, kept at different times: their mean is often better than "
             "each.  Options and vocabularies must be the same.",
     .operands = "MODEL...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_FILE),
     .options = tr_average_options,
     .examples = average_examples,
     .run = tr_average},
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
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
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
    "Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate, "
    "ICLR 2015",
    "Luong, Pham, Manning: Effective approaches to attention-based neural machine translation, "
    "EMNLP 2015",
    "Wu et al.: Google's neural machine translation system, 2016",
    "See, Liu, Manning: Get to the point: summarization with pointer-generator networks, ACL 2017",
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
