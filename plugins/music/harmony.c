/* music/harmony.c -- chords: read from a table, or recognised in what sounds. */
#include <stdlib.h>
#include <string.h>

#include <refrain/base.h>
#include <refrain/io.h>

#include "harmony.h"

#define TABLE_LIMIT ((size_t)1 << 28) /* most bytes of a table, after unpacking */

/* ---- Names of annotated chords ----------------------------------------------------------------- */

#define TRIAD(third, fifth)         (1 | 1 << (third) | 1 << (fifth))
#define TETRAD(third, fifth, sixth) (TRIAD(third, fifth) | 1 << (sixth))

/* Kinds that the table of qualities lacks stand as one that it has. */
static const struct {
    const char *kind;
    uint16_t notes; /* as of song_quality */
} kinds[] = {{"maj", TRIAD(4, 7)},       {"min", TRIAD(3, 7)},        {"7", TETRAD(4, 7, 10)},
             {"maj7", TETRAD(4, 7, 11)}, {"min7", TETRAD(3, 7, 10)},  {"dim", TRIAD(3, 6)},
             {"aug", TRIAD(4, 8)},       {"hdim7", TETRAD(3, 6, 10)}, {"sus4", TRIAD(5, 7)},
             {"sus2", TRIAD(5, 7)},      {"sus4(b7)", TRIAD(5, 7)},   {"maj6", TRIAD(4, 7)},
             {"min6", TRIAD(3, 7)},      {"dim7", TRIAD(3, 6)},       {"minmaj7", TRIAD(3, 7)},
             {"9", TETRAD(4, 7, 10)},    {"maj9", TETRAD(4, 7, 11)},  {"min9", TETRAD(3, 7, 10)}};

static int quality_of(const char *kind, size_t n)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].kind) == n && !memcmp(kinds[i].kind, kind, n))
            for (int q = 0; q < SONG_QUALITIES; q++)
                if (song_quality_at(q)->notes == kinds[i].notes) return q;
    return -1;
}

/* "G:maj7/5": root, kind, and a bass that does not matter here. */
static bool parse_chord(const char *s, size_t n, song_chord *out)
{
    const char *colon = memchr(s, ':', n);
    char root[4] = "";
    *out = (song_chord){-1, 0};
    if (n == 1 && (*s == 'N' || *s == 'X')) return true;
    const size_t letters = colon ? (size_t)(colon - s) : 0;
    if (!letters || letters >= sizeof root) return false;
    memcpy(root, s, letters);
    const char *slash = memchr(colon, '/', n - letters);
    const size_t to = slash ? (size_t)(slash - s) : n;
    const int tonic = song_tonic_find(root), q = quality_of(colon + 1, to - letters - 1);
    if (tonic < 0 || q < 0) return false;
    *out = (song_chord){(int8_t)tonic, (int8_t)q};
    return true;
}

/* ---- Tables of chords -------------------------------------------------------------------------- */

struct music_annotations {
    rf_map *first; /* piece: the first of its rows */
    music_annotation *row;
    int64_t *piece; /* [count]: number of the row's piece */
    size_t count, room;
};

void music_annotations_free(music_annotations *a)
{
    if (!a) return;
    rf_map_free(a->first);
    free(a->row);
    free(a->piece);
    free(a);
}

static bool make_room(music_annotations *a)
{
    if (a->count < a->room) return true;
    const size_t room = a->room ? 2 * a->room : 1024;
    if (!rf_resize(&a->row, room, sizeof *a->row) || !rf_resize(&a->piece, room, sizeof *a->piece))
        return false;
    a->room = room;
    return true;
}

/* A row of the piece before, or of a new one. */
static bool add_row(music_annotations *a, const char *piece, size_t n, music_annotation row)
{
    if (!make_room(a)) return false;
    const int64_t at = rf_map_get(a->first, piece, n, -1);
    if (at < 0 && !rf_map_put(a->first, piece, n, (int64_t)a->count)) return false;
    a->piece[a->count] = at < 0 ? (int64_t)a->count : at;
    a->row[a->count++] = row;
    return true;
}

static rf_status parse_row(music_annotations *a, const char *line, size_t n, const char *file,
                           size_t number, rf_error *err)
{
    const char *column[4] = {line};
    size_t length[4] = {0};
    int columns = 1;
    for (size_t i = 0; i < n; i++) {
        if (line[i] != '\t')
            length[columns - 1]++;
        else if (columns++ < 4)
            column[columns - 1] = line + i + 1;
        if (columns > 4) break;
    }
    if (columns != 4)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: %s columns where 4 are due", file, number,
                       columns > 4 ? "more" : "fewer");
    music_annotation row;
    if (!rf_number_parse(column[1], length[1], &row.from) ||
        !rf_number_parse(column[2], length[2], &row.to) || row.from < 0 || row.to < row.from)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: beginning and end in seconds are due", file,
                       number);
    if (!parse_chord(column[3], length[3], &row.chord))
        return rf_fail(err, RF_EFORMAT, "%s:%zu: \"%.*s\" where a chord like G:min7 or N is due",
                       file, number, length[3] < 20 ? (int)length[3] : 20, column[3]);
    return add_row(a, column[0], length[0], row) ? RF_OK : rf_no_memory(err);
}

music_annotations *music_annotations_parse(const char *text, size_t n, const char *name,
                                           rf_error *err)
{
    music_annotations *a = calloc(1, sizeof *a);
    if (a) a->first = rf_map_new();
    rf_status st = a && a->first ? RF_OK : rf_fail(err, RF_ENOMEM, "%s: no memory", name);
    size_t number = 1;
    for (size_t at = 0, next; at < n && !st; at = next, number++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - text) - at : n - at;
        next = at + len + 1;
        if (len && text[at + len - 1] == '\r') len--;
        if (len) st = parse_row(a, text + at, len, name, number, err);
    }
    if (!st) return a;
    music_annotations_free(a);
    return NULL;
}

music_annotations *music_annotations_read(const char *path, rf_error *err)
{
    rf_str text = {0};
    if (rf_file_read(path, TABLE_LIMIT, &text, err)) return NULL;
    music_annotations *a = music_annotations_parse(text.s, text.n, path, err);
    rf_str_free(&text);
    return a;
}

const music_annotation *music_annotations_of(const music_annotations *a, const char *piece,
                                             size_t *n)
{
    const int64_t at = a ? rf_map_get(a->first, piece, strlen(piece), -1) : -1;
    *n = 0;
    if (at < 0) return NULL;
    while ((size_t)at + *n < a->count && a->piece[(size_t)at + *n] == at) ++*n;
    return a->row + at;
}

/* ---- Recognition ------------------------------------------------------------------------------- */

#define HEARD        0.4  /* for a chord of which all notes are heard */
#define BASS         0.15 /* for one whose root is the bass */
/* Against chords of four notes and triads other than major and minor, which many a passing note would
 * make. */
#define RARE_SEVENTH 0.12
#define RARE_TRIAD   0.1
#define EVEN         0.55 /* no chord */
#define AT_BAR       0.15 /* cost of another chord, on a bar line and within a bar */
#define WITHIN       0.3

/* How well a chord fits: the part of what sounds that belongs to it, and how much of it is heard. */
static double fit(const music_sonority *x, double all, int number)
{
    const song_chord c = song_chord_at(number);
    const uint16_t notes = song_chord_notes(c);
    double in = 0, heard = 0;
    int n = 0;
    if (!(all > 0)) return number ? 0 : 0.1;
    if (!number) return EVEN;
    for (int p = 0; p < 12; p++) n += notes >> p & 1;
    for (int p = 0; p < 12; p++) {
        if (!(notes >> p & 1)) continue;
        const double share = x->weight[p] / all * 2 * n;
        in += x->weight[p] / all, heard += share < 1 ? share : 1;
    }
    const double rare = n > 3 ? RARE_SEVENTH : c.quality > 1 ? RARE_TRIAD : 0;
    return in + HEARD * heard / n + (x->bass == c.root ? BASS : 0) - rare;
}

/* The path so far that ends in each chord, one half bar on. */
static void step(const music_sonority *x, double score[SONG_CHORDS], uint8_t back[SONG_CHORDS],
                 double cost)
{
    int best = 0;
    double all = 0;
    for (int p = 0; p < 12; p++) all += x->weight[p];
    for (int c = 1; c < SONG_CHORDS; c++)
        if (score[c] > score[best]) best = c;
    const double elsewhere = score[best] - cost;
    for (int c = 0; c < SONG_CHORDS; c++) {
        const bool stay = score[c] >= elsewhere;
        back[c] = (uint8_t)(stay ? c : best);
        score[c] = (stay ? score[c] : elsewhere) + fit(x, all, c);
    }
}

rf_status music_harmony_find(const music_sonority *x, int n, song_chord *out, rf_error *err)
{
    double score[SONG_CHORDS] = {0};
    uint8_t(*back)[SONG_CHORDS] = calloc((size_t)n + 1, sizeof *back);
    if (!back) return rf_fail(err, RF_ENOMEM, "no memory for the chords of %d half bars", n);
    for (int t = 0; t < n; t++) step(&x[t], score, back[t], t % 2 ? WITHIN : AT_BAR);
    int at = 0;
    for (int c = 1; c < SONG_CHORDS; c++)
        if (score[c] > score[at]) at = c;
    for (int t = n - 1; t >= 0; t--) {
        out[t] = song_chord_at(at);
        at = back[t][at];
    }
    free(back);
    return RF_OK;
}
