/* test_midi.c -- scores: what is read from MIDI files, how bad ones are explained, what is written,
 * the grid, time and bars. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/music.h>

#include "../suite.h"

/* A file in the making: bytes written as "90 3c 40" in hexadecimal, "'text'" as it is. */
static void put(rf_str *out, const char *hex)
{
    for (const char *c = hex; *c;) {
        if (*c == '\'') {
            const char *end = strchr(c + 1, '\'');
            rf_str_add(out, c + 1, (size_t)(end - c - 1));
            c = end + 1;
        } else if (*c == ' ') {
            c++;
        } else {
            unsigned x = 0;
            sscanf(c, "%2x", &x);
            const char b = (char)(unsigned char)x;
            rf_str_add(out, &b, 1);
            c += 2;
        }
    }
}

static void put_number(rf_str *out, size_t n, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        const char b = (char)(n >> (8 * i) & 0xff);
        rf_str_add(out, &b, 1);
    }
}

static void put_part(rf_str *out, const char *hex)
{
    rf_str events = {0};
    put(&events, hex);
    put(out, "'MTrk'");
    put_number(out, events.n, 4);
    rf_str_add(out, events.s ? events.s : "", events.n);
    rf_str_free(&events);
}

/* A whole file: type, ticks per quarter note, parts, NULL-terminated. */
static rf_str file_of(int type, const char *division, const char *const *part)
{
    rf_str out = {0};
    size_t n = 0;
    while (part[n]) n++;
    put(&out, "'MThd' 00 00 00 06 00");
    put_number(&out, (size_t)type, 1);
    put_number(&out, n, 2);
    put(&out, division);
    for (size_t i = 0; i < n; i++) put_part(&out, part[i]);
    return out;
}

static rf_score *read_parts(int type, const char *division, const char *const *part, rf_error *err)
{
    rf_str file = file_of(type, division, part);
    rf_score *s = rf_midi_parse(file.s, file.n, "a.mid", err);
    rf_str_free(&file);
    return s;
}

static void tone_is(const rf_tone *t, int64_t on, int64_t len, int pitch, int velocity)
{
    CU_ASSERT_EQUAL(t->on, on);
    CU_ASSERT_EQUAL(t->len, len);
    CU_ASSERT_EQUAL(t->pitch, pitch);
    CU_ASSERT_EQUAL(t->velocity, velocity);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static void a_file(void)
{
    static const char *const part[] = {
        "00 ff 03 05 'Lied\xe4' 00 ff 51 03 07 a1 20 00 ff 58 04 06 03 18 08 00 ff 59 02 fd 01"
        "83 00 ff 51 03 03 d0 90 00 ff 2f 00",
        "00 ff 03 06 '\xe7\xac\x9b\xe5\xad\x90' 00 c2 49 00 92 3c 64 60 3c 00 00 3e 50 81 40 82 3e "
        "40"
        "00 ff 2f 00",
        "00 99 23 7f 10 89 23 40 00 ff 2f 00", NULL};
    rf_error err = {0};
    rf_score *s = read_parts(1, "00 60", part, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_STRING_EQUAL(s->title, "Lied\xc3\xa4"); /* Latin-1 */
    CU_ASSERT(s->division == 96 && s->tracks == 2 && s->tempos == 2 && s->metres == 1);
    CU_ASSERT(s->tempo[0].us == 500000 && s->tempo[1].us == 250000 && s->tempo[1].tick == 384);
    CU_ASSERT(s->metre[0].beats == 6 && s->metre[0].unit == 8);
    CU_ASSERT(s->signature[0].sharps == -3 && s->signature[0].minor);
    CU_ASSERT_STRING_EQUAL(s->track[0].name, "笛子");
    CU_ASSERT(s->track[0].channel == 2 && s->track[0].program == 0x49);
    tone_is(&s->track[0].tone[0], 0, 96, 60, 100);
    tone_is(&s->track[0].tone[1], 96, 192, 62, 80);
    CU_ASSERT(s->track[1].channel == RF_DRUMS && !s->track[1].name && s->end == 384);
    /* Two seconds of the first tempo, then twice as fast. */
    CU_ASSERT_DOUBLE_EQUAL(rf_score_seconds(s, 96), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rf_score_seconds(s, 480), 2.25, 1e-12);
    rf_score_free(s);
    rf_score_free(NULL);
}

static void odd_sequencers(void)
{
    /* Running status across a meta event and a change of program; a note struck twice before it ends,
     * one that nobody ends, one of no length, an end without a beginning. */
    static const char *const part[] = {
        "00 90 3c 40 10 3c 41 10 ff 06 00 00 3c 00 10 3c 00 00 c0 05 00"
        "90 40 42 00 40 00 05 43 43 00 80 30 00 10 ff 2f 00 de ad",
        NULL};
    rf_error err = {0};
    rf_str file = file_of(0, "00 60", part);
    put(&file, "'garbage behind the last part'");
    rf_score *s = rf_midi_parse(file.s, file.n, "a.mid", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT(s->tracks == 2 && s->track[0].count == 2 && s->track[1].count == 2);
    tone_is(&s->track[0].tone[0], 0, 32, 60, 64);
    tone_is(&s->track[0].tone[1], 16, 32, 60, 65);
    CU_ASSERT(s->track[1].program == 5);
    tone_is(&s->track[1].tone[0], 48, 1, 64, 66);
    tone_is(&s->track[1].tone[1], 53, 16, 67, 67);
    rf_score_free(s);
    rf_str_free(&file);
}

static void programs_of_other_parts(void)
{
    /* The first part sets programs for the notes of the second. */
    static const char *const part[] = {"00 c0 20 60 c0 21", "00 90 3c 40 60 90 3e 40 60 80 3e 40",
                                       NULL};
    rf_error err = {0};
    rf_score *s = read_parts(1, "00 60", part, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT(s->tracks == 2 && s->track[0].program == 0x20 && s->track[1].program == 0x21);
    rf_score_free(s);
}

static void film(void)
{
    static const char *const part[] = {"00 ff 51 03 07 a1 20 83 74 90 3c 40 83 74 80 3c 40", NULL};
    rf_error err = {0};
    rf_score *s = read_parts(0, "e7 14", part, &err); /* 25 frames of 20 ticks */
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_DOUBLE_EQUAL(rf_score_seconds(s, 500), 1, 1e-12);
    CU_ASSERT_EQUAL(s->division, 500);
    rf_score_free(s);
    s = read_parts(0, "e3 50", part, &err); /* 30 frames of 80 ticks in 1.001 s */
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_DOUBLE_EQUAL(rf_score_seconds(s, 2400), 1.001, 1e-12);
    rf_score_free(s);
}

static void bad_files(void)
{
    static const struct {
        const char *bytes, *text;
    } bad[] = {
        {"'RIFF0000RMIDdata'", "a.mid: byte 0: no MIDI file"},
        {"'MThd' 00 00 00 06 00", "a.mid: byte 0: no MIDI file"},
        {"'MThd' 00 00 00 05 00 01 00 01 00 60", "a.mid: byte 4: a header of 5 bytes"},
        {"'MThd' ff ff ff ff 00 01 00 01 00 60", "a.mid: byte 4: a header of 4294967295 bytes"},
        {"'MThd' 00 00 00 06 00 01 ff ff 00 60 'MTrk' 00 00 00 00",
         "a.mid: byte 10: 65535 tracks where at most 1 have room"},
        {"'MThd' 00 00 00 06 00 01 00 00 00 60", "a.mid: byte 10: no tracks"},
        {"'MThd' 00 00 00 06 00 02 00 01 00 60 'MTrk' 00 00 00 00",
         "a.mid: byte 8: type 2, of patterns that stand alone, cannot be read"},
        {"'MThd' 00 00 00 06 00 07 00 01 00 60 'MTrk' 00 00 00 00",
         "a.mid: byte 8: type 7 where 0 or 1 is due"},
        {"'MThd' 00 00 00 06 00 00 00 01 00 00 'MTrk' 00 00 00 00",
         "a.mid: byte 12: 0 ticks in a quarter note"},
        {"'MThd' 00 00 00 06 00 00 00 01 e6 14 'MTrk' 00 00 00 00",
         "a.mid: byte 12: 20 ticks in each of 26 frames a second"},
        {"'MThd' 00 00 00 06 00 00 00 01 00 60 'MTrk' ff ff ff ff 00",
         "a.mid: byte 18: a chunk of 4294967295 bytes where 1 are left"},
        {"'MThd' 00 00 00 06 00 01 00 02 00 60 'MTrk' 00 00 00 00 'MTrx' 00 00 00 00",
         "a.mid: byte 30: the end, where track 2 of 2 is due"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rf_error err = {0};
        rf_str file = {0};
        put(&file, bad[i].bytes);
        CU_ASSERT_PTR_NULL(rf_midi_parse(file.s, file.n, "a.mid", &err));
        CU_ASSERT(err.status == RF_EFORMAT || err.status == RF_ENOTSUP);
        CU_ASSERT_STRING_EQUAL(err.text, bad[i].text);
        rf_str_free(&file);
    }
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(rf_midi_read("/no/such/a.mid", &err));
    CU_ASSERT_EQUAL(err.status, RF_EIO);
}

static void bad_events(void)
{
    static const struct {
        const char *part, *text;
    } bad[] = {
        {"00 3c 40", "byte 23: 0x3c where an event is due"},
        {"00 90 3c", "byte 25: part 1 ends within an event"},
        {"00 90 3c 90", "byte 25: 0x90 where data below 0x80 are due"},
        {"00 90 f7", "byte 24: 0xf7 where data below 0x80 are due"},
        {"ff ff ff ff 01 90 3c 40", "byte 22: a length of more than four bytes"},
        {"00 f4", "byte 23: 0xf4 has no place in a file"},
        {"00 f0 7f 01", "byte 24: 127 bytes where 1 are left in part 1"},
        {"00 ff 51 02 01 02", "byte 23: a tempo of 2 bytes where 3 are due"},
        {"00 ff 51 03 00 00 00", "byte 23: a tempo of 0 microseconds"},
        {"00 ff 58 04 00 02 18 08", "byte 23: a metre of 0/2^2"},
        {"00 ff 58 04 04 08 18 08", "byte 23: a metre of 4/2^8"},
        {"00 ff 59 02 08 00", "byte 23: a key signature of 8 sharps, mode 0"},
        {"00 ff 59 02 80 00", "byte 23: a key signature of -128 sharps, mode 0"},
        {"00 ff 59 02 00 02", "byte 23: a key signature of 0 sharps, mode 2"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const part[] = {bad[i].part, NULL};
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(read_parts(0, "00 60", part, &err));
        CU_ASSERT_EQUAL(err.status, RF_EFORMAT);
        CU_ASSERT_NSTRING_EQUAL(err.text, "a.mid: ", 7);
        CU_ASSERT_STRING_EQUAL(err.text + 7, bad[i].text);
    }
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }

static bool same_tones(const rf_track *a, const rf_track *b)
{
    if (a->count != b->count || a->channel != b->channel || a->program != b->program) return false;
    for (size_t k = 0; k < a->count; k++) {
        const rf_tone *x = &a->tone[k], *y = &b->tone[k];
        if (x->on != y->on || x->len != y->len || x->pitch != y->pitch ||
            x->velocity != y->velocity)
            return false;
    }
    return same_text(a->name, b->name);
}

static bool same_score(const rf_score *a, const rf_score *b)
{
    bool same = a->division == b->division && a->end == b->end && a->tracks == b->tracks &&
                a->tempos == b->tempos && a->metres == b->metres &&
                a->signatures == b->signatures && same_text(a->title, b->title);
    for (size_t i = 0; same && i < a->tracks; i++) same = same_tones(&a->track[i], &b->track[i]);
    for (size_t i = 0; same && i < a->tempos; i++)
        same = a->tempo[i].tick == b->tempo[i].tick && a->tempo[i].us == b->tempo[i].us &&
               a->tempo[i].seconds == b->tempo[i].seconds;
    for (size_t i = 0; same && i < a->metres; i++)
        same = a->metre[i].tick == b->metre[i].tick && a->metre[i].beats == b->metre[i].beats &&
               a->metre[i].unit == b->metre[i].unit;
    for (size_t i = 0; same && i < a->signatures; i++)
        same = a->signature[i].tick == b->signature[i].tick &&
               a->signature[i].sharps == b->signature[i].sharps &&
               a->signature[i].minor == b->signature[i].minor;
    return same;
}

/* Random notes in an order of their own; two tracks share a channel, one begins very late. */
static rf_score *random_score(void)
{
    const rf_key key = rf_key_make(7, "score", 0);
    rf_score *s = rf_score_new(480);
    CU_ASSERT(rf_score_name(s, "往复 & Refrain"));
    CU_ASSERT(rf_score_add_track(s, "one", 0, 40) && rf_score_add_track(s, NULL, 0, 73) &&
              rf_score_add_track(s, "trommel", RF_DRUMS, 0) &&
              rf_score_add_track(s, "late", 5, 127));
    for (uint64_t i = 0; i < 400; i++) {
        const rf_tone t = {(int64_t)(rf_uniform(key, 4 * i) * 4000), 100,
                           (uint8_t)(rf_uniform(key, 4 * i + 1) * 128),
                           (uint8_t)(1 + rf_uniform(key, 4 * i + 2) * 126)};
        CU_ASSERT(rf_score_add_tone(s, i % 3, t));
    }
    CU_ASSERT(rf_score_add_tone(s, 3, (rf_tone){((int64_t)1 << 32) + 5, 1 << 30, 0, 1}));
    CU_ASSERT(rf_score_add_tempo(s, 960, 1) && rf_score_add_tempo(s, 0, 600000) &&
              rf_score_add_tempo(s, 960, 0xffffff));
    CU_ASSERT(rf_score_add_metre(s, 0, 5, 4) && rf_score_add_metre(s, 2400, 255, 128));
    CU_ASSERT(rf_score_add_signature(s, 960, -7, true) && rf_score_add_signature(s, 0, 7, false));
    CU_ASSERT(rf_score_order(s));
    return s;
}

static void reads_back_what_it_wrote(void)
{
    rf_error err = {0};
    rf_score *s = random_score();
    rf_str file = {0}, again = {0};
    CU_ASSERT(s->tempos == 2 && s->tempo[1].us == 0xffffff);
    CU_ASSERT_EQUAL(rf_midi_bytes(s, &file, &err), RF_OK);
    rf_score *t = rf_midi_parse(file.s, file.n, "again", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(same_score(s, t));
    CU_ASSERT_EQUAL(rf_midi_bytes(t, &again, &err), RF_OK);
    CU_ASSERT(file.n == again.n && !memcmp(file.s, again.s, file.n));
    rf_str_free(&file);
    rf_str_free(&again);
    rf_score_free(s);
    rf_score_free(t);
}

static void every_byte_cut_off(void)
{
    rf_score *s = random_score();
    rf_str file = {0};
    CU_ASSERT_EQUAL(rf_midi_bytes(s, &file, NULL), RF_OK);
    for (size_t n = 0; n < file.n; n++) {
        char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a step beyond */
        memcpy(exact, file.s, n);
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(rf_midi_parse(exact, n, "cut.mid", &err));
        CU_ASSERT(err.status == RF_EFORMAT && strstr(err.text, "cut.mid: byte "));
        free(exact);
    }
    rf_str_free(&file);
    rf_score_free(s);
}

/* ---- The grid, bars, rolls, names -------------------------------------------------------------- */

static void grid(void)
{
    rf_score *s = rf_score_new(480);
    CU_ASSERT(rf_score_add_track(s, "a", 0, 0));
    const rf_tone played[] = {{-3 + 480, 235, 60, 70}, {709, 30, 60, 71}, {725, 300, 60, 72},
                              {950, 500, 64, 73},      {60, 1, 67, 74},   {59, 1, 69, 75}};
    for (size_t i = 0; i < 6; i++) CU_ASSERT(rf_score_add_tone(s, 0, played[i]));
    CU_ASSERT(rf_score_add_tempo(s, 955, 400000) && rf_score_order(s));
    rf_score *q = rf_score_quantize(s, 4); /* steps of 120 ticks */
    CU_ASSERT_PTR_NOT_NULL_FATAL(q);
    CU_ASSERT(q->division == 4 && q->tempo[0].tick == 8 && q->track[0].count == 5);
    tone_is(&q->track[0].tone[0], 0, 1, 69, 75); /* 59 is nearer to 0, 60 is half way */
    tone_is(&q->track[0].tone[1], 1, 1, 67, 74);
    tone_is(&q->track[0].tone[2], 4, 2, 60, 70);
    tone_is(&q->track[0].tone[3], 6, 3, 60, 72); /* the longer one of two at line 6 */
    tone_is(&q->track[0].tone[4], 8, 4, 64, 73);
    rf_score *again = rf_score_quantize(q, 4);
    CU_ASSERT(again && same_tones(&q->track[0], &again->track[0]));
    rf_score_free(s);
    rf_score_free(q);
    rf_score_free(again);
}

static void bars(void)
{
    rf_score *s = rf_score_new(12);
    CU_ASSERT(rf_score_add_track(s, NULL, 0, 0));
    CU_ASSERT(rf_score_add_tone(s, 0, (rf_tone){0, 240, 60, 64}));
    CU_ASSERT(rf_score_add_metre(s, 96, 3, 4) && rf_score_add_metre(s, 150, 6, 8));
    CU_ASSERT(rf_score_order(s));
    /* Two of 4/4, one of 3/4, one cut short at 150, then 6/8: 96/48 + 2 + (240 - 150)/36. */
    static const int64_t starts[] = {0, 48, 96, 132, 150, 186, 222};
    rf_bar bar = rf_score_bar(s, 0);
    CU_ASSERT_EQUAL(rf_score_bars(s), 7);
    for (int64_t i = 0; i < 7; i++) {
        const rf_bar found = rf_score_bar(s, bar.end - 1);
        CU_ASSERT(bar.number == i && bar.start == starts[i]);
        CU_ASSERT(found.number == i && found.start == bar.start && found.end == bar.end);
        bar = rf_score_bar_next(s, &bar);
    }
    CU_ASSERT(bar.beats == 6 && bar.unit == 8 && bar.end == 294);
    CU_ASSERT_EQUAL(rf_score_bar(s, 140).end, 150);
    rf_score_free(s);
}

static void a_roll(void)
{
    uint8_t keys[3 * RF_KEYS] = {0};
    keys[0] = keys[RF_KEYS] = keys[3 * RF_KEYS - 1] = keys[2 * RF_KEYS + 39] = 1;
    const rf_roll roll = {3, keys};
    rf_score *s = rf_roll_score(&roll, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT(s->division == 2 && s->end == 3 && s->track[0].count == 3);
    tone_is(&s->track[0].tone[0], 0, 2, 21, 80);
    tone_is(&s->track[0].tone[1], 2, 1, 60, 80);
    tone_is(&s->track[0].tone[2], 2, 1, 108, 80);
    rf_score_free(s);
}

static void names(void)
{
    char buf[16];
    CU_ASSERT_STRING_EQUAL(rf_program_name(0), "Acoustic Grand Piano");
    CU_ASSERT_STRING_EQUAL(rf_program_name(73), "Flute");
    CU_ASSERT_STRING_EQUAL(rf_program_name(127), "Gunshot");
    CU_ASSERT(!rf_program_name(128) && !rf_drum_name(34) && !rf_drum_name(82));
    CU_ASSERT_STRING_EQUAL(rf_drum_name(42), "Closed Hi-Hat");
    CU_ASSERT_STRING_EQUAL(rf_drum_name(81), "Open Triangle");
    CU_ASSERT_STRING_EQUAL(rf_pitch_name(60, buf), "C4");
    CU_ASSERT_STRING_EQUAL(rf_pitch_name(0, buf), "C-1");
    CU_ASSERT_STRING_EQUAL(rf_signature_name(0, true, buf), "A minor");
    CU_ASSERT_STRING_EQUAL(rf_signature_name(-7, true, buf), "Ab minor");
    CU_ASSERT_STRING_EQUAL(rf_signature_name(7, true, buf), "A# minor");
    CU_ASSERT_STRING_EQUAL(rf_signature_name(-2, false, buf), "Bb major");
}

int main(void)
{
    CU_TestInfo reading[] = {{"a file", a_file},
                             {"odd sequencers", odd_sequencers},
                             {"programs of other parts", programs_of_other_parts},
                             {"film", film},
                             {"bad files", bad_files},
                             {"bad events", bad_events},
                             CU_TEST_INFO_NULL};
    CU_TestInfo writing[] = {{"reads back what it wrote", reads_back_what_it_wrote},
                             {"every byte cut off", every_byte_cut_off},
                             CU_TEST_INFO_NULL};
    CU_TestInfo time[] = {
        {"grid", grid}, {"bars", bars}, {"a roll", a_roll}, {"names", names}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "reading", .pTests = reading},
                             {.pName = "writing", .pTests = writing},
                             {.pName = "time", .pTests = time},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
