/* pos/plugin.c -- who this plugin is and which verbs it has. */
#include "pos.h"

static const char *const train_examples[] = {
    "# Universal parts of speech, from a treebank.\n"
    "refrain-pos train en_ewt-ud-train.conllu --valid en_ewt-ud-dev.conllu --model en.safetensors",
    "# Chinese: words and tags of raw text at once.\n"
    "refrain-pos train data/pos/zh.txt --task words --model 词.safetensors",
    "# The finer tags of the other column, chosen each alone.\n"
    "refrain-pos train train.conllu --tag xpos --output softmax --model xpos.safetensors",
    "# Stop it at any time; go on where it was.\n"
    "refrain-pos train data/pos/zh.txt --task words --model 词.safetensors --resume",
    NULL};
static const char *const tag_examples[] = {
    "echo 我在华联购物 | refrain-pos tag --model 词.safetensors",
    "# CoNLL-U in, CoNLL-U out; what is not the tag stays as it is.\n"
    "refrain-pos tag untagged.conllu --model en.safetensors > tagged.conllu",
    "# How sure is it, and what else could it be?\n"
    "echo 我爱购物 | refrain-pos tag --model 词.safetensors --nbest 5\n"
    "echo 我爱购物 | refrain-pos tag --model 词.safetensors --style table --format json",
    "# Words of one's own.\n"
    "refrain-pos tag news.txt --model 词.safetensors --lexicon names.tsv",
    NULL};
static const char *const eval_examples[] = {
    "refrain-pos eval en_ewt-ud-test.conllu --model en.safetensors",
    "# From the text alone: sentences, words and tags.\n"
    "refrain-pos eval en_ewt-ud-test.conllu --raw --model en.safetensors --svg confusion.svg",
    "# A model that finds words, on given ones.\n"
    "refrain-pos eval data/pos/zh.txt --given-words --model 词.safetensors",
    NULL};

static const rf_verb verbs[] = {
    {.name = "train",
     .summary = "learn to tag from tagged sentences",
     .help =
         "Reads CoNLL-U, or lines of word/tag; files may be packed with gzip.  With --task tags "
         "the network tags given words: it sees each word, its shape, its affixes and its "
         "letters, and the sentence from both ends.  With --task words it reads characters, "
         "and tells for each which place it has in a word with which tag: so words are found "
         "and tagged at once, as Chinese needs.\n\n"
         "A tenth of the sentences is held out, unless --valid names files.  MODEL is written "
         "whenever the held-out accuracy, or the F1 of words with their tags, is the best so "
         "far.  MODEL.state holds all that --resume needs to go on as if nothing had "
         "happened.",
     .operands = "FILE...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = pos_train_options,
     .examples = train_examples,
     .run = pos_train},
    {.name = "tag",
     .summary = "tag texts",
     .help =
         "Reads CoNLL-U, words between blanks, lines of word/tag, or raw text, from files or "
         "from standard input, and writes the words with their tags.  Raw text is cut into "
         "sentences first.  Without --model the installed one for the first text's language is "
         "taken, Chinese or English.  Standard input is answered line by line, as it comes."
         "\n\nWithout --model the installed one is taken, Chinese or English as the first text is.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_RECORD),
     .options = pos_tag_options,
     .examples = tag_examples,
     .run = pos_tag},
    {.name = "eval",
     .summary = "measure how well a model tags",
     .help = "Compares with tagged sentences: accuracy, of unknown words too, of whole sentences, "
             "and precision, recall and F1 of each tag.  Where words are found and not given, "
             "precision, recall and F1 of words, and F1 of words with their tags, are those of "
             "the CoNLL 2018 shared task.",
     .operands = "FILE...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = pos_eval_options,
     .examples = eval_examples,
     .run = pos_eval},
    {0}};

static const char *const cites[] = {
    "Lafferty, McCallum, Pereira: Conditional random fields, ICML 2001",
    "Huang, Xu, Yu: Bidirectional LSTM-CRF models for sequence tagging, 2015",
    "Lample, Ballesteros, Subramanian, Kawakami, Dyer: Neural architectures for named entity "
    "recognition, NAACL 2016",
    "Plank, Soegaard, Goldberg: Multilingual part-of-speech tagging with bidirectional long "
    "short-term memory models and auxiliary loss, ACL 2016",
    "Ng, Low: Chinese part-of-speech tagging: one-at-a-time or all-at-once? Word-based or "
    "character-based?, EMNLP 2004",
    NULL};

static const char *const features[] = {"text", NULL};

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = "org.refrain.pos",
    .task = "pos",
    .name = "Part-of-speech tagger",
    .summary = "find words and tell their parts of speech",
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
