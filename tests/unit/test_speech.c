/* test_speech.c -- the speech front end's parts: rates, spectra, syllables, errors, streams. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/pinyin/acoustic.h"
#include "../../plugins/pinyin/audio.h"
#include "../../plugins/pinyin/speech_augment.h"
#include "../../plugins/pinyin/speech_errors.h"
#include "../../plugins/pinyin/speech_nearest.h"
#include "../../plugins/pinyin/speech_picture.h"
#include "../../plugins/pinyin/speech_stream.h"
#include "../suite.h"

#define PI 3.14159265358979323846

static float tone(double hz, int rate, size_t i)
{
    return (float)(0.5 * sin(2 * PI * hz * (double)i / rate));
}

/* ---- Rates ------------------------------------------------------------------------------------------ */

/* A tone below both halves stays what it is, whatever the pieces; one above the new half is gone. */
static void rates_keep_tones(void)
{
    static const struct {
        int from, to;
        double hz, gain;
    } cases[] = {{8000, 16000, 1000, 1},
                 {44100, 16000, 3000, 1},
                 {22050, 8000, 440, 1},
                 {16000, 16000, 700, 1},
                 {44100, 16000, 12000, 0}};
    enum { N = 20000 };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const double step = (double)cases[c].from / cases[c].to;
        static float x[N];
        for (size_t i = 0; i < N; i++) x[i] = tone(cases[c].hz, cases[c].from, i);
        speech_resampler *r = speech_resampler_new(step);
        speech_sound whole = {0}, parts = {0};
        size_t n;
        const float *y = speech_resampler_feed(r, x, N, true, &n);
        CU_ASSERT_EQUAL(n, (size_t)ceil(N / step));
        speech_sound_add(&whole, y, n);
        speech_resampler_reset(r);
        for (size_t at = 0, k = 1; at < N; at += k, k = k * 7 % 1009) {
            if (at + k > N) k = N - at;
            y = speech_resampler_feed(r, x + at, k, at + k == N, &n);
            speech_sound_add(&parts, y, n);
        }
        CU_ASSERT_EQUAL_FATAL(parts.n, whole.n);
        double far = 0;
        for (size_t i = 0; i < whole.n; i++) {
            if (parts.x[i] != whole.x[i]) CU_FAIL_FATAL("pieces change it");
            if (i < 200 || i + 200 > whole.n) continue;
            const double due = cases[c].gain * (double)tone(cases[c].hz, cases[c].to, i);
            far = fmax(far, fabs(due - (double)whole.x[i]));
        }
        CU_ASSERT(far < 2e-3);
        speech_sound_free(&whole);
        speech_sound_free(&parts);
        speech_resampler_free(r);
    }
}

/* ---- Spectra ---------------------------------------------------------------------------------------- */

static void transform_is_the_definition(void)
{
    for (size_t n = 1; n <= 512; n *= 2) {
        float re[512], im[512], wave[512];
        double x[512], y[512], far = 0;
        for (size_t j = 0; j < n; j++) {
            x[j] = rf_normal(rf_key_make(n, "re", 0), j);
            y[j] = rf_normal(rf_key_make(n, "im", 0), j);
            re[j] = (float)x[j];
            im[j] = (float)y[j];
        }
        speech_fft_wave(n, wave);
        speech_fft(n, wave, re, im);
        for (size_t k = 0; k < n; k++) {
            double r = 0, i = 0;
            for (size_t j = 0; j < n; j++) {
                const double a = -2 * PI * (double)(j * k % n) / (double)n;
                r += x[j] * cos(a) - y[j] * sin(a);
                i += x[j] * sin(a) + y[j] * cos(a);
            }
            far = fmax(far, fmax(fabs(r - (double)re[k]), fabs(i - (double)im[k])));
        }
        CU_ASSERT(far < 1e-5 * (double)n);
    }
}

static speech_ear_spec ear_spec(speech_norm norm, bool slopes)
{
    const speech_mel_spec mel = {
        .rate = 8000, .mels = 20, .low = 60, .window = 25, .hop = 10, .emphasis = 0.97};
    return (speech_ear_spec){.mel = mel, .norm = norm, .slopes = slopes, .stack = 3};
}

/* A frame's bands straight from the definition. */
static void bands_are_the_definition(void)
{
    const speech_mel_spec spec = ear_spec(SPEECH_NORM_NONE, false).mel;
    speech_mel *m = speech_mel_new(&spec, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(speech_mel_window(m), 200);
    CU_ASSERT_EQUAL(speech_mel_hop(m), 80);
    CU_ASSERT_EQUAL(speech_mel_frames(m, 0), 0);
    CU_ASSERT_EQUAL(speech_mel_frames(m, 1), 1);
    CU_ASSERT_EQUAL(speech_mel_frames(m, 279), 1);
    CU_ASSERT_EQUAL(speech_mel_frames(m, 280), 2);
    float x[280];
    for (size_t i = 0; i < 280; i++)
        x[i] = tone(440, 8000, i) + (float)(0.1 * rf_normal(rf_key_make(1, "x", 0), i));
    rf_real out[20];
    speech_mel_frame(m, x, 280, 1, out);
    double mean = 0, y[200], power[129];
    for (int i = 0; i < 200; i++) mean += (double)x[80 + i] / 200;
    for (int i = 0; i < 200; i++)
        y[i] = ((double)x[80 + i] - mean - 0.97 * ((double)x[80 + (i ? i - 1 : 0)] - mean)) *
               (0.5 - 0.5 * cos(2 * PI * (i + 0.5) / 200));
    for (int k = 0; k <= 128; k++) {
        double re = 0, im = 0;
        for (int i = 0; i < 200; i++) {
            re += y[i] * cos(2 * PI * i * k / 256);
            im -= y[i] * sin(2 * PI * i * k / 256);
        }
        power[k] = re * re + im * im;
    }
    const double low = 2595 * log10(1 + 60.0 / 700), high = 2595 * log10(1 + 4000.0 / 700);
    for (int b = 0; b < 20; b++) {
        double sum = 0;
        for (int k = 0; k <= 128; k++) {
            const double at =
                (2595 * log10(1 + k * 8000.0 / 256 / 700) - low) / (high - low) * 21 - b;
            sum += power[k] * fmax(0, 1 - fabs(at - 1));
        }
        CU_ASSERT_DOUBLE_EQUAL(out[b], log(sum), 1e-3);
    }
    CU_ASSERT(speech_mel_sounds(m, out));
    memset(x, 0, sizeof x);
    speech_mel_frame(m, x, 280, 0, out);
    CU_ASSERT(!speech_mel_sounds(m, out));
    speech_mel_free(m);
    speech_mel_spec many = spec;
    rf_error err = {0};
    many.mels = 200;
    CU_ASSERT_PTR_NULL(speech_mel_new(&many, &err));
    CU_ASSERT_STRING_EQUAL(err.text, "200 bands are too many for 8000 samples per second");
}

static void normalised_frames_have_mean_0(void)
{
    enum { T = 50, M = 4 };
    rf_real x[T * M], mean[M] = {0}, one[M] = {1, 1, 1, 1};
    speech_sums s;
    CU_ASSERT_FATAL(speech_sums_new(&s, M));
    for (uint64_t i = 0; i < T * M; i++)
        x[i] = (rf_real)(i % M == 3 ? 7 : 3 + 2 * rf_normal(rf_key_make(1, "n", 0), i));
    speech_normalise(SPEECH_NORM_UTTERANCE, &s, mean, one, x, T);
    for (int b = 0; b < M; b++) {
        double sum = 0, square = 0;
        for (int t = 0; t < T; t++) {
            sum += (double)x[t * M + b];
            square += (double)x[t * M + b] * (double)x[t * M + b];
        }
        CU_ASSERT_DOUBLE_EQUAL(sum, 0, 1e-4);
        CU_ASSERT_DOUBLE_EQUAL(square, b == 3 ? 0 : T, 1e-2);
    }
    speech_sums_free(&s);
}

/* What is normalised by the training is the same in any company. */
static void training_normalises_each_frame(void)
{
    enum { M = 2, T = 3 };
    const rf_real mean[M] = {1, -2}, deviation[M] = {2, 0.5};
    rf_real x[T * M] = {1, -2, 3, -1, 5, -4};
    const rf_real due[T * M] = {0, 0, 1, 2, 2, -4};
    speech_sums sums;
    CU_ASSERT_FATAL(speech_sums_new(&sums, M));
    speech_normalise(SPEECH_NORM_TRAINING, &sums, mean, deviation, x, T);
    for (int i = 0; i < T * M; i++) CU_ASSERT(fabs((double)(x[i] - due[i])) < 1e-5);
    speech_sums_free(&sums);
}

/* Silence with a floor is as loud as that noise is on average, and still silence. */
static void floors_are_noise(void)
{
    speech_mel_spec spec = ear_spec(SPEECH_NORM_NONE, false).mel;
    enum { N = 200 * 400 };
    static float x[N];
    rf_real quiet[20], out[20];
    double power[20] = {0};
    spec.emphasis = 0;
    speech_mel *plain = speech_mel_new(&spec, NULL);
    spec.floor = 40;
    speech_mel *floored = speech_mel_new(&spec, NULL);
    CU_ASSERT_FATAL(plain && floored);
    speech_mel_frame(floored, x, 200, 0, quiet);
    CU_ASSERT(!speech_mel_sounds(floored, quiet));
    for (size_t i = 0; i < N; i++) x[i] = (float)(0.01 * rf_normal(rf_key_make(1, "noise", 0), i));
    for (int t = 0; t < 400; t++) {
        speech_mel_frame(plain, x + 200 * t, 200, 0, out);
        for (int b = 0; b < 20; b++) power[b] += exp((double)out[b]) / 400;
    }
    for (int b = 0; b < 20; b++) CU_ASSERT(fabs(log(power[b]) - (double)quiet[b]) < 0.25);
    speech_mel_frame(floored, x, 200, 0, out);
    CU_ASSERT(speech_mel_sounds(floored, out));
    speech_mel_free(plain);
    speech_mel_free(floored);
}

static void pitch_is_heard(void)
{
    static const int rates[] = {8000, 16000, 22050};
    static const double hz[] = {110, 150, 220, 330, 450};
    static float x[600];
    rf_real out[SPEECH_PITCH];
    for (int k = 0; k < 3; k++) {
        const size_t window = (size_t)(rates[k] / 40);
        speech_pitch *p = speech_pitch_new(rates[k], window);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        for (int f = 0; f < 5; f++) {
            for (size_t i = 0; i < window; i++)
                x[i] = tone(hz[f], rates[k], i) + tone(2 * hz[f], rates[k], i + 3) +
                       tone(3 * hz[f], rates[k], i + 7);
            speech_pitch_of(p, x, window, out);
            CU_ASSERT(out[0] > 0.8f && out[0] <= 1);
            CU_ASSERT(fabs(200 * exp((double)(out[1] / out[0])) / hz[f] - 1) < 0.02);
        }
        for (size_t i = 0; i < window; i++) x[i] = (float)rf_normal(rf_key_make(1, "n", 0), i);
        speech_pitch_of(p, x, window, out);
        CU_ASSERT(out[0] < 0.3f);
        for (size_t n = 0; n < 4; n++) {
            speech_pitch_of(p, x, n, out);
            CU_ASSERT(out[0] >= 0 && out[0] <= 1 && isfinite(out[1]));
        }
        memset(x, 0, sizeof x);
        speech_pitch_of(p, x, window, out);
        CU_ASSERT(out[0] == 0 && out[1] == 0);
        speech_pitch_free(p);
    }
}

static void slopes_are_slopes(void)
{
    enum { T = 9, M = 2 };
    rf_real x[T * M], out[M];
    for (int t = 0; t < T; t++) x[t * M] = (rf_real)(3 * t), x[t * M + 1] = 5;
    speech_slope(x, T, M, 4, out);
    CU_ASSERT_DOUBLE_EQUAL(out[0], 3, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(out[1], 0, 1e-6);
    speech_slope(x, T, M, 0, out);
    CU_ASSERT_DOUBLE_EQUAL(out[0], (3 + 2 * 6) / 10.0, 1e-6);
    CU_ASSERT_EQUAL(speech_steps(7, 3), 3);
    CU_ASSERT_EQUAL(speech_steps(0, 3), 0);
}

/* ---- Units ------------------------------------------------------------------------------------------ */

static void syllables_are_read(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {{"zhong1", "zhong1"}, {"de", "de5"},        {"lv4", "lv4"},    {"lü4", "lv4"},
                 {"Lǜ", "lv4"},        {"zhōng", "zhong1"},  {"lu:e4", "lve4"}, {"er2", "er2"},
                 {"ke6", "ke2"},       {"ng4", "ng4"},       {"hm2", "hm2"},    {"ma5", "ma5"},
                 {"ma0", "ma5"},       {"dianr3", "dianr3"}, {"abc", "abc5"}};
    static const char *const wrong[] = {"",    "4",  "zh",  "b3", "xx2",       "ma12",
                                        "1ma", "中", "ma9", "m!", "abcdefghi", "/"};
    char out[16];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT(speech_syllable_parse(cases[i].in, strlen(cases[i].in), out));
        CU_ASSERT_STRING_EQUAL(out, cases[i].out);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(speech_syllable_parse(wrong[i], strlen(wrong[i]), out));
    CU_ASSERT_EQUAL(speech_syllable_initial("zhong1"), 2);
    CU_ASSERT_EQUAL(speech_syllable_initial("yi1"), 1);
    CU_ASSERT_EQUAL(speech_syllable_initial("ai4"), 0);
    CU_ASSERT_EQUAL(speech_syllable_initial("ng4"), 0);
}

static void parts_make_whole_syllables(void)
{
    rf_map *units = rf_map_new(), *syllables = rf_map_new();
    static const char *const said[] = {"ni3 hao3", "hai2 ma5", "ai4"};
    speech_units u;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(speech_units_count(SPEECH_PARTS, said[i], units, syllables, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(speech_units_make(&u, SPEECH_PARTS, units, syllables, NULL), RF_OK);
    for (int i = 0; i < 3; i++) {
        rf_ids ids = {0};
        rf_str text = {0};
        int64_t state = 0;
        double sum = 0;
        CU_ASSERT(speech_units_encode(&u, said[i], &ids));
        speech_units_decode(&u, ids.at, (rf_index)ids.n, &text);
        CU_ASSERT_STRING_EQUAL(text.s, said[i]);
        for (size_t k = 0; k < ids.n; k++) sum += speech_units_follow(&u, state, ids.at[k], &state);
        CU_ASSERT_EQUAL(sum, 0);
        CU_ASSERT_EQUAL(speech_units_end(&u, state), 0);
        rf_ids_free(&ids);
        rf_str_free(&text);
    }
    const int32_t n = rf_vocab_find(u.unit, "n", 1), h = rf_vocab_find(u.unit, "h", 1),
                  i3 = rf_vocab_find(u.unit, "i3", 2), ai2 = rf_vocab_find(u.unit, "ai2", 3),
                  ai4 = rf_vocab_find(u.unit, "ai4", 3);
    int64_t state;
    CU_ASSERT_EQUAL(speech_units_follow(&u, n, ai4, &state), -INFINITY); /* nai: never seen */
    CU_ASSERT_EQUAL(speech_units_follow(&u, n, h, &state), -INFINITY);
    CU_ASSERT_EQUAL(speech_units_follow(&u, 0, i3, &state), -INFINITY);
    CU_ASSERT(speech_units_follow(&u, h, ai4, &state) < 0); /* hai4: a tone that was not seen */
    CU_ASSERT(speech_units_follow(&u, h, ai4, &state) > -5);
    CU_ASSERT_EQUAL(speech_units_follow(&u, h, ai2, &state), 0);
    CU_ASSERT_EQUAL(speech_units_end(&u, h), -INFINITY);
    speech_units_free(&u);
    rf_map_free(units);
    rf_map_free(syllables);
}

/* n is an initial, and a syllable by itself. */
static void tones_are_units(void)
{
    rf_map *units = rf_map_new(), *syllables = rf_map_new();
    static const char *const said[] = {"ni3 hao3", "hao2 ma5", "ai4 n2"};
    speech_units u;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(speech_units_count(SPEECH_TONES, said[i], units, syllables, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(speech_units_make(&u, SPEECH_TONES, units, syllables, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_vocab_size(u.unit), 1 + 3 + 4 + 4); /* blank; n h m; i ao a ai; 2 3 4 5 */
    for (int i = 0; i < 3; i++) {
        rf_ids ids = {0};
        rf_str text = {0};
        int64_t state = 0;
        double sum = 0;
        CU_ASSERT(speech_units_encode(&u, said[i], &ids));
        CU_ASSERT_EQUAL(ids.n, i < 2 ? 6 : 4);
        speech_units_decode(&u, ids.at, (rf_index)ids.n, &text);
        CU_ASSERT_STRING_EQUAL(text.s, said[i]);
        for (size_t k = 0; k < ids.n; k++) sum += speech_units_follow(&u, state, ids.at[k], &state);
        CU_ASSERT_EQUAL(sum, 0);
        CU_ASSERT_EQUAL(speech_units_end(&u, state), 0);
        rf_ids_free(&ids);
        rf_str_free(&text);
    }
    static const struct {
        const char *unit[3];
        bool never, whole;
        double worth;
    } cases[] = {{{"h", "ao", "2"}, false, true, 0},
                 {{"h", "ao", "4"}, false, true, -0.6931471805599453},
                 {{"ai", "4"}, false, true, 0},
                 {{"n", "i"}, false, false, 0},
                 {{"n", "ai"}, true, false, 0},
                 {{"h", "2"}, true, false, 0},
                 {{"3"}, true, false, 0},
                 {{"h", "ao", "a"}, true, false, 0},
                 {{"i"}, true, false, 0},
                 {{"h", "n"}, true, false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t state = 0;
        double sum = 0;
        for (int k = 0; k < 3 && cases[i].unit[k]; k++)
            sum += speech_units_follow(
                &u, state, rf_vocab_find(u.unit, cases[i].unit[k], strlen(cases[i].unit[k])),
                &state);
        CU_ASSERT_EQUAL(sum == -INFINITY, cases[i].never);
        if (cases[i].never) continue;
        CU_ASSERT(fabs(sum - cases[i].worth) < 1e-6);
        CU_ASSERT_EQUAL(speech_units_end(&u, state) == 0, cases[i].whole);
    }
    speech_units_free(&u);
    rf_map_free(units);
    rf_map_free(syllables);
}

static void errors_are_counted(void)
{
    static const struct {
        const char *said, *heard;
        int64_t words, put, taken, replaced;
    } cases[] = {{"a b c", "a b c", 3, 0, 0, 0},
                 {"a b c", "a c", 3, 0, 1, 0},
                 {"a b c", "a x c", 3, 0, 0, 1},
                 {"", "a b", 0, 2, 0, 0},
                 {"a b", "", 2, 0, 2, 0},
                 {"a b c d", "b c d e", 4, 1, 1, 0},
                 {"", "", 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        speech_errors e = {0};
        CU_ASSERT(speech_errors_add(&e, cases[i].said, cases[i].heard));
        CU_ASSERT_EQUAL(e.words, cases[i].words);
        CU_ASSERT_EQUAL(e.put, cases[i].put);
        CU_ASSERT_EQUAL(e.taken, cases[i].taken);
        CU_ASSERT_EQUAL(e.replaced, cases[i].replaced);
        CU_ASSERT_EQUAL(e.right, e.put + e.taken + e.replaced == 0);
    }
}

/* ---- Nearest recordings ------------------------------------------------------------------------------- */

static void stretched_sounds_are_near(void)
{
    enum { N = 40, M = 52 };
    static float a[N * SPEECH_CEPSTRA], b[M * SPEECH_CEPSTRA], c[M * SPEECH_CEPSTRA];
    static double row[2 * (M + 1)];
    for (int k = 0; k < SPEECH_CEPSTRA; k++) {
        for (int t = 0; t < N; t++) a[t * SPEECH_CEPSTRA + k] = (float)sin(0.2 * t + k);
        for (int t = 0; t < M; t++) {
            b[t * SPEECH_CEPSTRA + k] = (float)sin(0.2 * t * (N - 1) / (M - 1) + k);
            c[t * SPEECH_CEPSTRA + k] = (float)cos(0.37 * t - k);
        }
    }
    const double self = speech_warp(a, N, a, N, INFINITY, row),
                 near = speech_warp(a, N, b, M, INFINITY, row),
                 far = speech_warp(a, N, c, M, INFINITY, row);
    CU_ASSERT_EQUAL(self, 0);
    CU_ASSERT(near < 0.25 && far > 3 * near);
    CU_ASSERT_EQUAL(speech_warp(a, N, c, M, near, row), INFINITY);
}

/* ---- Streams ---------------------------------------------------------------------------------------- */

static speech_model *make_model(bool both, speech_norm norm, bool slopes)
{
    const speech_shape shape = {
        .cell = rf_cell_find("lstm"), .hidden = 6, .layers = 2, .bidirectional = both};
    const speech_ear_spec ear = ear_spec(norm, slopes);
    rf_map *units = rf_map_new();
    speech_units u;
    for (int i = 0; i < 3; i++) rf_map_add(units, (const char *[]){"a", "b", "c"}[i], 1, 1);
    CU_ASSERT_EQUAL_FATAL(speech_units_make(&u, SPEECH_WORDS, units, NULL, NULL), RF_OK);
    rf_map_free(units);
    speech_model *m = speech_model_new(&shape, &ear, &u, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    rf_params_init(m->params, 3);
    for (size_t i = 0; i < rf_params_count(m->params); i++) {
        rf_param *p = rf_params_at(m->params, i);
        for (rf_index k = 0; !p->frozen && k < rf_shape_count(p->value.shape); k++)
            p->value.data[k] *= 3;
    }
    return m;
}

/* The scores of all steps when x [n] comes in pieces of `piece` samples. */
static rf_index scores(speech_model *m, double chunk, const float *x, size_t n, size_t piece,
                       rf_real *out)
{
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    const speech_stream_spec spec = {
        .m = m, .g = g, .chunk = chunk, .context = 0.6, .beam = 4, .keep = true};
    speech_stream *s = speech_stream_new(&spec, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    for (size_t at = 0; at < n; at += piece)
        CU_ASSERT_EQUAL_FATAL(speech_stream_feed(s, x + at, n - at < piece ? n - at : piece, NULL),
                              RF_OK);
    CU_ASSERT_EQUAL_FATAL(speech_stream_finish(s, NULL), RF_OK);
    const speech_heard h = speech_stream_heard(s);
    if (h.T) memcpy(out, h.logp, (size_t)(h.T * m->K) * sizeof *out);
    speech_stream_free(s);
    rf_graph_free(g);
    rf_device_free(d);
    return h.T;
}

enum { SOUND = 20000, STEPS = 90 };

static void fill(float *x)
{
    for (size_t i = 0; i < SOUND; i++)
        x[i] = tone(300 + 40 * (double)(i / 2500), 8000, i) +
               (float)(0.05 * rf_normal(rf_key_make(1, "sound", 0), i));
}

static void pieces_change_nothing(void)
{
    static float x[SOUND];
    static rf_real one[STEPS * 4], two[STEPS * 4];
    fill(x);
    static const speech_norm norms[] = {SPEECH_NORM_NONE, SPEECH_NORM_RUNNING,
                                        SPEECH_NORM_TRAINING};
    for (int k = 0; k < 6; k++) {
        speech_model *m = make_model(false, norms[k / 2], k % 2);
        const rf_index T = scores(m, 60, x, SOUND, SOUND, one);
        CU_ASSERT_EQUAL(T, speech_steps(speech_mel_frames(m->ear.mel, SOUND), 3));
        CU_ASSERT_EQUAL_FATAL(scores(m, 0.1, x, SOUND, 333, two), T);
        double far = 0;
        for (rf_index i = 0; i < T * m->K; i++) far = fmax(far, fabs((double)(one[i] - two[i])));
        CU_ASSERT(far < 1e-4);
        speech_model_free(m);
    }
}

/* From both ends: chunks with context come close to the whole. */
static void chunks_are_close(void)
{
    static float x[SOUND];
    static rf_real one[STEPS * 4], two[STEPS * 4];
    fill(x);
    speech_model *m = make_model(true, SPEECH_NORM_RUNNING, true);
    const rf_index T = scores(m, 60, x, SOUND, 4096, one);
    CU_ASSERT_EQUAL_FATAL(scores(m, 0.5, x, SOUND, 1000, two), T);
    double sum = 0, size = 0;
    for (rf_index i = 0; i < T * m->K; i++) {
        sum += fabs((double)(one[i] - two[i]));
        size += fabs((double)one[i]);
    }
    CU_ASSERT(sum < 0.02 * size);
    speech_model_free(m);
}

static void short_sounds_have_one_step(void)
{
    static rf_real out[STEPS * 4];
    const float x[300] = {0.1f, -0.1f};
    speech_model *m = make_model(true, SPEECH_NORM_UTTERANCE, true);
    CU_ASSERT_EQUAL(scores(m, 1, x, 1, 1, out), 1);
    CU_ASSERT_EQUAL(scores(m, 1, x, 300, 7, out), 1);
    for (int k = 0; k < 4; k++) CU_ASSERT(isfinite(out[k]));
    CU_ASSERT_EQUAL(scores(m, 1, x, 0, 1, out), 0);
    speech_model_free(m);
}

/* ---- What recordings are made into -------------------------------------------------------------------- */

static void rounds_have_every_item_once(void)
{
    speech_plan p;
    int seen[29] = {0};
    static size_t at[30];
    const speech_set set = {.n = 29, .rate = 8000, .at = at};
    int32_t item[29];
    for (int i = 0; i < 29; i++) item[i] = i, at[i + 1] = at[i] + (size_t)(1000 + i);
    CU_ASSERT_FATAL(speech_plan_new(&p, 29, 4, false));
    CU_ASSERT(p.groups == 12 && p.start[1] == 1 && p.start[2] == 3 && p.start[5] == 11);
    speech_plan_free(&p);
    CU_ASSERT_FATAL(speech_plan_new(&p, 29, 4, true));
    CU_ASSERT(p.start[1] == 1 && p.start[2] == 3 && p.start[3] == 4 && p.start[4] == 7);
    const rf_index groups = p.groups;
    for (uint64_t round = 0; round < 3; round++) {
        speech_plan_round(&p, &set, item, 1, round);
        CU_ASSERT_EQUAL(p.groups, groups);
        for (rf_index g = 0; g < p.groups; g++) {
            CU_ASSERT(p.start[g + 1] > p.start[g] && p.start[g + 1] - p.start[g] <= 4);
            for (rf_index i = p.start[g]; i < p.start[g + 1]; i++) seen[p.order[i]]++;
        }
    }
    for (int i = 0; i < 29; i++) CU_ASSERT_EQUAL(seen[i], 3);
    speech_plan_free(&p);
}

static void joined_sounds_have_gaps(void)
{
    static int16_t pcm[4000];
    size_t at[] = {0, 1000, 4000};
    for (int i = 0; i < 4000; i++) pcm[i] = (int16_t)(8000 * (i % 2 ? 1 : -1));
    const speech_set set = {.n = 2, .rate = 8000, .at = at, .pcm = pcm};
    const int32_t both[] = {1, 0};
    const speech_augment plain = {.seed = 1, .gap_least = 0.1, .gap_most = 0.2};
    speech_augment more = plain;
    speech_sound s = {0}, again = {0};
    CU_ASSERT(speech_augment_join(&plain, &set, both, 2, 0, &s));
    CU_ASSERT(s.n >= 4000 + 800 && s.n <= 4000 + 1600);
    CU_ASSERT(fabs((double)fabsf(s.x[2999]) - 8000.0 / 32768) < 1e-6);
    for (size_t i = 3000; i < s.n - 1000; i++) CU_ASSERT_FATAL(fabsf(s.x[i]) < 0.003f);
    more.speed = 0.2, more.gain = 6, more.noise = 1;
    more.player = speech_resampler_new(1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(more.player);
    CU_ASSERT(speech_augment_join(&more, &set, both, 1, 0, &s));
    CU_ASSERT(s.n != 3000 && s.n > 2300 && s.n < 3800);
    CU_ASSERT(speech_augment_join(&more, &set, both, 1, 0, &again));
    CU_ASSERT(s.n == again.n && !memcmp(s.x, again.x, s.n * sizeof *s.x));
    CU_ASSERT(speech_augment_join(&more, &set, both, 1, 1, &again));
    CU_ASSERT(s.n != again.n);
    speech_resampler_free(more.player);
    speech_sound_free(&s);
    speech_sound_free(&again);
}

static void masks_are_means(void)
{
    enum { T = 100, M = 40 };
    static rf_real x[T * M];
    const speech_augment a = {.seed = 1, .masks = 2, .mask_time = 0.1, .mask_bands = 8};
    int zeros = 0;
    for (uint64_t round = 0; round < 20; round++) {
        for (int i = 0; i < T * M; i++) x[i] = 1;
        speech_augment_mask(&a, 5, round, x, T, M);
        int now = 0;
        for (int i = 0; i < T * M; i++) now += x[i] == 0;
        CU_ASSERT(now <= 2 * 10 * M + 2 * 8 * T);
        zeros += now;
    }
    CU_ASSERT(zeros > 20 * 100);
}

/* ---- Pictures --------------------------------------------------------------------------------------- */

static void picture_names_its_units(void)
{
    rf_real x[30 * 8];
    const char *const unit[] = {"n", "<i3>"};
    const double from[] = {0.05, 0.12}, to[] = {0.09, 0.2}, p[] = {0.9, 0.3};
    for (int i = 0; i < 30 * 8; i++) x[i] = (rf_real)(i % 7) - 3;
    const speech_picture pic = {"你&好", x, 30, 8, 6, 0.01, unit, from, to, p, 2};
    rf_str svg = {0};
    speech_picture_svg(&pic, &svg);
    CU_ASSERT_PTR_NOT_NULL(strstr(svg.s, "height=\"30.00\"")); /* six bands of 5 */
    CU_ASSERT_PTR_NOT_NULL(strstr(svg.s, "你&amp;好"));
    CU_ASSERT_PTR_NOT_NULL(strstr(svg.s, "&lt;i3&gt;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(svg.s, "120 to 200 ms, p = 0.300"));
    CU_ASSERT(svg.n > 8 && !strcmp(svg.s + svg.n - 7, "</svg>\n"));
    rf_str_free(&svg);
}

int main(void)
{
    CU_TestInfo hearing[] = {{"rates keep tones", rates_keep_tones},
                             {"transform is the definition", transform_is_the_definition},
                             {"bands are the definition", bands_are_the_definition},
                             {"normalised frames have mean 0", normalised_frames_have_mean_0},
                             {"training normalises each frame", training_normalises_each_frame},
                             {"floors are noise", floors_are_noise},
                             {"pitch is heard", pitch_is_heard},
                             {"slopes are slopes", slopes_are_slopes},
                             CU_TEST_INFO_NULL};
    CU_TestInfo units[] = {{"syllables are read", syllables_are_read},
                           {"parts make whole syllables", parts_make_whole_syllables},
                           {"tones are units", tones_are_units},
                           {"errors are counted", errors_are_counted},
                           CU_TEST_INFO_NULL};
    CU_TestInfo sounds[] = {{"stretched sounds are near", stretched_sounds_are_near},
                            {"rounds have every item once", rounds_have_every_item_once},
                            {"joined sounds have gaps", joined_sounds_have_gaps},
                            {"masks are means", masks_are_means},
                            CU_TEST_INFO_NULL};
    CU_TestInfo streams[] = {{"pieces change nothing", pieces_change_nothing},
                             {"chunks are close", chunks_are_close},
                             {"short sounds have one step", short_sounds_have_one_step},
                             {"picture names its units", picture_names_its_units},
                             CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "hearing", .pTests = hearing},
                             {.pName = "units", .pTests = units},
                             {.pName = "sounds", .pTests = sounds},
                             {.pName = "streams", .pTests = streams},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
