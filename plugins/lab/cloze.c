/* lab/cloze.c -- the verb cloze: a word left out is told from both sides, and from the left side alone.
 *
 *     y_t = softmax(U [→h_{t−1}; ←h_{t+1}] + c)
 *
 * →h has read the words before the blank, ←h those after it, from the end backwards; neither sees the
 * blank.  The network of one direction has →h_{t−1} alone, twice as wide: U is as large, and the
 * recurrent layer larger.  Both learn from the same sentences for as long.
 * Source: Schuster, Paliwal, "Bidirectional recurrent neural networks", IEEE Trans. Signal Processing
 * 45(11), 1997. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "cloze.h"
#include "judge.h"
#include "lab.h"

enum {
    CLOZE_TEXT,
    CLOZE_UNIT,
    CLOZE_MIN_COUNT,
    CLOZE_VALID_FRACTION,
    CLOZE_TOP,
    CLOZE_CELL,
    CLOZE_LAYERS,
    CLOZE_HIDDEN,
    CLOZE_EMBED,
    CLOZE_DROPOUT,
    CLOZE_BATCH,
    CLOZE_LEARN,
    CLOZE_COUNT = CLOZE_LEARN + RF_LEARN_FILES,
    CLOZE_SETTINGS = CLOZE_LEARN + RF_LEARN_COUNT
};

static const char *const units[] = {"char", "word", NULL};

const rf_option lab_cloze_options[CLOZE_COUNT + 1] = {
    [CLOZE_TEXT] = {.name = "text",
                    .type = RF_INFILE,
                    .letter = 't',
                    .flags = RF_OPT_LIST,
                    .help = "sentences to learn from, a line each; else a small sample in English"},
    [CLOZE_UNIT] = {.name = "unit",
                    .type = RF_CHOICE,
                    .letter = 'u',
                    .def = "word",
                    .choices = units,
                    .help = "what a blank stands for"},
    [CLOZE_MIN_COUNT] = {.name = "min-count",
                         .type = RF_INT,
                         .def = "1",
                         .min = 1,
                         .max = 1e9,
                         .help = "words seen less often are unknown"},
    [CLOZE_VALID_FRACTION] = {.name = "valid-fraction",
                              .type = RF_REAL,
                              .def = "0.1",
                              .max = 0.5,
                              .flags = RF_OPT_ABOVE,
                              .help = "how many sentences are held out, drawn by chance"},
    [CLOZE_TOP] = {.name = "top",
                   .type = RF_INT,
                   .letter = 'n',
                   .def = "5",
                   .min = 1,
                   .max = 1000,
                   .help = "how many words to show for a blank"},
    [CLOZE_CELL] = {.name = "cell",
                    .type = RF_STRING,
                    .letter = 'c',
                    .def = "lstm",
                    .meta = "NAME",
                    .help = "recurrent cell; cell --all lists them"},
    [CLOZE_LAYERS] = {.name = "layers",
                      .type = RF_INT,
                      .letter = 'L',
                      .def = "1",
                      .min = 1,
                      .max = 16,
                      .help = "recurrent layers, one on the other"},
    [CLOZE_HIDDEN] = {.name = "hidden",
                      .type = RF_INT,
                      .letter = 'H',
                      .def = "48",
                      .min = 1,
                      .max = 8192,
                      .help = "state of each of two directions; of one alone, twice this"},
    [CLOZE_EMBED] = {.name = "embed",
                     .type = RF_INT,
                     .def = "48",
                     .min = 1,
                     .max = 8192,
                     .help = "size of the words' vectors"},
    [CLOZE_DROPOUT] = {.name = "dropout",
                       .type = RF_REAL,
                       .letter = 'd',
                       .def = "0.2",
                       .max = 1,
                       .flags = RF_OPT_BELOW,
                       .help = "part of the values left out while training"},
    [CLOZE_BATCH] = {.name = "batch",
                     .type = RF_INT,
                     .letter = 'b',
                     .def = "16",
                     .min = 1,
                     .max = 4096,
                     .help = "sentences that are computed side by side"},
    [CLOZE_LEARN] = RF_LEARN_TIME_ROWS("12", "0", "1", "cosine"),
};

/* What a run holds. */
typedef struct run_state {
    rf_session *s;
    const rf_run *r;
    rf_setting v[CLOZE_SETTINGS];
    lab_samples samples;
    rf_tokenizer *tokens;
    lab_set train, valid;
    rf_device *d;
    rf_graph *g;
    lab_cloze both, left;
    rf_error *err;
} run_state;

/* ---- Sentences ------------------------------------------------------------------------------- */

static rf_status split(run_state *u)
{
    const rf_index n = u->samples.n;
    uint32_t *order = calloc((size_t)n, sizeof *order);
    rf_index kept = n - (rf_index)(u->v[CLOZE_VALID_FRACTION].as.f * (double)n);
    const rf_tokenizer_options o = {.unit = u->v[CLOZE_UNIT].as.i ? RF_WORD : RF_CHAR,
                                    .min_count = u->v[CLOZE_MIN_COUNT].as.i};
    if (!order) return rf_no_memory(u->err);
    rf_shuffle(rf_key_make(u->r->seed, "held out", 0), order, (uint32_t)n);
    if (kept == n) kept--;
    rf_status st = kept > 0 ? RF_OK : rf_fail(u->err, RF_EFORMAT, "one sentence is too few");
    if (!st) u->tokens = lab_samples_tokens(&u->samples, (int32_t *)order, kept, &o, u->err);
    if (!st && !u->tokens) st = u->err->status;
    if (!st) st = lab_samples_encode(&u->samples, u->tokens, 0, u->err);
    for (rf_index i = 0; i < n && !st; i++) {
        const lab_item *x = &u->samples.item[order[i]];
        if (!lab_set_add(i < kept ? &u->train : &u->valid, x->start, x->length, (int32_t)order[i]))
            st = rf_no_memory(u->err);
    }
    free(order);
    return st;
}

static rf_status read_sentences(run_state *u)
{
    const lab_reading how = {.input = LAB_TEXT, .plain = true, .unlabelled = true};
    const rf_setting *text = &u->v[CLOZE_TEXT];
    char sample[1024];
    const char *const own[] = {sample};
    if (text->count) return lab_samples_read(&u->samples, &how, text->as.list, text->count, u->err);
    if (u->s->host->data_path(u->s->host, "lab/cloze-en.txt", sample, sizeof sample))
        return rf_fail(u->err, RF_EINVAL, "--text: a file is due: the sample is not installed");
    return lab_samples_read(&u->samples, &how, own, 1, u->err);
}

/* ---- Results --------------------------------------------------------------------------------- */

static rf_status emit_score(const run_state *u, const lab_cloze *c, const char *name)
{
    const lab_cloze_score *x = &c->score;
    const double loss = x->nats / (double)x->blanks;
    const rf_field row[] = {rf_field_string("network", name),
                            rf_field_int("parameters", rf_params_elements(c->params)),
                            rf_field_int("blanks", x->blanks),
                            rf_field_real("loss", loss),
                            rf_field_real("perplexity", rf_perplexity(loss)),
                            rf_field_real("accuracy", (double)x->right / (double)x->blanks)};
    return rf_emit_record(u->s->host, -1, "held_out", row, sizeof row / sizeof *row);
}

/* The best words of both networks for one blank, side by side. */
static rf_status emit_blank(const run_state *u, int64_t item, const char *sentence, rf_index blank,
                            const lab_cloze_word *both, const lab_cloze_word *left)
{
    rf_status st = RF_OK;
    for (int64_t k = 0; k < u->v[CLOZE_TOP].as.i && both[k].id >= 0 && !st; k++) {
        const rf_field row[] = {
            rf_field_string("sentence", sentence),
            rf_field_int("blank", blank + 1),
            rf_field_int("rank", k + 1),
            rf_field_string("both_sides", rf_tokenizer_at(u->tokens, both[k].id, NULL)),
            rf_field_real("p_both", both[k].p),
            rf_field_string("left_side", rf_tokenizer_at(u->tokens, left[k].id, NULL)),
            rf_field_real("p_left", left[k].p)};
        st = rf_emit_record(u->s->host, item, "blank", row, sizeof row / sizeof *row);
    }
    return st;
}

static rf_status fill_sentence(run_state *u, int64_t item, const char *sentence)
{
    const size_t top = (size_t)u->v[CLOZE_TOP].as.i;
    rf_ids ids = {0}, blanks = {0};
    lab_cloze_word *both = calloc(2 * top, sizeof *both), *left = both + top;
    rf_status st = both ? RF_OK : rf_no_memory(u->err);
    if (!st) st = lab_cloze_encode(u->tokens, sentence, &ids, &blanks, u->err);
    for (size_t i = 0; i < blanks.n && !st; i++) {
        st = lab_cloze_fill(&u->both, u->g, &ids, blanks.at[i], both, top, u->err);
        if (!st) st = lab_cloze_fill(&u->left, u->g, &ids, blanks.at[i], left, top, u->err);
        if (!st) st = emit_blank(u, item, sentence, (rf_index)i, both, left);
    }
    free(both);
    rf_ids_free(&ids);
    rf_ids_free(&blanks);
    return st;
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status learn(run_state *u, lab_cloze *c, bool both)
{
    const rf_setting *v = u->v;
    const lab_cloze_shape shape = {.both = both,
                                   .cell = rf_cell_find(v[CLOZE_CELL].as.s),
                                   .layers = (int)v[CLOZE_LAYERS].as.i,
                                   .hidden = (rf_index)v[CLOZE_HIDDEN].as.i,
                                   .embed = (rf_index)v[CLOZE_EMBED].as.i,
                                   .dropout = v[CLOZE_DROPOUT].as.f,
                                   .batch = (rf_index)v[CLOZE_BATCH].as.i};
    rf_training base = {.s = u->s,
                        .r = u->r,
                        .table = lab_cloze_options,
                        .v = u->v,
                        .learn = CLOZE_LEARN,
                        .plugin = LAB_ID,
                        .task = "cloze",
                        .rate = 0.005};
    rf_status st = rf_training_begin(&base, u->err);
    if (!st) st = lab_cloze_init(c, &shape, u->tokens, &u->samples, u->err);
    if (!st) st = lab_cloze_learn(c, &base, u->g, &u->train, &u->valid, u->err);
    rf_training_end(&base);
    return st;
}

static rf_status run(run_state *u)
{
    const rf_host *h = u->s->host;
    if (!rf_cell_named(&lab_cloze_options[CLOZE_CELL], u->v[CLOZE_CELL].as.s, u->err))
        return RF_EINVAL;
    for (uint32_t i = 0; i < u->r->arg_count; i++)
        if (!strstr(u->r->arg[i], LAB_BLANK))
            return rf_fail(u->err, RF_EINVAL, "%.100s: no blank: write " LAB_BLANK " for the word",
                           u->r->arg[i]);
    u->d = rf_device_new((int)u->r->threads, u->err);
    u->g = u->d ? rf_graph_new(u->d) : NULL;
    rf_status st = u->g ? RF_OK : rf_no_memory(u->err);
    if (!st) st = read_sentences(u);
    if (!st) st = split(u);
    if (!st) h->log(h, RF_LOG_INFO, "learning from both sides");
    if (!st) st = learn(u, &u->both, true);
    if (!st) h->log(h, RF_LOG_INFO, "learning from the left side");
    if (!st) st = learn(u, &u->left, false);
    if (!st) st = emit_score(u, &u->both, "both sides");
    if (!st) st = emit_score(u, &u->left, "left side");
    for (uint32_t i = 0; i < u->r->arg_count && !st; i++) st = fill_sentence(u, i, u->r->arg[i]);
    return st;
}

rf_status lab_cloze_verb(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    run_state u = {.s = s, .r = r, .err = &err};
    memcpy(u.v, r->opt, CLOZE_COUNT * sizeof *u.v);
    rf_status st = run(&u);
    lab_cloze_free(&u.both);
    lab_cloze_free(&u.left);
    rf_graph_free(u.g);
    rf_device_free(u.d);
    rf_tokenizer_free(u.tokens);
    lab_set_free(&u.train);
    lab_set_free(&u.valid);
    lab_samples_free(&u.samples);
    return rf_session_end(s, st, &err);
}
