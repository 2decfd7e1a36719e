/* seq2seq/model.c -- the parts of an encoder and decoder: checked, made, freed. */
#include "seq2seq/seq2seq.h"

#include "cells/sequence.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Checks -------------------------------------------------------------------------------------- */

static bool is_part(double p) { return p >= 0 && p < 1; }

static rf_status check_network(const rf_seq2seq_spec *s, rf_error *err)
{
    if (s->embed < 1 || s->hidden < 2 || s->hidden % 2)
        return rf_fail(err, RF_EINVAL,
                       "encoder and decoder: sizes %lld and %lld; the second must be even",
                       (long long)s->embed, (long long)s->hidden);
    if ((s->encoder_layers < 1 && !s->features) || s->decoder_layers < 1)
        return rf_fail(err, RF_EINVAL, "encoder and decoder: at least one layer each is due");
    if (s->attend == RF_ATTEND_BETWEEN && s->decoder_layers < 2)
        return rf_fail(err, RF_EINVAL,
                       "attention between the decoder's layers: at least two are due");
    if (s->coverage && (s->attend != RF_ATTEND_FEED || s->attention != RF_ATTENTION_ADDITIVE))
        return rf_fail(err, RF_EINVAL,
                       "coverage: goes with additive attention and input feeding only");
    if (s->attend == RF_ATTEND_FEED && rfi_cell_sees_gates(s->cell))
        return rf_fail(err, RF_EINVAL,
                       "input feeding: not with %s, whose gates see the last step's",
                       s->cell->name);
    return RF_OK;
}

static rf_status check_source(const rf_seq2seq_spec *s, rf_error *err)
{
    if (s->features < 0 || (s->features > 0) != (s->source == 0))
        return rf_fail(err, RF_EINVAL,
                       "encoder and decoder: either tokens or vectors are the source");
    if (s->compare < 0)
        return rf_fail(err, RF_EINVAL, "attention: compares in less than one dimension");
    if (s->features && (s->shared || s->copy))
        return rf_fail(err, RF_EINVAL, "a source of vectors: has no tokens to share or to copy");
    if (s->attend == RF_ATTEND_NONE && (s->copy || s->even > 0))
        return rf_fail(err, RF_EINVAL, "without attention: nothing is copied or evenly attended");
    return RF_OK;
}

static rf_status check(const rf_seq2seq_spec *s, rf_error *err)
{
    if (!s->cell || s->source < 0 || s->target < 1)
        return rf_fail(err, RF_EINVAL, "encoder and decoder: cell and vocabularies are due");
    if (check_source(s, err)) return RF_EINVAL;
    if (s->shared && s->source != s->target)
        return rf_fail(err, RF_EINVAL, "shared embeddings: vocabularies of %d and %d tokens",
                       (int)s->source, (int)s->target);
    if (s->copy && (s->smoothing > 0 || s->unknown < 0 || s->unknown >= s->target))
        return rf_fail(err, RF_EINVAL,
                       "copying: goes without label smoothing, with an unknown token");
    if (!is_part(s->drop_input) || !is_part(s->drop_hidden) || !is_part(s->drop_output) ||
        !is_part(s->smoothing) || !(s->sampling >= 0 && s->sampling <= 1))
        return rf_fail(err, RF_EINVAL, "encoder and decoder: a part is not within 0 and 1");
    return check_network(s, err);
}

/* ---- Making -------------------------------------------------------------------------------------- */

static rf_status make_tables(rf_seq2seq *m, rf_params *ps, rf_error *err)
{
    const rf_seq2seq_spec *s = &m->spec;
    const double scale = 1 / sqrt((double)s->embed);
    rf_status st = RF_OK;
    if (!s->features)
        st = rf_embedding_layer_init(&m->source, ps, s->shared ? "embed." : "source.", s->source,
                                     s->embed, scale, err);
    m->target = m->source;
    if (!st && !s->shared)
        st = rf_embedding_layer_init(&m->target, ps, "target.", s->target, s->embed, scale, err);
    if (st) return st;
    const bool dense = s->tied && s->shared;
    if (!dense && !s->features && !rf_param_set_sparse(m->source.weight, true))
        return rf_no_memory(err);
    if (!s->tied && !s->shared && !rf_param_set_sparse(m->target.weight, true))
        return rf_no_memory(err);
    return RF_OK;
}

static rf_rnn *make_rnn(rf_seq2seq *m, rf_params *ps, const char *prefix, rf_rnn_spec spec,
                        rf_error *err)
{
    spec.cell = m->spec.cell;
    spec.dropout = spec.layers > 1 ? m->spec.drop_hidden : 0;
    spec.forget_bias = m->spec.forget_bias;
    return rf_rnn_new(&spec, ps, prefix, err);
}

static rf_status make_encoder(rf_seq2seq *m, rf_params *ps, rf_error *err)
{
    const rf_seq2seq_spec *s = &m->spec;
    const rf_index H = s->hidden;
    const rf_rnn_spec encoder = {
        .input = s->embed, .hidden = H / 2, .layers = s->encoder_layers, .bidirectional = true};
    if (s->features)
        return rf_linear_layer_init(&m->memory, ps, "memory.", s->features, H, true, err);
    m->encoder = make_rnn(m, ps, "encoder.", encoder, err);
    return m->encoder ? RF_OK : err->status;
}

static rf_status make_networks(rf_seq2seq *m, rf_params *ps, rf_error *err)
{
    const rf_seq2seq_spec *s = &m->spec;
    const rf_index H = s->hidden;
    const bool between = s->attend == RF_ATTEND_BETWEEN;
    const rf_rnn_spec lower = {.input = s->embed, .hidden = H, .layers = 1};
    const rf_rnn_spec upper = {
        .input = between ? 2 * H : s->embed + (s->attend == RF_ATTEND_FEED ? m->width : 0),
        .hidden = H,
        .layers = s->decoder_layers - between};
    if (make_encoder(m, ps, err)) return err->status;
    if (between && !(m->lower = make_rnn(m, ps, "decoder.0.", lower, err))) return err->status;
    m->upper = make_rnn(m, ps, between ? "decoder.1." : "decoder.", upper, err);
    return m->upper ? RF_OK : err->status;
}

static rf_status make_bridge(rf_seq2seq *m, rf_params *ps, rf_error *err)
{
    const int states = m->spec.cell->states, n = m->spec.decoder_layers * states;
    const rf_index H = m->spec.hidden;
    m->bridge = calloc((size_t)n, sizeof *m->bridge);
    rf_status st = m->bridge ? RF_OK : rf_no_memory(err);
    for (int i = 0; i < n && !st; i++) {
        char name[32];
        snprintf(name, sizeof name, "bridge.%d.%c.", i / states, "hc"[i % states]);
        st = rf_linear_layer_init(&m->bridge[i], ps, name, H, H, true, err);
    }
    return st;
}

static rf_status make_attention(rf_seq2seq *m, rf_params *ps, rf_error *err)
{
    const rf_seq2seq_spec *s = &m->spec;
    const rf_index H = s->hidden;
    if (!rfi_seq2seq_attends(m)) return RF_OK;
    const rf_status st = rf_attention_layer_init(&m->attention, ps, "attention.", s->attention, H,
                                                 H, rfi_seq2seq_compared(s), err);
    if (st || !s->coverage) return st;
    return rf_attention_layer_cover(&m->attention, ps, "attention.", err);
}

static rf_status make_output(rf_seq2seq *m, rf_params *ps, rf_error *err)
{
    const rf_seq2seq_spec *s = &m->spec;
    const rf_index seen = s->hidden * (1 + rfi_seq2seq_attends(m));
    rf_status st = make_attention(m, ps, err);
    if (!st) st = rf_linear_layer_init(&m->combine, ps, "combine.", seen, m->width, false, err);
    if (!st && s->tied) {
        m->output.weight = m->target.weight;
        m->output.bias = rf_params_add(ps, "output.bias", RF_SHAPE(s->target),
                                       (rf_init){.kind = RF_INIT_CONSTANT}, err);
        if (!m->output.bias) st = err->status;
    } else if (!st) {
        st = rf_linear_layer_init(&m->output, ps, "output.", m->width, s->target, true, err);
    }
    if (!st && s->copy) st = rf_linear_layer_init(&m->gate, ps, "copy.", m->width, 1, true, err);
    return st;
}

rf_seq2seq *rf_seq2seq_new(const rf_seq2seq_spec *spec, rf_params *ps, rf_error *err)
{
    rf_error own = {0};
    err = err ? err : &own;
    if (check(spec, err)) return NULL;
    rf_seq2seq *m = calloc(1, sizeof *m);
    if (!m) return rf_no_memory(err), NULL;
    m->spec = *spec;
    m->width = spec->tied ? spec->embed : spec->hidden;
    m->loud = sqrt((double)spec->embed);
    rf_status st = make_tables(m, ps, err);
    if (!st) st = make_networks(m, ps, err);
    if (!st) st = make_bridge(m, ps, err);
    if (!st) st = make_output(m, ps, err);
    if (!st) return m;
    rf_seq2seq_free(m);
    return NULL;
}

void rf_seq2seq_free(rf_seq2seq *m)
{
    if (!m) return;
    rf_rnn_free(m->encoder);
    rf_rnn_free(m->lower);
    rf_rnn_free(m->upper);
    free(m->bridge);
    free(m);
}

const rf_seq2seq_spec *rf_seq2seq_describe(const rf_seq2seq *m) { return &m->spec; }

void rf_seq2seq_set_sampling(rf_seq2seq *m, double sampling) { m->spec.sampling = sampling; }
