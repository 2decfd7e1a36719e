/* host/load.c -- one file to a module: opened, compared with this build, copied.
 *
 * Invariant: no function of the plugin but its entry is called before ABI and build were compared,
 * and nothing is ever closed: a plugin's threads and atexit handlers may outlive its use. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

/* Sizes as of 1.0, for ever: not sizeof. */
enum { PLUGIN_1_0 = 136, VERB_1_0 = 80, OPTION_1_0 = 88 };
enum { MANY_VERBS = 256, MANY_OPTIONS = 4096 }; /* more is an array without an end */

static const rf_build this_build = RF_BUILD;

static rf_status check_build(const rf_plugin *p, const char *path, rf_error *err)
{
    const rf_build *b = &p->build;
    if (p->abi_needs > RF_ABI_MINOR)
        return rf_fail(err, RF_EVERSION, "%s: needs plugin ABI %d.%u where this program has %d.%d",
                       path, RF_ABI_MAJOR, p->abi_needs, RF_ABI_MAJOR, RF_ABI_MINOR);
    if (memcmp(b, &this_build, sizeof this_build) != 0)
        return rf_fail(err, RF_EVERSION,
                       "%s: built for librefrain %u with reals of %u bytes, indices of %u and rank "
                       "%u, where this is %u with %u, %u and %u: build it again",
                       path, b->lib_major, b->real_bytes, b->index_bytes, b->max_rank,
                       this_build.lib_major, this_build.real_bytes, this_build.index_bytes,
                       this_build.max_rank);
    return RF_OK;
}

static rf_status check_head(const rf_plugin *p, const char *path, rf_error *err)
{
    if (!p) return rf_fail(err, RF_EFORMAT, "%s: its entry returned nothing", path);
    if (p->size < PLUGIN_1_0 || p->verb_size < VERB_1_0 || p->option_size < OPTION_1_0 ||
        p->verb_size % 8 || p->option_size % 8)
        return rf_fail(err, RF_EFORMAT, "%s: its structs have sizes no version ever had", path);
    rf_status st = check_build(p, path, err);
    if (st) return st;
    if (!p->id || !p->task || !p->name || !p->version || !p->verbs)
        return rf_fail(err, RF_EFORMAT, "%s: id, task, name, version or verbs missing", path);
    if (!p->open || !p->close || !p->query)
        return rf_fail(err, RF_EFORMAT, "%s: open, close or query missing", path);
    return RF_OK;
}

/* dst is zeroed and as large as this header knows it; src as large as the plugin does. */
static void copy_struct(void *dst, size_t dst_size, const void *src, size_t src_size)
{
    memcpy(dst, src, src_size < dst_size ? src_size : dst_size);
}

/* Elements before the one whose first field, the name, is NULL. */
static size_t count_named(const void *array, size_t stride, size_t most)
{
    size_t n = 0;
    for (const char *p = array; p && n < most && *(const char *const *)(const void *)p; p += stride)
        n++;
    return n;
}

static bool copy_options(rf_module *m, rf_module_verb *v)
{
    size_t stride = m->plugin->option_size, n = count_named(v->def.options, stride, MANY_OPTIONS);
    rf_option *o = rf_arena_zalloc(m->arena, (n + 1) * sizeof *o);
    if (!o) return false;
    for (size_t k = 0; k < n; k++)
        copy_struct(&o[k], sizeof o[k], (const char *)v->def.options + k * stride, stride);
    v->options = o;
    v->option_count = n;
    v->def.options = o;
    return true;
}

static bool copy_verbs(rf_module *m)
{
    size_t stride = m->plugin->verb_size, n = count_named(m->plugin->verbs, stride, MANY_VERBS);
    rf_module_verb *v = rf_arena_zalloc(m->arena, (n + 1) * sizeof *v);
    if (!v) return false;
    for (size_t k = 0; k < n; k++) {
        copy_struct(&v[k].def, sizeof v[k].def, (const char *)m->plugin->verbs + k * stride,
                    stride);
        if (!copy_options(m, &v[k])) return false;
    }
    m->verbs = v;
    m->verb_count = n;
    return true;
}

static rf_module *module_of(const rf_plugin *p, const char *path, rf_error *err)
{
    rf_arena *a = rf_arena_new(0);
    rf_module *m = a ? rf_arena_zalloc(a, sizeof *m) : NULL;
    if (!m) goto no_memory;
    m->arena = a;
    m->plugin = p;
    copy_struct(&m->def, sizeof m->def, p, p->size);
    m->path = rf_arena_strdup(a, path);
    if (m->path && copy_verbs(m)) return m;
no_memory:
    rf_arena_free(a);
    rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    return NULL;
}

rf_module *rf_module_load(const char *path, rf_error *err)
{
    rf_plugin_entry_fn entry = NULL;
    /* Without a slash dlopen would search on its own. */
    if (!strchr(path, '/')) {
        rf_fail(err, RF_EINVAL, "%s: a path with a slash was expected", path);
        return NULL;
    }
    /* LOCAL: plugins must not see one another.  Not DEEPBIND: it breaks malloc of sanitizers. */
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so) {
        rf_fail(err, RF_EIO, "%s", dlerror());
        return NULL;
    }
    *(void **)&entry = dlsym(so, RF_PLUGIN_SYMBOL);
    if (!entry) {
        rf_fail(err, RF_EFORMAT, "%s: no plugin of ABI %d: it has no %s", path, RF_ABI_MAJOR,
                RF_PLUGIN_SYMBOL);
        return NULL;
    }
    const rf_plugin *p = entry();
    return check_head(p, path, err) ? NULL : module_of(p, path, err);
}

void rf_module_free(rf_module *m)
{
    if (m) rf_arena_free(m->arena);
}

const rf_module_verb *rf_module_verb_named(const rf_module *m, const char *name)
{
    for (size_t k = 0; k < m->verb_count; k++)
        if (!strcmp(m->verbs[k].def.name, name)) return &m->verbs[k];
    return NULL;
}
