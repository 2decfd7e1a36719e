/* lab/odyssey.c -- the verb odyssey: variants of the LSTM under equal conditions.
 *
 * Every cell gets the same number of trials with the same settings, drawn from the same ranges; what is
 * best on the validation part is trained again with several seeds, and those are measured on the test
 * part.  What is found does not depend on how many trainings run side by side: each is alone on its
 * thread, its random numbers a function of seed, cell, trial and repetition.
 *
 * Source: Greff, Srivastava, Koutnik, Steunebrink, Schmidhuber, "LSTM: A Search Space Odyssey", IEEE
 * TNNLS 28 (2017) 2222-2232. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contest.h"
#include "lab.h"
#include "statistics.h"

enum {
    OD_CELLS,
    OD_TRIALS,
    OD_SEEDS,
    OD_EPOCHS,
    OD_PATIENCE,
    OD_RANGE,
    OD_LAYERS = OD_RANGE + DRAWS,
    OD_BATCH,
    OD_OPTIMIZER,
    OD_VARIATIONAL,
    OD_TRANSPOSE,
    OD_CLIP,
    OD_LOG,
    OD_RESUME,
    OD_SVG,
    OD_COUNT
};

#define BUDGET "Budget"
#define RANGES "Settings, each a number or LOW:HIGH to draw from"
#define FIXED  "The same for all"
#define FILES  "Files"

#define RANGE(WHICH, NAME, DEF, HELP)                                                              \
    [OD_RANGE + WHICH] = {.name = NAME,                                                            \
                          .type = RF_STRING,                                                       \
                          .def = DEF,                                                              \
                          .meta = "RANGE",                                                         \
                          .group = RANGES,                                                         \
                          .help = HELP}

static const char *const optimizers[] = {"adam", "sgd", NULL};

const rf_option lab_odyssey_options[OD_COUNT + 1] = {
    [OD_CELLS] = {.name = "cells",
                  .type = RF_STRING,
                  .letter = 'c',
                  .def = "all",
                  .meta = "NAME,NAME",
                  .group = BUDGET,
                  .help = "cells to compare; all: vanilla and the eight variants"},
    [OD_TRIALS] = {.name = "trials",
                   .type = RF_INT,
                   .letter = 't',
                   .def = "4",
                   .min = 0,
                   .max = 10000,
                   .group = BUDGET,
                   .help = "settings that are tried with each cell; 0: those given are right"},
    [OD_SEEDS] = {.name = "seeds",
                  .type = RF_INT,
                  .letter = 's',
                  .def = "6",
                  .min = 1,
                  .max = LAB_RANK_MOST,
                  .group = BUDGET,
                  .help = "trainings with each cell's best settings"},
    [OD_EPOCHS] = {.name = "epochs",
                   .type = RF_INT,
                   .letter = 'e',
                   .def = "40",
                   .min = 1,
                   .max = 1e6,
                   .group = BUDGET,
                   .help = "of a training, at most"},
    [OD_PATIENCE] = {.name = "patience",
                     .type = RF_INT,
                     .def = "8",
                     .min = 1,
                     .max = 1e6,
                     .unit = "epochs",
                     .group = BUDGET,
                     .help = "end a training after so many without improvement"},
    RANGE(DRAW_HIDDEN, "hidden", "60:200", "state of each layer"),
    RANGE(DRAW_RATE, "learning-rate", "0.02:0.3", "learning rate"),
    RANGE(DRAW_DROPOUT, "dropout", "0.2:0.6", "of what the layers put out"),
    RANGE(DRAW_DROPOUT_INPUT, "dropout-input", "0:0.3", "of the keys that are read"),
    RANGE(DRAW_DROPOUT_WEIGHT, "dropout-weight", "0:0.5", "of the recurrent weights"),
    RANGE(DRAW_NOISE, "noise", "0", "deviation of noise that is added to the keys"),
    RANGE(DRAW_MOMENTUM, "momentum", "0.9", "Nesterov's; sgd only"),
    [OD_LAYERS] = {.name = "layers",
                   .type = RF_INT,
                   .letter = 'L',
                   .def = "1",
                   .min = 1,
                   .max = 16,
                   .group = FIXED,
                   .help = "recurrent layers, one on the other"},
    [OD_BATCH] = {.name = "batch",
                  .type = RF_INT,
                  .letter = 'b',
                  .def = "1",
                  .min = 1,
                  .max = 4096,
                  .unit = "pieces",
                  .group = FIXED,
                  .help = "whole pieces in one step"},
    [OD_OPTIMIZER] = {.name = "optimizer",
                      .type = RF_CHOICE,
                      .def = "sgd",
                      .choices = optimizers,
                      .group = FIXED,
                      .help = "method of learning"},
    [OD_VARIATIONAL] = {.name = "variational",
                        .type = RF_BOOL,
                        .def = "0",
                        .group = FIXED,
                        .help = "leave out the same values at every step of a piece"},
    [OD_TRANSPOSE] = {.name = "transpose",
                      .type = RF_INT,
                      .def = "0",
                      .min = 0,
                      .max = 24,
                      .unit = "semitones",
                      .group = FIXED,
                      .help = "move each piece by up to so many, anew each epoch"},
    [OD_CLIP] = {.name = "clip",
                 .type = RF_REAL,
                 .flags = RF_OPT_ADVANCED,
                 .def = "5",
                 .min = 0,
                 .max = 1e6,
                 .group = FIXED,
                 .help = "limit of the gradient's norm; 0: none"},
    [OD_LOG] = {.name = "log",
                .type = RF_OUTFILE,
                .group = FILES,
                .help = "keep what is finished, in JSON lines"},
    [OD_RESUME] = {.name = "resume",
                   .type = RF_BOOL,
                   .letter = 'r',
                   .def = "0",
                   .group = FILES,
                   .help = "go on with what --log holds, or begin"},
    [OD_SVG] = {.name = "svg",
                .type = RF_OUTFILE,
                .group = FILES,
                .help = "draw the measurements of each cell as a box"},
};

/* ---- A run ----------------------------------------------------------------------------------------- */

typedef struct odyssey {
    rf_session *s;
    const rf_run *r;
    rf_error *err;
    const char *data; /* file */
    char shipped[4096];
    uint64_t hash; /* of the data */
    lab_contest all;
} odyssey;

static int64_t number(const odyssey *o, int option) { return o->r->opt[option].as.i; }

/* ---- Options --------------------------------------------------------------------------------------- */

static const rf_cell *find_cell(const char *word)
{
    for (int i = 0; i < LAB_VARIANTS; i++)
        if (!strcasecmp(lab_variants[i].name, word)) return rf_cell_find(lab_variants[i].cell);
    return rf_cell_find(word);
}

/* Names of the paper, then those of the table. */
static const char *name_at(int i)
{
    return i < LAB_VARIANTS ? lab_variants[i].name : rf_cell_name_at(i - LAB_VARIANTS);
}

static rf_status add_cell(odyssey *o, const char *word)
{
    const rf_cell *c = find_cell(word);
    if (!c) return rf_name_unknown(&lab_odyssey_options[OD_CELLS], word, name_at, o->err);
    for (int i = 0; i < o->all.cells; i++)
        if (o->all.cell[i] == c)
            return rf_fail(o->err, RF_EINVAL, "--cells: %s is named twice", c->name);
    if (o->all.cells == LAB_GROUPS)
        return rf_fail(o->err, RF_EINVAL, "--cells: at most %d are due", LAB_GROUPS);
    o->all.cell[o->all.cells++] = c;
    return RF_OK;
}

static rf_status take_cells(odyssey *o)
{
    const char *list = o->r->opt[OD_CELLS].as.s;
    rf_status st = RF_OK;
    if (!strcmp(list, "all")) {
        for (int i = 0; i < LAB_VARIANTS && !st; i++) st = add_cell(o, lab_variants[i].cell);
        return st;
    }
    const char *item;
    size_t n;
    for (const char *rest = list; !st && rf_list_next(&rest, &item, &n);) {
        rf_str word = {0};
        rf_str_add(&word, item, n);
        st = word.s ? add_cell(o, word.s) : rf_no_memory(o->err);
        rf_str_free(&word);
    }
    return st;
}

static rf_status take_ranges(odyssey *o)
{
    for (int k = 0; k < DRAWS; k++) {
        rf_status st = lab_range_parse(k, o->r->opt[OD_RANGE + k].as.s, &o->all.range[k], o->err);
        if (st) return st;
        if (!number(o, OD_TRIALS) && o->all.range[k].low != o->all.range[k].high)
            return rf_fail(o->err, RF_EINVAL,
                           "--%s: %s: without --trials one number is due, not a range",
                           lab_draw_rows[k].name, o->r->opt[OD_RANGE + k].as.s);
    }
    return RF_OK;
}

static rf_status take_options(odyssey *o)
{
    const rf_setting *v = o->r->opt;
    lab_frame *f = &o->all.frame;
    o->all.host = o->s->host;
    o->all.err = o->err;
    o->all.seed = o->r->seed;
    o->all.threads = (int)o->r->threads;
    o->all.trial_count = v[OD_TRIALS].as.i;
    o->all.seed_count = v[OD_SEEDS].as.i;
    f->layers = (int)v[OD_LAYERS].as.i;
    f->batch = (rf_index)v[OD_BATCH].as.i;
    f->epochs = v[OD_EPOCHS].as.i;
    f->patience = (int)v[OD_PATIENCE].as.i;
    f->variational = v[OD_VARIATIONAL].as.i;
    f->transpose = (int)v[OD_TRANSPOSE].as.i;
    f->clip = v[OD_CLIP].as.f;
    f->method = rf_optimizer_find(optimizers[v[OD_OPTIMIZER].as.i]);
    if (v[OD_LOG].as.s && !strcmp(v[OD_LOG].as.s, "-"))
        return rf_fail(o->err, RF_EINVAL, "--log: a file is due, not standard output");
    if (v[OD_RESUME].as.i && !v[OD_LOG].as.s)
        return rf_fail(o->err, RF_EINVAL, "--resume: needs --log FILE");
    rf_status st = take_cells(o);
    return st ? st : take_ranges(o);
}

/* ---- Data ------------------------------------------------------------------------------------------ */

static const char *data_name(odyssey *o)
{
    const rf_host *h = o->s->host;
    if (o->r->arg_count) return o->r->arg[0];
    if (h->data_path(h, "music/cadences.json", o->shipped, sizeof o->shipped)) return NULL;
    return o->shipped;
}

static uint64_t hash_songs(uint64_t hash, const lab_songs *s)
{
    hash = rf_hash(hash, &s->n, sizeof s->n);
    for (rf_index i = 0; i < s->n; i++)
        hash = rf_hash(hash, s->roll[i].keys, (size_t)s->roll[i].steps * RF_KEYS);
    return rf_hash(hash, s->lengths, (size_t)s->n * sizeof *s->lengths);
}

static rf_status take_data(odyssey *o, rf_rolls **rolls)
{
    o->data = data_name(o);
    if (!o->data)
        return rf_fail(o->err, RF_EIO, "the sample music/cadences.json is not there: name a file");
    *rolls = rf_rolls_read(o->data, o->err);
    if (!*rolls) return o->err->status;
    o->hash = RF_HASH;
    for (rf_split p = 0; p < RF_SPLITS; p++) {
        rf_error why = {0};
        rf_status st = lab_songs_take(&o->all.frame.songs[p], *rolls, p, &why);
        if (st) return rf_fail(o->err, st, "%s: %s", o->data, why.text);
        o->hash = hash_songs(o->hash, &o->all.frame.songs[p]);
    }
    return RF_OK;
}

/* ---- The log --------------------------------------------------------------------------------------- */

/* What must be the same in a run that goes on: all but the number of cells, trials and seeds. */
static json_t *common(const odyssey *o)
{
    static const int whole[] = {OD_EPOCHS, OD_PATIENCE, OD_LAYERS, OD_BATCH, OD_TRANSPOSE};
    char text[80];
    json_t *j = json_object();
    int bad = json_object_set_new(j, "refrain", json_string("odyssey"));
    snprintf(text, sizeof text, "%016" PRIx64, o->hash);
    bad |= json_object_set_new(j, "data", json_string(text));
    snprintf(text, sizeof text, "%" PRIu64, o->r->seed);
    bad |= json_object_set_new(j, "seed", json_string(text));
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        bad |= json_object_set_new(j, lab_odyssey_options[whole[i]].name,
                                   json_integer(number(o, whole[i])));
    bad |= json_object_set_new(j, "variational", json_boolean(o->all.frame.variational));
    bad |= json_object_set_new(j, "clip", json_real(o->all.frame.clip));
    bad |= json_object_set_new(j, "optimizer", json_string(o->all.frame.method->name));
    for (int k = 0; k < DRAWS; k++) {
        snprintf(text, sizeof text, "%.9g:%.9g", o->all.range[k].low, o->all.range[k].high);
        bad |= json_object_set_new(j, lab_draw_rows[k].name, json_string(text));
    }
    if (!bad) return j;
    json_decref(j);
    return NULL;
}

static rf_status open_log(odyssey *o)
{
    json_t *j = common(o);
    rf_status st = j ? lab_ledger_open(&o->all.ledger, o->r->opt[OD_LOG].as.s, j,
                                       o->r->opt[OD_RESUME].as.i, o->err)
                     : rf_no_memory(o->err);
    json_decref(j);
    return st;
}

/* ---- The end --------------------------------------------------------------------------------------- */

static rf_status conclude(odyssey *o)
{
    const rf_host *h = o->s->host;
    const char *svg = o->r->opt[OD_SVG].as.s;
    lab_group groups[LAB_GROUPS];
    double *nll = calloc((size_t)(o->all.cells * o->all.seed_count) + 1, sizeof *nll);
    if (!nll) return rf_no_memory(o->err);
    const int count = lab_contest_groups(&o->all, groups, nll);
    rf_str words = {0};
    lab_verdict_judge(groups, count);
    lab_verdict_words(groups, count, &words);
    rf_status st = lab_verdict_tell(h, groups, count);
    if (!st && words.s) st = rf_emit_text(h, 0, words.s, words.n, NAN);
    if (!st && svg) st = lab_verdict_draw(groups, count, svg, o->err);
    if (!st && svg) st = rf_emit_plot(h, svg);
    if (!st && o->r->opt[OD_LOG].as.s)
        st = rf_emit_file(h, o->r->opt[OD_LOG].as.s, "log", "application/x-ndjson");
    rf_str_free(&words);
    free(nll);
    return st;
}

static void tell_plan(const odyssey *o)
{
    const lab_songs *s = o->all.frame.songs;
    const int64_t all = o->all.cells * (o->all.trial_count + o->all.seed_count);
    const size_t found = lab_ledger_found(o->all.ledger);
    char known[40] = "";
    if (found) snprintf(known, sizeof known, ", %zu of them known", found);
    rf_logf(o->s->host, RF_LOG_INFO,
            "%lld pieces to learn from, %lld to choose by, %lld to measure on; %lld training%s%s",
            (long long)s[0].n, (long long)s[1].n, (long long)s[2].n, (long long)all,
            all == 1 ? "" : "s", known);
}

static void tell_time(const odyssey *o)
{
    rf_str line = {0};
    lab_contest_time(&o->all, &line);
    if (line.s) o->s->host->log(o->s->host, RF_LOG_INFO, line.s);
    rf_str_free(&line);
}

static void tell_what_is_kept(const odyssey *o)
{
    if (!o->r->opt[OD_LOG].as.s || !o->all.finished) return;
    rf_logf(o->s->host, RF_LOG_INFO, "%lld of %lld trainings are in %s: --resume goes on",
            (long long)o->all.finished, (long long)o->all.total, o->r->opt[OD_LOG].as.s);
}

rf_status lab_odyssey(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    rf_rolls *rolls = NULL;
    odyssey o = {.s = s, .r = r, .err = &err};
    rf_status st = take_options(&o);
    if (!st) st = take_data(&o, &rolls);
    if (!st) st = open_log(&o);
    if (!st) tell_plan(&o);
    if (!st) st = lab_contest_run(&o.all);
    if (!st) st = conclude(&o);
    if (!st) tell_time(&o);
    if (st == RF_ECANCELLED) tell_what_is_kept(&o);
    lab_contest_free(&o.all);
    lab_ledger_free(o.all.ledger);
    for (int p = 0; p < RF_SPLITS; p++) lab_songs_free(&o.all.frame.songs[p]);
    rf_rolls_free(rolls);
    return rf_session_end(s, st, &err);
}
