/* pinyin/listen.c -- the verb listen: recordings, or what is just being said, to units. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio.h"
#include "listen_model.h"
#include "speech_characters.h"
#include "speech_picture.h"
#include "speech_stream.h"

/* A recording is heard in pieces of so many seconds: most are one. */
#define WHOLE_CHUNK   20.0
#define WHOLE_CONTEXT 2.0

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    rf_error *err;
    listen_model x;
    speech_stream *stream;
    speech_characters characters; /* m NULL: pinyin is written */
    rf_str told;                  /* what was told of this sound last */
    int64_t item;
} setup;

static bool streams(const setup *u)
{
    return u->r->opt[LISTEN_STREAM].as.i || u->r->opt[LISTEN_RAW].as.i;
}

/* ---- Answers ---------------------------------------------------------------------------------------- */

#define RANKED 10 /* answers of which the best characters are chosen, at least */

static bool writes_characters(const setup *u) { return u->characters.m != NULL; }

static rf_status text_of(setup *u, const rf_hypothesis *h, rf_str *out)
{
    double score;
    rf_str_clear(out);
    if (writes_characters(u)) {
        const rf_status st = speech_characters_of(&u->characters, &u->x.m->units, h->tokens, h->n,
                                                  out, &score, u->err);
        if (st) return st;
    } else {
        speech_units_decode(&u->x.m->units, h->tokens, h->n, out);
    }
    rf_str_add(out, "", 0);
    return out->failed ? rf_no_memory(u->err) : RF_OK;
}

/* The n best answers up to now. */
static rf_status best_of(setup *u, rf_index n, rf_hypotheses *best)
{
    const rf_index ask = writes_characters(u) && n < RANKED ? RANKED : n;
    rf_status st = speech_stream_best(u->stream, ask, best, u->err);
    if (!st && writes_characters(u))
        st = speech_characters_rank(&u->characters, &u->x.m->units, best, u->err);
    if (best->n > n) best->n = n;
    return st;
}

/* Of a stream: what is understood up to now, if it is not what was told. */
static rf_status tell_progress(setup *u, double seconds, bool last)
{
    rf_hypotheses best;
    rf_str text = {0};
    rf_status st = best_of(u, 1, &best);
    if (st) return st;
    if (best.n) st = text_of(u, &best.h[0], &text);
    const char *s = text.s ? text.s : "", *before = u->told.s ? u->told.s : "";
    if (!st && (last || strcmp(s, before))) {
        const rf_field fields[] = {rf_field_real("seconds", seconds), rf_field_string("heard", s),
                                   rf_field_string("state", last ? "final" : "partial")};
        st = rf_emit_record(u->s->host, u->item, "heard", fields, 3);
        rf_str_clear(&u->told);
        rf_str_put(&u->told, s);
    }
    rf_str_free(&text);
    rf_hypotheses_free(&best);
    return st;
}

static rf_status tell_table(setup *u, const rf_hypotheses *best, const char *file)
{
    rf_str text = {0}, pinyin = {0};
    rf_status st = RF_OK;
    for (rf_index i = 0; i < best->n && !st; i++) {
        const rf_hypothesis *h = &best->h[i];
        rf_str_clear(&pinyin);
        speech_units_decode(&u->x.m->units, h->tokens, h->n, &pinyin);
        st = text_of(u, h, &text);
        const rf_field fields[] = {rf_field_string("file", file), rf_field_int("rank", i + 1),
                                   rf_field_real("score", h->score),
                                   rf_field_string("heard", pinyin.s ? pinyin.s : ""),
                                   rf_field_string("characters", text.s ? text.s : "")};
        if (!st)
            st = rf_emit_record(u->s->host, u->item, "hypothesis", fields,
                                writes_characters(u) ? 5 : 4);
    }
    rf_str_free(&text);
    rf_str_free(&pinyin);
    return st;
}

static rf_status tell_answer(setup *u, const rf_hypotheses *best, const char *file)
{
    rf_str text = {0};
    rf_status st = RF_OK;
    if (streams(u)) return RF_OK;
    if (u->r->opt[LISTEN_NBEST].as.i > 1) return tell_table(u, best, file);
    if (best->n) st = text_of(u, &best->h[0], &text);
    if (!st)
        st = rf_emit_text(u->s->host, u->item, text.s ? text.s : "", text.n,
                          best->n ? best->h[0].logp : (double)NAN);
    rf_str_free(&text);
    return st;
}

/* ---- Times and the picture -------------------------------------------------------------------------- */

/* Where each unit of the best answer stands. */
typedef struct times {
    int32_t *from, *to; /* [n] steps */
    double *begin, *end, *p;
    const char **unit;
    rf_index n;
} times;

static void times_free(times *t)
{
    free(t->from);
    free(t->begin);
    free(t->unit);
}

static rf_status find_times(setup *u, const rf_hypothesis *h, times *t)
{
    const speech_heard heard = speech_stream_heard(u->stream);
    const rf_index K = u->x.m->K;
    const rf_ctc_frames f = {.T = heard.T, .K = K, .logp = heard.logp};
    const size_t n = (size_t)h->n + 1;
    *t = (times){.n = h->n,
                 .from = malloc(2 * n * sizeof *t->from),
                 .begin = malloc(3 * n * sizeof *t->begin),
                 .unit = malloc(n * sizeof *t->unit)};
    if (!t->from || !t->begin || !t->unit) return rf_no_memory(u->err);
    t->to = t->from + n;
    t->end = t->begin + n;
    t->p = t->end + n;
    const rf_status st = rf_ctc_align(&f, h->tokens, h->n, t->from, t->to, NULL, u->err);
    for (rf_index i = 0; i < h->n && !st; i++) {
        double most = -INFINITY;
        for (int32_t k = t->from[i]; k < t->to[i]; k++)
            most = fmax(most, (double)heard.logp[k * K + h->tokens[i]]);
        t->begin[i] = speech_stream_seconds(u->stream, t->from[i]);
        t->end[i] = speech_stream_seconds(u->stream, t->to[i]);
        t->p[i] = exp(most);
        t->unit[i] = rf_vocab_at(u->x.m->units.unit, h->tokens[i], NULL);
    }
    return st;
}

static rf_status tell_times(setup *u, const times *t, const char *file)
{
    rf_status st = RF_OK;
    for (rf_index i = 0; i < t->n && !st; i++) {
        const rf_field fields[] = {rf_field_string("file", file),
                                   rf_field_string("unit", t->unit[i]),
                                   rf_field_real("from", t->begin[i]),
                                   rf_field_real("to", t->end[i]), rf_field_real("p", t->p[i])};
        st = rf_emit_record(u->s->host, u->item, "time", fields, 5);
    }
    return st;
}

static rf_status draw(setup *u, const times *t, const char *file)
{
    const char *path = u->r->opt[LISTEN_PLOT].as.s, *slash = strrchr(file, '/');
    const speech_heard heard = speech_stream_heard(u->stream);
    const speech_picture x = {.title = slash ? slash + 1 : file,
                              .frame = heard.frame,
                              .frames = heard.frames,
                              .M = u->x.m->ear.M,
                              .bands = u->x.m->ear.spec.mel.mels,
                              .hop = u->x.m->ear.spec.mel.hop / 1000,
                              .unit = t->unit,
                              .from = t->begin,
                              .to = t->end,
                              .p = t->p,
                              .n = t->n};
    rf_str svg = {0};
    speech_picture_svg(&x, &svg);
    rf_status st = svg.failed ? rf_no_memory(u->err) : rf_file_write(path, svg.s, svg.n, u->err);
    rf_str_free(&svg);
    return st ? st : rf_emit_plot(u->s->host, path);
}

static rf_status tell_details(setup *u, const rf_hypotheses *best, const char *file)
{
    const bool table = u->r->opt[LISTEN_TIMES].as.i, plot = u->r->opt[LISTEN_PLOT].count;
    times t = {0};
    if (!best->n || (!table && !plot)) return RF_OK;
    rf_status st = find_times(u, &best->h[0], &t);
    if (!st && table) st = tell_times(u, &t, file);
    if (!st && plot) st = draw(u, &t, file);
    times_free(&t);
    return st;
}

/* ---- Listening -------------------------------------------------------------------------------------- */

static rf_status hear(setup *u, speech_source *source, const char *file)
{
    const rf_host *h = u->s->host;
    const double rate = speech_source_rate(source);
    const float *x;
    size_t n;
    double samples = 0;
    int more = 0;
    rf_status st = RF_OK;
    while (!st && (more = speech_source_next(source, &x, &n, u->err)) > 0) {
        samples += (double)n;
        st = speech_stream_feed(u->stream, x, n, u->err);
        if (!st && streams(u)) st = tell_progress(u, samples / rate, false);
        if (!st)
            st = h->progress(h, samples / rate, speech_source_length(source) / rate, "seconds");
    }
    if (!st && more < 0) st = more;
    if (!st && !(samples > 0))
        st = rf_fail(u->err, RF_EFORMAT, "%s: there is no sample in it", file);
    if (!st) st = speech_stream_finish(u->stream, u->err);
    return !st && streams(u) ? tell_progress(u, samples / rate, true) : st;
}

static rf_status answer(setup *u, speech_source *source, const char *file)
{
    rf_hypotheses best = {0};
    speech_stream_reset(u->stream);
    rf_str_clear(&u->told);
    rf_status st = hear(u, source, file);
    if (!st) st = best_of(u, (rf_index)u->r->opt[LISTEN_NBEST].as.i, &best);
    if (!st) st = tell_answer(u, &best, file);
    if (!st) st = tell_details(u, &best, file);
    rf_hypotheses_free(&best);
    u->item++;
    return st;
}

static rf_status open_characters(setup *u)
{
    const rf_setting *opt = u->r->opt;
    if (!opt[LISTEN_CHARACTERS].count) return RF_OK;
    if (!speech_kind_syllables(u->x.m->units.kind))
        return rf_fail(u->err, RF_EINVAL, "--characters: %s does not write syllables", u->r->model);
    return speech_characters_open(&u->characters, opt[LISTEN_CHARACTERS].as.s, u->x.d,
                                  opt[LISTEN_WEIGHT].as.f, u->err);
}

static rf_status open_stream(setup *u)
{
    const rf_setting *opt = u->r->opt;
    const double chunk = opt[LISTEN_CHUNK].as.f;
    const speech_stream_spec spec = {.m = u->x.m,
                                     .g = u->x.g,
                                     .chunk = streams(u) ? chunk : WHOLE_CHUNK,
                                     .context = streams(u) ? chunk : WHOLE_CONTEXT,
                                     .beam = (rf_index)opt[LISTEN_BEAM].as.i,
                                     .keep = opt[LISTEN_TIMES].as.i || opt[LISTEN_PLOT].count};
    u->stream = speech_stream_new(&spec, u->err);
    return u->stream ? RF_OK : u->err->status;
}

static rf_status check(setup *u)
{
    const rf_setting *opt = u->r->opt;
    if (opt[LISTEN_RAW].as.i && u->r->arg_count)
        return rf_fail(u->err, RF_EINVAL, "--raw: %s: samples come from standard input",
                       u->r->arg[0]);
    if (!opt[LISTEN_RAW].as.i && !u->r->arg_count)
        return rf_fail(u->err, RF_EINVAL, "a recording is due, or --raw");
    if (opt[LISTEN_PLOT].count && u->r->arg_count > 1)
        return rf_fail(u->err, RF_EINVAL, "--plot: one recording is due");
    if (opt[LISTEN_RAW].as.i && opt[LISTEN_RAW].as.i < 100)
        return rf_fail(u->err, RF_EINVAL, "--raw: at least 100 samples per second are due");
    return RF_OK;
}

static rf_status listen(setup *u)
{
    const int rate_of_raw = (int)u->r->opt[LISTEN_RAW].as.i;
    rf_status st = check(u);
    if (!st) st = listen_model_open(&u->x, u->r->model, u->r, u->err);
    if (!st) st = open_characters(u);
    if (!st) st = open_stream(u);
    const int rate = st ? 0 : u->x.m->ear.spec.mel.rate;
    for (uint32_t i = 0; !st && i < (rate_of_raw ? 1 : u->r->arg_count); i++) {
        speech_source *source = rate_of_raw ? speech_source_raw(rate_of_raw, rate, u->err)
                                            : speech_source_open(u->r->arg[i], rate, u->err);
        st = source ? answer(u, source, rate_of_raw ? "-" : u->r->arg[i]) : u->err->status;
        speech_source_free(source);
    }
    return st;
}

rf_status listen_run(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = listen(&u);
    speech_stream_free(u.stream);
    speech_characters_close(&u.characters);
    listen_model_close(&u.x);
    rf_str_free(&u.told);
    return rf_session_end(s, st, &err);
}
