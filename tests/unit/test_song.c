/* test_song.c -- songs: names, grids, scores, what networks see, and what is always kept in composing. */
#include <stdlib.h>
#include <string.h>

#include "../../plugins/music/composer.h"
#include "../../plugins/music/groove.h"
#include "../../plugins/music/song_set.h"
#include "../suite.h"

/* ---- Names ------------------------------------------------------------------------------------- */

static void test_scales(void)
{
    CU_ASSERT_EQUAL(song_scale_find("harmonic-minor"), 2);
    CU_ASSERT_EQUAL(song_scale_find("locrian"), -1);
    CU_ASSERT_PTR_NULL(song_scale_at(SONG_SCALES));
    CU_ASSERT_PTR_NOT_NULL(song_scale_at(SONG_SCALES - 1));
    CU_ASSERT_EQUAL(song_tonic_find("Bb"), 10);
    CU_ASSERT_EQUAL(song_tonic_find("f#"), 6);
    CU_ASSERT_EQUAL(song_tonic_find("H"), -1);
    CU_ASSERT_EQUAL(song_tonic_find("Cx"), -1);
    CU_ASSERT_EQUAL(song_sharps(2, 0), 2);
    CU_ASSERT_EQUAL(song_sharps(0, 1), -3);
    CU_ASSERT_STRING_EQUAL(song_tonic_name(10, 0), "Bb");
    CU_ASSERT_STRING_EQUAL(song_tonic_name(6, 0), "F#");
}

static song_chord chord(const char *s)
{
    song_chord c = {99, 99};
    CU_ASSERT_TRUE(song_chord_parse(s, strlen(s), &c));
    return c;
}

static void test_chords(void)
{
    static const char *const wrong[] = {"", "H", "c", "Cmajor", "C#b", "n", "C7m"};
    char buf[12];
    song_chord c;
    for (int i = 0; i < SONG_CHORDS; i++) {
        c = song_chord_at(i);
        CU_ASSERT_EQUAL(song_chord_number(c), i);
        CU_ASSERT_EQUAL(song_chord_number(chord(song_chord_name(c, i % 2, buf))), i);
    }
    CU_ASSERT_EQUAL(song_chord_notes(chord("G7")), 1 << 7 | 1 << 11 | 1 << 2 | 1 << 5);
    CU_ASSERT_EQUAL(song_chord_notes(chord("N")), 0);
    CU_ASSERT_STRING_EQUAL(song_chord_name(chord("Bbm7b5"), true, buf), "Bbm7b5");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(song_chord_parse(wrong[i], strlen(wrong[i]), &c));
}

static void test_drums(void)
{
    for (int i = 0; i < SONG_DRUMS; i++) CU_ASSERT_EQUAL(song_drum_of(song_drum_pitch(i)), i);
    CU_ASSERT_EQUAL(song_drum_of(34), -1);
    CU_ASSERT_EQUAL(song_drum_of(60), -1);
}

/* ---- Songs ------------------------------------------------------------------------------------- */

static void put(song *s, int t, int pitch, int steps)
{
    for (int i = 0; i < steps; i++)
        s->melody[t + i] = (song_note){i ? SONG_HOLD : SONG_PRESS, (uint8_t)pitch};
}

/* Quarter notes up a scale in D major, a chord a bar. */
static song *example(int bars)
{
    static const int scale[] = {62, 64, 66, 67, 69, 71, 73, 74};
    rf_error err = {0};
    song *s = song_new("example", 4, 4, bars, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->tonic = 2;
    for (int i = 0; i < bars * 4; i++) put(s, i * 4, scale[i % 8], 4);
    for (int i = 0; i < bars * 2; i++) s->chord[i] = chord(i / 2 % 2 ? "A7" : "D");
    s->has_chords = true;
    return s;
}

static void test_metres(void)
{
    static const int wrong[][3] = {{0, 4, 1},
                                   {9, 4, 1},
                                   {3, 32, 1},
                                   {1, 16, 1},
                                   {4, 0, 1},
                                   {4, 4, 0},
                                   {4, 4, SONG_BARS_MOST + 1},
                                   {4, 3, 1}};
    static const int right[][3] = {{4, 4, 16}, {6, 8, 12}, {5, 4, 20}, {2, 2, 16}, {7, 8, 14}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(song_new("x", wrong[i][0], wrong[i][1], wrong[i][2], &err));
        CU_ASSERT_EQUAL(err.status, RF_EINVAL);
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        rf_error err = {0};
        song *s = song_new("x", right[i][0], right[i][1], 3, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        CU_ASSERT_EQUAL(s->bar, right[i][2]);
        CU_ASSERT_EQUAL(song_steps(s), 3 * right[i][2]);
        song_free(s);
    }
}

static void test_transpose(void)
{
    song *s = example(4);
    song_transpose(s, 10);
    CU_ASSERT_EQUAL(s->tonic, 0);
    CU_ASSERT_EQUAL(s->chord[0].root, 0);
    CU_ASSERT_EQUAL(s->chord[2].root, 7);
    CU_ASSERT_EQUAL(s->melody[0].pitch % 12, 0);
    for (int t = 1; t < song_steps(s); t++)
        CU_ASSERT_TRUE(s->melody[t].pitch >= SONG_LOWEST && s->melody[t].pitch <= SONG_HIGHEST);
    CU_ASSERT_EQUAL(s->melody[28].pitch - s->melody[0].pitch, 12);
    song_transpose(s, -10);
    CU_ASSERT_EQUAL(s->tonic, 2);
    CU_ASSERT_EQUAL(s->chord[2].root, 9);
    song_free(s);
}

/* A copy that begins within a note does not hold what is not there. */
static void test_copy(void)
{
    rf_error err = {0};
    song *s = example(4);
    put(s, 12, 69, 8);
    song *t = song_copy(s, 1, 2, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_EQUAL(t->bars, 2);
    CU_ASSERT_EQUAL(t->melody[0].act, SONG_REST);
    CU_ASSERT_EQUAL(t->melody[4].act, SONG_PRESS);
    CU_ASSERT_EQUAL(t->chord[0].root, 9);
    song_free(t);
    song_free(s);
}

static void test_score(void)
{
    rf_error err = {0};
    song *s = example(4);
    s->drums[0] = 1 | 1 << 7;
    s->has_drums = true;
    s->programs[2] = 33;
    rf_score *x = song_score(s, SONG_ALL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    CU_ASSERT_EQUAL_FATAL(x->tracks, 4);
    CU_ASSERT_STRING_EQUAL(x->track[0].name, "Melody");
    CU_ASSERT_EQUAL(x->track[0].count, 16);
    CU_ASSERT_EQUAL(x->track[1].count, 2 * 3 + 2 * 4);
    CU_ASSERT_EQUAL(x->track[2].program, 33);
    CU_ASSERT_EQUAL(x->track[2].tone[0].pitch, 38);
    CU_ASSERT_EQUAL(x->track[3].channel, RF_DRUMS);
    CU_ASSERT_EQUAL(x->track[3].count, 2);
    CU_ASSERT_EQUAL(x->signature[0].sharps, 2);
    CU_ASSERT_EQUAL(x->tempo[0].us, 500000);
    CU_ASSERT_EQUAL(rf_score_bars(x), 4);
    rf_score_free(x);
    x = song_score(s, SONG_MELODY, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    CU_ASSERT_EQUAL(x->tracks, 1);
    rf_score_free(x);
    song_free(s);
}

/* Silent bars go, but one between others; the rest moves to C. */
static void test_prepare(void)
{
    song *s = example(12);
    memset(s->melody, 0, 16 * sizeof *s->melody);
    memset(s->melody + 16 * 4, 0, 48 * sizeof *s->melody);
    CU_ASSERT_TRUE(song_prepare(s));
    CU_ASSERT_EQUAL(s->bars, 12 - 1 - 2);
    CU_ASSERT_EQUAL(s->tonic, 0);
    CU_ASSERT_EQUAL(s->melody[0].pitch % 12, 7);
    CU_ASSERT_EQUAL(s->melody[3 * 16].act, SONG_REST);
    CU_ASSERT_EQUAL(s->melody[4 * 16].act, SONG_PRESS);
    song_free(s);
    s = example(3);
    CU_ASSERT_FALSE(song_prepare(s));
    song_free(s);
}

/* ---- Drums ------------------------------------------------------------------------------------- */

static const char table[] = "# a comment\n"
                            "groove a\nmetre 4/4\nfeel calm\nbar\nkick x... .... x... "
                            "....\nfill\nsnare xxxx xxxx xxxx xxxx\n"
                            "groove b\nmetre 3/4\nbar\r\nhat x.x.x.x.x.x.\n";

static rf_status parse(song_grooves *g, const char *text, rf_error *err)
{
    *g = (song_grooves){0};
    *err = (rf_error){0};
    return song_grooves_parse(g, text, strlen(text), "t", err);
}

static void test_grooves(void)
{
    static const char *const wrong[][2] = {
        {"", "t: no grooves"},
        {"kick x...\n", "t:1: kick: a groove is to begin first"},
        {"groove a\nbar\n", "t:2: a: its metre is to stand before its bars"},
        {"groove a\nmetre 4/5\n", "t:2: 4/5: no metre, such as 4/4"},
        {"groove a\nmetre 2/4\nkick x\n", "t:3: kick: no bar began before"},
        {"groove a\nmetre 2/4\nbar\nkick x..\n", "t:4: 3 steps where a bar of 2/4 has 8"},
        {"groove a\nmetre 2/4\nbar\nkick x..z\n", "t:4: z: only x, . and blanks are due"},
        {"groove a\nmetre 2/4\n", "t:2: a: a groove without a bar"},
        {"groove a\ncowbell x\n", "t:2: cowbell: neither a word of the table nor a drum"},
        {"groove a\nmetre 99/4\n", "t:2: 99/4: a bar too long for the grid"}};
    rf_error err;
    song_grooves g;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CU_ASSERT_EQUAL(parse(&g, wrong[i][0], &err), RF_EFORMAT);
        CU_ASSERT_STRING_EQUAL(err.text, wrong[i][1]);
        song_grooves_free(&g);
    }
    CU_ASSERT_EQUAL_FATAL(parse(&g, table, &err), RF_OK);
    CU_ASSERT_EQUAL(g.count, 2);
    song *s = example(9);
    CU_ASSERT_TRUE(song_groove_play(&g, s, 1));
    CU_ASSERT_EQUAL(s->drums[0], 1);
    CU_ASSERT_EQUAL(s->drums[7 * 16 + 1], 2);
    CU_ASSERT_EQUAL(s->drums[8 * 16], 1 | 1 << 7);
    CU_ASSERT_EQUAL(s->drums[8 * 16 + 8], 0);
    s->beats = 5;
    CU_ASSERT_FALSE(song_groove_play(&g, s, 1));
    song_free(s);
    song_grooves_free(&g);
}

/* ---- What networks see ------------------------------------------------------------------------- */

static rf_real seen[SONG_LAYERS][2][1024];

static void look(const song_view *v, int t, int which)
{
    for (int layer = 0; layer < SONG_LAYERS; layer++) {
        CU_ASSERT_TRUE_FATAL(song_view_size(layer) <= 1024);
        song_view_fill(v, layer, layer == SONG_LAYER_CHORDS ? t / 8 : t, seen[layer][which]);
    }
}

static bool same(int layer)
{
    return !memcmp(seen[layer][0], seen[layer][1], (size_t)song_view_size(layer) * sizeof(rf_real));
}

/* What a layer is to tell at t it does not see at t, and does at t + 1. */
static void test_views(void)
{
    song *s = example(9);
    uint8_t profile[5] = {0, 1, 2, 3, 4};
    const song_view v = {s, profile};
    for (int t = 1; t < song_steps(s) - 8; t += 7) {
        const song_note n = s->melody[t];
        const int half = t / 8;
        look(&v, t, 0);
        s->melody[t] = (song_note){SONG_PRESS, 82};
        s->drums[t] ^= 5;
        s->chord[half] = chord("F#dim");
        look(&v, t, 1);
        CU_ASSERT_TRUE(same(SONG_LAYER_MELODY));
        CU_ASSERT_FALSE(same(SONG_LAYER_CHORDS)); /* they see the melody */
        s->melody[t] = n;
        look(&v, t, 1);
        CU_ASSERT_TRUE(same(SONG_LAYER_CHORDS));
        s->chord[half] = chord(half / 2 % 2 ? "A7" : "D");
        look(&v, t, 1);
        CU_ASSERT_TRUE(same(SONG_LAYER_DRUMS));
        s->drums[t] ^= 5;
        look(&v, t + 1, 0);
        s->melody[t] = (song_note){SONG_PRESS, 82};
        look(&v, t + 1, 1);
        CU_ASSERT_FALSE(same(SONG_LAYER_MELODY));
        s->melody[t] = n;
    }
    CU_ASSERT_TRUE(song_bar_recurs(s, 2, 2));
    CU_ASSERT_FALSE(song_bar_recurs(s, 2, 1));
    CU_ASSERT_FALSE(song_bar_recurs(s, 1, 2));
    song_free(s);
}

static void test_profiles(void)
{
    rf_error err = {0};
    rf_real x[PROFILE_SIZE], centre[SONG_PROFILES * PROFILE_SIZE],
        follow[(SONG_PROFILES + 1) * SONG_PROFILES];
    song_profiles p = {centre, follow};
    song *s[2] = {example(7), example(8)};
    uint8_t chain[4];
    for (int i = 0; i < 2; i++) song_prepare(s[i]);
    song_profile_of(s[0], 0, x);
    CU_ASSERT_DOUBLE_EQUAL(x[0], 0.25, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(x[7], 0.125, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(x[12], 0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(x[13], 0.5, 1e-6);
    CU_ASSERT_EQUAL_FATAL(song_profiles_learn(&p, s, 2, 1, &err), RF_OK);
    song_profiles_tell(&p, s[1], chain);
    CU_ASSERT_EQUAL(chain[0], chain[3]);
    for (int i = 0; i <= SONG_PROFILES; i++) {
        double sum = 0;
        for (int k = 0; k < SONG_PROFILES; k++) sum += (double)follow[i * SONG_PROFILES + k];
        CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-5);
    }
    CU_ASSERT_TRUE(song_profiles_nats(&p, chain, 4) > 0 &&
                   song_profiles_nats(&p, chain, 4) < 4 * 2.4);
    for (int i = 0; i < 2; i++) song_free(s[i]);
}

/* ---- Composing --------------------------------------------------------------------------------- */

/* A network that has learned nothing: what is kept does not come from what was learned. */
static song_model *unlearned(uint64_t seed)
{
    rf_error err = {0};
    song_grooves g;
    song_census c;
    song *s[3] = {example(8), example(9), example(16)};
    song_origin origin[3];
    const int programs[3] = {-1, 5, -1};
    CU_ASSERT_EQUAL_FATAL(parse(&g, table, &err), RF_OK);
    for (int i = 0; i < 3; i++) {
        origin[i] = song_origin_of(s[i]);
        song_prepare(s[i]);
        song_groove_play(&g, s[i], seed);
    }
    song_census_take(&c, s, 3);
    CU_ASSERT_EQUAL(c.metres, 1);
    CU_ASSERT_EQUAL(c.patterns, 4);
    const song_shape shape = {.cell = rf_cell_find("gru"),
                              .hidden = {8, 6, 4},
                              .layers = 2,
                              .metres = c.metres,
                              .patterns = c.patterns};
    song_model *m = song_model_new(&shape, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    rf_params_init(m->params, seed);
    song_style_count(m, &c, s, origin, 3, programs);
    song_profiles p = song_model_profiles(m);
    CU_ASSERT_EQUAL(song_profiles_learn(&p, s, 3, seed, &err), RF_OK);
    song_model_settle(m);
    CU_ASSERT_EQUAL((int)m->style.range->value.data[0], 62);
    CU_ASSERT_EQUAL((int)m->style.range->value.data[1], 74);
    for (int i = 0; i < 3; i++) song_free(s[i]);
    song_grooves_free(&g);
    return m;
}

static void check_melody(const song *s, int bars_given)
{
    const uint16_t scale = song_scale_at(s->scale)->notes;
    int rest = 0, length = 0, last = -1, struck = 0, strays = 0;
    for (int t = 0; t < song_steps(s); t++) {
        const song_note n = s->melody[t];
        rest = n.act == SONG_REST ? rest + 1 : 0;
        length = n.act == SONG_HOLD ? length + 1 : 1;
        CU_ASSERT_TRUE(rest < s->bar);
        CU_ASSERT_TRUE(length <= 2 * s->bar);
        if (n.act == SONG_HOLD) CU_ASSERT_TRUE(t > 0 && s->melody[t - 1].pitch == n.pitch);
        if (n.act == SONG_REST) continue;
        CU_ASSERT_TRUE(n.pitch >= SONG_LOWEST && n.pitch <= SONG_HIGHEST);
        if (n.act == SONG_PRESS && last >= 0 && t / s->bar > bars_given)
            CU_ASSERT_TRUE(abs(n.pitch - last) <= 12);
        last = n.pitch;
        struck += n.act == SONG_PRESS;
        strays += n.act == SONG_PRESS && !(scale >> ((n.pitch + 12 - s->tonic) % 12) & 1);
    }
    CU_ASSERT_TRUE(strays * 4 <= struck);
    CU_ASSERT_EQUAL(last % 12, s->tonic);
    CU_ASSERT_EQUAL(s->melody[(s->bars - 1) * s->bar].act, SONG_PRESS);
}

/* Pitch classes that the melody sounds for a quarter of half bar i or more. */
static unsigned sung(const song *s, int i)
{
    int steps[12] = {0};
    unsigned notes = 0;
    for (int t = i * s->bar / 2; t < (i + 1) * s->bar / 2; t++)
        if (s->melody[t].act != SONG_REST) steps[s->melody[t].pitch % 12]++;
    for (int p = 0; p < 12; p++) notes |= 8 * steps[p] >= s->bar ? 1u << p : 0;
    return notes;
}

static void check_chords(const song *s)
{
    for (int i = 0; i < 2 * s->bars; i++) {
        const unsigned notes = song_chord_notes(s->chord[i]);
        CU_ASSERT_TRUE(notes && (!sung(s, i) || (sung(s, i) & notes)));
    }
    CU_ASSERT_EQUAL(s->chord[2 * s->bars - 1].root, s->tonic);
    CU_ASSERT_EQUAL(s->chord[2 * s->bars - 2].root, s->tonic);
}

static void check_drums(const song *s)
{
    const int last = (s->bars - 1) * s->bar;
    CU_ASSERT_TRUE(s->has_drums);
    for (int t = last + 1; t < song_steps(s); t++) CU_ASSERT_EQUAL(s->drums[t], 0);
}

static song *make(song_composer *c, const song_wish *w)
{
    rf_error err = {0};
    song *s = song_composer_make(c, w, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

typedef struct bench {
    song_model *m;
    rf_device *d;
    song_composer *c;
} bench;

static bench begin(uint64_t seed)
{
    rf_error err = {0};
    bench b = {.m = unlearned(seed), .d = rf_device_new(1, &err)};
    b.m->style.range->value.data[0] = 50; /* as wide as leaps could be */
    b.m->style.range->value.data[1] = 82;
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.d);
    b.c = song_composer_new(b.d, b.m, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.c);
    return b;
}

static void end(bench *b)
{
    song_composer_free(b->c);
    rf_device_free(b->d);
    song_model_free(b->m);
}

static const song_wish any = {.bars = 32, .tonic = -1, .scale = -1, .temperature = 1.5, .seed = 7};

static void test_validity(void)
{
    static const int bars[] = {2, 3, 8, 17, 32, 70};
    bench b = begin(3);
    for (int i = 0; i < 24; i++) {
        song_wish w = any;
        w.bars = bars[i % 6];
        w.number = i;
        w.temperature = i % 3;
        w.tonic = i % 2 ? i % 12 : -1;
        w.form = i == 4 ? "ABCD" : NULL;
        song *s = make(b.c, &w);
        CU_ASSERT_EQUAL(s->bars, w.bars);
        if (i % 2) CU_ASSERT_EQUAL(s->tonic, i % 12);
        CU_ASSERT_EQUAL(s->programs[1], 5);
        check_melody(s, 0);
        check_chords(s);
        check_drums(s);
        song_free(s);
    }
    end(&b);
}

static bool equal(const song *a, const song *b)
{
    return song_steps(a) == song_steps(b) && a->qpm == b->qpm &&
           !memcmp(a->melody, b->melody, (size_t)song_steps(a) * sizeof *a->melody) &&
           !memcmp(a->chord, b->chord, (size_t)a->bars * 2 * sizeof *a->chord) &&
           !memcmp(a->drums, b->drums, (size_t)song_steps(a) * sizeof *a->drums);
}

/* A song depends on seed and number, not on what was made before. */
static void test_seeds(void)
{
    bench b = begin(3);
    song_wish w = any;
    song *first = make(b.c, &w);
    w.number = 1;
    song *second = make(b.c, &w);
    w.seed = 8;
    song *other = make(b.c, &w);
    w = any;
    song *again = make(b.c, &w);
    CU_ASSERT_TRUE(equal(first, again));
    CU_ASSERT_FALSE(equal(first, second));
    CU_ASSERT_FALSE(equal(second, other));
    song_free(first);
    song_free(second);
    song_free(other);
    song_free(again);
    end(&b);
}

/* Given chords, scale, melody and tempo are kept. */
static void test_wishes(void)
{
    const song_chord two[] = {chord("Em"), chord("C"), chord("D"), chord("D")};
    bench b = begin(5);
    song_wish w = any;
    w.chords = two;
    w.chord_count = 4;
    w.tonic = 4;
    w.scale = song_scale_find("minor-pentatonic");
    w.keep_scale = true;
    w.qpm = 77;
    song *s = make(b.c, &w);
    CU_ASSERT_EQUAL(s->qpm, 77);
    for (int t = 0; t < song_steps(s); t++) {
        const int above = (s->melody[t].pitch + 12 - 4) % 12;
        CU_ASSERT_TRUE(s->melody[t].act == SONG_REST ||
                       (song_scale_at(w.scale)->notes >> above & 1));
    }
    for (int i = 0; i < 2 * (s->bars - 1); i++)
        CU_ASSERT_EQUAL(song_chord_number(s->chord[i]), song_chord_number(two[i % 4]));
    song_free(s);

    song *given = example(4);
    w = any;
    w.given = given;
    w.bars = 12;
    s = make(b.c, &w);
    CU_ASSERT_EQUAL(s->tonic, 2);
    CU_ASSERT_EQUAL(s->bars, 12);
    CU_ASSERT_EQUAL(memcmp(s->melody, given->melody, 64 * sizeof *s->melody), 0);
    check_melody(s, 4);
    song_free(s);
    w.bars = 0; /* harmonize */
    s = make(b.c, &w);
    CU_ASSERT_EQUAL(s->bars, 4);
    CU_ASSERT_EQUAL(memcmp(s->melody, given->melody, 64 * sizeof *s->melody), 0);
    song_free(s);
    song_free(given);
    rf_error err = {0};
    w = any;
    w.beats = 3;
    w.unit = 4;
    CU_ASSERT_PTR_NULL(song_composer_make(b.c, &w, &err));
    CU_ASSERT_STRING_EQUAL(err.text, "--metre: the style has no 3/4; it has 4/4");
    end(&b);
}

/* The same nats whether a song is one window or many are side by side, as far as windows are whole. */
static void test_losses(void)
{
    rf_error err = {0};
    bench b = begin(9);
    rf_graph *g = rf_graph_new(b.d);
    song *s[2] = {example(8), example(4)};
    song_set set;
    song_profiles p = song_model_profiles(b.m);
    double nats[2][SONG_NATS], profiles;
    rf_index count[2][SONG_NATS];
    for (int i = 0; i < 2; i++) song_prepare(s[i]);
    CU_ASSERT_EQUAL_FATAL(song_set_make(&set, s, 2, &p, 8, &err), RF_OK);
    CU_ASSERT_EQUAL(set.windows, 2);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(song_model_nats(g, b.m, &set.view[i], nats[i], count[i], &profiles, &err),
                        RF_OK);
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const song_losses l = song_model_losses(g, b.m, set.window, 2);
    for (int k = 0; k < SONG_NATS; k++) {
        CU_ASSERT_EQUAL(l.count[k], count[0][k] + count[1][k]);
        if (!l.count[k]) continue;
        const double all = (double)*rf_value(g, l.mean[k]).data * (double)l.count[k];
        CU_ASSERT_DOUBLE_EQUAL(all, nats[0][k] + nats[1][k], 1e-3 * all);
    }
    CU_ASSERT_EQUAL(l.count[SONG_NATS_PITCH], 48);
    CU_ASSERT_EQUAL(l.count[SONG_NATS_CHORD], 24);
    CU_ASSERT_EQUAL(l.count[SONG_NATS_DRUMS], 0);
    song_set_free(&set);
    for (int i = 0; i < 2; i++) song_free(s[i]);
    rf_graph_free(g);
    end(&b);
}

int main(void)
{
    CU_TestInfo names[] = {
        {"scales", test_scales}, {"chords", test_chords}, {"drums", test_drums}, CU_TEST_INFO_NULL};
    CU_TestInfo songs[] = {{"metres", test_metres},   {"transpose", test_transpose},
                           {"copy", test_copy},       {"score", test_score},
                           {"prepare", test_prepare}, {"grooves", test_grooves},
                           CU_TEST_INFO_NULL};
    CU_TestInfo networks[] = {{"views", test_views},
                              {"profiles", test_profiles},
                              {"losses", test_losses},
                              CU_TEST_INFO_NULL};
    CU_TestInfo composing[] = {{"validity", test_validity},
                               {"seeds", test_seeds},
                               {"wishes", test_wishes},
                               CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "names", .pTests = names},
                             {.pName = "songs", .pTests = songs},
                             {.pName = "networks", .pTests = networks},
                             {.pName = "composing", .pTests = composing},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
