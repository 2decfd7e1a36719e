/* lab/plugin.c -- who this plugin is and which verbs it has. */
#include "lab.h"

static const char *const cell_examples[] = {
    "refrain-lab cell --all",
    "# Equations, parameters beside an LSTM's, graph, and every gate at every step.\n"
    "refrain-lab cell gru --values '1,0;0,1;1,1' --svg gru.svg",
    "# The standard interface: shapes of two layers of 10 on 6 steps of 3 sequences.\n"
    "refrain-lab cell elman --input 5 --hidden 10 --layers 2 --steps 6 --batch 3",
    "# The sums of backpropagation through time, term by term.\n"
    "refrain-lab cell elman --bptt --steps 4",
    NULL};

static const char *const graph_examples[] = {
    "# The example of the lecture, drawn as well.\n"
    "refrain-lab graph 'e=(a+b)*(b+1)' a=2 b=1 --svg graph.svg",
    "# A variable that is used twice collects two contributions.\n"
    "refrain-lab graph 'y=x*exp(x^2)' x=1",
    "# The loss of a classifier, through the Jacobian of the softmax.\n"
    "refrain-lab graph 'ŷ=softmax(W@x); C=-log(pick(ŷ,2))' 'W=[1,2;0,1]; x=[1,-1]'",
    "refrain-lab graph '总价=单价*数量*(1+税率)' 单价=3 数量=4 税率=0.1", NULL};

static const char *const gradients_examples[] = {
    "# What reaches the state fifty steps back, in five cells that learn the same task?\n"
    "refrain-lab gradients --plot fading.svg --plot-training learning.svg",
    "# As they begin, without learning.\n"
    "refrain-lab gradients agreement --steps 0 --cell elman,lstm,gru",
    NULL};
static const char *const memory_examples[] = {
    "# Which tasks are there, and what do they look like?\n"
    "refrain-lab memory",
    "refrain-lab memory agreement --show 5",
    "# Add two numbers that are up to two hundred steps apart.\n"
    "refrain-lab memory adding --lengths 200 --plot adding.svg",
    "# The cat(s), which already ate ..., was or were: how far does each cell remember?\n"
    "refrain-lab memory agreement --lengths 10,20,40 --distances --plot-lengths far.svg",
    NULL};

static const char *const trace_examples[] = {
    "# The lecture's sentences: all weights 1, then a network that learns their tags.\n"
    "refrain-lab trace",
    "# Without a memory 购物 cannot be n in one sentence and v in the other.\n"
    "refrain-lab trace --no-memory '我/n 爱/v 购物/n' '我/n 在/pre 华联/n 购物/v'",
    "# Gates and states of a language model while it reads.\n"
    "refrain-lab trace --model data/lm/tang.safetensors 春眠不觉晓 --what i,f,o,c,h --svg "
    "gates.svg",
    NULL};

static const rf_verb verbs[] = {
    {.name = "cell",
     .summary = "show a recurrent cell: equations, parameters, graph, steps",
     .help =
         "Shows the cell's equations and source, its parameters beside those of an LSTM of the "
         "same size, the shapes of what goes in and comes out, one step as a graph of primitive "
         "operations, and the value of every gate and state at every step.",
     .operands = "[NAME]",
     .operand_type = RF_STRING,
     .arg_max = 1,
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_METRIC) | RF_EMITS(RF_EV_FILE),
     .flags = RF_VERB_SHORT,
     .options = lab_cell_options,
     .examples = cell_examples,
     .run = lab_cell},
    {.name = "graph",
     .summary = "differentiate an expression on its computational graph",
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
    {.name = "gradients",
     .summary = "show how gradients vanish with the steps between a state and the loss",
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
    {.name = "trace",
     .summary = "watch a network's memory while it reads",
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
    {0}};

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = "org.refrain.lab",
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
