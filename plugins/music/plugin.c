/* music/plugin.c -- who this plugin is and which verbs it has. */
#include "music.h"
#include "roll.h"
#include "song_verbs.h"

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
    "# Listen by measurement: loudness, clipping, silence.\n"
    "refrain-music info 春江.ogg",
    NULL};
static const char *const convert_examples[] = {
    "# A piece of a set of piano rolls, to be played or edited elsewhere.\n"
    "refrain-music convert data/music/cadences.json --piece 3 --steps 1 --midi cadence.mid",
    "refrain-music convert played.mid --grid 4 --midi straight.mid", NULL};

static const char *const train_examples[] = {
    "# A style of one's own, from a folder of MIDI files.\n"
    "refrain-music train my-songs --model mine.safetensors",
    "refrain-music train data/music/midi --epochs 20 --hidden 64 --model folk.safetensors",
    "# Piano rolls, a step a sixteenth; no drums.\n"
    "refrain-music train jsb-chorales-16th.json.gz --drums none --programs 52,52,52 \\\n"
    "    --model chorale.safetensors",
    NULL};
static const char *const compose_examples[] = {
    "refrain-music compose --style pop --bars 16 --midi song.mid --svg song.svg --audio song.wav",
    "# Over given chords, in a given key and tempo.\n"
    "refrain-music compose --key C --chords \"C G Am F\" --qpm 100",
    "# 五声音阶，慢板。\n"
    "refrain-music compose --style folk --scale pentatonic --qpm 72 --midi 小曲.mid",
    "# A hundred songs; the same seed makes the same ones.\n"
    "refrain-music compose --count 100 --seed 7 --midi many.mid",
    NULL};
static const char *const continue_examples[] = {
    "refrain-music continue data/music/midi/mill.mid --style folk --bars 16 --midi longer.mid",
    NULL};
static const char *const harmonize_examples[] = {
    "refrain-music harmonize data/music/midi/river.mid --style pop --midi 春江.mid", NULL};

#define MAKES                                                                                      \
    "  Chords, bass and drums are composed to the melody.  The file has a track for each, with "   \
    "General MIDI instruments, tempo, metre and key.  The same seed makes the same song."
static const char *const eval_examples[] = {
    "refrain-music eval data/music/midi",
    "refrain-music eval pop909/ --style pop --songs 100 --svg compared.svg",
    "# How far songs that were composed are from a corpus, and a picture of it.\n"
    "refrain-music eval 民歌/ --generated 新歌/ --svg compared.svg",
    NULL};
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
    {.name = "compose",
     .summary = "compose a song in a style: melody, chords, bass and drums",
     .help = "A hierarchy of recurrent networks makes first the melody, then its chords, then the "
             "drums; the bass follows from chords and drums.  Key, scale, metre and tempo are the "
             "style's unless they are given." MAKES "\n\nWhatever the networks say: bars are "
             "whole, notes stay in range, a song has sections (AABA) that come back varied, bars "
             "recur as often as in what was learned from, and it ends on the tonic.",
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = song_compose_options,
     .examples = compose_examples,
     .run = music_compose},
    {.name = "continue",
     .summary = "go on with a melody",
     .help = "Reads the melody of a MIDI file and composes further bars in its key, metre and "
             "tempo." MAKES,
     .operands = "FILE",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 1,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = song_continue_options,
     .examples = continue_examples,
     .run = music_continue},
    {.name = "harmonize",
     .summary = "find chords for a melody",
     .help = "Reads the melody of a MIDI file and leaves it as it is." MAKES,
     .operands = "FILE",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 1,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = song_harmonize_options,
     .examples = harmonize_examples,
     .run = music_harmonize},
    {.name = "train",
     .summary = "learn a style from songs",
     .help = "Reads MIDI files, folders of them, and sets of piano rolls (JSON), as songs: a "
             "melody, chords and drums on a grid of sixteenths.  All are moved to C, so that each "
             "teaches every key.  One piece in ten is held out to choose the best model by, one in "
             "ten is left for measuring.  Songs without drums are given some from a table of "
             "patterns.\n\nMODEL is written whenever the held-out loss is the best so far. "
             "MODEL.state holds all that --resume needs to go on as if nothing had happened.",
     .operands = "FILE...",
     .operand_type = RF_PATH,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = song_train_options,
     .examples = train_examples,
     .run = music_train},
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
     .summary = "tell what is in a piece, or measure a sound",
     .help = READS
     "  Tables of the piece, its tracks, and where tempo, metre and key change.  The key that "
     "it sounds like is the one whose profile fits best how long each pitch sounds, with "
     "the correlation as its fit.\n\nOf a sound (.wav, .flac, .ogg): its length, peak, mean "
     "power, loudness (ITU-R BS.1770), samples at full scale, where it begins and ends, and the "
     "longest silence (below -60 dB) within.",
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
    {.name = "eval",
     .summary = "measure songs, and compare sets of them",
     .help =
         "Reads MIDI files, folders of them, and sets of piano rolls as songs: melody, chords, "
         "drums.  A tenth of the pieces, chosen by name, is held out (a set of piano rolls has "
         "its own parts).\n\n"
         "Tells what songs that were held out cost a model and an interpolated Markov chain, in "
         "nats a note of the melody, a half bar of the chords, a step of the drums; what songs "
         "are like: held out (data), learned from (train), drawn from the chain (markov), "
         "composed (model), and given (--generated); how far each is from the data; and which "
         "rules they keep.",
     .operands = "FILE...",
     .operand_type = RF_PATH,
     .arg_min = 1,
     .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .options = music_eval_options,
     .examples = eval_examples,
     .run = music_eval},
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
    "Chu, Urtasun, Fidler: Song from PI: a musically plausible network for pop music generation, "
    "2016",
    "Krumhansl: Cognitive foundations of musical pitch, Oxford University Press 1990",
    "Chowning: The synthesis of complex audio spectra by means of frequency modulation, JAES 1973",
    "Karplus, Strong: Digital synthesis of plucked-string and drum timbres, CMJ 1983",
    "Jaffe, Smith: Extensions of the Karplus-Strong plucked-string algorithm, CMJ 1983",
    "ITU-R: BS.1770-4, Algorithms to measure audio programme loudness and true-peak audio level, "
    "2015",
    "Witten, Bell: The zero-frequency problem, IEEE Transactions on Information Theory 1991",
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
    .summary = "compose, read, draw and play music",
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
