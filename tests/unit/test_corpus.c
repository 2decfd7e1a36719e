/* test_corpus.c -- scores read as songs, and songs measured: grid and bars, melody, chords, parts, the Markov
 * chain, statistics, rules, loudness. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/io.h>

#include "../../plugins/music/corpus.h"
#include "../../plugins/music/harmony.h"
#include "../../plugins/music/markov.h"
#include "../../plugins/music/melody.h"
#include "../../plugins/music/meter.h"
#include "../../plugins/music/stats.h"
#include "../../plugins/music/transcribe.h"
#include "../../plugins/music/valid.h"
#include "../suite.h"

#define QUARTER 480
#define LATE    40 /* ticks off the sixteenths */

static rf_status go_on(void *ctx, double done, double total)
{
    (void)ctx;
    return done <= total ? RF_OK : RF_EINVAL;
}

static const music_watch watch = {go_on, NULL};

/* ---- Scores ------------------------------------------------------------------------------------ */

static void add(rf_score *s, size_t track, double quarter, double len, int pitch, int64_t late)
{
    const rf_tone t = {(int64_t)(quarter * QUARTER) + late, (int64_t)(len * QUARTER),
                       (uint8_t)pitch, 90};
    CU_ASSERT_FATAL(rf_score_add_tone(s, track, t));
}

/* Eight bars of `beats`: the melody goes up the scale in quarter notes, the chords are I IV V I over and
 * over, a bass below; all after `rest` quarter notes, and so many ticks late. */
static rf_score *tune(int beats, int rest, int64_t late)
{
    static const int scale[] = {60, 62, 64, 65, 67, 69, 71, 72}, roots[] = {48, 53, 55, 48};
    rf_score *s = rf_score_new(QUARTER);
    CU_ASSERT_FATAL(s && rf_score_add_track(s, "Piano", 1, 0) &&
                    rf_score_add_track(s, "MELODY", 0, 73));
    for (int b = 0; b < 8; b++) {
        const int root = roots[b % 4];
        for (int k = 0; k < 3; k++)
            add(s, 0, rest + b * beats, beats, root + 12 + (int[]){0, 4, 7}[k], late);
        add(s, 0, rest + b * beats, beats, root, late);
        for (int i = 0; i < beats; i++)
            add(s, 1, rest + b * beats + i, 1, scale[(b + i) % 8], late);
    }
    return s;
}

static song *read_tune(rf_score *s)
{
    rf_error err = {0};
    CU_ASSERT_FATAL(rf_score_order(s));
    song *x = music_corpus_song(s, "tune", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    rf_score_free(s);
    return x;
}

static int pressed(const song *x)
{
    int n = 0;
    for (int i = 0; i < song_steps(x); i++) n += x->melody[i].act == SONG_PRESS;
    return n;
}

/* A file with a metre and notes on its grid is taken at its word. */
static void as_written(void)
{
    rf_score *s = tune(3, 0, 0);
    CU_ASSERT(rf_score_add_metre(s, 0, 3, 4) && rf_score_add_tempo(s, 0, 500000));
    song *x = read_tune(s);
    CU_ASSERT(x->beats == 3 && x->unit == 4 && x->bar == 12 && x->bars == 8);
    CU_ASSERT(pressed(x) == 24 && x->melody[0].pitch == 60 && x->melody[1].act == SONG_HOLD);
    CU_ASSERT(x->has_chords && !x->has_drums && x->programs[0] == 73);
    CU_ASSERT(x->tonic == 0 && x->scale == 0);
    CU_ASSERT_DOUBLE_EQUAL(x->qpm, 120, 0.01);
    static const int roots[] = {0, 5, 7, 0};
    for (int i = 0; i < 2 * x->bars; i++)
        CU_ASSERT(x->chord[i].root == roots[i / 2 % 4] && x->chord[i].quality == 0);
    song_free(x);
}

/* One with a dummy for a metre, that begins anywhere, has its bars where chords and long low notes begin. */
static void bars_are_found(void)
{
    for (int beats = 3; beats <= 4; beats++)
        for (int rest = 0; rest < 4; rest++) {
            rf_score *s = tune(beats, rest, LATE);
            CU_ASSERT(rf_score_add_metre(s, 0, 1, 4));
            song *x = read_tune(s);
            CU_ASSERT(x->beats == beats && x->bars == 8 && pressed(x) == 8 * beats);
            CU_ASSERT(x->melody[0].act == SONG_PRESS && x->melody[0].pitch == 60);
            song_free(x);
        }
}

static void known_chords(void)
{
    rf_score *s = tune(4, 1, LATE);
    music_annotation a[8];
    CU_ASSERT(rf_score_order(s));
    for (int b = 0; b < 8; b++) /* at 120 a bar lasts 2 seconds */
        a[b] = (music_annotation){0.54 + 2 * b, 2.54 + 2 * b, {(int8_t)(b % 2 ? 9 : 2), 1}};
    song *x = music_transcribe(s, "tune", a, 8, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (int i = 0; i < 2 * x->bars; i++)
        CU_ASSERT(x->chord[i].root == (i / 2 % 2 ? 9 : 2) && x->chord[i].quality == 1);
    song_free(x);
    rf_score_free(s);
}

static void refused(void)
{
    rf_error err[4] = {0};
    rf_score *s = rf_score_new(QUARTER);
    CU_ASSERT(s && rf_score_order(s) && !music_corpus_song(s, "a", &err[0]));
    CU_ASSERT_STRING_EQUAL(err[0].text, "no notes");
    CU_ASSERT(rf_score_add_track(s, NULL, RF_DRUMS, 0));
    add(s, 0, 0, 1, 38, 0);
    CU_ASSERT(rf_score_add_metre(s, 0, 4, 4) && rf_score_order(s));
    CU_ASSERT(!music_corpus_song(s, "a", &err[1]));
    CU_ASSERT_STRING_EQUAL(err[1].text, "no melody");
    rf_score_free(s);
    s = tune(4, 0, 0);
    CU_ASSERT(rf_score_add_metre(s, 0, 5, 16) && rf_score_order(s));
    CU_ASSERT(!music_corpus_song(s, "a", &err[2]) && strstr(err[2].text, "a metre of 5/16"));
    rf_score_free(s);
    s = rf_score_new(QUARTER);
    CU_ASSERT(rf_score_add_track(s, NULL, 0, 0));
    for (int i = 0; i < 60; i++)
        add(s, 0, i, 0.5, 60, 2 * i); /* a sixtieth of a step later each time */
    CU_ASSERT(rf_score_order(s) && !music_corpus_song(s, "a", &err[3]));
    CU_ASSERT_STRING_EQUAL(err[3].text, "its notes are on no grid of sixteenths");
    rf_score_free(s);
}

/* ---- Melodies ---------------------------------------------------------------------------------- */

static void melody_of_chords(void)
{
    rf_score *s = rf_score_new(SONG_QUARTER);
    song_note m[16];
    CU_ASSERT(rf_score_add_track(s, NULL, 0, 0));
    static const rf_tone tones[] = {
        {0, 8, 72, 9}, {0, 8, 60, 9}, {4, 4, 64, 9}, /* under a held note */
        {8, 2, 74, 9}, {8, 2, 65, 9}, {12, 4, 67, 9}, {12, 4, 76, 9}};
    for (size_t i = 0; i < 7; i++) CU_ASSERT(rf_score_add_tone(s, 0, tones[i]));
    CU_ASSERT(rf_score_order(s));
    CU_ASSERT(music_track_single(&s->track[0]) < 0.3);
    music_melody_write(&s->track[0], 0, 16, m);
    CU_ASSERT(m[0].act == SONG_PRESS && m[0].pitch == 72 && m[4].act == SONG_HOLD &&
              m[7].pitch == 72);
    CU_ASSERT(m[8].act == SONG_PRESS && m[8].pitch == 74 && m[10].act == SONG_REST);
    CU_ASSERT(m[12].pitch == 76 && m[15].act == SONG_HOLD);
    music_melody_join(m, 16, 16, false);
    CU_ASSERT(m[10].act == SONG_REST);
    music_melody_join(m, 16, 16, true);
    CU_ASSERT(m[10].act == SONG_HOLD && m[11].pitch == 74 && m[12].act == SONG_PRESS);
    rf_score_free(s);
}

/* A rest of a sixteenth after a half note is articulation, after an eighth it is a rest. */
static void articulation(void)
{
    song_note m[16] = {0};
    for (int i = 0; i < 7; i++) m[i] = (song_note){i ? SONG_HOLD : SONG_PRESS, 60};
    m[8] = (song_note){SONG_PRESS, 62}, m[9] = (song_note){SONG_HOLD, 62};
    m[11] = (song_note){SONG_PRESS, 64};
    music_melody_join(m, 16, 16, false);
    CU_ASSERT(m[7].act == SONG_HOLD && m[7].pitch == 60 && m[10].act == SONG_REST && !m[10].pitch);
    CU_ASSERT(m[12].act == SONG_REST);
    music_melody_join(m, 16, 16, true);
    CU_ASSERT(m[10].act == SONG_HOLD && m[10].pitch == 62 && m[12].act == SONG_REST);
    m[12] = m[13] = m[14] = (song_note){SONG_HOLD, 64};
    music_melody_join(m, 16, 16, false);
    CU_ASSERT(m[15].act == SONG_REST); /* a fifth of the way */
    m[11].act = SONG_HOLD, m[11].pitch = 62;
    for (int i = 8; i < 15; i++) m[i].pitch = 62;
    music_melody_join(m, 16, 16, false);
    CU_ASSERT(m[15].act == SONG_HOLD && m[15].pitch == 62);
}

/* Two octaves too low, it comes up as a whole, though one note would not have had to. */
static void melody_in_range(void)
{
    rf_score *s = rf_score_new(SONG_QUARTER);
    song_note m[16];
    CU_ASSERT(rf_score_add_track(s, NULL, 0, 0));
    for (int i = 0; i < 4; i++)
        CU_ASSERT(rf_score_add_tone(s, 0, (rf_tone){4 * i, 4, (uint8_t)(40 + 3 * i), 9}));
    CU_ASSERT(rf_score_order(s));
    music_melody_write(&s->track[0], 0, 16, m);
    for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(m[4 * i].pitch, 52 + 3 * i);
    rf_score_free(s);
}

/* ---- Chords ------------------------------------------------------------------------------------ */

static music_annotations *annotations(const char *text, rf_error *err)
{
    CU_ASSERT_EQUAL_FATAL(rf_file_write("refrain-chords.tsv", text, strlen(text), NULL), RF_OK);
    music_annotations *a = music_annotations_read("refrain-chords.tsv", err);
    remove("refrain-chords.tsv");
    return a;
}

static void tables_of_chords(void)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"a\t0\t1\tC:maj\na\t1\t2\n", "refrain-chords.tsv:2: fewer columns where 4 are due"},
        {"a\t0\t1\tC:maj\t\n", "refrain-chords.tsv:1: more columns where 4 are due"},
        {"a\tx\t1\tN\n", "refrain-chords.tsv:1: beginning and end in seconds are due"},
        {"a\t2\t1\tN\n", "refrain-chords.tsv:1: beginning and end in seconds are due"},
        {"a\t0\t1\tH:maj\n",
         "refrain-chords.tsv:1: \"H:maj\" where a chord like G:min7 or N is due"},
        {"a\t0\t1\tC\n", "refrain-chords.tsv:1: \"C\" where a chord like G:min7 or N is due"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(annotations(bad[i].text, &err));
        CU_ASSERT_STRING_EQUAL(err.text, bad[i].says);
    }
    music_annotations *a =
        annotations("1\t0\t1\tN\n1\t1\t2\tF#:min7/b7\n2\t0\t.5\tBb:hdim7\n", NULL);
    size_t n;
    const music_annotation *of = music_annotations_of(a, "1", &n);
    CU_ASSERT(n == 2 && of[0].chord.root == -1 && of[1].chord.root == 6 && of[1].from == 1);
    CU_ASSERT_EQUAL(song_quality_at(of[1].chord.quality)->notes, 1 | 1 << 3 | 1 << 7 | 1 << 10);
    of = music_annotations_of(a, "2", &n);
    CU_ASSERT(n == 1 && of->chord.root == 10 && of->to == 0.5);
    music_annotations_of(a, "3", &n);
    CU_ASSERT_EQUAL(n, 0);
    music_annotations_free(a);
}

/* Passing notes make no chord; silence keeps it, for a while. */
static void recognised(void)
{
    music_sonority x[8];
    song_chord c[8];
    for (int i = 0; i < 8; i++) {
        x[i] = (music_sonority){.bass = i < 4 ? 0 : 7};
        const int root = i < 4 ? 0 : 7;
        for (int k = 0; k < 3; k++) x[i].weight[(root + (int[]){0, 4, 7}[k]) % 12] = 8;
    }
    x[1].weight[2] = 4, x[1].weight[5] = 2, x[6] = (music_sonority){.bass = -1};
    CU_ASSERT_EQUAL(music_harmony_find(x, 8, c, NULL), RF_OK);
    for (int i = 0; i < 8; i++) CU_ASSERT(c[i].root == (i < 4 ? 0 : 7) && c[i].quality == 0);
    for (int i = 0; i < 8; i++) x[i] = (music_sonority){.bass = -1};
    CU_ASSERT_EQUAL(music_harmony_find(x, 8, c, NULL), RF_OK);
    for (int i = 0; i < 8; i++) CU_ASSERT_EQUAL(c[i].root, -1);
}

/* ---- Songs ------------------------------------------------------------------------------------- */

/* A song of 4/4 bars in C, each "c d e f" in quarter notes over the chord of C. */
static song *scale_song(int bars)
{
    static const int scale[] = {60, 62, 64, 65};
    song *x = song_new("scale", 4, 4, bars, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    x->has_chords = true;
    for (int i = 0; i < song_steps(x); i++)
        x->melody[i] = (song_note){i % 4 ? SONG_HOLD : SONG_PRESS, (uint8_t)scale[i / 4 % 4]};
    for (int i = 0; i < 2 * bars; i++) x->chord[i] = (song_chord){0, 0};
    return x;
}

/* Its last note becomes the tonic. */
static song *ending_song(int bars)
{
    song *x = scale_song(bars);
    for (int i = song_steps(x) - 4; i < song_steps(x); i++) x->melody[i].pitch = 60;
    return x;
}

static void parts(void)
{
    int n[RF_SPLITS] = {0};
    char name[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%03d", i);
        n[music_corpus_split(name)]++;
        CU_ASSERT_EQUAL(music_corpus_split(name), music_corpus_split(name));
    }
    CU_ASSERT(n[RF_SPLIT_TEST] > 70 && n[RF_SPLIT_TEST] < 130);
    CU_ASSERT(n[RF_SPLIT_VALID] > 70 && n[RF_SPLIT_VALID] < 130);
}

static void same_in_any_key(void)
{
    song *x = scale_song(4), *y = scale_song(4);
    song_transpose(y, 5);
    y->tonic = 5;
    CU_ASSERT_EQUAL(music_song_hash(x, true), music_song_hash(y, true));
    y->chord[3].root = 7;
    CU_ASSERT(music_song_hash(x, true) != music_song_hash(y, true));
    CU_ASSERT_EQUAL(music_song_hash(x, false), music_song_hash(y, false));
    y->melody[4].pitch++;
    CU_ASSERT(music_song_hash(x, false) != music_song_hash(y, false));
    int seen = 0;
    for (uint64_t i = 0; i < 200; i++) {
        const int up = music_corpus_shift(x, rf_key_make(1, "shift", 0), i);
        CU_ASSERT(up >= -5 && up <= 6);
        seen |= 1 << (up + 5);
    }
    CU_ASSERT_EQUAL(seen, (1 << 12) - 1);
    song_free(x);
    song_free(y);
}

/* ---- Markov ------------------------------------------------------------------------------------ */

/* Order 0 by hand: eight notes of which three kinds twice or more. */
static void first_order(void)
{
    music_markov *m = music_markov_new(0);
    song *x = scale_song(2);
    double nats;
    int64_t notes;
    CU_ASSERT_EQUAL(music_markov_add(m, x, NULL), RF_OK);
    CU_ASSERT_EQUAL(music_markov_settle(m, watch, NULL), RF_OK);
    CU_ASSERT_EQUAL(music_markov_nats(m, x, &nats, &notes, NULL), RF_OK);
    /* Each of four kinds occurs twice, all eight last a quarter note; there are 49 kinds, 64 lengths. */
    const double apart = (2 + 1) / (8 + 49.0) * (8 + 1) / (8 + 64.0);
    CU_ASSERT_EQUAL(notes, 8);
    CU_ASSERT_DOUBLE_EQUAL(nats, -8 * log((2 + 4 * apart) / (8 + 4)), 1e-9);
    song_free(x);
    music_markov_free(m);
}

static double nats_of(int order, const song *learned, const song *held, const song *x)
{
    music_markov *m = music_markov_new(order);
    double nats;
    int64_t notes;
    CU_ASSERT_EQUAL(music_markov_add(m, learned, NULL), RF_OK);
    CU_ASSERT_EQUAL(music_markov_settle(m, watch, NULL), RF_OK);
    if (held) CU_ASSERT_EQUAL(music_markov_hold(m, held, NULL), RF_OK);
    if (held) music_markov_tune(m);
    CU_ASSERT_EQUAL(music_markov_nats(m, x, &nats, &notes, NULL), RF_OK);
    music_markov_free(m);
    return nats;
}

/* Context helps on what was learned, whatever its key; and weights help on what they were chosen by. */
static void higher_orders(void)
{
    song *x = scale_song(16), *y = scale_song(16), *z = ending_song(16);
    song_transpose(y, -3);
    y->tonic = 9;
    const double none = nats_of(0, x, NULL, x), two = nats_of(2, x, NULL, x);
    CU_ASSERT(two < none / 2);
    CU_ASSERT_DOUBLE_EQUAL(nats_of(2, x, NULL, y), two, 1e-9);
    for (int i = 0; i < song_steps(z); i += 16) z->melody[i].pitch = z->melody[i + 1].pitch = 67;
    for (int i = 0; i < song_steps(z); i++)
        if (z->melody[i].act == SONG_HOLD) z->melody[i].pitch = z->melody[i - 1].pitch;
    CU_ASSERT(nats_of(3, x, z, z) < nats_of(3, x, NULL, z));
    song_free(x);
    song_free(y);
    song_free(z);
}

/* What is drawn is as likely as the chain says: nats a note of draws are near the entropy of the only
 * distribution there is. */
static void draws(void)
{
    song *x = scale_song(64), *y = scale_song(64), *z = scale_song(64);
    music_markov *m = music_markov_new(5);
    CU_ASSERT_EQUAL(music_markov_add(m, x, NULL), RF_OK);
    CU_ASSERT_EQUAL(music_markov_settle(m, watch, NULL), RF_OK);
    music_markov_sample(m, y, rf_key_make(1, "draws", 0));
    music_markov_sample(m, z, rf_key_make(1, "draws", 0));
    CU_ASSERT_EQUAL(music_song_hash(y, true), music_song_hash(z, true));
    music_markov_sample(m, z, rf_key_make(2, "draws", 0));
    music_stats a = {0}, b = {0};
    music_stats_add(&a, x);
    music_stats_add(&b, y);
    CU_ASSERT(music_variation(a.hist[MUSIC_INTERVAL], b.hist[MUSIC_INTERVAL], MUSIC_INTERVALS) <
              0.1);
    CU_ASSERT(b.notes > 200 && music_stats_in_scale(&b) > 0.9);
    for (int i = 0; i < song_steps(y); i++)
        CU_ASSERT(y->melody[i].act != SONG_HOLD || y->melody[i].pitch == y->melody[i - 1].pitch);
    song_free(x);
    song_free(y);
    song_free(z);
    music_markov_free(m);
}

/* ---- Statistics -------------------------------------------------------------------------------- */

static void numbers(void)
{
    song *x = scale_song(4);
    music_stats s = {0};
    for (int i = 0; i < x->bar; i++) x->melody[3 * x->bar + i] = (song_note){SONG_REST, 0};
    music_stats_add(&s, x);
    CU_ASSERT(s.notes == 12 && s.bars == 4 && music_stats_in_scale(&s) == 1);
    CU_ASSERT_DOUBLE_EQUAL(music_stats_notes_per_bar(&s), 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(music_stats_in_chord(&s), 0.5, 1e-12); /* c and e of c d e f */
    CU_ASSERT_DOUBLE_EQUAL(music_stats_length(&s), 1, 1e-12);
    /* 2 2 1 in three bars, -5 between them */
    CU_ASSERT_DOUBLE_EQUAL(music_stats_interval(&s), (3 * 5 + 2 * 5) / 11.0, 1e-12);
    CU_ASSERT(music_stats_repetition(&s, 0) == 1 && music_stats_repetition(&s, 1) == 1);
    CU_ASSERT(isnan(music_stats_repetition(&s, 3)) && s.hist[MUSIC_ONSET][0] == 12);
    x->melody[x->bar].pitch = x->melody[x->bar + 1].pitch = 72;
    s = (music_stats){0};
    music_stats_add(&s, x);
    CU_ASSERT(music_stats_repetition(&s, 0) == 0 && music_stats_repetition(&s, 1) == 1);
    song_free(x);
}

static void distances(void)
{
    const double a[] = {1, 1, 0, 0}, b[] = {0, 0, 3, 3}, c[] = {2, 0, 2, 0}, none[] = {0, 0, 0, 0};
    CU_ASSERT(music_variation(a, a, 4) == 0 && music_divergence(a, a, 4) == 0);
    CU_ASSERT(music_variation(a, b, 4) == 1 && music_divergence(a, b, 4) == 1);
    CU_ASSERT_DOUBLE_EQUAL(music_variation(a, c, 4), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(music_divergence(a, c, 4), 0.5, 1e-12);
    CU_ASSERT(isnan(music_variation(a, none, 4)) && isnan(music_divergence(none, a, 4)));
}

/* ---- Rules ------------------------------------------------------------------------------------- */

static bool broken(const song *x, const char *rule)
{
    uint32_t bits;
    CU_ASSERT_EQUAL(music_song_broken(x, &bits, NULL), RF_OK);
    for (int i = 0; music_rule_at(i); i++)
        if (!strcmp(music_rule_at(i)->name, rule)) return bits >> i & 1;
    CU_FAIL("no such rule");
    return false;
}

static void rules_of_songs(void)
{
    uint32_t bits;
    song *x = ending_song(8);
    CU_ASSERT(!music_song_broken(x, &bits, NULL) && bits == 0);
    x->chord[15] = (song_chord){7, 0};
    CU_ASSERT(broken(x, "cadence") && !broken(x, "tonic"));
    x->chord[5] = (song_chord){-1, 0};
    CU_ASSERT(broken(x, "harmony"));
    x->tonic = 2;
    CU_ASSERT(broken(x, "tonic"));
    x->tonic = 6;
    CU_ASSERT(broken(x, "scale") && !broken(x, "sings"));
    for (int i = 16; i < 16 + 33; i++) x->melody[i] = (song_note){SONG_REST, 0};
    CU_ASSERT(broken(x, "sings") && !broken(x, "ends"));
    for (int i = 0; i < song_steps(x); i++)
        x->melody[i] = (song_note){i ? SONG_HOLD : SONG_PRESS, 60};
    CU_ASSERT(broken(x, "ends"));
    song_free(x);
}

static uint32_t bit(const char *rule)
{
    for (int i = 0; music_rule_at(i); i++)
        if (!strcmp(music_rule_at(i)->name, rule)) return 1u << i;
    return 0;
}

static void rules_of_scores(void)
{
    song *x = ending_song(8);
    rf_score *s = song_score(x, SONG_ALL, NULL);
    const music_piece p = {s, x};
    CU_ASSERT_FATAL(s && music_rules_broken(&p) == 0);
    CU_ASSERT(rf_score_add_tone(s, 1, (rf_tone){0, 20, 110, 9}) && rf_score_order(s));
    CU_ASSERT_EQUAL(music_rules_broken(&p), bit("range"));
    CU_ASSERT(rf_score_add_tone(s, 1, (rf_tone){s->division / 7, 20, 60, 9}) && rf_score_order(s));
    CU_ASSERT_EQUAL(music_rules_broken(&p), bit("range") | bit("grid"));
    CU_ASSERT(rf_score_add_tone(s, 0, (rf_tone){0, 9 * s->division, 62, 9}) && rf_score_order(s));
    CU_ASSERT_EQUAL(music_rules_broken(&p), bit("range") | bit("grid") | bit("single"));
    CU_ASSERT(rf_score_add_metre(s, 4 * s->division, 3, 4) && rf_score_order(s));
    CU_ASSERT_EQUAL(music_rules_broken(&p),
                    bit("range") | bit("grid") | bit("single") | bit("bars"));
    rf_score_free(s);
    song_free(x);
}

/* ---- Loudness ---------------------------------------------------------------------------------- */

static music_hearing hear(int rate, int channels, double hz, double level, double seconds,
                          double gap)
{
    music_meter *m = music_meter_new(rate, channels);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    for (int64_t i = 0; i < (int64_t)(seconds * rate); i++) {
        float x[2];
        const double t = (double)i / rate;
        const bool quiet = t >= seconds / 2 - gap / 2 && t < seconds / 2 + gap / 2;
        x[0] = x[1] = (float)(quiet ? 0 : level * sin(6.283185307179586 * hz * t));
        CU_ASSERT_EQUAL(music_meter_hear(m, x, 1, NULL), RF_OK);
    }
    const music_hearing h = music_meter_read(m);
    music_meter_free(m);
    return h;
}

/* EBU Tech 3341, cases 1 and 2: a stereo sine of 1 kHz at -23 dB is -23 LUFS, at -33 dB -33; at any rate. */
static void loudness(void)
{
    static const int rates[] = {8000, 22050, 44100, 48000, 96000};
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_DOUBLE_EQUAL(hear(rates[i], 2, 1000, 0.0707946, 3, 0).loudness, -23, 0.1);
        CU_ASSERT_DOUBLE_EQUAL(hear(rates[i], 2, 1000, 0.0223872, 3, 0).loudness, -33, 0.1);
    }
    const music_hearing mono = hear(48000, 1, 997, 1, 3, 0), low = hear(48000, 2, 20, 0.5, 3, 0);
    CU_ASSERT_DOUBLE_EQUAL(mono.loudness, -3.01, 0.02);
    CU_ASSERT(mono.clipped > 0 && low.clipped == 0 && low.loudness < -15);
    CU_ASSERT_DOUBLE_EQUAL(low.rms, -9.03, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(low.peak, -6.02, 0.01);
    CU_ASSERT(isnan(hear(48000, 2, 1000, 0.5, 0.3, 0).loudness));
    CU_ASSERT(isnan(hear(4000, 2, 500, 0.5, 2, 0).loudness));
}

/* Silence does not count as quiet music, is measured, and does not hide where sound ends. */
static void silence(void)
{
    const music_hearing a = hear(44100, 2, 1000, 0.1, 8, 0), b = hear(44100, 2, 1000, 0.1, 8, 3),
                        none = hear(44100, 2, 1000, 0, 2, 0);
    CU_ASSERT_DOUBLE_EQUAL(a.loudness, b.loudness, 0.3);
    CU_ASSERT_DOUBLE_EQUAL(b.silence, 3, 0.001);
    CU_ASSERT(a.silence < 0.001 && b.to > 7.99 && b.from < 0.001);
    CU_ASSERT(none.loudness == -INFINITY && none.peak == -INFINITY && none.to == 0);
}

int main(void)
{
    CU_TestInfo reading[] = {{"as written", as_written},
                             {"bars are found", bars_are_found},
                             {"known chords", known_chords},
                             {"refused", refused},
                             {"melody of chords", melody_of_chords},
                             {"articulation", articulation},
                             {"melody in range", melody_in_range},
                             {"tables of chords", tables_of_chords},
                             {"recognised", recognised},
                             {"parts", parts},
                             {"same in any key", same_in_any_key},
                             CU_TEST_INFO_NULL};
    CU_TestInfo measuring[] = {{"first order", first_order},
                               {"higher orders", higher_orders},
                               {"draws", draws},
                               {"numbers", numbers},
                               {"distances", distances},
                               {"rules of songs", rules_of_songs},
                               {"rules of scores", rules_of_scores},
                               {"loudness", loudness},
                               {"silence", silence},
                               CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "reading", .pTests = reading},
                             {.pName = "measuring", .pTests = measuring},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
