/* pinyin/speech_stream.c -- see speech_stream.h. */
#include "speech_stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio.h"

#define PRUNE 12.0               /* nats below the best unit of a step */
#define LEAD  (2 * SPEECH_SLOPE) /* frames around a step that its slopes' slopes need */

struct speech_stream {
    speech_stream_spec spec;
    rf_ctc_search *search;
    speech_sound sound; /* samples from `sample` on that still belong to a frame to come */
    size_t sample;
    rf_real *frame; /* [frames,M] normalised, from frame `first` on */
    size_t cap;
    rf_index first, frames, done; /* done: steps that were understood */
    speech_sums sums;             /* of frames up to now */
    bool sounds;                  /* not all was silence */
    bool whole;                   /* nothing was understood yet: frames are not normalised */
    rf_real *x;                   /* [T,I] of a window */
    size_t x_cap;
    rf_real *state[2]; /* h and c of a network from left to right, [L,1,H] */
    rf_real *logp;     /* keep: [done,K] */
    size_t logp_cap;
    rf_ids greedy;
    int32_t last;
    double greedy_p;
};

static rf_index steps_of(const speech_stream *s, double seconds)
{
    const speech_ear_spec *e = &s->spec.m->ear.spec;
    const double n = round(seconds * 1000 / (e->mel.hop * (double)e->stack));
    return n < 1 ? 1 : (rf_index)n;
}

static bool both_ends(const speech_stream *s) { return s->spec.m->shape.bidirectional; }

static rf_index context(const speech_stream *s)
{
    return both_ends(s) ? steps_of(s, s->spec.context) : 0;
}

static rf_index state_size(const speech_stream *s)
{
    return (rf_index)s->spec.m->shape.layers * s->spec.m->shape.hidden;
}

speech_stream *speech_stream_new(const speech_stream_spec *spec, rf_error *err)
{
    speech_stream *s = calloc(1, sizeof *s);
    rf_ctc_spec search = {
        .beam = spec->beam ? spec->beam : 1, .prune = PRUNE, .ctx = &spec->m->units};
    if (!s) {
        rf_no_memory(err);
        return NULL;
    }
    s->spec = *spec;
    if (spec->m->units.follow) search.follow = speech_units_follow, search.end = speech_units_end;
    s->search = rf_ctc_search_new(&search, spec->m->K, 0, err);
    for (int i = 0; i < 2; i++) s->state[i] = calloc((size_t)state_size(s), sizeof **s->state);
    if (s->search && s->state[0] && s->state[1] && speech_sums_new(&s->sums, spec->m->ear.M)) {
        speech_stream_reset(s);
        return s;
    }
    speech_stream_free(s);
    rf_no_memory(err);
    return NULL;
}

void speech_stream_free(speech_stream *s)
{
    if (!s) return;
    rf_ctc_search_free(s->search);
    speech_sound_free(&s->sound);
    speech_sums_free(&s->sums);
    rf_ids_free(&s->greedy);
    free(s->frame);
    free(s->x);
    free(s->state[0]);
    free(s->state[1]);
    free(s->logp);
    free(s);
}

void speech_stream_reset(speech_stream *s)
{
    speech_ear *e = &s->spec.m->ear;
    rf_ctc_search_reset(s->search);
    s->sound.n = s->sample = 0;
    s->first = s->frames = s->done = 0;
    s->whole = e->spec.norm == SPEECH_NORM_UTTERANCE;
    s->greedy.n = 0;
    s->sounds = false;
    s->last = 0;
    s->greedy_p = 0;
    for (int i = 0; i < 2; i++) memset(s->state[i], 0, (size_t)state_size(s) * sizeof **s->state);
    speech_sums_begin(&s->sums, e->mean, e->deviation, SPEECH_NORM_PRIOR);
}

/* ---- Frames ----------------------------------------------------------------------------------------- */

static bool room(rf_real **x, size_t *cap, rf_index n)
{
    if ((size_t)n <= *cap) return true;
    if (!rf_resize(x, (size_t)n + (size_t)n / 2, sizeof **x)) return false;
    *cap = (size_t)n + (size_t)n / 2;
    return true;
}

static void normalise_one(speech_stream *s, rf_real *frame)
{
    speech_ear *e = &s->spec.m->ear;
    if (e->spec.norm == SPEECH_NORM_NONE || s->whole) return;
    if (e->spec.norm != SPEECH_NORM_TRAINING) speech_sums_add(&s->sums, frame);
    speech_sums_apply(&s->sums, frame);
}

/* All frames that the samples have; `end`: the one that a short sound has, too. */
static rf_status take_frames(speech_stream *s, bool end, rf_error *err)
{
    speech_ear *e = &s->spec.m->ear;
    const size_t window = (size_t)speech_mel_window(e->mel), hop = (size_t)speech_mel_hop(e->mel);
    size_t at = 0;
    const bool lone = end && s->frames + s->first == 0 && s->sound.n;
    for (; s->sound.n - at >= window || (lone && !s->frames); at += hop) {
        if (!room(&s->frame, &s->cap, (s->frames + 1) * e->M)) return rf_no_memory(err);
        rf_real *frame = s->frame + s->frames++ * e->M;
        speech_mel_frame(e->mel, s->sound.x + at, s->sound.n - at, 0, frame);
        s->sounds |= speech_mel_sounds(e->mel, frame);
        normalise_one(s, frame);
        if (lone) break;
    }
    if (at > s->sound.n) at = s->sound.n;
    if (at) memmove(s->sound.x, s->sound.x + at, (s->sound.n - at) * sizeof *s->sound.x);
    s->sound.n -= at;
    return RF_OK;
}

/* Normalise what has waited for the end of the sound, or for the first full window. */
static void settle(speech_stream *s, bool end)
{
    speech_ear *e = &s->spec.m->ear;
    if (!s->whole) return;
    s->whole = false;
    if (end) speech_normalise(SPEECH_NORM_UTTERANCE, &s->sums, NULL, NULL, s->frame, s->frames);
    for (rf_index t = 0; !end && t < s->frames; t++) normalise_one(s, s->frame + t * e->M);
}

/* ---- Windows ---------------------------------------------------------------------------------------- */

static rf_status keep(speech_stream *s, const rf_real *logp, rf_index T, rf_error *err)
{
    const rf_index K = s->spec.m->K;
    if (!s->spec.keep) return RF_OK;
    if (!room(&s->logp, &s->logp_cap, (s->done + T) * K)) return rf_no_memory(err);
    memcpy(s->logp + s->done * K, logp, (size_t)(T * K) * sizeof *logp);
    return RF_OK;
}

static rf_status understand(speech_stream *s, const rf_real *logp, rf_index T, rf_error *err)
{
    const rf_index K = s->spec.m->K;
    rf_status st = keep(s, logp, T, err);
    if (!st && s->spec.beam) st = rf_ctc_search_feed(s->search, logp, T, 0, err);
    for (rf_index t = 0; t < T && !s->spec.beam; t++) {
        const int32_t k = (int32_t)rf_argmax(logp + t * K, K);
        s->greedy_p += (double)logp[t * K + k];
        if (k && k != s->last) rf_ids_add(&s->greedy, k);
        s->last = k;
    }
    s->done += T;
    return !st && s->greedy.failed ? rf_no_memory(err) : st;
}

/* Steps from .. from+T, of which `skip` first ones are context and `count` are understood. */
static rf_status hear_window(speech_stream *s, rf_index from, rf_index T, rf_index skip,
                             rf_index count, rf_error *err)
{
    speech_model *m = s->spec.m;
    rf_graph *g = s->spec.g;
    const rf_index I = m->ear.I, stack = m->ear.spec.stack, L = m->shape.layers;
    if (!room(&s->x, &s->x_cap, T * I)) return rf_no_memory(err);
    /* `first` is a multiple of stack. */
    if (!speech_ear_steps(&m->ear, s->frame, s->frames, from - s->first / stack, T, s->x, I))
        return rf_no_memory(err);
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const rf_node x = rf_borrow(g, s->x, RF_SHAPE(T, 1, I));
    const rf_shape shape = RF_SHAPE(L, 1, m->shape.hidden);
    rf_sequence first = {RF_NONE, RF_NONE, RF_NONE}, last;
    if (!both_ends(s)) first.h = rf_constant(g, s->state[0], shape);
    if (!both_ends(s) && m->shape.cell->states == 2) first.c = rf_constant(g, s->state[1], shape);
    const rf_node y = rf_log_softmax(g, speech_model_apply(g, m, x, NULL, &first, &last));
    const rf_status st = rf_graph_status(g, err);
    if (st) return st;
    const size_t bytes = (size_t)state_size(s) * sizeof **s->state;
    if (!both_ends(s)) memcpy(s->state[0], rf_value(g, last.h).data, bytes);
    if (first.c != RF_NONE) memcpy(s->state[1], rf_value(g, last.c).data, bytes);
    return understand(s, rf_value(g, y).data + skip * m->K, count, err);
}

/* Forget frames that no window needs any more. */
static void forget(speech_stream *s)
{
    const rf_index stack = s->spec.m->ear.spec.stack, M = s->spec.m->ear.M;
    rf_index from = (s->done - context(s)) * stack - LEAD;
    from -= from > 0 ? from % stack : 0;
    const rf_index drop = from - s->first;
    if (s->spec.keep || drop <= 0) return;
    memmove(s->frame, s->frame + drop * M, (size_t)((s->frames - drop) * M) * sizeof *s->frame);
    s->frames -= drop;
    s->first += drop;
}

/* Hear what can be heard: whole chunks, and at the end all. */
static rf_status hear(speech_stream *s, bool end, rf_error *err)
{
    const speech_ear_spec *e = &s->spec.m->ear.spec;
    const rf_index chunk = steps_of(s, s->spec.chunk), around = context(s), stack = e->stack;
    rf_status st = RF_OK;
    while (!st) {
        const rf_index frames = s->first + s->frames - (end || !e->slopes ? 0 : LEAD);
        const rf_index all = end ? speech_steps(frames, stack) : frames / stack;
        if (all <= s->done) return RF_OK;
        const bool rest = end && all - s->done <= chunk + around;
        if (!rest && all < s->done + chunk + around) return RF_OK;
        settle(s, rest);
        const rf_index before = s->done < around ? s->done : around;
        const rf_index count = rest ? all - s->done : chunk;
        const rf_index after = rest ? 0 : around;
        st = hear_window(s, s->done - before, before + count + after, before, count, err);
        forget(s);
    }
    return st;
}

rf_status speech_stream_feed(speech_stream *s, const float *x, size_t n, rf_error *err)
{
    if (!speech_sound_add(&s->sound, x, n)) return rf_no_memory(err);
    const rf_status st = take_frames(s, false, err);
    return st ? st : hear(s, false, err);
}

rf_status speech_stream_finish(speech_stream *s, rf_error *err)
{
    const rf_status st = take_frames(s, true, err);
    return st ? st : hear(s, true, err);
}

/* ---- Results ---------------------------------------------------------------------------------------- */

/* n units at the head of `tokens`. */
static rf_status alone(const int32_t *tokens, size_t n, double logp, rf_hypotheses *out,
                       rf_error *err)
{
    int32_t *copy = malloc((n + 1) * sizeof *copy);
    *out = (rf_hypotheses){.n = 1, .h = malloc(sizeof *out->h), .memory = copy};
    if (!out->h || !copy) {
        rf_hypotheses_free(out);
        return rf_no_memory(err);
    }
    if (n) memcpy(copy, tokens, n * sizeof *copy);
    out->h[0] = (rf_hypothesis){
        .tokens = copy, .n = (rf_index)n, .logp = logp, .score = logp, .ended = true};
    return RF_OK;
}

rf_status speech_stream_best(const speech_stream *s, rf_index best, rf_hypotheses *out,
                             rf_error *err)
{
    if (!s->sounds) return alone(NULL, 0, 0, out, err);
    if (!s->spec.beam) return alone(s->greedy.at, s->greedy.n, s->greedy_p, out, err);
    return rf_ctc_search_best(s->search, best, out, err);
}

speech_heard speech_stream_heard(const speech_stream *s)
{
    return (speech_heard){s->frame, s->logp, s->frames, s->done};
}

double speech_stream_seconds(const speech_stream *s, rf_index step)
{
    const speech_ear_spec *e = &s->spec.m->ear.spec;
    return (double)(step * e->stack) * e->mel.hop / 1000;
}
