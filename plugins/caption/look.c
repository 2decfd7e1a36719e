/* caption/look.c -- see look.h. */
#include "look.h"

#include <stdlib.h>
#include <string.h>

void cap_look_end(cap_look *l)
{
    for (int i = 0; i < l->others; i++) {
        cap_look_end(&l->other[i].look);
        cap_model_close(&l->other[i].x);
    }
    free(l->other);
    cap_features_free(&l->given);
    cap_pictures_free(&l->pixels);
    cap_encoder_free(l->encoder);
    free(l->all);
}

/* ---- Features ------------------------------------------------------------------------------------ */

/* Features must be as wide as those the model learned from. */
static rf_status check_width(const cap_look *l, const cap_sight *due, const char *from,
                             rf_error *err)
{
    const cap_sight *s = &l->x->n.sight;
    if (s->rows == due->rows && s->columns == due->columns && s->channels == due->channels)
        return RF_OK;
    return rf_fail(err, RF_EINVAL,
                   "%s: %lld x %lld vectors of %lld a picture where the model learned from "
                   "%lld x %lld of %lld",
                   from, (long long)s->rows, (long long)s->columns, (long long)s->channels,
                   (long long)due->rows, (long long)due->columns, (long long)due->channels);
}

/* All names in a file of features, in their order. */
static rf_status all_rows(cap_look *l, rf_error *err)
{
    const cap_features *f = &l->given;
    l->all = calloc((size_t)f->n + 1, sizeof *l->all);
    if (!l->all) return rf_no_memory(err);
    for (size_t i = 0; i < rf_map_count(f->number); i++) {
        int64_t row;
        const char *name = rf_map_at(f->number, i, NULL, &row);
        if (!l->all[row]) l->all[row] = name;
    }
    l->file = l->all;
    l->n = f->n;
    return RF_OK;
}

static rf_status see_features(cap_look *l, rf_error *err)
{
    const char *what = l->x->v[TRAIN_POOLED].as.i ? "features" : "map";
    const cap_sight due = l->x->n.sight;
    rf_status st = cap_features_read(&l->given, l->features, what, err);
    if (st) return st;
    cap_sight_give(&l->x->n.sight, &l->given);
    st = check_width(l, &due, l->features, err);
    return !st && !l->n ? all_rows(l, err) : st;
}

static rf_status see_encoded(cap_look *l, const char *folder, rf_error *err)
{
    cap_model *x = l->x;
    const cap_sight due = x->n.sight;
    l->encoder = cap_encoder_open(folder, err);
    if (!l->encoder) return err->status;
    if (x->encoder.n && strcmp(x->encoder.s, cap_encoder_name(l->encoder)))
        return rf_fail(err, RF_EINVAL, "--encoder: is %s where the model learned through %s",
                       cap_encoder_name(l->encoder), x->encoder.s);
    cap_encoding e = {
        .encoder = l->encoder,
        .d = x->d,
        .pictures = {.folder = l->folder, .crop = x->v[TRAIN_CROP].as.f, .host = l->host},
        .pooled = x->v[TRAIN_POOLED].as.i};
    memcpy(e.pictures.background, l->background, sizeof l->background);
    const rf_status st = cap_encode_all(&e, l->file, l->n, &l->given, err);
    if (st) return st;
    cap_sight_give(&x->n.sight, &l->given);
    return check_width(l, &due, folder, err);
}

static rf_status begin(cap_look *l, rf_error *err)
{
    const char *encoder = l->opt[LOOK_ENCODER].as.s;
    const cap_model *x = l->x;
    const rf_status st =
        cap_colour_parse(l->opt[LOOK_BACKGROUND].as.s, "--background", l->background, err);
    if (st) return st;
    if (x->n.sight.kind != CAP_GIVEN) {
        if (l->features || encoder)
            return rf_fail(err, RF_EINVAL, "--%s: %s looks at the pictures itself, or not at all",
                           l->features ? "features" : "encoder", l->name);
        return RF_OK;
    }
    if (l->features) return see_features(l, err);
    if (encoder) return l->n ? see_encoded(l, encoder, err) : RF_OK;
    return rf_fail(err, RF_EINVAL,
                   "--features or --encoder: is needed, as the model learned from features%s%s",
                   x->encoder.n ? " of " : "", x->encoder.n ? x->encoder.s : "");
}

/* ---- Others -------------------------------------------------------------------------------------- */

static bool same_words(const rf_vocab *a, const rf_vocab *b)
{
    if (rf_vocab_size(a) != rf_vocab_size(b)) return false;
    for (int32_t i = 0; i < rf_vocab_size(a); i++)
        if (strcmp(rf_vocab_at(a, i, NULL), rf_vocab_at(b, i, NULL))) return false;
    return true;
}

/* Those that describe together must mean the same by a word's number and by a picture's. */
static rf_status check_other(const cap_look *l, const cap_other *o, rf_error *err)
{
    const char *what = NULL;
    if (!same_words(l->x->words, o->x.words)) what = "knows other words";
    if (l->x->v[TRAIN_LANGUAGE].as.i != o->x.v[TRAIN_LANGUAGE].as.i) what = "knows other languages";
    if (l->x->n.sight.kind != o->x.n.sight.kind) what = "sees pictures in another way";
    if (!what) return RF_OK;
    return rf_fail(err, RF_EINVAL, "--with: %s %s than %s", o->look.name, what, l->name);
}

static rf_status begin_other(const cap_look *l, cap_other *o, const char *path, rf_error *err)
{
    const rf_run r = {.threads = l->threads};
    o->look = (cap_look){.x = &o->x,
                         .name = path,
                         .host = l->host,
                         .features = l->features,
                         .folder = l->folder,
                         .opt = l->opt,
                         .threads = l->threads,
                         .alone = true,
                         .file = l->file,
                         .n = l->n};
    rf_status st = cap_model_open(&o->x, path, &r, err);
    if (!st) st = check_other(l, o, err);
    return st ? st : cap_look_begin(&o->look, err);
}

static rf_status begin_others(cap_look *l, rf_error *err)
{
    const rf_setting *with = &l->opt[LOOK_WITH];
    if (l->alone || !with->count) return RF_OK;
    if (with->count >= CAP_VOICES)
        return rf_fail(err, RF_EINVAL, "--with: %d models are the most", CAP_VOICES - 1);
    l->other = calloc(with->count, sizeof *l->other);
    if (!l->other) return rf_no_memory(err);
    rf_status st = RF_OK;
    while (l->others < (int)with->count && !st) {
        st = begin_other(l, &l->other[l->others], with->as.list[l->others], err);
        l->others++;
    }
    return st;
}

rf_status cap_look_begin(cap_look *l, rf_error *err)
{
    const rf_status st = begin(l, err);
    return st ? st : begin_others(l, err);
}

/* ---- Batches ------------------------------------------------------------------------------------- */

static rf_status see_pixels(cap_look *l, rf_index from, rf_index B, rf_error *err)
{
    cap_sight *s = &l->x->n.sight;
    cap_pictures_spec spec = {.folder = l->folder,
                              .size = s->size,
                              .crop = l->x->v[TRAIN_CROP].as.f,
                              .device = l->x->d,
                              .host = l->host};
    memcpy(spec.background, l->background, sizeof spec.background);
    cap_pictures_free(&l->pixels);
    const rf_status st = cap_pictures_read(&l->pixels, &spec, l->file + from, B, err);
    s->album = &l->pixels.album;
    return st;
}

rf_status cap_look_at(cap_look *l, rf_index from, rf_index B, int32_t *row, rf_error *err)
{
    const int kind = l->x->n.sight.kind;
    for (rf_index b = 0; b < B; b++) {
        row[b] = kind == CAP_BLIND ? -1 : (int32_t)b;
        if (kind != CAP_GIVEN) continue;
        row[b] = (int32_t)cap_features_find(&l->given, l->file[from + b]);
        if (row[b] < 0)
            return rf_fail(err, RF_EINVAL, "%s: has no features of %s", l->features,
                           l->file[from + b]);
    }
    rf_status st = kind == CAP_SEEN ? see_pixels(l, from, B, err) : RF_OK;
    for (int i = 0; i < l->others && !st; i++)
        st = cap_look_at(&l->other[i].look, from, B, row, err);
    return st;
}

static cap_voice voice_of(cap_model *x) { return (cap_voice){.net = &x->n, .d = x->d, .g = x->g}; }

cap_search cap_look_search(const cap_look *l)
{
    cap_search s = {.words = l->x->words,
                    .voice = {voice_of(l->x)},
                    .voices = 1 + l->others,
                    .beam = (rf_index)l->opt[LOOK_BEAM].as.i,
                    .best = 1,
                    .alpha = l->opt[LOOK_PENALTY].as.f,
                    .consensus = (rf_index)l->opt[LOOK_CONSENSUS].as.i,
                    .sharpness = l->opt[LOOK_SHARPNESS].as.f,
                    .most = (rf_index)l->opt[LOOK_MAX].as.i,
                    .no_repeat = (int32_t)l->opt[LOOK_REPEAT].as.i};
    if (s.beam < s.consensus) s.beam = s.consensus;
    for (int i = 0; i < l->others; i++) s.voice[1 + i] = voice_of(&l->other[i].x);
    return s;
}
