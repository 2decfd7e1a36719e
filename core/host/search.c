/* host/search.c -- where plugins and data files are looked for.
 *
 * Invariant: every place is a full path of the user's choice, of the installation or of the build
 * tree this library lies in.  The current directory is none of them. */
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

typedef struct places {
    rf_arena *arena;
    char *dir[64];
    size_t n;
} places;

static void add_dir(places *p, const char *fmt, const char *a, const char *b)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, fmt, a, b);
    if (n < 0 || (size_t)n >= sizeof path || p->n == sizeof p->dir / sizeof *p->dir) return;
    for (size_t k = 0; k < p->n; k++)
        if (!strcmp(p->dir[k], path)) return;
    char *copy = rf_arena_strdup(p->arena, path);
    if (copy) p->dir[p->n++] = copy;
}

/* The absolute folders of a colon-separated list. */
static void add_list(places *p, const char *list)
{
    for (const char *s = list; s && *s;) {
        size_t n = strcspn(s, ":");
        char one[PATH_MAX];
        if (*s == '/' && n < sizeof one) {
            memcpy(one, s, n);
            one[n] = 0;
            add_dir(p, "%s%s", one, "");
        }
        s += n + (s[n] == ':');
    }
}

/* The folder librefrain was loaded from. */
static bool own_dir(char dir[PATH_MAX])
{
    Dl_info info;
    static const char here = 0;
    if (!dladdr(&here, &info) || !info.dli_fname || !realpath(info.dli_fname, dir)) return false;
    char *slash = strrchr(dir, '/');
    if (slash) *slash = 0;
    return slash != NULL;
}

/* The top of the build tree this library lies in, if it does: "<build>/core/librefrain.so". */
static bool build_dir(char dir[PATH_MAX])
{
    char probe[PATH_MAX + 16];
    if (!own_dir(dir)) return false;
    char *slash = strrchr(dir, '/');
    if (!slash || strcmp(slash, "/core") != 0) return false;
    *slash = 0;
    snprintf(probe, sizeof probe, "%s/build.ninja", dir);
    return access(probe, F_OK) == 0;
}

/* Task NULL: the folders themselves; else with the subfolders that a build tree has. */
static void plugin_places(places *p, const char *dir, const char *task)
{
    char own[PATH_MAX];
    if (dir && *dir) add_dir(p, "%s%s", dir, "");
    add_list(p, secure_getenv("REFRAIN_PLUGIN_PATH"));
    if (build_dir(own)) add_dir(p, task ? "%s/plugins/%s" : "%s/plugins/*", own, task);
    add_dir(p, "%s%s", RF_PLUGIN_DIR, "");
    if (own_dir(own)) add_dir(p, "%s/refrain/%s", own, "1");
}

static rf_module *try_file(const char *path, rf_str *why)
{
    rf_error err = {0};
    if (access(path, F_OK) != 0)
        rf_fail(&err, RF_EIO, "no such file");
    else {
        rf_module *m = rf_module_load(path, &err);
        if (m) return m;
    }
    bool named = strncmp(err.text, path, strlen(path)) == 0;
    rf_str_printf(why, named ? "\n  %.0s%s" : "\n  %s: %s", path, err.text);
    return NULL;
}

rf_module *rf_module_find(const char *task, const char *dir, rf_str *why)
{
    char path[PATH_MAX];
    rf_module *m = NULL;
    rf_str_printf(why, "no plugin for '%s'; tried", task);
    if (strchr(task, '/')) return try_file(task, why);
    places p = {.arena = rf_arena_new(0)};
    if (!p.arena) return NULL;
    plugin_places(&p, dir, task);
    for (size_t k = 0; k < p.n && !m; k++) {
        snprintf(path, sizeof path, "%s/refrain-%s.so", p.dir[k], task);
        m = try_file(path, why);
    }
    rf_arena_free(p.arena);
    return m;
}

static int is_plugin(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 11 && !strncmp(e->d_name, "refrain-", 8) && !strcmp(e->d_name + n - 3, ".so");
}

static int is_folder(const struct dirent *e) { return e->d_name[0] != '.'; }

static bool each_in(const char *dir, bool (*fn)(void *, const char *), void *ctx)
{
    struct dirent **e;
    char path[PATH_MAX];
    int n = scandir(dir, &e, is_plugin, alphasort);
    bool more = true;
    for (int k = 0; k < n; k++) {
        int len = snprintf(path, sizeof path, "%s/%s", dir, e[k]->d_name);
        if (more && len > 0 && (size_t)len < sizeof path) more = fn(ctx, path);
        free(e[k]);
    }
    if (n >= 0) free(e);
    return more;
}

/* The subfolders of a build tree's plugins. */
static bool each_below(const char *dir, bool (*fn)(void *, const char *), void *ctx)
{
    struct dirent **e;
    char path[PATH_MAX];
    int n = scandir(dir, &e, is_folder, alphasort);
    bool more = true;
    for (int k = 0; k < n; k++) {
        int len = snprintf(path, sizeof path, "%s/%s", dir, e[k]->d_name);
        if (more && len > 0 && (size_t)len < sizeof path) more = each_in(path, fn, ctx);
        free(e[k]);
    }
    if (n >= 0) free(e);
    return more;
}

void rf_module_each(const char *dir, bool (*fn)(void *ctx, const char *path), void *ctx)
{
    places p = {.arena = rf_arena_new(0)};
    if (!p.arena) return;
    plugin_places(&p, dir, NULL);
    for (size_t k = 0; k < p.n; k++) {
        size_t n = strlen(p.dir[k]);
        bool below = n > 2 && !strcmp(p.dir[k] + n - 2, "/*");
        if (below) p.dir[k][n - 2] = 0;
        if (!(below ? each_below : each_in)(p.dir[k], fn, ctx)) break;
    }
    rf_arena_free(p.arena);
}

static void data_places(places *p)
{
    char own[PATH_MAX];
    add_list(p, secure_getenv("REFRAIN_DATA_PATH"));
    if (build_dir(own)) {
        add_dir(p, "%s%s", own, "/data");
        add_dir(p, "%s%s", own, "/../data");
    }
    add_dir(p, "%s%s", RF_DATA_DIR, "");
    if (own_dir(own)) {
        add_dir(p, "%s%s", own, "/../share/refrain");
        add_dir(p, "%s%s", own, "/../../share/refrain");
    }
}

rf_status rfi_data_path(const char *name, char *buf, size_t n)
{
    rf_status st = RF_EINVAL;
    places p = {.arena = rf_arena_new(0)};
    if (!p.arena || *name == '/' || strstr(name, "..")) goto out;
    data_places(&p);
    for (size_t k = 0; k < p.n && st; k++) {
        int len = snprintf(buf, n, "%s/%s", p.dir[k], name);
        if (len > 0 && (size_t)len < n && access(buf, R_OK) == 0) st = RF_OK;
    }
out:
    if (st && n) buf[0] = 0;
    rf_arena_free(p.arena);
    return st;
}
