/* music/view.c -- see view.h. */
#include "view.h"

#include <string.h>

static const int lags[SONG_LAGS] = {1, 2, 4, 8};

int song_lag(int i) { return lags[i]; }

const char *song_layer_name(int layer)
{
    static const char *const names[SONG_LAYERS] = {"melody", "chords", "drums"};
    return names[layer];
}

int song_layer_steps(const song *s, int layer) { return layer == SONG_LAYER_CHORDS ? 2 : s->bar; }

/* ---- Blocks of the input ----------------------------------------------------------------------- */

enum {
    TOKEN = 2 + SONG_PITCHES,        /* rest, hold, or a pitch that is struck */
    CHORD = 12 + SONG_QUALITIES + 1, /* root, quality, none */
    SCALES = 8,
    PHRASE = 8,
    LEFT = 4,
    PLACE = SONG_BAR_MOST + SONG_BAR_MOST / 2 + PHRASE + LEFT + SCALES,
    HEARD = 13, /* pitch classes, and none */
    VOICE_MELODY = TOKEN,
    VOICE_CHORDS = CHORD,
    VOICE_DRUMS = SONG_DRUMS
};

static const int voice_sizes[SONG_LAYERS] = {VOICE_MELODY, VOICE_CHORDS, VOICE_DRUMS};
static const int extra_sizes[SONG_LAYERS] = {SONG_PITCHES + SONG_PROFILES, 3 * HEARD,
                                             SONG_DRUMS + SONG_ACTS + 2};

rf_index song_view_size(int layer)
{
    return voice_sizes[layer] * (1 + SONG_LAGS) + SONG_LAGS + PLACE + extra_sizes[layer];
}

/* ---- The layer's own voice --------------------------------------------------------------------- */

static int token(song_note n)
{
    return n.act == SONG_PRESS ? 2 + n.pitch - SONG_LOWEST : n.act == SONG_HOLD;
}

static void put_chord(song_chord c, rf_real *x)
{
    if (c.root < 0) {
        x[12 + SONG_QUALITIES] = 1;
        return;
    }
    x[c.root] = 1;
    x[12 + c.quality] = 1;
}

static void put_drums(unsigned bits, rf_real *x)
{
    for (int i = 0; i < SONG_DRUMS; i++) x[i] = (rf_real)(bits >> i & 1);
}

/* What the voice does at step t; before the song, nothing. */
static void put_voice(const song *s, int layer, int t, rf_real *x)
{
    if (t < 0) return;
    if (layer == SONG_LAYER_MELODY) x[token(s->melody[t])] = 1;
    if (layer == SONG_LAYER_CHORDS) put_chord(s->chord[t], x);
    if (layer == SONG_LAYER_DRUMS) put_drums(s->drums[t], x);
}

static bool alike(const song *s, int layer, int t, int u)
{
    if (u < 0) return false;
    if (layer == SONG_LAYER_MELODY) return token(s->melody[t]) == token(s->melody[u]);
    if (layer == SONG_LAYER_CHORDS)
        return song_chord_number(s->chord[t]) == song_chord_number(s->chord[u]);
    return s->drums[t] == s->drums[u];
}

bool song_bar_recurs(const song *s, int bar, int lag)
{
    const int from = bar * s->bar;
    bool struck = false;
    for (int t = from; t < from + s->bar; t++) {
        if (!alike(s, SONG_LAYER_MELODY, t, t - lag * s->bar)) return false;
        struck |= s->melody[t].act == SONG_PRESS;
    }
    return struck;
}

/* ---- Place and other voices -------------------------------------------------------------------- */

static void put_place(const song *s, int steps, int t, rf_real *x)
{
    const int bar = t / steps, left = s->bars - 1 - bar;
    x[t % steps] = 1;
    x += SONG_BAR_MOST;
    x[s->bar / 2 - 1] = 1;
    x += SONG_BAR_MOST / 2;
    x[bar % PHRASE] = 1;
    x += PHRASE;
    x[left < LEFT ? left : LEFT - 1] = 1;
    x += LEFT;
    x[s->scale] = 1;
}

static void put_melody(const song_view *v, int t, rf_real *x)
{
    const song_note *n = v->s->melody;
    if (t > 0 && n[t - 1].act != SONG_REST) x[n[t - 1].pitch - SONG_LOWEST] = 1;
    x[SONG_PITCHES + v->profile[t / (2 * v->s->bar)]] = 1;
}

/* Which part of half bar k each pitch class of the melody sounds, and which part is rest. */
static void put_heard(const song *s, int k, rf_real *x)
{
    const int half = s->bar / 2;
    if (k >= 2 * s->bars) return;
    for (int t = k * half; t < (k + 1) * half; t++)
        x[s->melody[t].act == SONG_REST ? 12 : s->melody[t].pitch % 12] += 1 / (rf_real)half;
}

static void put_under_chords(const song *s, int k, rf_real *x)
{
    const song_note n = s->melody[k * s->bar / 2];
    put_heard(s, k, x);
    put_heard(s, k + 1, x + HEARD);
    x[2 * HEARD + (n.act == SONG_REST ? 12 : n.pitch % 12)] = 1;
}

static void put_under_drums(const song *s, int t, rf_real *x)
{
    const int half = s->bar / 2, k = t / half, from = t - t % s->bar;
    int struck = 0;
    for (int u = from; u < from + s->bar; u++) struck += s->melody[u].act == SONG_PRESS;
    if (t >= half) put_drums(s->drums[t - half], x);
    x[SONG_DRUMS + s->melody[t].act] = 1;
    x[SONG_DRUMS + SONG_ACTS] = t % half == 0 && k > 0 && !alike(s, SONG_LAYER_CHORDS, k, k - 1);
    x[SONG_DRUMS + SONG_ACTS + 1] = 2 * (rf_real)struck / (rf_real)s->bar;
}

/* ---- All --------------------------------------------------------------------------------------- */

void song_view_fill(const song_view *v, int layer, int t, rf_real *x)
{
    const song *s = v->s;
    const int size = voice_sizes[layer], steps = song_layer_steps(s, layer);
    memset(x, 0, (size_t)song_view_size(layer) * sizeof *x);
    put_voice(s, layer, t - 1, x);
    x += size;
    for (int i = 0; i < SONG_LAGS; i++, x += size) put_voice(s, layer, t - lags[i] * steps, x);
    for (int i = 0; i < SONG_LAGS; i++, x++)
        *x = t > 0 && alike(s, layer, t - 1, t - 1 - lags[i] * steps);
    put_place(s, steps, t, x);
    x += PLACE;
    if (layer == SONG_LAYER_MELODY) put_melody(v, t, x);
    if (layer == SONG_LAYER_CHORDS) put_under_chords(s, t, x);
    if (layer == SONG_LAYER_DRUMS) put_under_drums(s, t, x);
}
