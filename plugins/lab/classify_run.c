/* lab/classify_run.c -- the verb classify-run: labels for texts, frames and images without them. */
#include <math.h>
#include <refrain/words.h>
#include <stdio.h>
#include <stdlib.h>

#include "classify.h"
#include "mark.h"

/* What the walk needs beside the model. */
typedef struct runner {
    rf_session *s;
    const rf_run *r;
    lab_trained_model *x;
    lab_samples *samples;
    rf_words *words;    /* NULL: no picture */
    const char **names; /* [K] labels */
    rf_real *p;         /* [K] */
    int64_t item;       /* labels told so far */
    rf_index done;      /* sequences of the batches before */
} runner;

/* ---- One label ------------------------------------------------------------------------------- */

/* exp(x - max) / sum into u->p; where the largest is. */
static rf_index softmax(runner *u, const rf_real *x)
{
    const rf_index K = u->x->m->K;
    const rf_index best = rf_argmax(x, K);
    double sum = 0;
    for (rf_index k = 0; k < K; k++) sum += exp((double)x[k] - x[best]);
    for (rf_index k = 0; k < K; k++) u->p[k] = (rf_real)(exp((double)x[k] - x[best]) / sum);
    return best;
}

/* Fields that every table of labels ends with; how many. */
static size_t label_fields(runner *u, const rf_real *logits, const rf_index *K, rf_field *out)
{
    const rf_index best = softmax(u, logits);
    out[0] = rf_field_string("label", u->names[best]);
    out[1] = rf_field_real("p", u->p[best]);
    if (!u->r->opt[RUN_ALL].as.i) return 2;
    out[2] = rf_field_strings("labels", u->names, K, 1);
    out[3] = rf_field_reals("probabilities", u->p, K, 1);
    return 4;
}

static rf_status emit_frames(runner *u, const rf_real *logits, const rf_bucket_batch *b, rf_index k)
{
    const rf_index K = u->x->m->K;
    rf_status st = RF_OK;
    for (int32_t t = 0; t < b->lengths[k] && !st; t++) {
        rf_field row[6] = {rf_field_int("sequence", u->done + k + 1), rf_field_int("frame", t + 1)};
        const size_t n = label_fields(u, logits + (t * b->B + k) * K, &K, row + 2);
        st = rf_emit_record(u->s->host, u->item++, "frame", row, 2 + n);
    }
    return st;
}

/* ---- Attention ------------------------------------------------------------------------------- */

/* The units of a sequence, for people; owned by the tokenizer.  NULL: no memory. */
static const char **units_of(const runner *u, rf_index i)
{
    const lab_item *x = &u->samples->item[i];
    const char **unit = calloc((size_t)x->length + 1, sizeof *unit);
    for (int32_t t = 0; unit && t < x->length; t++)
        unit[t] = rf_tokenizer_at(u->x->m->tokens, u->samples->ids.at[x->start + t], NULL);
    return unit;
}

static bool draw(runner *u, const char *const *unit, const rf_real *weight, rf_index n,
                 rf_index best)
{
    char heading[160];
    double *w = calloc((size_t)n + 1, sizeof *w);
    for (rf_index t = 0; w && t < n; t++) w[t] = weight[t];
    snprintf(heading, sizeof heading, "%.100s  %.3f", u->names[best], (double)u->p[best]);
    const bool done = w && rf_words_add(u->words, heading, unit, w, (size_t)n);
    free(w);
    return done;
}

/* ---- One sequence ---------------------------------------------------------------------------- */

static rf_status emit_text(runner *u, const rf_real *logits, const rf_real *weight, rf_index i,
                           rf_error *err)
{
    const lab_item *x = &u->samples->item[i];
    const rf_index K = u->x->m->K, T = x->length;
    const char **unit = weight ? units_of(u, i) : NULL;
    rf_str text = {0};
    rf_str_add(&text, u->samples->text.s ? u->samples->text.s + x->text : "", x->bytes);
    bool fine = !text.failed && (unit || !weight);
    rf_field row[8] = {rf_field_string("text", text.s ? text.s : "")};
    size_t n = 1 + label_fields(u, logits, &K, row + 1);
    if (weight && u->r->opt[RUN_ATTENTION].as.i) {
        row[n++] = rf_field_strings("units", unit, &T, 1);
        row[n++] = rf_field_reals("attention", weight, &T, 1);
    }
    const rf_index best = softmax(u, logits);
    if (fine && u->words) fine = draw(u, unit, weight, T, best);
    rf_status st = fine ? rf_emit_record(u->s->host, u->item++, "text", row, n) : rf_no_memory(err);
    free(unit);
    rf_str_free(&text);
    return st;
}

static rf_status emit_sequence(runner *u, const rf_real *logits, const rf_real *weight, rf_index i)
{
    const rf_index K = u->x->m->K, T = u->samples->item[i].length;
    rf_field row[6] = {rf_field_int("sequence", i + 1)};
    size_t n = 1 + label_fields(u, logits, &K, row + 1);
    if (weight && u->r->opt[RUN_ATTENTION].as.i)
        row[n++] = rf_field_reals("attention", weight, &T, 1);
    return rf_emit_record(u->s->host, u->item++, "sequence", row, n);
}

static rf_status each(void *ctx, const rf_graph *g, const rf_bucket_batch *b,
                      const lab_classified *c, rf_error *err)
{
    runner *u = ctx;
    const rf_real *logits = rf_value(g, c->logits).data;
    const rf_real *all = c->attention == RF_NONE ? NULL : rf_value(g, c->attention).data;
    rf_status st = RF_OK;
    for (rf_index k = 0; k < b->B && !st; k++) {
        const rf_real *weight = all ? all + k * b->T : NULL, *x = logits + k * u->x->m->K;
        if (u->x->m->shape.per_frame)
            st = emit_frames(u, logits, b, k);
        else
            st = u->x->m->tokens ? emit_text(u, x, weight, u->done + k, err)
                                 : emit_sequence(u, x, weight, u->done + k);
    }
    u->done += b->B;
    return st;
}

/* ---- The verb -------------------------------------------------------------------------------- */

/* Weights are asked for where there are none. */
static rf_status check(const runner *u, rf_error *err)
{
    const lab_classifier_shape *s = &u->x->m->shape;
    const bool plot = u->r->opt[RUN_PLOT].as.s, asked = u->r->opt[RUN_ATTENTION].as.i || plot;
    const bool attends =
        s->network == LAB_RECURRENT && !s->per_frame && s->pool == LAB_POOL_ATTENTION;
    if (asked && !attends)
        return rf_fail(err, RF_EINVAL, "--%s: this model was not trained with --pool attention",
                       plot ? "plot" : "attention");
    if (plot && !u->x->m->tokens)
        return rf_fail(err, RF_EINVAL, "--svg: this model reads no texts");
    return RF_OK;
}

static rf_status begin(runner *u, rf_error *err)
{
    const lab_classifier *m = u->x->m;
    u->names = calloc((size_t)m->K, sizeof *u->names);
    u->p = calloc((size_t)m->K, sizeof *u->p);
    if (u->r->opt[RUN_PLOT].as.s) u->words = rf_words_new(NULL);
    if (!u->names || !u->p || (u->r->opt[RUN_PLOT].as.s && !u->words)) return rf_no_memory(err);
    for (rf_index k = 0; k < m->K; k++) u->names[k] = rf_vocab_at(m->classes, (int32_t)k, NULL);
    return RF_OK;
}

static rf_status run(runner *u, rf_error *err)
{
    const rf_setting *opt = u->r->opt;
    lab_set set = {0};
    const char *plot = opt[RUN_PLOT].as.s;
    rf_status st = check(u, err);
    if (!st) st = begin(u, err);
    if (!st) st = lab_trained_read(u->x, u->samples, u->r, true, !opt[RUN_PLAIN].as.i, err);
    if (!st) st = lab_classify_whole(&set, u->samples, err);
    const lab_walk w = {.g = u->x->g,
                        .m = u->x->m,
                        .s = u->samples,
                        .set = &set,
                        .B = (rf_index)opt[READ_BATCH].as.i,
                        .ordered = true,
                        .watch = {lab_classify_progress, u->s},
                        .each = each,
                        .ctx = u};
    if (!st) st = lab_walk_run(&w, err);
    if (!st && plot) st = rf_words_write(u->words, plot, err);
    if (!st && plot) st = rf_emit_plot(u->s->host, plot);
    lab_set_free(&set);
    return st;
}

rf_status lab_classify_run(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    lab_trained_model x;
    lab_samples samples = {0};
    runner u = {.s = s, .r = r, .x = &x, .samples = &samples};
    rf_status st = lab_trained_open(&x, r, &err);
    if (!st) st = run(&u, &err);
    lab_trained_close(&x);
    rf_words_free(u.words);
    free(u.names);
    free(u.p);
    st = lab_end_marked(s, st, &samples.where, &err);
    lab_samples_free(&samples);
    return st;
}
