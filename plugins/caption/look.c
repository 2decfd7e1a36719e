/* caption/look.c -- see look.h. */
#include "look.h"

#include <stdlib.h>
#include <string.h>

void cap_look_end(cap_look *l)
{
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

rf_status cap_look_begin(cap_look *l, rf_error *err)
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
    return kind == CAP_SEEN ? see_pixels(l, from, B, err) : RF_OK;
}

cap_search cap_look_search(const cap_look *l)
{
    return (cap_search){.words = l->x->words,
                        .net = &l->x->n,
                        .d = l->x->d,
                        .g = l->x->g,
                        .beam = (rf_index)l->opt[LOOK_BEAM].as.i,
                        .best = 1,
                        .alpha = l->opt[LOOK_PENALTY].as.f,
                        .most = (rf_index)l->opt[LOOK_MAX].as.i,
                        .no_repeat = (int32_t)l->opt[LOOK_REPEAT].as.i};
}
