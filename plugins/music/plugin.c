/* music/plugin.c -- who this plugin is and which verbs it has. */
#include "music.h"
#include "roll.h"

static const char *const render_examples[] = {
    "refrain-music render data/music/midi/mill.mid --audio mill.wav",
    "# The built-in synthesiser sounds the same everywhere.\n"
    "refrain-music render data/music/midi/river.mid --audio 春江.ogg --synth own",
    NULL};
static const char *const show_examples[] = {
    "refrain-music show data/music/midi/mill.mid --svg mill.svg",
    "# A piece of a set of piano rolls, a step a quarter note.\n"
    "refrain-music show data/music/cadences.json --piece 3 --steps 1 --svg cadence.svg",
    NULL};
static const char *const info_examples[] = {
    "refrain-music info data/music/midi/river.mid",
    "# Every note, for other programs.\n"
    "refrain-music info data/music/midi/river.mid --notes --format json",
    NULL};
static const char *const convert_examples[] = {
    "# A piece of a set of piano rolls, to be played or edited elsewhere.\n"
    "refrain-music convert data/music/cadences.json --piece 3 --steps 1 --midi cadence.mid",
    "refrain-music convert played.mid --grid 4 --midi straight.mid", NULL};

static const char *const roll_train_examples[] = {
    "refrain-music roll-train data/music/cadences.json --grid 1 --model cadences.safetensors",
    "# Of MIDI files, in sixteenths, a tenth of them held out; keys given the lower ones.\n"
    "refrain-music roll-train 曲/ --output nade --transpose 5 --model 曲.safetensors",
    NULL};
static const char *const roll_eval_examples[] = {
    "refrain-music roll-eval data/music/cadences.json --model cadences.safetensors",
    "# What the network expected, beside what came.\n"
    "refrain-music roll-eval data/music/cadences.json --model cadences.safetensors --svg told.svg",
    NULL};
static const char *const roll_sample_examples[] = {
    "refrain-music roll-sample data/music/cadences.json --model cadences.safetensors \\\n"
    "    --prime 8 --length 24 --midi more.mid",
    "# 从无到有\n"
    "refrain-music roll-sample --model cadences.safetensors --midi 新曲.mid --temperature 0.8",
    NULL};

#define READS "Reads MIDI files of type 0 or 1, and sets of piano rolls as JSON."

#define ROLLS                                                                                      \
    "Reads sets of piano rolls as JSON, MIDI files, and folders of MIDI files, which are snapped " \
    "to a grid; drums are left out."

static const rf_verb verbs[] = {
    {.name = "render",
     .summary = "make a piece sound",
     .help =
         READS "  FluidSynth plays where it and a sound font are installed, else the built-in "
               "synthesiser.  The sound is brought to a mean power of -18 dB and limited to -1 dB "
               "of full scale.",
     .operands = "FILE",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = music_render_options,
     .examples = render_examples,
     .run = music_render},
    {.name = "show",
     .summary = "draw a piece as a piano roll",
     .help = READS "  A colour is a track; the paler a note, the softer.",
     .operands = "FILE",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_FILE),
     .options = music_show_options,
     .examples = show_examples,
     .run = music_show},
    {.name = "info",
     .summary = "tell what is in a piece",
     .help = READS
     "  Tables of the piece, its tracks, and where tempo, metre and key change.  The key that "
     "it sounds like is the one whose profile fits best how long each pitch sounds, with "
     "the correlation as its fit.",
     .operands = "FILE",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_NOTE),
     .options = music_info_options,
     .examples = info_examples,
     .run = music_info},
    {.name = "convert",
     .summary = "write a piece as a MIDI file",
     .help =
         READS "  The file is of type 1: a part with title, tempo, metre and key, and one for each "
               "track.",
     .operands = "FILE",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_FILE),
     .options = music_convert_options,
     .examples = convert_examples,
     .run = music_convert},
    {.name = "roll-train",
     .summary = "learn which keys sound next",
     .help = ROLLS
     "  A network reads which of 88 keys sound at every step, and tells how probable each is at "
     "the "
     "next; the loss is in nats per frame, summed over the keys.  With --output nade keys are told "
     "from the lowest to the highest, each given those below.\n\nLearns from the train part of a "
     "set; what its valid part, or --valid, says decides which parameters are kept and when to "
     "stop.",
     .operands = "FILE...",
     .operand_type = RF_PATH,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = roll_train_options,
     .examples = roll_train_examples,
     .run = roll_train},
    {.name = "roll-eval",
     .summary = "measure how well a model tells which keys sound next",
     .help = ROLLS
     "  The loss is the negative logarithm of the probability of a frame: the binary cross-entropy "
     "summed over 88 keys, mean over all frames but each piece's first, in nats.  per_note divides "
     "the same sum by the notes that begin in these frames.",
     .operands = "FILE...",
     .operand_type = RF_PATH,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = roll_eval_options,
     .examples = roll_eval_examples,
     .run = roll_eval},
    {.name = "roll-sample",
     .summary = "continue a piece frame by frame",
     .help = "Draws frame after frame from what a model tells, behind the beginning of a piece or "
             "from silence, and writes a MIDI file.  Keys that sound in frames that follow one "
             "another are held.",
     .operands = "[FILE]",
     .operand_type = RF_PATH,
     .arg_max = 1,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = roll_sample_options,
     .examples = roll_sample_examples,
     .run = roll_sample},
    {0}};

static const char *const cites[] = {
    "Krumhansl: Cognitive foundations of musical pitch, Oxford University Press 1990",
    "Chowning: The synthesis of complex audio spectra by means of frequency modulation, JAES 1973",
    "Karplus, Strong: Digital synthesis of plucked-string and drum timbres, CMJ 1983",
    "Jaffe, Smith: Extensions of the Karplus-Strong plucked-string algorithm, CMJ 1983",
    "Larochelle, Murray: The neural autoregressive distribution estimator, AISTATS 2011",
    "Boulanger-Lewandowski, Bengio, Vincent: Modeling temporal dependencies in high-dimensional "
    "sequences, ICML 2012",
    "Schroeder: Natural sounding artificial reverberation, JAES 1962",
    NULL};

static const char *const features[] = {"audio", "image", NULL};

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = MUSIC_ID,
    .task = "music",
    .name = "Music",
    .summary = "read, draw, play and learn music",
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
