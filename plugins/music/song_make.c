/* music/song_make.c -- the verbs compose, continue and harmonize: wishes to songs to files. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "composer.h"
#include "corpus.h"
#include "song_verbs.h"
#include "sound.h"

#define PATH_LIMIT  4096
#define CHORDS_MOST 1024 /* half bars of --chords */

/* What a run holds. */
typedef struct maker {
    const rf_host *h;
    const rf_run *r;
    const rf_option *table;
    rf_error *err;
    song_model *m;
    rf_device *d;
    song_composer *c;
    song *given;
    song_chord chord[CHORDS_MOST];
    song_wish wish;
    int programs[3];
    unsigned tracks;
} maker;

/* ---- Wishes ------------------------------------------------------------------------------------ */

static rf_status read_tracks(maker *x)
{
    static const char *const names[] = {"melody", "chords", "bass", "drums", NULL};
    const char *text = x->r->opt[MAKE_TRACKS].as.s, *item, *rest = text;
    size_t n;
    x->tracks = text ? 0 : SONG_ALL;
    while (text && rf_list_next(&rest, &item, &n)) {
        char word[16];
        int i = 0;
        snprintf(word, sizeof word, "%.*s", n < 15 ? (int)n : 15, item);
        while (names[i] && strcmp(names[i], word)) i++;
        if (!names[i])
            return rf_word_unknown(RF_EINVAL, "--tracks: there is no", word, names, x->err);
        x->tracks |= 1u << i;
    }
    if (text && (x->tracks & SONG_BEAT) && !x->m->shape.patterns)
        return rf_fail(x->err, RF_EINVAL, "--tracks: this style has no drums");
    return RF_OK;
}

static const char *scale_name(int i)
{
    const song_scale *s = song_scale_at(i);
    return s ? s->name : NULL;
}

/* "F#", or "F#m", which asks for minor unless --scale says otherwise. */
static rf_status read_key(maker *x)
{
    const char *key = x->r->opt[COMPOSE_KEY].as.s, *scale = x->r->opt[COMPOSE_SCALE].as.s;
    song_wish *w = &x->wish;
    w->tonic = w->scale = -1;
    if (scale && (w->scale = song_scale_find(scale)) < 0)
        return rf_name_unknown(&x->table[COMPOSE_SCALE], scale, scale_name, x->err);
    w->keep_scale = scale != NULL;
    if (!key) return RF_OK;
    char tonic[8];
    const size_t n = strlen(key);
    const bool minor = n > 1 && n < sizeof tonic && key[n - 1] == 'm';
    snprintf(tonic, sizeof tonic, "%.*s", (int)(n < 7 ? n - minor : 7), key);
    w->tonic = song_tonic_find(tonic);
    if (w->tonic < 0)
        return rf_fail(x->err, RF_EINVAL, "--key: %s where C, F#, Bb, Am or the like is due", key);
    if (w->scale < 0 && key[n - 1] == 'm') w->scale = 1;
    if (w->scale < 0) w->scale = 0;
    return RF_OK;
}

static rf_status read_metre(maker *x)
{
    const char *text = x->r->opt[COMPOSE_METRE].as.s;
    char end;
    if (!text || (sscanf(text, "%3d/%3d%c", &x->wish.beats, &x->wish.unit, &end) == 2 &&
                  x->wish.beats > 0 && x->wish.unit > 0))
        return RF_OK;
    return rf_fail(x->err, RF_EINVAL, "--metre: %s where 4/4, 3/4 or the like is due", text);
}

static rf_status read_form(maker *x)
{
    const char *form = x->r->opt[COMPOSE_FORM].as.s;
    size_t n = 0;
    while (form && isupper((unsigned char)form[n])) n++;
    if (form && (form[n] || !n || n > SONG_FORM_MOST || n > (size_t)x->wish.bars))
        return rf_fail(x->err, RF_EINVAL,
                       "--form: %s where capital letters are due, such as AABA, not more than bars",
                       form);
    x->wish.form = form;
    return RF_OK;
}

/* One bar of --chords: a chord, or two with a hyphen between, into two half bars. */
static rf_status read_bar(maker *x, const char *s, size_t n, int at)
{
    const char *hyphen = memchr(s, '-', n);
    const size_t first = hyphen ? (size_t)(hyphen - s) : n;
    const char *second = hyphen ? hyphen + 1 : s;
    if (at + 2 > CHORDS_MOST)
        return rf_fail(x->err, RF_EINVAL, "--chords: more than %d bars", CHORDS_MOST / 2);
    if (song_chord_parse(s, first, &x->chord[at]) &&
        song_chord_parse(second, hyphen ? n - first - 1 : n, &x->chord[at + 1]))
        return RF_OK;
    return rf_fail(
        x->err, RF_EINVAL,
        "--chords: %.*s is no chord; a letter is due, and one of m 7 maj7 m7 dim m7b5 aug sus4",
        (int)(n < 20 ? n : 20), s);
}

static rf_status read_chords(maker *x)
{
    const char *text = x->r->opt[COMPOSE_CHORDS].as.s;
    rf_status st = RF_OK;
    int count = 0;
    for (const char *s = text; s && !st;) {
        s += strspn(s, " ,|");
        const size_t n = strcspn(s, " ,|");
        if (!n) break;
        st = read_bar(x, s, n, count);
        count += 2;
        s += n;
    }
    if (!st && text && !count)
        st = rf_fail(x->err, RF_EINVAL, "--chords: none, where \"C G Am F\" or the like is due");
    if (!st && count) {
        x->wish.chords = x->chord;
        x->wish.chord_count = count;
    }
    return st;
}

static rf_status read_given(maker *x, const char *path)
{
    rf_score *s = path ? rf_midi_read(path, x->err) : NULL;
    if (path && !s) return x->err->status;
    x->given = s ? music_corpus_song(s, path, x->err) : NULL;
    rf_score_free(s);
    x->wish.given = x->given;
    return path && !x->given ? x->err->status : RF_OK;
}

/* ---- Files ------------------------------------------------------------------------------------- */

/* "dir/song.mid" becomes "dir/song-3.mid". */
static const char *numbered(const char *path, int64_t number, int64_t count, char *buf)
{
    if (count == 1) return path;
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    const int stem = (int)(dot ? dot - path : (ptrdiff_t)strlen(path));
    snprintf(buf, PATH_LIMIT, "%.*s-%lld%s", stem, path, (long long)number, dot ? dot : "");
    return buf;
}

static rf_status write_files(const maker *x, const rf_score *score, int64_t number, int64_t count)
{
    const rf_setting *v = x->r->opt;
    char buf[PATH_LIMIT];
    const char *path =
        numbered(v[MAKE_MIDI].as.s ? v[MAKE_MIDI].as.s : "song.mid", number, count, buf);
    rf_status st = rf_midi_write(score, path, x->err);
    if (!st) st = rf_emit_file(x->h, path, "music", "audio/midi");
    if (!st && v[MAKE_SVG].as.s) {
        path = numbered(v[MAKE_SVG].as.s, number, count, buf);
        st = rf_score_draw(score, (rf_extract){0, 0}, path, x->err);
        if (!st) st = rf_emit_file(x->h, path, "piano roll", "image/svg+xml");
    }
    if (!st && v[MAKE_AUDIO].as.s)
        st = music_score_render(x->h, score, numbered(v[MAKE_AUDIO].as.s, number, count, buf),
                                x->r->seed, x->err);
    return st;
}

static rf_status tell(const maker *x, const song *s, const rf_score *score, int64_t number)
{
    char metre[16], key[48];
    snprintf(metre, sizeof metre, "%d/%d", s->beats, s->unit);
    snprintf(key, sizeof key, "%s %s", song_tonic_name(s->tonic, s->scale),
             song_scale_at(s->scale)->name);
    const rf_field row[] = {rf_field_int("song", number),
                            rf_field_string("key", key),
                            rf_field_string("metre", metre),
                            rf_field_int("bars", s->bars),
                            rf_field_real("qpm", s->qpm),
                            rf_field_string("sections", s->section),
                            rf_field_int("notes", (int64_t)rf_score_count(score))};
    return rf_emit_record(x->h, number, "song", row, sizeof row / sizeof *row);
}

/* ---- Songs ------------------------------------------------------------------------------------- */

static rf_status make_song(maker *x, int64_t number, int64_t count)
{
    x->wish.number = number;
    song *s = song_composer_make(x->c, &x->wish, x->err);
    if (!s) return x->err->status;
    for (int i = 0; i < 3; i++)
        if (x->programs[i] >= 0) s->programs[i] = x->programs[i];
    rf_score *score = song_score(s, x->tracks, x->err);
    rf_status st = score ? tell(x, s, score, number) : x->err->status;
    if (!st) st = write_files(x, score, number, count);
    rf_score_free(score);
    song_free(s);
    return st;
}

static rf_status make_songs(maker *x, int64_t count)
{
    rf_status st = RF_OK;
    x->c = song_composer_new(x->d, x->m, x->err);
    if (!x->c) return x->err->status;
    for (int64_t i = 1; i <= count && !st; i++) {
        st = x->h->progress(x->h, (double)(i - 1), (double)count, "songs");
        if (!st) st = make_song(x, i, count);
    }
    return st;
}

/* What the three verbs have in common: the model, and options that all have. */
static rf_status begin(maker *x, int bars)
{
    const rf_setting *v = x->r->opt;
    const rf_status st =
        song_programs_parse(&x->table[MAKE_PROGRAMS], v[MAKE_PROGRAMS].as.s, x->programs, x->err);
    const char *audio = v[MAKE_AUDIO].as.s;
    if (st) return st;
    if (audio && !music_audio_known(audio))
        return rf_fail(x->err, RF_EINVAL, "%s: a name that ends in .wav, .flac or .ogg is due",
                       audio);
    x->wish = (song_wish){.bars = bars,
                          .tonic = -1,
                          .scale = -1,
                          .qpm = v[MAKE_QPM].as.f,
                          .temperature = v[MAKE_TEMPERATURE].as.f,
                          .top_p = v[MAKE_TOP_P].as.f,
                          .seed = x->r->seed};
    x->m = song_model_choose(x->h, x->r, x->err);
    if (!x->m) return x->err->status;
    x->d = rf_device_new((int)x->r->threads, x->err);
    return x->d ? read_tracks(x) : rf_no_memory(x->err);
}

static rf_status finish(rf_session *ses, maker *x, rf_status st)
{
    rf_error err = *x->err;
    song_composer_free(x->c);
    rf_device_free(x->d);
    song_model_free(x->m);
    song_free(x->given);
    free(x);
    return rf_session_end(ses, st, &err);
}

static maker *maker_new(rf_session *ses, const rf_run *r, const rf_option *table, rf_error *err)
{
    maker *x = calloc(1, sizeof *x);
    if (!x) {
        rf_no_memory(err);
        return NULL;
    }
    x->h = ses->host;
    x->r = r;
    x->table = table;
    x->err = err;
    return x;
}

/* ---- The verbs --------------------------------------------------------------------------------- */

rf_status music_compose(rf_session *ses, const rf_run *r)
{
    rf_error err = {0};
    maker *x = maker_new(ses, r, song_compose_options, &err);
    if (!x) return rf_session_end(ses, err.status, &err);
    rf_status st = begin(x, (int)r->opt[COMPOSE_BARS].as.i);
    if (!st) st = read_key(x);
    if (!st) st = read_metre(x);
    if (!st) st = read_form(x);
    if (!st) st = read_chords(x);
    if (!st) st = read_given(x, r->opt[COMPOSE_PRIMER].as.s);
    if (!st && x->given && x->wish.beats &&
        (x->given->beats != x->wish.beats || x->given->unit != x->wish.unit))
        st = rf_fail(&err, RF_EINVAL, "--metre: the primer is in %d/%d", x->given->beats,
                     x->given->unit);
    if (!st) st = make_songs(x, r->opt[COMPOSE_SONGS].as.i);
    return finish(ses, x, st);
}

rf_status music_continue(rf_session *ses, const rf_run *r)
{
    rf_error err = {0};
    maker *x = maker_new(ses, r, song_continue_options, &err);
    if (!x) return rf_session_end(ses, err.status, &err);
    rf_status st = begin(x, 0);
    if (!st) st = read_given(x, r->arg[0]);
    if (!st) {
        x->wish.bars = x->given->bars + (int)r->opt[CONTINUE_BARS].as.i;
        if (x->wish.bars > SONG_BARS_MOST)
            st = rf_fail(&err, RF_EINVAL, "--bars: %d bars in all, where %d have room",
                         x->wish.bars, SONG_BARS_MOST);
    }
    if (!st) st = make_songs(x, 1);
    return finish(ses, x, st);
}

rf_status music_harmonize(rf_session *ses, const rf_run *r)
{
    rf_error err = {0};
    maker *x = maker_new(ses, r, song_harmonize_options, &err);
    if (!x) return rf_session_end(ses, err.status, &err);
    rf_status st = begin(x, 0);
    if (!st) st = read_given(x, r->arg[0]);
    if (!st) st = make_songs(x, 1);
    return finish(ses, x, st);
}
