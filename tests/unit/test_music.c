/* test_music.c -- what the music plugin hears and plays: keys, level, timbres, files of sound. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

#include <refrain/io.h>

#include "../../plugins/music/key.h"
#include "../../plugins/music/sound.h"
#include "../suite.h"
#include "svg.h"

#define RATE 44100

static rf_status go_on(void *ctx, double done, double total)
{
    (void)ctx;
    CU_ASSERT(done >= 0 && done <= total + 1);
    return RF_OK;
}

static rf_status stop(void *ctx, double done, double total)
{
    (void)ctx;
    (void)done;
    (void)total;
    return RF_ECANCELLED;
}

static const music_watch watch = {go_on, NULL};

/* One note of two seconds (at 60 quarter notes a minute). */
static rf_score *one_note(int channel, int program, int pitch)
{
    rf_score *s = rf_score_new(4);
    CU_ASSERT(rf_score_add_track(s, NULL, channel, program));
    CU_ASSERT(rf_score_add_tone(s, 0, (rf_tone){0, 8, (uint8_t)pitch, 100}));
    CU_ASSERT(rf_score_add_tempo(s, 0, 1000000) && rf_score_order(s));
    return s;
}

static music_sound play(const rf_score *s, int rate, uint64_t seed)
{
    rf_error err = {0};
    music_sound x;
    CU_ASSERT_EQUAL_FATAL(music_sound_new(&x, s, rate, &err), RF_OK);
    CU_ASSERT_EQUAL_FATAL(music_synth_own(&x, s, seed, watch, &err), RF_OK);
    return x;
}

/* ---- Keys -------------------------------------------------------------------------------------- */

/* A scale up and down with its triad held. */
static music_key key_of(int tonic, bool minor, int octave)
{
    static const int scales[2][7] = {{0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 11}};
    rf_score *s = rf_score_new(1);
    CU_ASSERT(rf_score_add_track(s, NULL, 0, 0) && rf_score_add_track(s, NULL, RF_DRUMS, 0));
    for (int i = 0; i < 7; i++) {
        const int pitch = tonic + 12 * octave + scales[minor][i];
        const rf_tone tone = {i, i % 2 || i > 4 ? 1 : 4, (uint8_t)pitch, 64};
        CU_ASSERT(rf_score_add_tone(s, 0, tone));
        CU_ASSERT(rf_score_add_tone(s, 1, (rf_tone){i, 50, 37, 64})); /* drums do not count */
    }
    CU_ASSERT(rf_score_order(s));
    const music_key k = music_key_find(s);
    rf_score_free(s);
    return k;
}

static void keys(void)
{
    char name[16];
    for (int tonic = 0; tonic < 12; tonic++)
        for (int minor = 0; minor < 2; minor++) {
            const music_key k = key_of(tonic, minor, 3 + tonic % 3);
            CU_ASSERT(k.tonic == tonic && k.minor == minor && k.r > 0.8);
            const int sharps = music_key_sharps(&k);
            CU_ASSERT(sharps >= -5 && sharps <= 6);
        }
    const music_key d = {2, true, 1}, e = {3, false, 1};
    CU_ASSERT_STRING_EQUAL(rf_signature_name(music_key_sharps(&d), d.minor, name), "D minor");
    CU_ASSERT_STRING_EQUAL(rf_signature_name(music_key_sharps(&e), e.minor, name), "Eb major");
    rf_score *none = rf_score_new(1);
    CU_ASSERT(isnan(music_key_find(none).r));
    rf_score_free(none);
}

/* ---- Timbres ----------------------------------------------------------------------------------- */

/* Power at a frequency in the first second (Goertzel). */
static double power_at(const music_sound *x, double f)
{
    const double c = 2 * cos(2 * 3.14159265358979 * f / x->rate);
    double a = 0, b = 0;
    for (int64_t i = 0; i < x->rate; i++) {
        const double next = x->x[2 * i] + c * a - b;
        b = a, a = next;
    }
    return a * a + b * b - c * a * b;
}

static bool finite_sound(const music_sound *x)
{
    for (int64_t i = 0; i < 2 * x->frames; i++)
        if (!isfinite(x->x[i])) return false;
    return true;
}

/* Every family plays A4, and not its neighbours, or, where partials are not harmonic, something. */
static void in_tune(void)
{
    for (int program = 0; program < 128; program += 8) {
        rf_score *s = one_note(0, program, 69);
        music_sound x = play(s, RATE, 1);
        const double flat = power_at(&x, 415.3), sharp = power_at(&x, 466.2);
        double a = 0; /* players in an ensemble are some cents apart */
        for (double f = 437; f < 443; f += 0.5) a = fmax(a, power_at(&x, f));
        CU_ASSERT(finite_sound(&x) && music_sound_measure(&x).peak > -40);
        CU_ASSERT(a > 20 * flat && a > 20 * sharp);
        /* Let go, it dies away before the end. */
        double rest = 0;
        for (int64_t i = x.frames - RATE / 20; i < x.frames; i++)
            rest = fmax(rest, fabsf(x.x[2 * i]));
        CU_ASSERT(rest < 0.01);
        music_sound_free(&x);
        rf_score_free(s);
    }
}

/* From the lowest pitch to the highest, at a low rate too; and all drums. */
static void whole_range(void)
{
    for (int pitch = 0; pitch < 128; pitch += 9)
        for (int family = 0; family < 16; family++) {
            rf_score *s = one_note(0, 8 * family + 7, pitch);
            music_sound x = play(s, 8000, 1);
            CU_ASSERT(finite_sound(&x) && music_sound_measure(&x).peak < 6);
            music_sound_free(&x);
            rf_score_free(s);
        }
    for (int pitch = 30; pitch < 90; pitch++) {
        rf_score *s = one_note(RF_DRUMS, 0, pitch);
        music_sound x = play(s, 22050, 1);
        CU_ASSERT(finite_sound(&x) && music_sound_measure(&x).peak > -40);
        music_sound_free(&x);
        rf_score_free(s);
    }
}

static void same_again(void)
{
    rf_score *s = one_note(0, 24, 50); /* a string begins with noise */
    music_sound a = play(s, RATE, 1), b = play(s, RATE, 1), c = play(s, RATE, 2);
    const size_t bytes = (size_t)a.frames * 2 * sizeof *a.x;
    CU_ASSERT(a.frames == b.frames && !memcmp(a.x, b.x, bytes));
    CU_ASSERT(memcmp(a.x, c.x, bytes) != 0);
    music_sound_free(&a);
    music_sound_free(&b);
    music_sound_free(&c);
    rf_score_free(s);
}

/* ---- Level ------------------------------------------------------------------------------------- */

static void limits(void)
{
    rf_error err = {0};
    rf_score *s = one_note(0, 0, 60);
    music_sound x;
    CU_ASSERT_EQUAL_FATAL(music_sound_new(&x, s, RATE, &err), RF_OK);
    CU_ASSERT_EQUAL(x.frames, (int64_t)(4.5 * RATE));
    /* A soft tone with clicks: the clicks set no level, and do not pass. */
    for (int64_t i = 0; i < 2 * RATE; i++)
        x.x[2 * i] = x.x[2 * i + 1] = (float)(0.05 * sin((double)i * 0.05));
    x.x[2 * 30000] = 1, x.x[2 * 60000 + 1] = -1, x.x[0] = 0.9f;
    const float before = x.x[2 * 45000] / x.x[2 * 45010];
    CU_ASSERT_EQUAL(music_sound_finish(&x, watch, &err), RF_OK);
    const music_measure m = music_sound_measure(&x);
    CU_ASSERT(m.peak <= -1 && m.peak > -1.1);
    CU_ASSERT_DOUBLE_EQUAL(x.x[2 * 45000] / x.x[2 * 45010], before,
                           1e-4);                   /* no distortion elsewhere */
    CU_ASSERT(m.seconds > 1.99 && m.seconds < 2.1); /* the silence behind is cut off */
    music_sound_free(&x);
    rf_score_free(s);
}

static void measures(void)
{
    rf_score *s = one_note(0, 0, 60);
    music_sound x;
    CU_ASSERT_EQUAL_FATAL(music_sound_new(&x, s, 8000, NULL), RF_OK);
    CU_ASSERT_EQUAL(music_sound_measure(&x).peak, -INFINITY);
    for (int i = 0; i < 8000; i++) x.x[2 * i] = x.x[2 * i + 1] = i % 2 ? 0.5f : -0.5f;
    x.x[2 * 24000] = 0.25f;
    const music_measure m = music_sound_measure(&x);
    CU_ASSERT_DOUBLE_EQUAL(m.peak, -6.0206, 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(m.power, -6.0206, 1e-2);
    CU_ASSERT_DOUBLE_EQUAL(m.silence, 2, 1e-3);
    music_sound_free(&x);
    rf_score_free(s);
}

static void refusals(void)
{
    rf_error err = {0}, err2 = {0};
    music_sound x;
    rf_score *s = rf_score_new(1);
    CU_ASSERT_EQUAL(music_sound_new(&x, s, RATE, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "there are no notes to play");
    CU_ASSERT(rf_score_add_track(s, NULL, 0, 0));
    CU_ASSERT(rf_score_add_tone(s, 0, (rf_tone){(int64_t)1 << 39, 1, 60, 60}) && rf_score_order(s));
    CU_ASSERT_EQUAL(music_sound_new(&x, s, RATE, &err2), RF_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err2.text, "where at most 3600 are made"));
    rf_score_free(s);
    s = one_note(0, 0, 60);
    CU_ASSERT_EQUAL(music_sound_new(&x, s, RATE, NULL), RF_OK);
    CU_ASSERT_EQUAL(music_synth_own(&x, s, 1, (music_watch){stop, NULL}, NULL), RF_ECANCELLED);
    CU_ASSERT_EQUAL(music_audio_write(&x, NULL, "/tmp/a.mp3", watch, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(music_audio_write(&x, NULL, "/no/such/a.wav", watch, NULL), RF_EIO);
    music_sound_free(&x);
    rf_score_free(s);
}

/* ---- Files ------------------------------------------------------------------------------------- */

static void files(void)
{
    static const char *const names[] = {"refrain-test.wav", "refrain-test.flac",
                                        "refrain-test.OGG"};
    static const double within[] = {1e-4, 1e-4, 0.05};
    rf_score *s = one_note(0, 73, 72);
    music_sound x = play(s, RATE, 1);
    CU_ASSERT_EQUAL(music_sound_finish(&x, watch, NULL), RF_OK);
    for (int i = 0; i < 3; i++) {
        rf_str a = {0}, b = {0};
        CU_ASSERT(music_audio_known(names[i]));
        CU_ASSERT_EQUAL(music_audio_write(&x, "笛", names[i], watch, NULL), RF_OK);
        CU_ASSERT_EQUAL(rf_file_read(names[i], 0, &a, NULL), RF_OK);
        CU_ASSERT_EQUAL(music_audio_write(&x, "笛", names[i], watch, NULL), RF_OK);
        CU_ASSERT_EQUAL(rf_file_read(names[i], 0, &b, NULL), RF_OK);
        CU_ASSERT(a.n == b.n && !memcmp(a.s, b.s, a.n)); /* Ogg's number too */
        SF_INFO info = {0};
        SNDFILE *f = sf_open(names[i], SFM_READ, &info);
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        CU_ASSERT(info.samplerate == RATE && info.channels == 2 && info.frames == x.frames);
        const char *title = sf_get_string(f, SF_STR_TITLE);
        CU_ASSERT(title && !strcmp(title, "笛"));
        float *y = calloc((size_t)info.frames, 2 * sizeof *y);
        double worst = 0;
        CU_ASSERT_EQUAL(sf_readf_float(f, y, info.frames), info.frames);
        for (int64_t k = 0; k < 2 * x.frames; k++)
            worst = fmax(worst, fabs((double)y[k] - (double)x.x[k]));
        CU_ASSERT(worst < within[i]);
        sf_close(f);
        free(y);
        rf_str_free(&a);
        rf_str_free(&b);
        remove(names[i]);
    }
    CU_ASSERT(!music_audio_known("wav") && !music_audio_known(".wav") &&
              !music_audio_known("a.mp3"));
    music_sound_free(&x);
    rf_score_free(s);
}

/* ---- Pictures ---------------------------------------------------------------------------------- */

static void pictures(void)
{
    rf_score *s = rf_score_new(2);
    rf_str svg = {0}, part = {0};
    CU_ASSERT(rf_score_name(s, "A & <b>") && rf_score_add_track(s, "琴", 0, 0));
    CU_ASSERT(rf_score_add_track(s, NULL, RF_DRUMS, 0) && rf_score_add_track(s, NULL, 3, 73));
    for (int i = 0; i < 40; i++) {
        CU_ASSERT(rf_score_add_tone(s, 0, (rf_tone){8 * i, 8, (uint8_t)(60 + i % 12), 90}));
        CU_ASSERT(rf_score_add_tone(s, 1, (rf_tone){8 * i, 1, 38, 90}));
    }
    CU_ASSERT(rf_score_add_tone(s, 2, (rf_tone){0, 320, 48, 20}) && rf_score_order(s));
    rf_score_svg(s, (rf_extract){0}, &svg);
    CU_ASSERT(well_formed(svg.s) && strstr(svg.s, "A &amp; &lt;b&gt;") && !strstr(svg.s, "nan"));
    CU_ASSERT(strstr(svg.s, ">琴<") && strstr(svg.s, ">Drums<") && strstr(svg.s, ">Flute<"));
    CU_ASSERT(strstr(svg.s, ">1  (4/4)<") && strstr(svg.s, ">40<") && !strstr(svg.s, ">41<"));
    /* 40 bars of 88 px make four lines of 12: the long note is in each of them. */
    CU_ASSERT_EQUAL(count(svg.s, "<title>C3</title>"), 4);
    CU_ASSERT_EQUAL(count(svg.s, "<title>Acoustic Snare</title>"), 40);
    CU_ASSERT_EQUAL(count(svg.s, "<title>C4</title>"), 4);
    rf_score_svg(s, (rf_extract){38, 1}, &part);
    CU_ASSERT(well_formed(part.s) && strstr(part.s, ">39<") && !strstr(part.s, ">40<"));
    CU_ASSERT_EQUAL(count(part.s, "<title>Acoustic Snare</title>"), 1);
    rf_str_free(&svg);
    rf_str_free(&part);
    rf_score_free(s);
    s = rf_score_new(1);
    rf_score_svg(s, (rf_extract){0}, &svg);
    CU_ASSERT(well_formed(svg.s) && strstr(svg.s, "Untitled") && !strstr(svg.s, "nan"));
    rf_str_free(&svg);
    rf_score_free(s);
}

int main(void)
{
    CU_TestInfo hearing[] = {{"keys", keys}, CU_TEST_INFO_NULL};
    CU_TestInfo playing[] = {{"in tune", in_tune},
                             {"whole range", whole_range},
                             {"same again", same_again},
                             CU_TEST_INFO_NULL};
    CU_TestInfo level[] = {
        {"limits", limits}, {"measures", measures}, {"refusals", refusals}, CU_TEST_INFO_NULL};
    CU_TestInfo output[] = {{"files", files}, {"pictures", pictures}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "hearing", .pTests = hearing},
                             {.pName = "playing", .pTests = playing},
                             {.pName = "level", .pTests = level},
                             {.pName = "output", .pTests = output},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
