/* lab/plugin.c -- who this plugin is and which verbs it has. */
#include "lab.h"

/* The first example of each verb stands for it in the help of the whole: one line, without a comment. */

static const char *const graph_examples[] = {
    "refrain-lab graph 'e=(a+b)*(b+1)' a=2 b=1 --svg graph.svg",
    "# A variable that is used twice collects two contributions.\n"
    "refrain-lab graph 'y=x*exp(x^2)' x=1",
    "# The loss of a classifier, through the Jacobian of the softmax.\n"
    "refrain-lab graph 'ŷ=softmax(W@x); C=-log(pick(ŷ,2))' 'W=[1,2;0,1]; x=[1,-1]'",
    "refrain-lab graph '总价=单价*数量*(1+税率)' 单价=3 数量=4 税率=0.1", NULL};

static const char *const cell_examples[] = {
    "refrain-lab cell --all",
    "# Equations, parameters beside an LSTM's, graph, every gate at every step.\n"
    "refrain-lab cell gru --values '1,0;0,1;1,1' --svg gru.svg",
    "# Shapes of the standard interface: two layers of 10, 6 steps, 3 sequences.\n"
    "refrain-lab cell elman --input 5 --hidden 10 --layers 2 --steps 6 --batch 3",
    "# The sums of backpropagation through time, term by term.\n"
    "refrain-lab cell elman --bptt --steps 4",
    NULL};

static const char *const trace_examples[] = {
    "refrain-lab trace",
    "# Without a memory 购物 cannot be n in one sentence and v in the other.\n"
    "refrain-lab trace --no-memory '我/n 爱/v 购物/n' '我/n 在/pre 华联/n 购物/v'",
    "# Gates and states of a language model while it reads.\n"
    "refrain-lab trace --model data/lm/tang.safetensors 春眠不觉晓 --svg gates.svg",
    NULL};

static const char *const gradients_examples[] = {
    "refrain-lab gradients --svg fading.svg --plot learning.svg",
    "# As they begin, without learning.\n"
    "refrain-lab gradients agreement --steps 0 --cell elman,lstm,gru",
    NULL};

static const char *const memory_examples[] = {
    "refrain-lab memory agreement --show 5",
    "# Which tasks are there?\n"
    "refrain-lab memory",
    "# Add two numbers that are up to two hundred steps apart.\n"
    "refrain-lab memory adding --lengths 200 --plot adding.svg",
    "# The cat(s), which already ate ..., was or were: how far do cells remember?\n"
    "refrain-lab memory agreement --lengths 10,20,40 --svg-lengths far.svg",
    NULL};

static const char *const odyssey_examples[] = {
    "refrain-lab odyssey --svg odyssey.svg",
    "# A long search that can be stopped with Ctrl-C and taken up again.\n"
    "refrain-lab odyssey JSB_Chorales.json.gz --trials 20 --seeds 10 \\\n"
    "    --log odyssey.jsonl --resume",
    "# Three cells with settings that are given.\n"
    "refrain-lab odyssey JSB_Chorales.json.gz --cells vanilla,nfg,gru --trials 0 \\\n"
    "    --hidden 150 --learning-rate 0.1 --dropout 0.4 --dropout-input 0.1 \\\n"
    "    --dropout-weight 0.5",
    NULL};

static const char *const series_examples[] = {
    "refrain-lab series data/lab/weather.csv --target pressure --svg forecast.svg",
    "# All days at once, with the rain as one more input.\n"
    "refrain-lab series data/lab/weather.csv -t pressure -i rain --direct",
    "# One to one: humidity from what else was measured on the same day.\n"
    "refrain-lab series data/lab/weather.csv --map -t humidity -i pressure -i rain",
    NULL};

static const char *const oscillator_examples[] = {
    "refrain-lab oscillator --svg cycle.svg",
    "# Without the weights between them there is no cycle.\n"
    "refrain-lab oscillator --weights 4.5,0.1,-0.1,4.5",
    "# A network learns to follow a cycle.\n"
    "refrain-lab oscillator --train --harmonics 2 --svg followed.svg",
    NULL};

static const char *const agent_examples[] = {
    "refrain-lab agent --save catcher.safetensors --svg paths.svg",
    "# What its neurons do while a ball falls.\n"
    "refrain-lab agent --model catcher.safetensors --neurons neurons.svg",
    NULL};

static const char *const classify_train_examples[] = {
    "refrain-lab classify-train data/lab/reviews.tsv --model mood.safetensors",
    "# Chinese, read by characters.\n"
    "refrain-lab classify-train data/lab/pinglun.tsv --unit char \\\n"
    "    --model 心情.safetensors",
    "# A label for each frame of some recordings, learned from pieces of 60 frames.\n"
    "refrain-lab classify-train data/lab/waving.csv --input frames \\\n"
    "    --label-of frame --sequence-column recording --window 60 \\\n"
    "    --model waving.safetensors",
    "# Images, one row a step.\n"
    "refrain-lab classify-train --input images --model digits.safetensors \\\n"
    "    --images train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz",
    NULL};

static const char *const classify_eval_examples[] = {
    "refrain-lab classify-eval data/lab/reviews.tsv --model mood.safetensors",
    "# Which label was told for which?\n"
    "refrain-lab classify-eval data/lab/pinglun.tsv --model 心情.safetensors \\\n"
    "    --svg confusion.svg",
    NULL};

static const char *const classify_run_examples[] = {
    "echo 'a warm little film' | refrain-lab classify-run --model mood.safetensors",
    "# What does it look at?\n"
    "echo 房间很干净,下次还住这里 | refrain-lab classify-run --attention \\\n"
    "    --model 心情.safetensors --svg attention.svg",
    NULL};

static const char *const classify_folds_examples[] = {
    "refrain-lab classify-folds data/lab/reviews.tsv --folds 5",
    "# Leave one recording out after the other.\n"
    "refrain-lab classify-folds a1.csv a2.csv b1.csv --input frames \\\n"
    "    --label-of frame --label-column phase --window 120 --epochs 15",
    NULL};

static const char *const cloze_examples[] = {
    "refrain-lab cloze 'I am ___ very hungry'",
    "# Chinese: a blank is a character.\n"
    "refrain-lab cloze 小明___很饿，因为刚吃过 --unit char \\\n"
    "    --text data/lab/cloze-zh.txt",
    NULL};

static const char odyssey_help[] =
    "Repeats what Greff et al. (LSTM: A Search Space Odyssey, 2017) did on polyphonic "
    "music: the network reads a piano roll and says at each step which of the 88 keys sound "
    "at the next. The error is the mean over all frames but each piece's first of the "
    "cross-entropy summed over the keys, in nats.\n\n"
    "Each cell is trained with the same --trials settings, drawn from the ranges; the "
    "settings that are best on the validation part are trained again with --seeds seeds, "
    "and these are measured on the test part. Welch's t-test, corrected after Holm for the "
    "number of comparisons, says which cells differ from the vanilla LSTM; p_rank is the "
    "exact test of Mann and Whitney, corrected likewise.\n\n"
    "FILE is JSON, packed with gzip or not: {\"train\": [[[60, 64, 67], [62]]], \"valid\": "
    "..., \"test\": ...}, pieces of time steps of MIDI pitches. Without FILE the cadences "
    "that come with Refrain are learned. As many trainings as there are --threads run side "
    "by side, with the same results. With --log nothing that is finished is lost: --resume "
    "goes on, also with more cells, trials or seeds.";

#define READS                                                                                      \
    "Texts are tables with a column of labels and one of texts (CSV, TSV, or the label as a "      \
    "line's first word); frames are tables of numbers with a row a frame, where a file, what "     \
    "stands between empty lines, or what agrees in --sequence-column is one sequence; images "     \
    "are idx files.  All may be packed with gzip."

static const rf_verb verbs[] = {
    {.name = "graph",
     .summary = "differentiate an expression on its graph (计算图)",
     .help = "Statements are separated by ';' or stand in operands of their own; one without a "
             "variable, such as a=2, gives an input its value.  Known are + - * / ^ and @, "
             "the product of matrices; exp log sqrt tanh sigmoid relu softmax sum mean dot "
             "matmul transpose, pick(x,2), which is element 2 of a vector, and "
             "cross_entropy(z,2); vectors [1,2] and matrices [1,2;3,4], of any expressions.  "
             "2x, (a+b)(b+1), x·y and x² are understood.\n\n"
             "Shown are the value of each node, the derivative on each edge, forward mode "
             "(one sweep for each element of an input) and reverse mode (one for each "
             "element of the output) step by step, the contribution of each path, and what "
             "each mode costs; all is checked against central differences.",
     .operands = "EXPRESSION... [NAME=VALUE]...",
     .operand_type = RF_STRING,
     .arg_min = 1,
     .arg_max = 64,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_METRIC) |
              RF_EMITS(RF_EV_FILE),
     .flags = RF_VERB_SHORT,
     .options = lab_graph_options,
     .examples = graph_examples,
     .run = lab_graph},
    {.name = "cell",
     .summary = "show a cell: equations, parameters, graph, every gate",
     .help =
         "Shows the cell's equations and source, its parameters beside those of an LSTM of the "
         "same size, the shapes of what goes in and comes out, one step as a graph of primitive "
         "operations, and the value of every gate and state at every step.\n\n"
         "There are Elman's and Jordan's networks, LSTM (长短时记忆网络) with all variants of its "
         "forget, input and output gate (遗忘门、输入门、输出门), peephole LSTM (窥孔LSTM), GRU "
         "(门控循环单元) and continuous-time RNN (连续时间RNN); each in layers, in both directions "
         "(双向RNN), and with layer normalization.  --bptt shows the sums of backpropagation "
         "through "
         "time (随时间反向传播).",
     .operands = "[NAME]",
     .operand_type = RF_STRING,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE),
     .flags = RF_VERB_SHORT,
     .options = lab_cell_options,
     .examples = cell_examples,
     .run = lab_cell},
    {.name = "trace",
     .summary = "watch a network's memory, gates and states while it reads",
     .help =
         "Without --model: sentences of words with tags.  First a network with all weights 1, "
         "linear activations and an empty memory is stepped through each, showing input, memory "
         "and output; then one is trained on the tags, and shows what it makes of every word.\n\n"
         "With --model: any model that reads text by a recurrent network, such as those of "
         "refrain-lm: the value of every gate and state at every unit of the TEXT, and what it "
         "expects next.",
     .operands = "[TEXT...]",
     .operand_type = RF_STRING,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE),
     .flags = RF_VERB_SHORT,
     .options = lab_trace_options,
     .examples = trace_examples,
     .run = lab_trace},
    {.name = "gradients",
     .summary = "see the gradient vanish, step by step, while cells learn",
     .help =
         "TASK is one of the verb memory that asks for something at the last step T of a "
         "sequence: adding, unless another is named.  E_T is the loss there, s_k the state that "
         "step k hands to the next: h, and of an LSTM h and c side by side.  For every lag t - k "
         "the norm of the total derivative of E_T with respect to s_k is measured, of each "
         "sequence by itself, on sequences that are not trained on; shown are mean and median "
         "over them, and the means of the parts of h and of c.  Lag 0 is the output that the "
         "loss sees.\n\n"
         "The table of falls compares: how many times less reaches the state at --lag than the "
         "output, and how many times further that is than in the cell where it falls least.",
     .operands = "[TASK]",
     .operand_type = RF_STRING,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = lab_gradients_options,
     .examples = gradients_examples,
     .run = lab_gradients},
    {.name = "memory",
     .summary = "try cells on tasks that need a memory",
     .help = "Without TASK: the tasks there are.  Sequences are drawn as they are needed, from the "
             "seed and the step: none is trained on twice, and what is measured is measured on "
             "others.  Every cell is tried at every length with every seed.",
     .operands = "[TASK]",
     .operand_type = RF_STRING,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = lab_memory_options,
     .examples = memory_examples,
     .run = lab_memory},
    {.name = "odyssey",
     .summary = "compare variants of the LSTM under equal conditions",
     .help = odyssey_help,
     .operands = "[FILE]",
     .operand_type = RF_INFILE,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_FILE),
     .options = lab_odyssey_options,
     .examples = odyssey_examples,
     .run = lab_odyssey},
    {.name = "series",
     .summary = "forecast a column of a table, beside what has to be beaten",
     .help =
         "Reads numbers as comma-separated values with names in the first line, in the order of "
         "time, and splits them into a part to learn from, one to choose the epoch by and, at "
         "the end, one to measure errors on.  A recurrent network tells the next row and has it "
         "fed back for the rows after it, beside persistence, the last season, and a linear "
         "autoregression by least squares.\n\nWhere rows are not evenly apart in time, cells "
         "of continuous time are integrated over each gap, and others read it as one more "
         "input.",
     .operands = "FILE.csv",
     .operand_type = RF_INFILE,
     .arg_min = 1,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE),
     .options = lab_series_options,
     .examples = series_examples,
     .run = lab_series},
    {.name = "oscillator",
     .summary = "follow two neurons in continuous time round a limit cycle",
     .help = "Two neurons that excite themselves and each other with "
             "opposite signs (Beer 1995) go round on a limit cycle from "
             "wherever they start.  They are followed by Euler's method and "
             "by that of Runge and Kutta, both beside the latter with 16 "
             "parts to a step: period, amplitudes, and the furthest "
             "distance from that.\n\nWith --train a network of such "
             "neurons learns to follow a given cycle by backpropagation "
             "through time, and then runs on by itself.",
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE),
     .options = lab_oscillator_options,
     .examples = oscillator_examples,
     .run = lab_oscillator},
    {.name = "agent",
     .summary = "evolve a network that catches falling balls",
     .help = "Minimal cognition: an agent that sees a falling ball by "
             "seven rays moves sideways to catch it.  Its nervous "
             "system, a symmetric continuous-time network, is found by "
             "an evolution strategy (CMA-ES), and tried on balls that "
             "evolution has not seen, beside an agent that stands "
             "still and one that goes to and fro at random.",
     .model = RF_MODEL_READ | RF_MODEL_OPTIONAL,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_FILE),
     .options = lab_agent_options,
     .examples = agent_examples,
     .run = lab_agent},
    {.name = "classify-train",
     .summary = "learn to give labels to texts, sequences or frames",
     .help = READS "\n\nMODEL is written whenever the held-out part is "
                   "told better than before; MODEL.state holds what --resume "
                   "needs.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_WRITE,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = lab_classify_train_options,
     .examples = classify_train_examples,
     .run = lab_classify_train},
    {.name = "classify-eval",
     .summary = "measure how well labels are told",
     .help = "Accuracy, mean F1 of the labels (macro), loss; for each "
             "label precision, recall and F1; which label was told for "
             "which.  Files are read as those of the training were, "
             "unless options say otherwise.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = lab_classify_eval_options,
     .examples = classify_eval_examples,
     .run = lab_classify_eval},
    {.name = "classify-run",
     .summary = "tell the labels of texts, sequences or frames",
     .help = "Texts are lines of the files or of standard input.  A "
             "column of labels, where frames have one, is not read.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .model = RF_MODEL_READ,
     .emits = RF_EMITS(RF_EV_FILE) | RF_EMITS(RF_EV_RECORD),
     .options = lab_classify_run_options,
     .examples = classify_run_examples,
     .run = lab_classify_run},
    {.name = "classify-folds",
     .summary = "leave a part out, learn from the others, judge on it",
     .help = READS "\n\nEach file, or each of --folds parts drawn by "
                   "chance, is left out once.  Nothing is chosen by what is "
                   "left out: all --epochs are learned.  The last rows are "
                   "over all labels together, and means over the parts.",
     .operands = "[FILE...]",
     .operand_type = RF_INFILE,
     .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_RECORD),
     .options = lab_classify_folds_options,
     .examples = classify_folds_examples,
     .run = lab_classify_folds},
    {.name = "cloze",
     .summary = "fill blanks from both sides, and from the left alone",
     .help = "Two networks learn from the same sentences for as long: "
             "one reads what stands before a blank and, backwards, "
             "what stands after it; the other, with more numbers to "
             "learn, sees only what stands before.  The first table "
             "shows how well they tell each word of sentences that "
             "were held out, the second what they put into the blanks "
             "(___) of the operands.",
     .operands = "[SENTENCE...]",
     .operand_type = RF_STRING,
     .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_RECORD),
     .options = lab_cloze_options,
     .examples = cloze_examples,
     .run = lab_cloze_verb},
    {0}};

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = LAB_ID,
    .task = "lab",
    .name = "Lecture lab",
    .summary = "see and touch what a lecture on recurrent networks teaches",
    .version = "1.0.0",
    .license = "MIT",
    .verbs = verbs,
    .open = rf_session_open,
    .close = rf_session_close,
    .query = rf_session_query,
};

RF_PLUGIN(plugin)
