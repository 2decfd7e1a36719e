/* pinyin/listen_hear.c -- "rf.hear/1": the verb listen for programs that have a microphone. */
#include <math.h>
#include <stdlib.h>

#include "audio.h"
#include "listen_hear.h"
#include "listen_model.h"
#include "speech_stream.h"

struct rf_hear_state {
    rf_session *s;
    listen_model x;
    speech_stream *stream;
    speech_resampler *resampler; /* NULL: the rate is the model's */
    rf_index best;
    rf_str text;
    bool over;
};

static void end(rf_hear_state *l)
{
    if (!l) return;
    speech_stream_free(l->stream);
    speech_resampler_free(l->resampler);
    listen_model_close(&l->x);
    rf_str_free(&l->text);
    free(l);
}

static rf_status open_all(rf_hear_state *l, const rf_run *r, uint32_t rate, rf_error *err)
{
    const rf_setting *opt = r->opt;
    if (rate < 100 || rate > SPEECH_RATE_MOST)
        return rf_fail(err, RF_EINVAL, "%u samples per second, where 100 to %d are due", rate,
                       SPEECH_RATE_MOST);
    if (!r->model) return rf_fail(err, RF_EINVAL, "--model: is needed");
    const rf_status st = listen_model_open(&l->x, r->model, r, err);
    if (st) return st;
    const double chunk = opt[LISTEN_CHUNK].as.f;
    const speech_stream_spec spec = {.m = l->x.m,
                                     .g = l->x.g,
                                     .chunk = chunk,
                                     .context = chunk,
                                     .beam = (rf_index)opt[LISTEN_BEAM].as.i};
    const int due = l->x.m->ear.spec.mel.rate;
    l->best = (rf_index)opt[LISTEN_NBEST].as.i;
    l->stream = speech_stream_new(&spec, err);
    if (!l->stream) return err->status;
    if ((int)rate == due) return RF_OK;
    l->resampler = speech_resampler_new((double)rate / due);
    return l->resampler ? RF_OK : rf_no_memory(err);
}

static rf_status begin(rf_session *s, const rf_run *r, uint32_t rate, rf_hear_state **out)
{
    rf_error err = {0};
    rf_hear_state *l = calloc(1, sizeof *l);
    *out = NULL;
    if (!l) return s->host->fail(s->host, RF_ENOMEM, "no memory");
    l->s = s;
    const rf_status st = open_all(l, r, rate, &err);
    if (!st)
        *out = l;
    else
        end(l);
    return rf_session_end(s, st, &err);
}

static rf_status take(rf_hear_state *l, const float *x, size_t n, bool last)
{
    rf_error err = {0};
    rf_status st = RF_OK;
    if (l->over) st = rf_fail(&err, RF_EINVAL, "the sound is over");
    for (size_t i = 0; i < n && !st; i++)
        if (!isfinite(x[i])) st = rf_fail(&err, RF_EINVAL, "a sample is not a finite number");
    if (!st && l->resampler) x = speech_resampler_feed(l->resampler, x, n, last, &n);
    if (!st && l->resampler && !x) st = rf_no_memory(&err);
    if (!st) st = speech_stream_feed(l->stream, x, n, &err);
    if (!st && last) st = speech_stream_finish(l->stream, &err);
    if (last) l->over = true;
    return rf_session_end(l->s, st, &err);
}

static rf_status feed(rf_hear_state *l, const float *x, size_t n) { return take(l, x, n, false); }

static rf_status finish(rf_hear_state *l) { return take(l, NULL, 0, true); }

static rf_status clear(rf_hear_state *l)
{
    speech_stream_reset(l->stream);
    if (l->resampler) speech_resampler_reset(l->resampler);
    l->over = false;
    return RF_OK;
}

static rf_status candidate(rf_hear_state *l, uint32_t i, const char **text, double *score)
{
    rf_error err = {0};
    rf_hypotheses best = {0};
    rf_status st = speech_stream_best(l->stream, l->best, &best, &err);
    if (!st && (rf_index)i >= best.n) {
        rf_hypotheses_free(&best);
        return RF_EINVAL;
    }
    if (!st) {
        rf_str_clear(&l->text);
        speech_units_decode(&l->x.m->units, best.h[i].tokens, best.h[i].n, &l->text);
        rf_str_put(&l->text, "");
        *text = l->text.s ? l->text.s : "";
        *score = best.h[i].score;
        if (l->text.failed) st = rf_no_memory(&err);
    }
    rf_hypotheses_free(&best);
    return rf_session_end(l->s, st, &err);
}

const rf_hear listen_hear = {.size = (uint32_t)sizeof(rf_hear),
                             .verb = "listen",
                             .begin = begin,
                             .end = end,
                             .feed = feed,
                             .finish = finish,
                             .clear = clear,
                             .candidate = candidate};
