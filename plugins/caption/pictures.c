/* caption/pictures.c -- see pictures.h. */
#include "pictures.h"

#include <stdlib.h>
#include <string.h>

void cap_pictures_free(cap_pictures *p)
{
    cap_album_free(&p->album);
    *p = (cap_pictures){0};
}

static rf_status watch(void *self, double done, double total)
{
    const cap_pictures_spec *spec = self;
    return spec->host->progress(spec->host, done, total, "pictures");
}

/* The paths of names, in `all`, which has their bytes.  NULL: no memory. */
static const char **paths_of(const char *folder, const char *const *file, rf_index n, rf_str *all)
{
    const char **path = calloc((size_t)n + 1, sizeof *path);
    for (rf_index i = 0; path && i < n; i++) {
        if (folder) rf_str_printf(all, "%s/", folder);
        rf_str_put(all, file[i]);
        rf_str_add(all, "", 1);
    }
    const char *at = all->s;
    for (rf_index i = 0; path && !all->failed && i < n; i++, at += strlen(at) + 1) path[i] = at;
    if (!all->failed) return path;
    free(path);
    return NULL;
}

rf_status cap_pictures_read(cap_pictures *p, const cap_pictures_spec *spec, const char *const *file,
                            rf_index n, rf_error *err)
{
    rf_str all = {0};
    cap_pictures_spec own = *spec;
    const char **path = paths_of(spec->folder, file, n, &all);
    cap_album_spec album = {.path = path,
                            .n = n,
                            .rows = spec->size,
                            .columns = spec->size,
                            .crop = spec->crop,
                            .device = spec->device,
                            .watch = watch,
                            .self = &own};
    memcpy(album.background, spec->background, sizeof album.background);
    *p = (cap_pictures){.hash = RF_HASH};
    const rf_status st = path ? cap_album_read(&p->album, &album, err) : rf_no_memory(err);
    const size_t bytes = 3 * (size_t)n * (size_t)spec->size * (size_t)spec->size;
    if (!st) p->hash = rf_hash(p->hash, p->album.pixel, bytes);
    rf_str_free(&all);
    free(path);
    return st;
}
