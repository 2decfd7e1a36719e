/* lab/plugin.c -- who this plugin is and which verbs it has. */
#include "lab.h"

static const char *const cell_examples[] = {"refrain-lab cell --all", NULL};

static const rf_verb verbs[] = {{.name = "cell",
                                 .summary = "show the recurrent cells",
                                 .emits = RF_EMITS(RF_EV_RECORD),
                                 .flags = RF_VERB_SHORT,
                                 .options = lab_cell_options,
                                 .examples = cell_examples,
                                 .run = lab_cell},
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
