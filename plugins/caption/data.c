/* caption/data.c -- see data.h. */
#include "data.h"

#include <stdlib.h>
#include <string.h>

#include "encoded.h"

void cap_data_free(cap_data *d)
{
    cap_captions_free(&d->captions);
    cap_captions_free(&d->text);
    cap_features_free(&d->features);
    cap_pictures_free(&d->pixels);
    free(d->order);
    free(d->first);
    free(d->picture);
    free(d->row);
    rf_str_free(&d->encoder);
}

static bool wanted(const rf_setting *v, int language)
{
    const int64_t which = v[TRAIN_LANGUAGE].as.i;
    return which == CAP_BOTH || which == language;
}

/* ---- Captions ------------------------------------------------------------------------------------ */

static rf_status read_list(cap_captions *c, const rf_setting *files, rf_error *err)
{
    rf_status st = RF_OK;
    for (uint32_t i = 0; i < files->count && !st; i++)
        st = cap_captions_read(c, files->as.list[i], err);
    return st;
}

static rf_status read_captions(cap_data *d, const rf_training *t, rf_error *err)
{
    const rf_setting *v = t->v;
    const char *splits = v[TRAIN_SPLITS].as.s;
    rf_str path = {0};
    rf_status st = RF_OK;
    if (v[TRAIN_CAPTIONS].count) {
        st = read_list(&d->captions, &v[TRAIN_CAPTIONS], err);
    } else if (t->r->arg_count) {
        rf_str_printf(&path, "%s/captions.tsv", t->r->arg[0]);
        st = path.failed ? rf_no_memory(err) : cap_captions_read(&d->captions, path.s, err);
    } else {
        st = rf_fail(err, RF_EINVAL, "--captions: is needed where no FOLDER is given");
    }
    rf_str_free(&path);
    if (!st && splits) st = cap_captions_splits(&d->captions, splits, err);
    return st ? st : read_list(&d->text, &v[TRAIN_TEXT], err);
}

/* Captions sorted by picture and language, those of the same in the order of the file. */
static rf_status sort_captions(cap_data *d, rf_error *err)
{
    const cap_captions *c = &d->captions;
    const rf_index keys = CAP_LANGUAGES * c->pictures;
    rf_index *at = calloc((size_t)keys + 1, sizeof *at);
    d->order = calloc((size_t)c->n + 1, sizeof *d->order);
    d->first = calloc((size_t)c->pictures + 1, sizeof *d->first);
    const bool there = at && d->order && d->first;
    for (rf_index i = 0; there && i < c->n; i++)
        at[CAP_LANGUAGES * c->caption[i].picture + c->caption[i].language + 1]++;
    for (rf_index k = 0; there && k < keys; k++) at[k + 1] += at[k];
    for (rf_index p = 0; there && p <= c->pictures; p++) d->first[p] = at[CAP_LANGUAGES * p];
    for (rf_index i = 0; there && i < c->n; i++)
        d->order[at[CAP_LANGUAGES * c->caption[i].picture + c->caption[i].language]++] = (int32_t)i;
    free(at);
    return there ? RF_OK : rf_no_memory(err);
}

/* ---- Which pictures ------------------------------------------------------------------------------ */

static bool told(const cap_data *d, const rf_setting *v, rf_index picture)
{
    for (rf_index i = d->first[picture]; i < d->first[picture + 1]; i++)
        if (wanted(v, d->captions.caption[d->order[i]].language)) return true;
    return false;
}

/* Append the pictures of a split (NULL: all) that are not in another (NULL: none). */
static void take(cap_data *d, const rf_setting *v, const char *split, const char * not )
{
    for (rf_index p = 0; p < d->captions.pictures; p++) {
        if (!told(d, v, p) || !cap_captions_within(&d->captions, p, split)) continue;
        if (not &&cap_captions_within(&d->captions, p, not )) continue;
        d->picture[d->n++] = (int32_t)p;
    }
}

/* Of those taken, a part drawn by chance goes to the end. */
static rf_status hold_out(cap_data *d, const rf_training *t, rf_error *err)
{
    int32_t *order = rf_training_hold_out(t, d->n, t->v[TRAIN_VALID_FRACTION].as.f, &d->kept, err);
    if (!order) return err->status;
    for (rf_index i = 0; i < d->n; i++) order[i] = d->picture[order[i]];
    free(d->picture);
    d->picture = order;
    return RF_OK;
}

static rf_status choose(cap_data *d, const rf_training *t, rf_error *err)
{
    const rf_setting *v = t->v;
    const char *split = v[TRAIN_SPLIT].as.s, *valid = v[TRAIN_VALID_SPLIT].as.s;
    d->picture = calloc(2 * (size_t)d->captions.pictures + 1, sizeof *d->picture);
    if (!d->picture) return rf_no_memory(err);
    take(d, v, split, valid);
    if (!d->n)
        return split ? rf_fail(err, RF_EINVAL, "--split: no picture is in %s", split)
                     : rf_fail(err, RF_EFORMAT, "no picture has a caption");
    if (!valid) return hold_out(d, t, err);
    d->kept = d->n;
    take(d, v, valid, NULL);
    if (d->n > d->kept) return RF_OK;
    return rf_fail(err, RF_EINVAL, "--valid-split: no picture is in %s", valid);
}

static uint64_t hash_captions(uint64_t h, const cap_captions *c)
{
    for (rf_index i = 0; i < c->n; i++) {
        const char *file = c->file[c->caption[i].picture], *text = c->caption[i].text;
        h = rf_hash(h, file, strlen(file) + 1);
        h = rf_hash(h, text, strlen(text) + 1);
    }
    return h;
}

rf_status cap_data_read(cap_data *d, const rf_training *t, rf_error *err)
{
    rf_status st = read_captions(d, t, err);
    if (!st) st = sort_captions(d, err);
    if (!st) st = choose(d, t, err);
    d->hash = hash_captions(hash_captions(RF_HASH, &d->captions), &d->text);
    if (!st) d->hash = rf_hash(d->hash, d->picture, (size_t)d->n * sizeof *d->picture);
    return st;
}

/* ---- What is seen -------------------------------------------------------------------------------- */

static const char *file_of(const cap_data *d, rf_index i)
{
    return d->captions.file[d->picture[i]];
}

static rf_status find_rows(cap_data *d, const char *path, rf_error *err)
{
    for (rf_index i = 0; i < d->n; i++) {
        d->row[i] = (int32_t)cap_features_find(&d->features, file_of(d, i));
        if (d->row[i] < 0)
            return rf_fail(err, RF_EFORMAT, "%s: has no features of %s", path, file_of(d, i));
    }
    return RF_OK;
}

static rf_status see_features(cap_data *d, const rf_setting *v, cap_sight *s, rf_error *err)
{
    const char *path = v[TRAIN_FEATURES].as.s;
    const char *what = v[TRAIN_POOLED].as.i ? "features" : "map";
    const rf_status st = cap_features_read(&d->features, path, what, err);
    if (st) return st;
    cap_sight_give(s, &d->features);
    const size_t bytes = (size_t)(d->features.n * d->features.width) * sizeof(rf_real);
    d->hash = rf_hash(d->hash, d->features.x, bytes);
    return find_rows(d, path, err);
}

/* The pictures to learn from and those held out, by name; free it.  NULL: no memory. */
static const char **list_files(cap_data *d, rf_error *err)
{
    const char **file = calloc((size_t)d->n + 1, sizeof *file);
    for (rf_index i = 0; file && i < d->n; i++) {
        file[i] = file_of(d, i);
        d->row[i] = (int32_t)i;
    }
    if (!file) rf_no_memory(err);
    return file;
}

static cap_pictures_spec pictures_of(const rf_training *t)
{
    return (cap_pictures_spec){.folder = t->r->arg[0],
                               .size = (int)t->v[TRAIN_SIZE].as.i,
                               .crop = t->v[TRAIN_CROP].as.f,
                               .background = {255, 255, 255},
                               .host = t->s->host};
}

static rf_status encode(cap_data *d, const rf_training *t, cap_encoder *encoder,
                        const char *const *file, rf_error *err)
{
    rf_str cache = {0};
    if (t->r->model) rf_str_printf(&cache, "%s.features", t->r->model);
    cap_encoding e = {.encoder = encoder,
                      .d = rf_device_new((int)t->r->threads, err),
                      .pictures = pictures_of(t),
                      .pooled = t->v[TRAIN_POOLED].as.i,
                      .cache = cache.s};
    rf_status st = e.d && !cache.failed ? RF_OK : rf_no_memory(err);
    if (!st) st = cap_encode_all(&e, file, d->n, &d->features, err);
    rf_device_free(e.d);
    rf_str_free(&cache);
    return st;
}

static rf_status see_encoded(cap_data *d, const rf_training *t, cap_sight *s, rf_error *err)
{
    cap_encoder *encoder = cap_encoder_open(t->v[TRAIN_ENCODER].as.s, err);
    const char **file = encoder ? list_files(d, err) : NULL;
    rf_status st = file ? encode(d, t, encoder, file, err) : err->status;
    if (!st) cap_sight_give(s, &d->features);
    if (!st) rf_str_put(&d->encoder, cap_encoder_name(encoder));
    const size_t bytes = (size_t)(d->features.n * d->features.width) * sizeof(rf_real);
    if (!st) d->hash = rf_hash(d->hash, d->features.x, bytes);
    free(file);
    cap_encoder_free(encoder);
    return st;
}

static rf_status see_pictures(cap_data *d, const rf_training *t, cap_sight *s, rf_error *err)
{
    if (t->v[TRAIN_TEXT].count)
        return rf_fail(err, RF_EINVAL, "--text: goes with --features, --encoder or --blind only");
    const char **file = list_files(d, err);
    cap_pictures_spec spec = pictures_of(t);
    spec.device = file ? rf_device_new((int)t->r->threads, err) : NULL;
    const rf_status st =
        spec.device ? cap_pictures_read(&d->pixels, &spec, file, d->n, err) : err->status;
    rf_device_free(spec.device);
    s->album = &d->pixels.album;
    d->hash = rf_hash(d->hash, &d->pixels.hash, sizeof d->pixels.hash);
    free(file);
    return st;
}

/* Options of what is seen that do not go together. */
static rf_status check(const rf_training *t, rf_error *err)
{
    const rf_setting *v = t->v;
    const bool given = v[TRAIN_FEATURES].as.s, encoder = v[TRAIN_ENCODER].as.s;
    if (given + encoder + (v[TRAIN_BLIND].as.i != 0) > 1)
        return rf_fail(err, RF_EINVAL,
                       "--features, --encoder, --blind: only one of them is possible");
    if (v[TRAIN_GREY].as.i && (given || encoder))
        return rf_fail(err, RF_EINVAL, "--grey: goes with --network only");
    if (t->r->arg_count || given || v[TRAIN_BLIND].as.i) return RF_OK;
    return rf_fail(err, RF_EINVAL,
                   "FOLDER: is needed, as the pictures are in it; or --features, or --blind");
}

rf_status cap_data_see(cap_data *d, const rf_training *t, cap_sight *s, rf_error *err)
{
    const rf_setting *v = t->v;
    if (check(t, err)) return RF_EINVAL;
    d->row = calloc((size_t)d->n + 1, sizeof *d->row);
    if (!d->row) return rf_no_memory(err);
    s->kind = v[TRAIN_BLIND].as.i ? CAP_BLIND : CAP_SEEN;
    if (v[TRAIN_FEATURES].as.s) return see_features(d, v, s, err);
    if (v[TRAIN_ENCODER].as.s) return see_encoded(d, t, s, err);
    if (s->kind == CAP_SEEN) return see_pictures(d, t, s, err);
    for (rf_index i = 0; i < d->n; i++) d->row[i] = -1;
    return RF_OK;
}

rf_status cap_data_each(const cap_data *d, const rf_setting *v, rf_index from, rf_index to,
                        rf_status (*each)(void *ctx, int32_t row, const cap_caption *c,
                                          rf_error *err),
                        void *ctx, rf_error *err)
{
    rf_status st = RF_OK;
    for (rf_index i = from; i < to; i++)
        for (rf_index k = d->first[d->picture[i]]; k < d->first[d->picture[i] + 1] && !st; k++) {
            const cap_caption *c = &d->captions.caption[d->order[k]];
            if (wanted(v, c->language)) st = each(ctx, d->row[i], c, err);
        }
    return st;
}
