/* lab/trace.c -- the verb trace: what a recurrent network remembers while it reads. */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include "lab.h"

static const char *const inputs[] = {"one-hot", "embedding", NULL};

#define WORDS "The tagger"
#define SHOW  "What is shown"

const rf_option lab_trace_options[TRACE_COUNT + 1] = {
    [TRACE_CELL] = {.name = "cell",
                    .type = RF_STRING,
                    .letter = 'c',
                    .def = "elman",
                    .meta = "NAME",
                    .group = WORDS,
                    .help = "recurrent cell that is trained; cell --all lists them"},
    [TRACE_HIDDEN] = {.name = "hidden",
                      .type = RF_INT,
                      .letter = 'H',
                      .def = "0",
                      .min = 0,
                      .max = 512,
                      .group = WORDS,
                      .help = "units of memory; 0: 2 with weights of 1, and 8 to train"},
    [TRACE_LAYERS] = {.name = "layers",
                      .type = RF_INT,
                      .letter = 'L',
                      .def = "1",
                      .min = 1,
                      .max = 16,
                      .group = WORDS,
                      .help = "layers that are trained"},
    [TRACE_BIDIRECTIONAL] = {.name = "bidirectional",
                             .type = RF_BOOL,
                             .letter = 'b',
                             .def = "0",
                             .group = WORDS,
                             .help = "train on sentences read from both ends"},
    [TRACE_INPUTS] = {.name = "inputs",
                      .type = RF_CHOICE,
                      .letter = 'i',
                      .def = "one-hot",
                      .choices = inputs,
                      .group = WORDS,
                      .help = "what stands for a word"},
    [TRACE_EMBED] = {.name = "embed",
                     .type = RF_INT,
                     .letter = 'e',
                     .def = "3",
                     .min = 1,
                     .max = 512,
                     .group = WORDS,
                     .help = "numbers of an embedding"},
    [TRACE_VOCABULARY] = {.name = "vocabulary",
                          .type = RF_STRING,
                          .meta = "WORDS",
                          .group = WORDS,
                          .help = "the words there are; else those of the sentences"},
    [TRACE_EPOCHS] = {.name = "epochs",
                      .type = RF_INT,
                      .letter = 'n',
                      .def = "200",
                      .min = 0,
                      .max = 1e6,
                      .group = WORDS,
                      .help = "times that the sentences are read to learn; 0: do not train"},
    [TRACE_RATE] = {.name = "learning-rate",
                    .type = RF_REAL,
                    .def = "0.05",
                    .min = 0,
                    .max = 10,
                    .flags = RF_OPT_ABOVE | RF_OPT_ADVANCED,
                    .group = WORDS,
                    .help = "learning rate, of adam"},
    [TRACE_MEMORY] = {.name = "memory",
                      .type = RF_BOOL,
                      .def = "1",
                      .group = WORDS,
                      .help = "remember; --no-memory cuts it: every word comes as the first"},
    [TRACE_WHAT] = {.name = "what",
                    .type = RF_STRING,
                    .letter = 'w',
                    .meta = "NAMES",
                    .group = SHOW,
                    .help = "which gates and states: i,f,o,c,h (else all of them)"},
    [TRACE_LAYER] = {.name = "layer",
                     .type = RF_INT,
                     .letter = 'l',
                     .def = "-1",
                     .min = -1,
                     .max = 63,
                     .group = SHOW,
                     .help = "which layer, from 0; -1: the last one"},
    [TRACE_UNITS] = {.name = "units",
                     .type = RF_STRING,
                     .letter = 'u',
                     .meta = "A-B",
                     .group = SHOW,
                     .help = "which units, from 0; else the first eight"},
    [TRACE_SVG] = {.name = "svg",
                   .type = RF_OUTFILE,
                   .group = SHOW,
                   .help = "draw gates and states over time into this file"},
};

/* A model has a cell, sizes and inputs of its own. */
static rf_status check_model_options(const rf_run *r, rf_error *err)
{
    for (int k = 0; k <= TRACE_MEMORY; k++)
        if (r->model && r->opt[k].set)
            return rf_fail(err, RF_EINVAL, "--%s: of the tagger, not of a --model",
                           lab_trace_options[k].name);
    if (r->model && !r->arg_count)
        return rf_fail(err, RF_EINVAL, "%s: what shall it read? a TEXT is due", r->model);
    return RF_OK;
}

/* "tang.safetensors", "tagger: elman". */
static void put_title(rf_str *out, const rf_run *r)
{
    const char *slash = r->model ? strrchr(r->model, '/') : NULL;
    if (r->model)
        rf_str_put(out, slash ? slash + 1 : r->model);
    else
        rf_str_printf(out, "tagger: %s", r->opt[TRACE_CELL].as.s);
    if (r->opt[TRACE_LAYER].as.i >= 0)
        rf_str_printf(out, ", layer %d", (int)r->opt[TRACE_LAYER].as.i);
}

static rf_status trace(rf_session *s, const rf_run *r, rf_graph *g, rf_error *err)
{
    const rf_setting *o = r->opt;
    lab_film film = {.what = o[TRACE_WHAT].as.s,
                     .units = o[TRACE_UNITS].as.s,
                     .layer = (int)o[TRACE_LAYER].as.i};
    const bool table = r->model || o[TRACE_WHAT].set || o[TRACE_UNITS].set;
    rf_str title = {0};
    put_title(&title, r);
    rf_status st =
        r->model ? lab_trace_model(s, r, &film, g, err) : lab_trace_words(s, r, &film, g, err);
    if (!st && table) st = lab_film_emit(&film, s);
    if (!st && o[TRACE_SVG].as.s && !film.columns)
        st = rf_fail(err, RF_EINVAL, "--svg: nothing to draw: no word has a tag to learn");
    if (!st && o[TRACE_SVG].as.s) st = lab_film_write(&film, s, title.s, o[TRACE_SVG].as.s, err);
    lab_film_free(&film);
    rf_str_free(&title);
    return st;
}

rf_status lab_trace(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    rf_device *d = NULL;
    rf_graph *g = NULL;
    rf_status st = check_model_options(r, &err);
    if (!st) {
        d = rf_device_new((int)r->threads, &err);
        g = d ? rf_graph_new(d) : NULL;
        st = g ? trace(s, r, g, &err) : rf_no_memory(&err);
    }
    rf_graph_free(g);
    rf_device_free(d);
    return rf_session_end(s, st, &err);
}
