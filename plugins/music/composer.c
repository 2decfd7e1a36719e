/* music/composer.c -- see composer.h: what is chosen before the first note, and the order of the rest. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "song_set.h"
#include "work.h"

/* ---- Steppers and heads ------------------------------------------------------------------------ */

static const rf_linear_layer *head_of(const song_model *m, int head)
{
    const rf_linear_layer *const heads[SONG_NATS] = {&m->act, &m->pitch, &m->chord, &m->drums};
    return heads[head];
}

int song_head_classes(const song_model *m, int head)
{
    const rf_linear_layer *l = head_of(m, head);
    return l->weight ? (int)l->weight->value.shape.dim[0] : 0;
}

static bool reserve(song_composer *c, rf_device *d, rf_error *err)
{
    rf_index widest = 0, classes = 0;
    for (int i = 0; i < SONG_LAYERS; i++) {
        if (song_view_size(i) > widest) widest = song_view_size(i);
        if (c->m->rnn[i] && !(c->step[i] = rf_stepper_new(d, c->m->rnn[i], 1, err))) return false;
    }
    for (int i = 0; i < SONG_NATS; i++) {
        const int n = song_head_classes(c->m, i);
        if (n > classes) classes = n;
        if (n && !(c->sampler[i] = rf_sampler_new(n, err))) return false;
    }
    rf_stepper_reset(c->step[SONG_LAYER_MELODY], 1);
    c->x = malloc((size_t)widest * sizeof *c->x);
    c->scores = malloc((size_t)classes * sizeof *c->scores);
    c->forbid = malloc((size_t)classes);
    c->saved = malloc(rf_stepper_state_bytes(c->step[SONG_LAYER_MELODY]));
    return c->x && c->scores && c->forbid && c->saved;
}

song_composer *song_composer_new(rf_device *d, const song_model *m, rf_error *err)
{
    song_composer *c = calloc(1, sizeof *c);
    if (c) {
        c->m = m;
        if (reserve(c, d, err)) return c;
    }
    song_composer_free(c);
    if (!err->status) rf_no_memory(err);
    return NULL;
}

void song_composer_free(song_composer *c)
{
    if (!c) return;
    for (int i = 0; i < SONG_LAYERS; i++) rf_stepper_free(c->step[i]);
    for (int i = 0; i < SONG_NATS; i++) rf_sampler_free(c->sampler[i]);
    free(c->x);
    free(c->scores);
    free(c->forbid);
    free(c->saved);
    free(c);
}

/* ---- Choosing ---------------------------------------------------------------------------------- */

double song_work_draw(song_work *k) { return rf_uniform(k->key, k->draws++); }

int song_work_choose(song_work *k, const rf_real *weight, int n, int stride)
{
    double sum = 0;
    int last = -1;
    for (int i = 0; i < n; i++) sum += (double)weight[i * stride];
    double left = song_work_draw(k) * sum;
    for (int i = 0; i < n; i++) {
        if (weight[i * stride] <= 0) continue;
        last = i;
        left -= (double)weight[i * stride];
        if (left < 0) break;
    }
    return last;
}

const rf_real *song_work_step(song_work *k, int layer, int t)
{
    song_view_fill(&k->view, layer, t, k->c->x);
    return rf_stepper_step(k->c->step[layer], k->c->x);
}

rf_real *song_work_scores(song_work *k, int head, const rf_real *h)
{
    const rf_linear_layer *l = head_of(k->c->m, head);
    const rf_index n = l->weight->value.shape.dim[0], H = l->weight->value.shape.dim[1];
    for (rf_index i = 0; i < n; i++) {
        rf_real sum = l->bias->value.data[i];
        for (rf_index j = 0; j < H; j++) sum += l->weight->value.data[i * H + j] * h[j];
        k->c->scores[i] = sum;
    }
    memset(k->c->forbid, 0, (size_t)n);
    return k->c->scores;
}

int song_work_pick(song_work *k, int head, double cooler, double top_p, int otherwise)
{
    const rf_sample_spec spec = {
        .temperature = k->w->temperature * cooler, .top_p = top_p, .forbid = k->c->forbid};
    const int32_t i = rf_sampler_pick(k->c->sampler[head], k->c->scores, &spec, song_work_draw(k));
    return i < 0 ? otherwise : i;
}

/* ---- Key, metre, tempo ------------------------------------------------------------------------- */

static void choose_key(song_work *k, int *tonic, int *scale)
{
    const rf_real *key = k->c->m->style.key->value.data;
    const song_wish *w = k->w;
    rf_real weight[SONG_SCALES * 12];
    for (int i = 0; i < SONG_SCALES * 12; i++) {
        const bool fits =
            (w->scale < 0 || i / 12 == w->scale) && (w->tonic < 0 || i % 12 == w->tonic);
        weight[i] = fits ? key[i] : 0;
    }
    int chosen = song_work_choose(k, weight, SONG_SCALES * 12, 1);
    if (chosen < 0) chosen = (w->scale < 0 ? 0 : w->scale) * 12 + (w->tonic < 0 ? 0 : w->tonic);
    *tonic = chosen % 12;
    *scale = chosen / 12;
    if (w->given && w->tonic < 0) *tonic = w->given->tonic;
    if (w->given && w->scale < 0) *scale = w->given->scale;
}

/* The style's row of a metre, or one by chance; NULL: it does not have it. */
static const rf_real *choose_metre(song_work *k, int beats, int unit)
{
    const song_model *m = k->c->m;
    const rf_real *rows = m->style.metre->value.data;
    const int n = (int)m->shape.metres;
    if (!beats) {
        const int i = song_work_choose(k, rows + SONG_METRE_SHARE, n, SONG_METRE_SIZE);
        return rows + (i < 0 ? 0 : i) * SONG_METRE_SIZE;
    }
    for (int i = 0; i < n; i++, rows += SONG_METRE_SIZE)
        if (rows[SONG_METRE_BEATS] == (rf_real)beats && rows[SONG_METRE_UNIT] == (rf_real)unit)
            return rows;
    return NULL;
}

static double choose_tempo(song_work *k, const rf_real *metre)
{
    if (k->w->qpm > 0) return k->w->qpm;
    if (k->w->given) return k->w->given->qpm;
    const double normal = rf_normal(k->key, 1u << 30);
    const double x =
        (double)metre[SONG_METRE_TEMPO] + 0.7 * (double)metre[SONG_METRE_SPREAD] * normal;
    return fmin(fmax(round(exp(x)), 40), 220);
}

static rf_status no_metre(const song_model *m, const song_wish *w, rf_error *err)
{
    rf_str list = {0};
    const rf_real *row = m->style.metre->value.data;
    for (rf_index i = 0; i < m->shape.metres; i++, row += SONG_METRE_SIZE)
        rf_str_printf(&list, "%s%d/%d", i ? ", " : "", (int)row[0], (int)row[1]);
    rf_fail(err, RF_EINVAL, "--metre: the style has no %d/%d; it has %s", w->beats, w->unit,
            list.s ? list.s : "others");
    rf_str_free(&list);
    return RF_EINVAL;
}

/* The pitches that stay in the style's range, and in that of songs, when all moves to the key. */
static void set_range(song_work *k)
{
    const rf_real *range = k->c->m->style.range->value.data;
    const int low = (int)fmax((double)range[0], SONG_LOWEST),
              high = (int)fmin((double)range[1], SONG_HIGHEST);
    k->lowest = low - k->shift < SONG_LOWEST ? SONG_LOWEST : low - k->shift;
    k->highest = high - k->shift > SONG_HIGHEST ? SONG_HIGHEST : high - k->shift;
    if (k->highest < k->lowest + 12) {
        k->lowest = SONG_LOWEST + 12;
        k->highest = SONG_HIGHEST - 6;
    }
}

static int shorter_way(int tonic) { return tonic <= 6 ? tonic : tonic - 12; }

static rf_status begin_song(song_work *k, rf_error *err)
{
    const song_wish *w = k->w;
    const song *given = w->given;
    const rf_real *metre =
        given ? choose_metre(k, given->beats, given->unit) : choose_metre(k, w->beats, w->unit);
    char name[64];
    int tonic, scale;
    if (!metre && !given) return no_metre(k->c->m, w, err);
    choose_key(k, &tonic, &scale);
    snprintf(name, sizeof name, "Song in %s %s", song_tonic_name(tonic, scale),
             song_scale_at(scale)->name);
    k->given = given ? given->bars : 0;
    k->s = song_new(name, given ? given->beats : (int)metre[0], given ? given->unit : (int)metre[1],
                    k->given > w->bars ? k->given : w->bars, err);
    if (!k->s) return err->status;
    k->shift = shorter_way(tonic);
    k->s->scale = scale;
    k->s->qpm = choose_tempo(k, metre);
    for (int i = 0; i < 3; i++) k->s->programs[i] = (int)k->c->m->style.program->value.data[i];
    set_range(k);
    return RF_OK;
}

/* Semitones from C to the key of a melody, so that it stays in range on the way there and back. */
static int way_of(const song *given)
{
    const song_origin o = song_origin_of(given);
    const int way = shorter_way(given->tonic), other = way > 0 ? way - 12 : way + 12;
    const bool fits = o.lowest - way >= SONG_LOWEST && o.highest - way <= SONG_HIGHEST;
    const bool turned = o.lowest - other >= SONG_LOWEST && o.highest - other <= SONG_HIGHEST;
    return !fits && turned ? other : way;
}

/* The given melody, in C. */
static rf_status take_given(song_work *k, rf_error *err)
{
    const song *given = k->w->given;
    if (!given) return RF_OK;
    song *copy = song_copy(given, 0, k->given, err);
    if (!copy) return err->status;
    const int way = way_of(given);
    if ((k->shift - way) % 12 == 0) k->shift = way;
    song_transpose(copy, -way);
    memcpy(k->s->melody, copy->melody, (size_t)song_steps(copy) * sizeof *copy->melody);
    song_free(copy);
    return RF_OK;
}

/* ---- Form -------------------------------------------------------------------------------------- */

static int section_length(const song_work *k)
{
    const int bars = k->s->bars, letters = k->w->form ? (int)strlen(k->w->form) : 0;
    if (letters) return (bars + letters - 1) / letters;
    return bars >= 24 ? 8 : bars >= 8 ? 4 : bars;
}

/* AABA; longer songs have a second bridge; the last section is the first one's again. */
static char section_letter(const song_work *k, int i, int n)
{
    if (k->w->form) return k->w->form[i];
    if (i == n - 1) return 'A';
    return n == 3 ? "ABA"[i] : "AABACCBA"[i % 8];
}

static void make_form(song_work *k)
{
    const int length = section_length(k), n = (k->s->bars + length - 1) / length;
    for (int bar = 0; bar < k->s->bars; bar++) {
        const int section = bar / length;
        k->s->section[bar] = section_letter(k, section, n);
        k->source[bar] = -1;
        for (int j = section - 1; j >= 0 && k->source[bar] < 0; j--)
            if (section_letter(k, j, n) == k->s->section[bar])
                k->source[bar] = bar - (section - j) * length;
    }
}

/* The chain of profiles; a repeated section has the same ones. */
static void make_profiles(song_work *k)
{
    const song_profiles p = song_model_profiles(k->c->m);
    int last = SONG_PROFILES;
    if (k->given) song_profiles_tell(&p, k->s, k->profile);
    for (int i = 0; i < (k->s->bars + 1) / 2; i++) {
        const int from = k->source[2 * i];
        if (2 * i >= k->given) {
            const int drawn =
                song_work_choose(k, p.follow + last * SONG_PROFILES, SONG_PROFILES, 1);
            k->profile[i] = from >= 0 && from % 2 == 0 ? k->profile[from / 2]
                                                       : (uint8_t)(drawn < 0 ? 0 : drawn);
        }
        last = k->profile[i];
    }
}

/* ---- All --------------------------------------------------------------------------------------- */

static rf_status compose(song_work *k, rf_error *err)
{
    rf_status st = begin_song(k, err);
    if (!st) st = take_given(k, err);
    if (st) return st;
    set_range(k);
    const size_t bars = (size_t)k->s->bars;
    k->profile = calloc(bars, 1);
    k->source = calloc(bars, sizeof *k->source);
    k->lag = calloc(bars, sizeof *k->lag);
    if (!k->profile || !k->source || !k->lag) return rf_no_memory(err);
    k->view = (song_view){k->s, k->profile};
    make_form(k);
    make_profiles(k);
    song_work_melody(k);
    song_work_chords(k);
    if (k->c->step[SONG_LAYER_DRUMS]) song_work_drums(k);
    song_transpose(k->s, k->shift);
    return RF_OK;
}

song *song_composer_make(song_composer *c, const song_wish *w, rf_error *err)
{
    song_work k = {.c = c, .w = w, .key = rf_key_make(w->seed, "song", (uint64_t)w->number)};
    if (compose(&k, err)) {
        song_free(k.s);
        k.s = NULL;
    }
    free(k.profile);
    free(k.source);
    free(k.lag);
    return k.s;
}
