/* music/render.c -- the verb render: a piece as sound. */
#include <math.h>
#include <string.h>

#include "fluid.h"
#include "music.h"
#include "sound.h"

enum { RENDER_AUDIO, RENDER_SYNTH, RENDER_FONT, RENDER_RATE, RENDER_SOURCE };

#define RATE 44100 /* frames per second, unless asked otherwise */

enum { SYNTH_AUTO, SYNTH_OWN, SYNTH_FLUID };
static const char *const synths[] = {"auto", "own", "fluidsynth", NULL};

const rf_option music_render_options[] = {
    [RENDER_AUDIO] = {.name = "audio",
                      .type = RF_OUTFILE,
                      .flags = RF_OPT_REQUIRED,
                      .help = "the file to write: .wav, .flac or .ogg"},
    [RENDER_SYNTH] = {.name = "synth",
                      .type = RF_CHOICE,
                      .def = "auto",
                      .choices = synths,
                      .help = "what makes the sound: the built-in synthesiser, FluidSynth, or "
                              "FluidSynth where it and a sound font are installed"},
    [RENDER_FONT] = {.name = "font",
                     .type = RF_INFILE,
                     .help = "a sound font for FluidSynth (.sf2, .sf3); else that of the system"},
    [RENDER_RATE] = {.name = "rate",
                     .type = RF_INT,
                     .flags = RF_OPT_ADVANCED,
                     .def = "44100",
                     .min = 8000,
                     .max = 96000,
                     .unit = "Hz",
                     .help = "frames per second"},
    [RENDER_SOURCE] = MUSIC_SOURCE_OPTIONS,
    {0}};

/* Whom the parts of a rendering tell how far they are. */
typedef struct listener {
    const rf_host *h;
    const char *unit;
} listener;

static rf_status hear(void *ctx, double done, double total)
{
    const listener *l = ctx;
    return l->h->progress(l->h, done, total, l->unit);
}

/* FluidSynth if it is asked for or there, NULL with RF_OK if the built-in one is to be used. */
static music_fluid *choose(const rf_run *r, rf_error *err)
{
    const int64_t synth = r->opt[RENDER_SYNTH].as.i;
    const rf_setting *font = &r->opt[RENDER_FONT];
    rf_error why = {0};
    if (synth == SYNTH_OWN && font->set)
        rf_fail(err, RF_EINVAL, "--font: the built-in synthesiser needs none");
    if (synth == SYNTH_OWN) return NULL;
    music_fluid *f = music_fluid_open(font->as.s, &why);
    if (!f && (synth == SYNTH_FLUID || font->set || why.status == RF_ENOMEM))
        rf_fail(err, why.status, "%s", why.text);
    return f;
}

/* What is rendered, and how. */
typedef struct rendering {
    const rf_host *h;
    const rf_score *s;
    const char *path;
    music_fluid *f; /* or NULL */
    int rate;
    uint64_t seed;
} rendering;

static rf_status play(const rendering *x, music_sound *out, rf_error *err)
{
    listener notes = {x->h, "notes"}, seconds = {x->h, "seconds"};
    const music_watch by_notes = {hear, &notes}, by_seconds = {hear, &seconds};
    rf_status st = music_sound_new(out, x->s, x->rate, err);
    if (st) return st;
    st = x->f ? music_synth_fluid(x->f, out, x->s, by_seconds, err)
              : music_synth_own(out, x->s, x->seed, by_notes, err);
    if (!st) st = music_sound_finish(out, by_seconds, err);
    if (st) return st;
    return music_audio_write(out, x->s->title, x->path, by_seconds, err);
}

static double finite_or_nan(double x) { return isfinite(x) ? x : NAN; }

static rf_status tell(const rendering *r, const music_sound *x)
{
    const music_fluid *f = r->f;
    const music_measure m = music_sound_measure(x);
    const rf_field row[] = {rf_field_string("synth", synths[f ? SYNTH_FLUID : SYNTH_OWN]),
                            rf_field_string("font", f ? music_fluid_font(f) : NULL),
                            rf_field_real("seconds", m.seconds),
                            rf_field_real("peak_db", finite_or_nan(m.peak)),
                            rf_field_real("power_db", finite_or_nan(m.power)),
                            rf_field_real("longest_silence", m.silence)};
    rf_status st = rf_emit_record(r->h, 0, "sound", row, sizeof row / sizeof *row);
    return st ? st : rf_emit_file(r->h, r->path, "audio", NULL);
}

static rf_status render(const rendering *x, rf_error *err)
{
    music_sound sound = {0};
    rf_status st = play(x, &sound, err);
    if (!st) st = tell(x, &sound);
    music_sound_free(&sound);
    return st;
}

/* An error unless the name of a file says a format. */
static rf_status check_name(const char *path, rf_error *err)
{
    if (music_audio_known(path)) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%s: a name that ends in .wav, .flac or .ogg is due", path);
}

rf_status music_score_render(const rf_host *h, const rf_score *s, const char *path, uint64_t seed,
                             rf_error *err)
{
    rendering x = {.h = h, .s = s, .path = path, .rate = RATE, .seed = seed};
    rf_error why = {0};
    rf_status st = check_name(path, err);
    if (st) return st;
    x.f = music_fluid_open(NULL, &why);
    st = render(&x, err);
    music_fluid_close(x.f);
    return st;
}

rf_status music_render(rf_session *ses, const rf_run *r)
{
    rendering x = {.h = ses->host,
                   .path = r->opt[RENDER_AUDIO].as.s,
                   .rate = (int)r->opt[RENDER_RATE].as.i,
                   .seed = r->seed};
    rf_error err = {0};
    rf_status st = check_name(x.path, &err);
    rf_score *s = st ? NULL : music_source_read(r, RENDER_SOURCE, &err);
    x.s = s;
    x.f = s ? choose(r, &err) : NULL;
    st = err.status;
    if (!st) st = render(&x, &err);
    music_fluid_close(x.f);
    rf_score_free(s);
    return rf_session_end(ses, st, &err);
}
