/* caption/scenes.c -- the verb scenes: pictures that are made up, and their captions. */
#include <dirent.h>
#include <errno.h>
#include <refrain/io.h>
#include <stdio.h>
#include <string.h>

#include "caption.h"
#include "scene.h"

static rf_status write_picture(const rf_run *r, const scene *s, uint64_t i, const char *name,
                               rf_error *err)
{
    const int size = (int)r->opt[SCENES_SIZE].as.i;
    cap_image im;
    rf_str png = {0}, path = {0};
    rf_status st = cap_image_new(&im, size, size, err);
    if (st) return st;
    scene_draw(s, rf_key_make(r->seed, "noise", i), r->opt[SCENES_NOISE].as.f, &im);
    rf_str_printf(&path, "%s/%s", r->arg[0], name);
    st = cap_png_put(&im, &png, err);
    if (!st && path.failed) st = rf_no_memory(err);
    if (!st) st = rf_file_write(path.s, png.s, png.n, err);
    cap_image_free(&im);
    rf_str_free(&png);
    rf_str_free(&path);
    return st;
}

/* A picture, and its line: file, whether its combination is held out, English, Chinese. */
static rf_status make_one(const rf_run *r, uint64_t i, rf_str *table, rf_error *err)
{
    scene s;
    char name[32];
    snprintf(name, sizeof name, "%06llu.png", (unsigned long long)i + 1);
    scene_make(&s, r->seed, i, (int)r->opt[SCENES_SPLIT].as.i);
    const scene_thing *a = &s.thing[0];
    const bool held = scene_held(a->shape, a->colour, s.kind);
    rf_str_printf(table, "%s\t%s\t", name, held ? "unseen" : "seen");
    scene_tell_en(&s, table);
    rf_str_put(table, "\t");
    scene_tell_zh(&s, table);
    rf_str_put(table, "\n");
    return write_picture(r, &s, i, name, err);
}

/* Scenes have a folder of their own: an empty one, or one that has scenes already. */
static rf_status check_folder(const char *folder, rf_error *err)
{
    DIR *d = opendir(folder);
    if (!d) return rf_fail(err, RF_EIO, "%s: %s", folder, strerror(errno));
    bool others = false, scenes = false;
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        scenes |= !strcmp(e->d_name, "captions.tsv");
        others |= e->d_name[0] != '.';
    }
    closedir(d);
    if (scenes || !others) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%s: has other files, and scenes need a folder of their own",
                   folder);
}

rf_status cap_scenes(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    rf_str table = {0}, path = {0};
    rf_status st = check_folder(r->arg[0], &err);
    const int64_t n = r->opt[SCENES_COUNT].as.i;
    for (int64_t i = 0; i < n && !st; i++) {
        st = make_one(r, (uint64_t)i, &table, &err);
        if (!st) st = s->host->progress(s->host, (double)i, (double)n, "pictures");
    }
    rf_str_printf(&path, "%s/captions.tsv", r->arg[0]);
    if (!st && (table.failed || path.failed)) st = rf_no_memory(&err);
    if (!st) st = rf_file_write(path.s, table.s, table.n, &err);
    if (!st) st = rf_emit_file(s->host, path.s, "captions", "text/tab-separated-values");
    rf_str_free(&table);
    rf_str_free(&path);
    return rf_session_end(s, st, &err);
}
