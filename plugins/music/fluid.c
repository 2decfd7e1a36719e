/* music/fluid.c -- FluidSynth as a library that is opened at run time.
 *
 * Nothing links it: without it there is the built-in synthesiser.  It gets notes, not files, so it plays
 * exactly what was read, stops when asked to, and opens no device.  Its ten functions are the same in
 * versions 2.x, whose library is libfluidsynth.so.2 or .so.3. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fluid.h"

#define BLOCK 1024 /* frames at most between two looks at the watch */

typedef struct api {
    void *(*new_fluid_settings)(void);
    void (*delete_fluid_settings)(void *settings);
    int (*fluid_settings_setnum)(void *settings, const char *name, double value);
    void *(*new_fluid_synth)(void *settings);
    void (*delete_fluid_synth)(void *synth);
    int (*fluid_synth_sfload)(void *synth, const char *path, int reset);
    int (*fluid_synth_program_change)(void *synth, int channel, int program);
    int (*fluid_synth_noteon)(void *synth, int channel, int pitch, int velocity);
    int (*fluid_synth_noteoff)(void *synth, int channel, int pitch);
    int (*fluid_synth_write_float)(void *synth, int n, void *left, int l0, int lstep, void *right,
                                   int r0, int rstep);
    void *(*fluid_set_log_function)(int level, void (*log)(int, const char *, void *), void *data);
} api;

struct music_fluid {
    void *library;
    api call;
    const char *font;
};

static const char *const libraries[] = {"libfluidsynth.so.3", "libfluidsynth.so.2",
                                        "libfluidsynth.3.dylib", NULL};

static const char *const fonts[] = {
    "/usr/share/sounds/sf3/default-GM.sf3",    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",      "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2",       "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/local/share/soundfonts/default.sf2", NULL};

#define SYMBOL(name)                                                                               \
    {                                                                                              \
#name, offsetof(api, name)                                                                 \
    }

static const struct {
    const char *name;
    size_t at;
} symbols[] = {SYMBOL(new_fluid_settings),         SYMBOL(delete_fluid_settings),
               SYMBOL(fluid_settings_setnum),      SYMBOL(new_fluid_synth),
               SYMBOL(delete_fluid_synth),         SYMBOL(fluid_synth_sfload),
               SYMBOL(fluid_synth_program_change), SYMBOL(fluid_synth_noteon),
               SYMBOL(fluid_synth_noteoff),        SYMBOL(fluid_synth_write_float),
               SYMBOL(fluid_set_log_function)};

/* A plugin never prints. */
static void say_nothing(int level, const char *message, void *data)
{
    (void)level;
    (void)message;
    (void)data;
}

static bool open_library(music_fluid *f)
{
    for (int i = 0; libraries[i] && !f->library; i++)
        f->library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; f->library && i < sizeof symbols / sizeof *symbols; i++) {
        void *p = dlsym(f->library, symbols[i].name);
        if (!p) return false;
        memcpy((char *)&f->call + symbols[i].at, &p, sizeof p);
    }
    for (int level = 0; f->library && level < 5; level++)
        f->call.fluid_set_log_function(level, say_nothing, NULL);
    return f->library;
}

static const char *first_font(void)
{
    for (int i = 0; fonts[i]; i++)
        if (!access(fonts[i], R_OK)) return fonts[i];
    return NULL;
}

/* Whether a file looks like a font, whole as far as its head says: with others the library's own
 * libraries may print. */
static bool looks_like_font(const char *path)
{
    unsigned char head[16] = {0};
    FILE *f = fopen(path, "rb");
    const bool read = f && fread(head, 1, sizeof head, f) == sizeof head && !fseek(f, 0, SEEK_END);
    const long size = read ? ftell(f) : 0;
    if (f) fclose(f);
    const long said =
        (long)head[4] | (long)head[5] << 8 | (long)head[6] << 16 | (long)head[7] << 24;
    return read && !memcmp(head, "RIFF", 4) && !memcmp(head + 8, "sfbkLIST", 8) && size - 8 >= said;
}

music_fluid *music_fluid_open(const char *font, rf_error *err)
{
    music_fluid *f = calloc(1, sizeof *f);
    if (!f) {
        rf_no_memory(err);
        return NULL;
    }
    f->font = font ? font : first_font();
    if (!open_library(f))
        rf_fail(err, RF_ENOTSUP, "FluidSynth: %s is not installed", libraries[0]);
    else if (!f->font)
        rf_fail(err, RF_ENOTSUP,
                "FluidSynth: no sound font, such as %s; install one or name it by --font",
                fonts[1]);
    else
        return f;
    music_fluid_close(f);
    return NULL;
}

/* The library stays: it may not like to be unloaded. */
void music_fluid_close(music_fluid *f) { free(f); }

const char *music_fluid_font(const music_fluid *f) { return f->font; }

/* ---- Playing ----------------------------------------------------------------------------------- */

/* A note begins or ends. */
typedef struct event {
    int64_t frame;
    bool begins;
    const rf_track *track;
    const rf_tone *tone;
    size_t order;
} event;

static int by_time(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->frame != y->frame) return x->frame < y->frame ? -1 : 1;
    if (x->begins != y->begins) return x->begins ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

/* [2 * notes]; NULL: no memory. */
static event *list_events(const music_sound *out, const rf_score *s)
{
    event *list = calloc(2 * rf_score_count(s) + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; list && i < s->tracks; i++)
        for (size_t k = 0; k < s->track[i].count; k++) {
            const rf_tone *t = &s->track[i].tone[k];
            const int64_t from = music_sound_frame(out, s, t->on);
            const int64_t to = music_sound_frame(out, s, t->on + t->len);
            list[n] = (event){from, true, &s->track[i], t, n};
            n++;
            list[n] = (event){to > from ? to : from + 1, false, &s->track[i], t, n};
            n++;
        }
    if (list) qsort(list, n, sizeof *list, by_time);
    return list;
}

typedef struct player {
    const api *call;
    void *synth;
    music_sound *out;
    music_watch watch;
    int64_t at;      /* frames made */
    int program[16]; /* of each channel; -1: none yet */
} player;

static rf_status play_until(player *p, int64_t frame)
{
    rf_status st = RF_OK;
    while (p->at < frame && !st) {
        const int n = (int)(frame - p->at < BLOCK ? frame - p->at : BLOCK);
        float *x = p->out->x + 2 * p->at;
        p->call->fluid_synth_write_float(p->synth, n, x, 0, 2, x, 1, 2);
        p->at += n;
        st = music_watch_frames(p->watch, p->out, p->at);
    }
    return st;
}

static void play_event(player *p, const event *e)
{
    const int channel = e->track->channel, pitch = e->tone->pitch;
    if (!e->begins) {
        p->call->fluid_synth_noteoff(p->synth, channel, pitch);
        return;
    }
    if (p->program[channel] != e->track->program)
        p->call->fluid_synth_program_change(p->synth, channel, e->track->program);
    p->program[channel] = e->track->program;
    p->call->fluid_synth_noteon(p->synth, channel, pitch, e->tone->velocity);
}

static rf_status play(player *p, const rf_score *s, rf_error *err)
{
    event *list = list_events(p->out, s);
    const size_t n = 2 * rf_score_count(s);
    rf_status st = list ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for the notes");
    for (int c = 0; c < 16; c++) p->program[c] = -1;
    for (size_t i = 0; i < n && !st; i++) {
        st = play_until(p, list[i].frame);
        if (!st) play_event(p, &list[i]);
    }
    if (!st) st = play_until(p, p->out->frames);
    free(list);
    return st;
}

rf_status music_synth_fluid(music_fluid *f, music_sound *out, const rf_score *s, music_watch watch,
                            rf_error *err)
{
    void *settings = f->call.new_fluid_settings();
    if (settings) f->call.fluid_settings_setnum(settings, "synth.sample-rate", out->rate);
    void *synth = settings ? f->call.new_fluid_synth(settings) : NULL;
    player p = {.call = &f->call, .synth = synth, .out = out, .watch = watch};
    rf_status st = synth ? RF_OK : rf_fail(err, RF_ENOMEM, "FluidSynth cannot begin");
    if (!st && (!looks_like_font(f->font) || f->call.fluid_synth_sfload(synth, f->font, 1) < 0))
        st = rf_fail(err, RF_EFORMAT, "%s: FluidSynth cannot read this sound font", f->font);
    if (!st) st = play(&p, s, err);
    if (synth) f->call.delete_fluid_synth(synth);
    if (settings) f->call.delete_fluid_settings(settings);
    return st;
}
