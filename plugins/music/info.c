/* music/info.c -- the verb info: what is in a piece, or in a file of sound. */
#include <math.h>
#include <stdio.h>

#include "key.h"
#include "meter.h"
#include "music.h"

enum { INFO_NOTES, INFO_SOURCE };

const rf_option music_info_options[] = {
    [INFO_NOTES] = {.name = "notes",
                    .type = RF_BOOL,
                    .def = "0",
                    .help = "list every note: beginning and length in quarter notes, pitch, "
                            "velocity, channel, program"},
    [INFO_SOURCE] = MUSIC_SOURCE_OPTIONS,
    {0}};

#define ROW(row) (row), sizeof(row) / sizeof *(row)

static double quarters(const rf_score *s, int64_t ticks) { return (double)ticks / s->division; }

static rf_status tell_score(const rf_host *h, const rf_score *s, const char *file)
{
    const music_key key = music_key_find(s);
    char name[16];
    const bool any = isfinite(key.r);
    const rf_field row[] = {
        rf_field_string("file", file),
        rf_field_string("title", s->title),
        rf_field_int("tracks", (int64_t)s->tracks),
        rf_field_int("notes", (int64_t)rf_score_count(s)),
        rf_field_int("bars", rf_score_bars(s)),
        rf_field_real("quarters", quarters(s, s->end)),
        rf_field_real("seconds", rf_score_seconds(s, s->end)),
        rf_field_int("division", s->division),
        rf_field_string("sounds_like",
                        any ? rf_signature_name(music_key_sharps(&key), key.minor, name) : NULL),
        rf_field_real("fit", key.r)};
    return rf_emit_record(h, 0, "score", ROW(row));
}

static rf_status tell_track(const rf_host *h, const rf_score *s, size_t i)
{
    const rf_track *t = &s->track[i];
    const bool drums = t->channel == RF_DRUMS;
    int low = 127, high = 0;
    double loud = 0;
    int64_t end = 0;
    for (size_t k = 0; k < t->count; k++) {
        const rf_tone *n = &t->tone[k];
        if (n->pitch < low) low = n->pitch;
        if (n->pitch > high) high = n->pitch;
        if (n->on + n->len > end) end = n->on + n->len;
        loud += n->velocity / (double)t->count;
    }
    char a[8], b[8];
    const rf_field row[] = {
        rf_field_int("track", (int64_t)i + 1),
        rf_field_string("name", t->name),
        rf_field_int("channel", t->channel + 1),
        rf_field_string("instrument", drums ? "Drums" : rf_program_name(t->program)),
        rf_field_int("notes", (int64_t)t->count),
        rf_field_string("lowest", t->count && !drums ? rf_pitch_name(low, a) : NULL),
        rf_field_string("highest", t->count && !drums ? rf_pitch_name(high, b) : NULL),
        rf_field_real("velocity", t->count ? loud : NAN),
        rf_field_real("from", t->count ? quarters(s, t->tone[0].on) : NAN),
        rf_field_real("to", t->count ? quarters(s, end) : NAN)};
    return rf_emit_record(h, (int64_t)i, "track", ROW(row));
}

/* ---- Changes ----------------------------------------------------------------------------------- */

static rf_status tell_change(const rf_host *h, const rf_score *s, int64_t tick, const char *table,
                             rf_field value)
{
    const rf_field row[] = {rf_field_int("bar", rf_score_bar(s, tick).number + 1),
                            rf_field_real("quarter", quarters(s, tick)), value};
    return rf_emit_record(h, -1, table, ROW(row));
}

static rf_status tell_tempi(const rf_host *h, const rf_score *s)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < s->tempos && !st; i++) {
        const rf_tempo *t = &s->tempo[i];
        /* To a hundredth: the file's microseconds do not divide a minute. */
        const double qpm = round(6e9 / t->us) / 100;
        st = tell_change(h, s, t->tick, "tempo", rf_field_real("qpm", qpm));
    }
    return st;
}

static rf_status tell_metres(const rf_host *h, const rf_score *s)
{
    rf_status st = RF_OK;
    char text[24];
    for (size_t i = 0; i < s->metres && !st; i++) {
        snprintf(text, sizeof text, "%d/%d", s->metre[i].beats, s->metre[i].unit);
        st = tell_change(h, s, s->metre[i].tick, "metre", rf_field_string("metre", text));
    }
    return st;
}

static rf_status tell_keys(const rf_host *h, const rf_score *s)
{
    rf_status st = RF_OK;
    char text[16];
    for (size_t i = 0; i < s->signatures && !st; i++) {
        const rf_signature *k = &s->signature[i];
        st = tell_change(h, s, k->tick, "key",
                         rf_field_string("key", rf_signature_name(k->sharps, k->minor, text)));
    }
    return st;
}

/* ---- Notes ------------------------------------------------------------------------------------- */

static rf_status tell_notes(const rf_host *h, const rf_score *s, size_t i)
{
    const rf_track *t = &s->track[i];
    rf_status st = RF_OK;
    for (size_t k = 0; k < t->count && !st; k++) {
        rf_event ev = rf_event_of(RF_EV_NOTE, (int64_t)i, -1);
        ev.u.note = (rf_note){.pitch = t->tone[k].pitch,
                              .velocity = t->tone[k].velocity,
                              .channel = t->channel,
                              .program = t->program,
                              .on = quarters(s, t->tone[k].on),
                              .len = quarters(s, t->tone[k].len)};
        st = h->emit(h, &ev);
        if (!st && k % 1024 == 0) st = h->progress(h, (double)k, (double)t->count, "notes");
    }
    return st;
}

/* ---- Sound ------------------------------------------------------------------------------------- */

static rf_status watch_seconds(void *ctx, double done, double total)
{
    const rf_host *h = ctx;
    return h->progress(h, done, total, "seconds");
}

static double finite_or_nan(double x) { return isfinite(x) ? x : NAN; }

static rf_status tell_sound(const rf_host *h, const char *file, rf_error *err)
{
    /* A cast: a watch has room for any listener, and this one changes nothing. */
    const music_watch watch = {watch_seconds, (void *)(uintptr_t)h};
    music_hearing x;
    rf_status st = music_audio_hear(file, &x, watch, err);
    if (st) return st;
    const rf_field row[] = {rf_field_string("file", file),
                            rf_field_real("seconds", x.seconds),
                            rf_field_int("rate", x.rate),
                            rf_field_int("channels", x.channels),
                            rf_field_real("peak_db", finite_or_nan(x.peak)),
                            rf_field_real("rms_db", finite_or_nan(x.rms)),
                            rf_field_real("loudness_lufs", finite_or_nan(x.loudness)),
                            rf_field_int("clipped", x.clipped),
                            rf_field_real("from", x.from),
                            rf_field_real("to", x.to),
                            rf_field_real("longest_silence", x.silence),
                            rf_field_real("offset", x.offset)};
    return rf_emit_record(h, 0, "heard", ROW(row));
}

/* ---- The verb ---------------------------------------------------------------------------------- */

static rf_status tell_piece(const rf_host *h, const rf_run *r, rf_error *err)
{
    rf_score *s = music_source_read(r, INFO_SOURCE, err);
    rf_status st = s ? tell_score(h, s, r->arg[0]) : err->status;
    for (size_t i = 0; !st && i < s->tracks; i++) st = tell_track(h, s, i);
    if (!st) st = tell_tempi(h, s);
    if (!st) st = tell_metres(h, s);
    if (!st) st = tell_keys(h, s);
    for (size_t i = 0; !st && r->opt[INFO_NOTES].as.i && i < s->tracks; i++)
        st = tell_notes(h, s, i);
    rf_score_free(s);
    return st;
}

rf_status music_info(rf_session *ses, const rf_run *r)
{
    const char *file = r->arg[0];
    rf_error err = {0};
    const rf_status st = music_audio_known(file) ? tell_sound(ses->host, file, &err)
                                                 : tell_piece(ses->host, r, &err);
    return rf_session_end(ses, st, &err);
}
