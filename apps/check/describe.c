/* describe.c -- tests of what a plugin says about itself. */
#include <dlfcn.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static bool match(const char *s, const char *pattern)
{
    regex_t r;
    if (!s || regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB)) return false;
    bool ok = regexec(&r, s, 0, NULL, 0) == 0;
    regfree(&r);
    return ok;
}

/* One phrase: not empty, no newline, no full stop at the end. */
static bool is_phrase(const char *s) { return match(s, "^[^\n]*[^\n.]$"); }

/* ---- Before loading ------------------------------------------------------------------------- */

static rf_plugin_entry_fn entry_of(check *c)
{
    rf_plugin_entry_fn entry = NULL;
    void *so = dlopen(c->path, RTLD_NOW | RTLD_LOCAL);
    if (so)
        *(void **)&entry = dlsym(so, RF_PLUGIN_SYMBOL);
    else
        wrong(c, "%s", dlerror());
    if (so && !entry) wrong(c, "no function %s", RF_PLUGIN_SYMBOL);
    return entry;
}

static bool test_load(check *c)
{
    rf_plugin_entry_fn entry = entry_of(c);
    if (!entry) return false;
    return entry() ? true : wrong(c, "%s returned NULL", RF_PLUGIN_SYMBOL);
}

static bool test_build(check *c)
{
    static const rf_build build = RF_BUILD;
    rf_plugin_entry_fn entry = entry_of(c);
    if (!entry) return false;
    const rf_plugin *p = entry();
    if (p->size < offsetof(rf_plugin, verb_size)) return true; /* for the next test to say */
    if (p->abi_needs > RF_ABI_MINOR)
        return wrong(c, "needs ABI %d.%u; this is %d.%d", RF_ABI_MAJOR, p->abi_needs, RF_ABI_MAJOR,
                     RF_ABI_MINOR);
    if (memcmp(&p->build, &build, sizeof build) != 0)
        return wrong(c, "built for librefrain %u, reals of %u bytes; this is %u and %u",
                     p->build.lib_major, p->build.real_bytes, build.lib_major, build.real_bytes);
    return true;
}

static bool test_tables(check *c)
{
    rf_error err = {0};
    rf_module *m = rf_module_load(c->path, &err);
    bool ok = m != NULL;
    if (!ok) wrong(c, "%s", err.text);
    rf_module_free(m);
    return ok;
}

/* ---- Who it is ------------------------------------------------------------------------------ */

static bool test_identity(check *c)
{
    const rf_plugin *p = &c->m->def;
    rf_plugin_entry_fn entry = entry_of(c);
    char file[256];
    if (!entry || entry() != c->m->plugin || entry() != entry())
        return wrong(c, "the entry does not return the same plugin always");
    if (!match(p->id, "^[a-z0-9]+(\\.[a-z0-9-]+)+$"))
        return wrong(c, "id '%s': like org.example.task", p->id);
    if (!match(p->version, "^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.-]+)?$"))
        return wrong(c, "version '%s': like 1.0.0", p->version);
    if (!match(p->task, "^[a-z][a-z0-9-]*$")) return wrong(c, "task '%s'", p->task);
    snprintf(file, sizeof file, "/refrain-%s.so", p->task);
    size_t n = strlen(c->path), k = strlen(file);
    if (n < k || strcmp(c->path + n - k, file) != 0)
        return wrong(c, "task '%s' belongs into a file named %s", p->task, file + 1);
    if (!is_phrase(p->summary)) return wrong(c, "summary: one phrase without a full stop");
    return p->license && *p->license ? true : wrong(c, "license is missing");
}

/* ---- Verbs ---------------------------------------------------------------------------------- */

static bool verb_tables(check *c, const rf_verb *v)
{
    uint32_t known = RF_MODEL_READ | RF_MODEL_WRITE | RF_MODEL_OPTIONAL;
    if (!match(v->name, "^[a-z][a-z0-9-]*$")) return wrong(c, "name '%s'", v->name);
    if (!v->run) return wrong(c, "%s: no function run", v->name);
    if (!is_phrase(v->summary))
        return wrong(c, "%s: summary: one phrase without a full stop", v->name);
    if (v->arg_min > v->arg_max)
        return wrong(c, "%s: %u operands at least, %u at most", v->name, v->arg_min, v->arg_max);
    if (!v->operands != !v->arg_max)
        return wrong(c, "%s: takes operands, yet does not name them (or the reverse)", v->name);
    if (v->model & ~known || (v->model & RF_MODEL_READ && v->model & RF_MODEL_WRITE))
        return wrong(c, "%s: model is neither read nor written", v->name);
    return !v->emits || v->emits & 1 ? wrong(c, "%s: says not what it emits", v->name) : true;
}

/* The command of an example: its last line, and those before it that end in a backslash. */
static const char *command_of(const char *example)
{
    const char *line = example;
    for (const char *s = example; *s; s++)
        if (*s == '\n' && (s == example || s[-1] != '\\')) line = s + 1;
    return line;
}

static void join_lines(char *command)
{
    for (char *s = command; (s = strstr(s, "\\\n"));) s[0] = s[1] = ' ';
}

/* Examples without quotes are parsed as they would be. */
static bool example_parses(check *c, const rf_module_verb *v, const char *args, const char *whole)
{
    char *copy = strdup(args), *w[128];
    int n = 0;
    rf_command cmd = {0};
    rf_error err = {0};
    if (!copy) return wrong(c, "no memory");
    join_lines(copy);
    const bool plain = !strpbrk(copy, "'\"\\$");
    copy[strcspn(copy, "|<>&;")] = 0;
    for (char *s = strtok(copy, " "); s && n < 128; s = strtok(NULL, " ")) w[n++] = s;
    rf_status st = plain ? rf_command_parse(&cmd, c->m, v, n, w, &err) : RF_OK;
    if (st) wrong(c, "example '%s': %s", whole, err.text);
    rf_command_free(&cmd);
    free(copy);
    return st == RF_OK;
}

static bool examples(check *c, const rf_module_verb *v)
{
    char begin[256];
    int n = snprintf(begin, sizeof begin, "refrain-%s %s", c->m->def.task, v->def.name);
    bool ok = true;
    for (size_t k = 0; v->def.examples && v->def.examples[k] && ok; k++) {
        const char *e = v->def.examples[k], *at = strstr(command_of(e), begin);
        ok = at ? example_parses(c, v, at + n, e) : wrong(c, "example '%s': no '%s'", e, begin);
    }
    return ok;
}

static bool test_verbs(check *c)
{
    const rf_module *m = c->m;
    if (!m->verb_count) return wrong(c, "there is none");
    for (size_t k = 0; k < m->verb_count; k++) {
        const rf_module_verb *v = &m->verbs[k];
        if (!verb_tables(c, &v->def)) return false;
        if (rf_module_verb_named(m, v->def.name) != v) return wrong(c, "%s: twice", v->def.name);
    }
    return true;
}

static bool test_examples(check *c)
{
    for (size_t k = 0; k < c->m->verb_count; k++)
        if (!examples(c, &c->m->verbs[k])) return false;
    return true;
}

/* ---- Options -------------------------------------------------------------------------------- */

static bool is_reserved(const rf_option *o)
{
    static const char *const names[] = {"help",    "man",        "version",   "seed",
                                        "threads", "format",     "quiet",     "verbose",
                                        "model",   "plugin-dir", "completion"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!strcmp(o->name, names[k])) return true;
    return o->letter && strchr("hmqv", o->letter);
}

static bool default_fits(check *c, const rf_option *o)
{
    rf_setting x = {0};
    rf_error err = {0};
    bool number = o->type == RF_INT || o->type == RF_REAL || o->type == RF_CHOICE;
    bool required = o->flags & RF_OPT_REQUIRED;
    if (required && o->def) return wrong(c, "--%s: required, yet has a default", o->name);
    if (o->def && rf_option_parse(o, o->def, &x, &err)) return wrong(c, "default: %s", err.text);
    if (!o->def && number && !required) return wrong(c, "--%s: no default", o->name);
    return true;
}

static bool option_fits(check *c, const rf_option *o)
{
    bool path = o->type == RF_INFILE || o->type == RF_PATH;
    if (!match(o->name, "^[a-z][a-z0-9-]*$") || !strncmp(o->name, "no-", 3))
        return wrong(c, "name '%s'", o->name);
    if (is_reserved(o)) return wrong(c, "--%s or its letter belongs to the host", o->name);
    if (o->letter && !match((char[]){o->letter, 0}, "^[A-Za-z]$"))
        return wrong(c, "--%s: letter", o->name);
    if (o->type < RF_BOOL || o->type > RF_PATH) return wrong(c, "--%s: type %u", o->name, o->type);
    if ((o->type == RF_CHOICE) != (o->choices && o->choices[0]))
        return wrong(c, "--%s: choices are for RF_CHOICE, which needs some", o->name);
    if (!(o->min <= o->max)) return wrong(c, "--%s: min above max", o->name);
    if (o->flags & RF_OPT_LIST && o->type != RF_STRING && !path)
        return wrong(c, "--%s: a list of what is neither text nor path", o->name);
    if (!is_phrase(o->help)) return wrong(c, "--%s: help: one phrase, no full stop", o->name);
    return default_fits(c, o);
}

static bool option_once(check *c, const rf_module_verb *v, size_t k)
{
    const rf_option *o = &v->options[k], *p = v->options;
    for (; p < o; p++)
        if (!strcmp(p->name, o->name) || (o->letter && p->letter == o->letter))
            return wrong(c, "%s: --%s or its letter stands there twice", v->def.name, o->name);
    return true;
}

static bool test_options(check *c)
{
    for (size_t k = 0; k < c->m->verb_count; k++) {
        const rf_module_verb *v = &c->m->verbs[k];
        for (size_t j = 0; j < v->option_count; j++)
            if (!option_fits(c, &v->options[j]) || !option_once(c, v, j)) return false;
    }
    return true;
}

static bool test_query(check *c)
{
    const rf_plugin *p = c->m->plugin;
    if (p->query("no.such/1") || p->query("")) return wrong(c, "answers to an id that is none");
    return p->query("rf.live/1") == p->query("rf.live/1") ? true : wrong(c, "answers differ");
}

const test describe_tests[] = {
    {"load", "it can be loaded and has its entry", test_load, true},
    {"build", "it was built for this library", test_build, true},
    {"tables", "its tables have sizes and functions", test_tables, true},
    {"identity", "id, task, version, licence, file name", test_identity, false},
    {"verbs", "each has a name, a summary, operands, events", test_verbs, false},
    {"options", "names, types, ranges, defaults", test_options, false},
    {"examples", "each is a command that parses", test_examples, false},
    {"query", "unknown interfaces are not there", test_query, false},
    {0},
};
