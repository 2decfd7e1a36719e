/* caption/plugin.c -- who this plugin is and which verbs it has. */
#include "caption.h"

static const char *const encode_examples[] = {
    "# What is on the pictures?\n"
    "refrain-caption encode --encoder encoder-mobilenetv2 猫.jpg dog.png",
    "# Their features, for a decoder or any other program that reads safetensors.\n"
    "refrain-caption encode --encoder encoder-mobilenetv2 --top 0 --crop 0 --map \\\n"
    "    --features features.safetensors photos/*.jpg",
    NULL};

static const char *const scenes_examples[] = {
    "# Pictures to learn from, and pictures whose combinations are not among them.\n"
    "mkdir train test\n"
    "refrain-caption scenes train --count 5000 --split seen\n"
    "refrain-caption scenes test --count 500 --split unseen --seed 2",
    NULL};

static const char *const eval_examples[] = {
    "# Scenes with combinations that the model has never seen.\n"
    "refrain-caption eval --model scenes.safetensors --captions test/captions.tsv \\\n"
    "    --pictures test",
    "# Descriptions by any program, in rows of file and caption, beside people's.\n"
    "refrain-caption eval --captions flickr8kenc.caption.txt --splits split.tsv \\\n"
    "    --split test --hypotheses told.tsv",
    "# 模型的中文描述是否比最相似图片的描述更好？配对自助法给出区间和 p 值。\n"
    "refrain-caption eval --captions zh:flickr8kzhc.caption.txt \\\n"
    "    --splits split.tsv --split test --train-split train \\\n"
    "    --features features.safetensors --model 照片.safetensors --against nearest",
    NULL};

static const char *const baseline_examples[] = {
    "# What is said of the most similar training picture, in both languages.\n"
    "refrain-caption baseline --captions flickr8kenc.caption.txt \\\n"
    "    --captions flickr8kzhc.caption.txt --splits split.tsv --split test \\\n"
    "    --train-split train --features features.safetensors",
    "# 一句适合所有图片的话\n"
    "refrain-caption baseline --method constant --captions zh:captions.tsv \\\n"
    "    --split unseen",
    NULL};

static const char *const train_examples[] = {
    "# Made-up pictures, English and Chinese, the network before the decoder learned along.\n"
    "refrain-caption train train --epochs 30 --metric exact --model scenes.safetensors",
    "# Photographs through a network that stays as it is, Chinese captions.\n"
    "refrain-caption train photos --captions zh:flickr8kzhc.caption.txt --splits split.tsv \\\n"
    "    --split train --valid-split val --encoder encoder-mobilenetv2 --language zh \\\n"
    "    --model 照片.safetensors",
    "# A decoder that looks at nothing: what captions are like, to compare with.\n"
    "refrain-caption train train --blind --model blind.safetensors",
    "# Stop it at any time; go on where it was.\n"
    "refrain-caption train train --model scenes.safetensors --resume",
    NULL};

static const char *const describe_examples[] = {
    "refrain-caption describe test/000001.png",
    "# In Chinese, the five best, with scores.\n"
    "refrain-caption describe test/*.png --language zh --beam 5 --nbest 5",
    "# Where did it look at each word?\n"
    "refrain-caption describe test/000001.png --svg looks.svg",
    "# Photographs, through the network that the model was trained with.\n"
    "refrain-caption describe 照片.jpg --model 照片.safetensors --encoder encoder-mobilenetv2",
    NULL};

static const rf_verb verbs[] = {
    {.name = "train",
     .summary = "learn to describe pictures",
     .help =
         "Learns from the pictures in FOLDER and their captions, in English, Chinese or both, to "
         "write descriptions: a recurrent decoder attends to the places of a map of the picture.  "
         "The map is made by convolutions that are learned along (--network), or by a network that "
         "stays as it is (--encoder), or was made before (--features).\n\n"
         "A part of the pictures is held out, unless --valid-split says which.  MODEL is written "
         "whenever they are described best so far.  MODEL.state holds all that --resume needs to "
         "go on as if nothing had happened.",
     .operands = "[FOLDER]",
     .operand_type = RF_PATH,
     .arg_max = 1,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = cap_train_options,
     .examples = train_examples,
     .run = cap_train},
    {.name = "describe",
     .summary = "tell what pictures show",
     .help =
         "Describes PNG, JPEG and BMP pictures by beam search.  Without --model it is the model "
         "of made-up scenes (see the verb scenes) that comes with the program.\n\n"
         "--svg shows for each word which places of the picture the decoder attended to: the "
         "brighter, the more.",
     .operands = "[IMAGE...]",
     .operand_type = RF_STRING,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = cap_describe_options,
     .examples = describe_examples,
     .run = cap_describe},
    {.name = "encode",
     .summary = "turn pictures into classes and features",
     .help =
         "Reads PNG, JPEG and BMP pictures, sends them through a convolutional network, and tells "
         "what they probably show, or writes what the network makes of them before it decides: "
         "a vector a picture, and with --map one for each place of the picture.\n\n"
         "The network is a folder with a list of layers and their weights; the plugin's README "
         "says where to get one.",
     .operands = "IMAGE...",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = cap_encode_options,
     .examples = encode_examples,
     .run = cap_encode},
    {.name = "eval",
     .summary = "measure descriptions beside those of people",
     .help =
         "Compares what a model, or any other system, says of each picture with what people said, "
         "in one language or "
         "both: BLEU-1 to BLEU-4, METEOR without synonyms, ROUGE-L and CIDEr-D as the COCO caption "
         "challenge defines them, and how many are exactly what somebody said.  Punctuation and "
         "capitals do not count; in Chinese each character is a word.\n\n"
         "With --against two systems are compared on the same pictures: how much better the "
         "first is, between what bounds for 95 % of sets of pictures drawn from this one, and the "
         "probability p that a difference as large comes from chance.",
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD),
     .options = cap_eval_options,
     .examples = eval_examples,
     .run = cap_eval},
    {.name = "baseline",
     .summary = "describe pictures without a network",
     .help =
         "Says of all pictures the one caption that people wrote and that fits best, or of each "
         "picture what people said of the one with the most similar features.  A description "
         "that is worth something must be better than both.",
     .emits = RF_EMITS(RF_EV_RECORD),
     .options = cap_baseline_options,
     .examples = baseline_examples,
     .run = cap_baseline_verb},
    {.name = "scenes",
     .summary = "make up pictures with captions",
     .help = "Draws shapes in eight colours and three sizes: one, two or three equal ones, or a "
             "larger and a smaller one that stand in a relation.  Writes them into FOLDER as PNG, "
             "with captions.tsv: file, seen or unseen, English, Chinese.\n\n"
             "A quarter of the combinations of shape, colour and kind of scene is held out, to "
             "tell whether what was learned can be put together anew.",
     .operands = "FOLDER",
     .operand_type = RF_PATH,
     .arg_min = 1,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_FILE),
     .options = cap_scenes_options,
     .examples = scenes_examples,
     .run = cap_scenes},
    {0}};

static const char *const cites[] = {
    "Xu, Ba, Kiros, Cho, Courville, Salakhutdinov, Zemel, Bengio: Show, Attend and Tell, ICML 2015",
    "Vinyals, Toshev, Bengio, Erhan: Show and Tell, CVPR 2015",
    "Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: Inverted residuals and linear "
    "bottlenecks, CVPR 2018",
    NULL};

static const char *const features[] = {"image", NULL};

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = CAP_PLUGIN,
    .task = "caption",
    .name = "Pictures",
    .summary = "tell what pictures show",
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
