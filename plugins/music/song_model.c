/* music/song_model.c -- see song_model.h. */
#include "song_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Building ---------------------------------------------------------------------------------- */

static rf_param *fixed(song_model *m, const char *name, rf_index rows, rf_index columns,
                       rf_error *err)
{
    const rf_shape shape = rows ? RF_SHAPE(rows, columns) : RF_SHAPE(columns);
    rf_param *p = rf_params_add(m->params, name, shape, (rf_init){.kind = RF_INIT_CONSTANT}, err);
    if (p) p->frozen = true;
    return p;
}

static bool add_style(song_model *m, rf_error *err)
{
    song_style *s = &m->style;
    return (s->key = fixed(m, "style.key", SONG_SCALES, 12, err)) &&
           (s->metre = fixed(m, "style.metre", m->shape.metres, SONG_METRE_SIZE, err)) &&
           (s->program = fixed(m, "style.program", 0, 3, err)) &&
           (s->range = fixed(m, "style.range", 0, 2, err)) &&
           (s->repeat = fixed(m, "style.repeat", SONG_PLACES, 1 + SONG_LAGS, err)) &&
           (s->centre = fixed(m, "style.profile", SONG_PROFILES, PROFILE_SIZE, err)) &&
           (s->follow = fixed(m, "style.follow", SONG_PROFILES + 1, SONG_PROFILES, err)) &&
           (!m->shape.patterns ||
            (s->pattern = fixed(m, "style.pattern", m->shape.patterns, SONG_DRUMS, err)));
}

static bool add_rnn(song_model *m, int layer, rf_error *err)
{
    char prefix[32];
    const rf_rnn_spec spec = {.cell = m->shape.cell,
                              .input = song_view_size(layer),
                              .hidden = m->shape.hidden[layer],
                              .layers = layer == SONG_LAYER_MELODY ? m->shape.layers : 1,
                              .dropout = m->shape.dropout,
                              .forget_bias = m->shape.forget_bias};
    snprintf(prefix, sizeof prefix, "%s.rnn.", song_layer_name(layer));
    return (m->rnn[layer] = rf_rnn_new(&spec, m->params, prefix, err)) != NULL;
}

static bool add_head(song_model *m, rf_linear_layer *l, int layer, const char *name,
                     rf_index classes, rf_error *err)
{
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%s.%s.", song_layer_name(layer), name);
    return !rf_linear_layer_init(l, m->params, prefix, m->shape.hidden[layer], classes, true, err);
}

static bool build(song_model *m, rf_error *err)
{
    if (!(m->params = rf_params_new())) return false;
    if (!add_style(m, err) || !add_rnn(m, SONG_LAYER_MELODY, err) ||
        !add_head(m, &m->act, SONG_LAYER_MELODY, "act", SONG_ACTS, err) ||
        !add_head(m, &m->pitch, SONG_LAYER_MELODY, "pitch", SONG_PITCHES, err) ||
        !add_rnn(m, SONG_LAYER_CHORDS, err) ||
        !add_head(m, &m->chord, SONG_LAYER_CHORDS, "out", SONG_CHORDS, err))
        return false;
    return !m->shape.patterns ||
           (add_rnn(m, SONG_LAYER_DRUMS, err) &&
            add_head(m, &m->drums, SONG_LAYER_DRUMS, "out", m->shape.patterns, err));
}

song_model *song_model_new(const song_shape *shape, rf_error *err)
{
    song_model *m = calloc(1, sizeof *m);
    if (m) {
        m->shape = *shape;
        if (build(m, err)) return m;
    }
    song_model_free(m);
    if (!err->status) rf_no_memory(err);
    return NULL;
}

void song_model_free(song_model *m)
{
    if (!m) return;
    for (int i = 0; i < SONG_LAYERS; i++) rf_rnn_free(m->rnn[i]);
    rf_params_free(m->params);
    free(m);
}

/* ---- Style ------------------------------------------------------------------------------------- */

uint16_t song_model_pattern(const song_model *m, int i)
{
    const rf_real *row = m->style.pattern->value.data + i * SONG_DRUMS;
    unsigned bits = 0;
    for (int d = 0; d < SONG_DRUMS; d++) bits |= row[d] > (rf_real)0.5 ? 1u << d : 0;
    return (uint16_t)bits;
}

/* How many drums differ; kick and snare count for more. */
static int apart(unsigned a, unsigned b)
{
    int n = 0;
    for (int d = 0; d < SONG_DRUMS; d++) n += ((a ^ b) >> d & 1) ? (d < 2 ? 3 : 1) : 0;
    return n;
}

void song_model_settle(song_model *m)
{
    for (unsigned set = 0; m->shape.patterns && set < 1u << SONG_DRUMS; set++) {
        int least = 1000;
        for (int i = 0; i < (int)m->shape.patterns; i++) {
            const int d = apart(set, song_model_pattern(m, i));
            if (d >= least) continue;
            least = d;
            m->pattern_of[set] = (int16_t)i;
        }
    }
}

song_profiles song_model_profiles(const song_model *m)
{
    return (song_profiles){m->style.centre->value.data, m->style.follow->value.data};
}

/* ---- Windows as a batch ------------------------------------------------------------------------ */

typedef struct batch {
    rf_index T, B;
    int32_t *lengths; /* [B] */
    rf_real *x;       /* [T,B,I] */
} batch;

static bool lay_out(rf_graph *g, int layer, const song_window *w, rf_index B, batch *b)
{
    const rf_index I = song_view_size(layer);
    *b = (batch){.B = B, .lengths = rf_graph_alloc(g, (size_t)B * sizeof(int32_t))};
    if (!b->lengths) return false;
    for (rf_index k = 0; k < B; k++) {
        b->lengths[k] = w[k].bars * song_layer_steps(w[k].view->s, layer);
        if (b->lengths[k] > b->T) b->T = b->lengths[k];
    }
    b->x = rf_graph_alloc(g, (size_t)(b->T * B * I) * sizeof *b->x);
    if (!b->x) return false;
    memset(b->x, 0, (size_t)(b->T * B * I) * sizeof *b->x);
    for (rf_index k = 0; k < B; k++) {
        const int from = w[k].first * song_layer_steps(w[k].view->s, layer);
        for (int t = 0; t < b->lengths[k]; t++)
            song_view_fill(w[k].view, layer, from + t, b->x + (t * B + k) * I);
    }
    return true;
}

static rf_node run(rf_graph *g, const song_model *m, int layer, const batch *b)
{
    const rf_node view = rf_borrow(g, b->x, RF_SHAPE(b->T, b->B, song_view_size(layer)));
    const rf_node x = rf_dropout(g, view, m->shape.drop_input);
    const rf_node h = rf_rnn_apply(g, m->rnn[layer], x, RF_NONE, RF_NONE, b->lengths).out;
    return rf_dropout(g, h, m->shape.dropout);
}

/* What a head is to tell of step t of a song, or -1. */
static int32_t target(const song_model *m, const song *s, int what, int t)
{
    const song_note n = s->melody[what == SONG_NATS_CHORD ? 0 : t];
    switch (what) {
    case SONG_NATS_ACT:
        return n.act;
    case SONG_NATS_PITCH:
        return n.act == SONG_PRESS ? n.pitch - SONG_LOWEST : -1;
    case SONG_NATS_CHORD:
        return s->has_chords ? song_chord_number(s->chord[t]) : -1;
    default:
        return s->has_drums ? m->pattern_of[s->drums[t]] : -1;
    }
}

static void add_loss(rf_graph *g, const song_model *m, const song_window *w, const batch *b,
                     int layer, int what, rf_node h, const rf_linear_layer *head, song_losses *out)
{
    int32_t *y = rf_graph_alloc(g, (size_t)(b->T * b->B) * sizeof *y);
    rf_index count = 0;
    if (!y) return;
    for (rf_index k = 0; k < b->B; k++) {
        const int from = w[k].first * song_layer_steps(w[k].view->s, layer);
        for (int t = 0; t < b->T; t++) {
            int32_t *at = &y[t * b->B + k];
            *at = t < b->lengths[k] ? target(m, w[k].view->s, what, from + t) : -1;
            count += *at >= 0;
        }
    }
    out->count[what] = count;
    if (count) out->mean[what] = rf_cross_entropy(g, rf_linear_layer_apply(g, head, h), y);
}

song_losses song_model_losses(rf_graph *g, const song_model *m, const song_window *w, rf_index B)
{
    song_losses out = {0};
    for (int layer = 0; layer < SONG_LAYERS; layer++) {
        batch b;
        if (!m->rnn[layer] || !lay_out(g, layer, w, B, &b)) continue;
        const rf_node h = run(g, m, layer, &b);
        if (layer == SONG_LAYER_MELODY) {
            add_loss(g, m, w, &b, layer, SONG_NATS_ACT, h, &m->act, &out);
            add_loss(g, m, w, &b, layer, SONG_NATS_PITCH, h, &m->pitch, &out);
        } else if (layer == SONG_LAYER_CHORDS)
            add_loss(g, m, w, &b, layer, SONG_NATS_CHORD, h, &m->chord, &out);
        else
            add_loss(g, m, w, &b, layer, SONG_NATS_DRUMS, h, &m->drums, &out);
    }
    return out;
}

rf_node song_model_loss(rf_graph *g, const song_losses *l)
{
    rf_node sum = RF_NONE;
    for (int i = 0; i < SONG_NATS; i++) {
        if (!l->count[i]) continue;
        const double share = i == SONG_NATS_PITCH ? (double)l->count[i] / (double)l->count[0] : 1;
        const rf_node part = rf_affine(g, l->mean[i], share, 0);
        sum = sum == RF_NONE ? part : rf_add(g, sum, part);
    }
    return sum;
}

rf_status song_model_nats(rf_graph *g, const song_model *m, const song_view *v, double *nats,
                          rf_index *count, double *profiles, rf_error *err)
{
    const song_window all = {v, 0, v->s->bars};
    const song_profiles p = song_model_profiles(m);
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const song_losses l = song_model_losses(g, m, &all, 1);
    const rf_status st = rf_graph_status(g, err);
    for (int i = 0; i < SONG_NATS && !st; i++) {
        count[i] = l.count[i];
        nats[i] = l.count[i] ? (double)*rf_value(g, l.mean[i]).data * (double)l.count[i] : 0;
    }
    *profiles = song_profiles_nats(&p, v->profile, (v->s->bars + 1) / 2);
    return st;
}
