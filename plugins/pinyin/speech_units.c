/* pinyin/speech_units.c -- see speech_units.h. */
#include "speech_units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syllable.h"

#define BLANK   "<blank>"
#define LETTERS 8    /* of the longest syllable, with the r of erhua */
#define RARE    0.5f /* a final that was never seen with its tone counts as so many */

/* ---- Syllables -------------------------------------------------------------------------------------- */

static const char *const initials[] = {"zh", "ch", "sh", "b", "p", "m", "f", "d",
                                       "t",  "n",  "l",  "g", "k", "h", "j", "q",
                                       "x",  "r",  "z",  "c", "s", "y", "w", NULL};
/* Those without a vowel. */
static const char *const hums[] = {"m", "n", "ng", "hm", "hng", NULL};

static bool has_vowel(const char *s) { return s[strcspn(s, "aeiouv")] != 0; }

static bool is_hum(const char *s)
{
    for (int i = 0; hums[i]; i++)
        if (!strcmp(s, hums[i])) return true;
    return false;
}

/* The tone that digit c stands for; -1: none.  6: a third tone that is spoken as a second. */
static int tone_of(char c)
{
    static const int tones[] = {5, 1, 2, 3, 4, 5, 2};
    return c >= '0' && c <= '6' ? tones[c - '0'] : -1;
}

bool speech_syllable_parse(const char *s, size_t n, char out[16])
{
    int tone = 0;
    size_t k = 0;
    for (size_t i = 0, len; i < n; i += len) {
        int mark = 0;
        if (k >= LETTERS) return false;
        if (k && s[i] == ':' && out[k - 1] == 'u') {
            out[k - 1] = 'v';
            len = 1;
        } else if (k && i + 1 == n && tone_of(s[i]) > 0) {
            tone = tone_of(s[i]);
            len = 1;
        } else if ((len = py_letter(s + i, n - i, &out[k], &mark))) {
            if (mark) tone = mark;
            k++;
        } else {
            return false;
        }
    }
    out[k] = 0;
    if (!has_vowel(out) && !is_hum(out)) return false;
    snprintf(out + k, 16 - k, "%d", tone ? tone : 5);
    return has_vowel(out + speech_syllable_initial(out)) || !speech_syllable_initial(out);
}

size_t speech_syllable_initial(const char *s)
{
    for (int i = 0; initials[i]; i++) {
        const size_t n = strlen(initials[i]);
        if (!strncmp(s, initials[i], n)) return has_vowel(s + n) ? n : 0;
    }
    return 0;
}

/* ---- Transcripts ------------------------------------------------------------------------------------ */

/* The next token between blanks. */
static bool next_token(const char **rest, const char **token, size_t *n)
{
    *rest += strspn(*rest, " \t\r\n");
    *token = *rest;
    *n = strcspn(*rest, " \t\r\n");
    *rest += *n;
    return *n > 0;
}

static void put_token(rf_str *out, const char *s, size_t n)
{
    if (out->n) rf_str_add(out, " ", 1);
    rf_str_add(out, s, n);
}

static void put_chars(rf_str *out, const char *s, size_t n)
{
    int32_t code;
    for (int len; (len = rf_utf8_next(s, n, &code)) > 0; s += len, n -= (size_t)len)
        put_token(out, s, (size_t)len);
}

bool speech_units_clean(int kind, const char *text, rf_str *out, const char **wrong, size_t *n)
{
    const char *token;
    char syllable[16];
    for (const char *rest = text; next_token(&rest, &token, n);) {
        if (kind == SPEECH_CHARS) {
            put_chars(out, token, *n);
        } else if (kind == SPEECH_WORDS) {
            put_token(out, token, *n);
        } else if (speech_syllable_parse(token, *n, syllable)) {
            put_token(out, syllable, strlen(syllable));
        } else {
            *wrong = token;
            return false;
        }
    }
    return true;
}

/* ---- Vocabularies ----------------------------------------------------------------------------------- */

enum { PARTS = 3 };

/* The one to three units of a token. */
static int units_of(int kind, const char *token, size_t n, const char *part[PARTS],
                    size_t length[PARTS])
{
    const size_t first = speech_kind_syllables(kind) ? speech_syllable_initial(token) : 0;
    const size_t last = kind == SPEECH_TONES ? 1 : 0;
    int k = 0;
    if (first) part[k] = token, length[k++] = first;
    part[k] = token + first;
    length[k++] = n - first - last;
    if (last) part[k] = token + n - 1, length[k++] = 1;
    return k;
}

rf_status speech_units_count(int kind, const char *clean, rf_map *units, rf_map *syllables,
                             rf_error *err)
{
    const char *token, *part[PARTS];
    size_t n, length[PARTS];
    bool done = true;
    for (const char *rest = clean; done && next_token(&rest, &token, &n);) {
        const int k = units_of(kind, token, n, part, length);
        for (int i = 0; i < k && done; i++)
            done = rf_map_add(units, part[i], length[i], 1) != INT64_MIN;
        if (speech_kind_syllables(kind)) done &= rf_map_add(syllables, token, n, 1) != INT64_MIN;
    }
    return done ? RF_OK : rf_no_memory(err);
}

rf_status speech_units_make(speech_units *u, int kind, const rf_map *units, const rf_map *syllables,
                            rf_error *err)
{
    static const char *const special[] = {BLANK, NULL};
    *u = (speech_units){.kind = kind, .unit = rf_vocab_build(units, special, 1, 0, err)};
    if (!u->unit) return err->status;
    if (!speech_kind_syllables(kind)) return RF_OK;
    u->syllable = rf_vocab_build(syllables, NULL, 1, 0, err);
    return u->syllable ? speech_units_link(u, err) : err->status;
}

void speech_units_free(speech_units *u)
{
    rf_vocab_free(u->unit);
    rf_vocab_free(u->syllable);
    free(u->follow);
    free(u->tones);
    *u = (speech_units){0};
}

static int32_t find(const speech_units *u, const char *s, size_t n)
{
    return rf_vocab_find(u->unit, s, n);
}

/* Finals that are told apart by their tone alone are as possible as each other, though less than one
 * that was seen. */
static void link_tones(const speech_units *u, rf_index K, const char *syllable)
{
    char other[16];
    const size_t n = strlen(syllable), first = speech_syllable_initial(syllable);
    const int32_t i = first ? find(u, syllable, first) : 0;
    snprintf(other, sizeof other, "%s", syllable);
    for (char tone = '1'; tone <= '5' && n && n < sizeof other; tone++) {
        other[n - 1] = tone;
        const int32_t f = find(u, other + first, n - first);
        if (i >= 0 && f > 0 && u->follow[i * K + f] == -INFINITY) u->follow[i * K + f] = logf(RARE);
    }
}

/* The place in follow of a syllable's initial and final; -1: not of these units. */
static int64_t pair_of(const speech_units *u, rf_index K, const char *syllable)
{
    const char *part[PARTS];
    size_t length[PARTS];
    const int n = units_of(u->kind, syllable, strlen(syllable), part, length);
    const int finals = n - 1 - (u->kind == SPEECH_TONES); /* whose place among them it is */
    const int32_t i = finals ? find(u, part[0], length[0]) : 0;
    const int32_t f = find(u, part[finals], length[finals]);
    return i >= 0 && f > 0 ? i * K + f : -1;
}

/* Tones by themselves: which syllables there are, and in which tones.  Column 0, where the blank would
 * stand, is for units that may begin one. */
static rf_status link_apart(speech_units *u, rf_index K, rf_error *err)
{
    u->tones = calloc((size_t)(K * K), 1);
    if (!u->tones) return rf_no_memory(err);
    for (int32_t s = 0; s < rf_vocab_size(u->syllable); s++) {
        size_t n;
        const char *syllable = rf_vocab_at(u->syllable, s, &n);
        const int64_t pair = n ? pair_of(u, K, syllable) : -1;
        if (pair < 0) continue;
        u->follow[pair] = 0;
        u->follow[(pair < K ? pair : pair / K) * K] = 0;
        u->tones[pair] |= (unsigned char)(1 << (syllable[n - 1] - '0') % 8);
    }
    return RF_OK;
}

rf_status speech_units_link(speech_units *u, rf_error *err)
{
    const rf_index K = rf_vocab_size(u->unit);
    if (!speech_kind_syllables(u->kind)) return RF_OK;
    u->follow = malloc((size_t)(K * K) * sizeof *u->follow);
    if (!u->follow) return rf_no_memory(err);
    for (rf_index i = 0; i < K * K; i++) u->follow[i] = -INFINITY;
    if (u->kind == SPEECH_TONES) return link_apart(u, K, err);
    for (int32_t s = 0; s < rf_vocab_size(u->syllable); s++) {
        const char *syllable = rf_vocab_at(u->syllable, s, NULL);
        const int64_t pair = pair_of(u, K, syllable);
        if (pair >= 0) u->follow[pair] = 0;
    }
    for (int32_t s = 0; s < rf_vocab_size(u->syllable); s++)
        link_tones(u, K, rf_vocab_at(u->syllable, s, NULL));
    return RF_OK;
}

/* ---- Units ------------------------------------------------------------------------------------------ */

bool speech_units_encode(const speech_units *u, const char *clean, rf_ids *out)
{
    const char *token, *part[PARTS];
    size_t n, length[PARTS];
    bool known = true;
    for (const char *rest = clean; next_token(&rest, &token, &n);) {
        const int k = units_of(u->kind, token, n, part, length);
        for (int i = 0; i < k; i++) {
            const int32_t id = find(u, part[i], length[i]);
            if (id > 0)
                rf_ids_add(out, id);
            else
                known = false;
        }
    }
    return known;
}

/* A final, or a syllable without an initial, ends in its tone. */
static bool ends_token(const speech_units *u, const char *s, size_t n)
{
    return !speech_kind_syllables(u->kind) || (s[n - 1] >= '1' && s[n - 1] <= '5');
}

void speech_units_decode(const speech_units *u, const int32_t *id, rf_index n, rf_str *out)
{
    bool begun = false;
    for (rf_index i = 0; i < n; i++) {
        size_t len;
        const char *s = rf_vocab_at(u->unit, id[i], &len);
        if (!begun && i) rf_str_add(out, " ", 1);
        rf_str_add(out, s, len);
        begun = !ends_token(u, s, len);
    }
}

/* The state is what the syllable has up to now: nothing, one unit, or K + the place of two. */
static double follow_apart(const speech_units *u, int64_t state, int32_t label, bool tone,
                           int64_t *next)
{
    const rf_index K = rf_vocab_size(u->unit);
    if (tone) {
        const int64_t pair = state < K ? state : state - K;
        const int t = *rf_vocab_at(u->unit, label, NULL) - '0';
        *next = 0;
        if (!state || u->follow[pair] == -INFINITY) return -INFINITY;
        return u->tones[pair] >> t & 1 ? 0 : log((double)RARE);
    }
    *next = state ? K + state * K + label : label;
    if (state >= K) return -INFINITY;
    return (double)u->follow[state ? state * K + label : label * K];
}

double speech_units_follow(void *ctx, int64_t state, int32_t label, int64_t *next)
{
    const speech_units *u = ctx;
    size_t n;
    if (!u->follow) return 0;
    const char *s = rf_vocab_at(u->unit, label, &n);
    const bool final = ends_token(u, s, n);
    if (u->kind == SPEECH_TONES) return follow_apart(u, state, label, final, next);
    *next = final ? 0 : label;
    if (!final) return state ? -INFINITY : 0;
    return (double)u->follow[state * rf_vocab_size(u->unit) + label];
}

double speech_units_end(void *ctx, int64_t state)
{
    (void)ctx;
    return state ? -INFINITY : 0;
}
