/* host/command.c -- a command line to values and operands.
 *
 * Invariant: after rf_command_parse every option of the verb has a value of its type: the user's,
 * the default, or zero.  Nothing is opened or created. */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

/* Two tables at once: the verb's options, and the host's. */
typedef struct parser {
    rf_command *c;
    const rf_module *m;
    const rf_module_verb *v; /* NULL before the verb: the host's options only */
    rf_setting host[HOST_COUNT];
    char **argv;
    int argc, at;
    rf_error *err;
} parser;

typedef struct match {
    const rf_option *o;
    rf_setting *value;
    bool no; /* "--no-" stood before the name */
} match;

static size_t verb_count(const parser *p) { return p->v ? p->v->option_count : 0; }

static match option_at(parser *p, size_t k)
{
    size_t n = verb_count(p);
    if (k < n) return (match){&p->v->options[k], &p->c->opt[k], false};
    return (match){&rfi_host_options[k - n], &p->host[k - n], false};
}

static bool is_named(const rf_option *o, const char *name, size_t n)
{
    return strlen(o->name) == n && !memcmp(o->name, name, n);
}

static match find_long(parser *p, const char *name, size_t n)
{
    bool no = n > 3 && !strncmp(name, "no-", 3);
    for (size_t k = 0; k < verb_count(p) + HOST_COUNT; k++) {
        match x = option_at(p, k);
        if (is_named(x.o, name, n)) return x;
        x.no = no && x.o->type == RF_BOOL && is_named(x.o, name + 3, n - 3);
        if (x.no) return x;
    }
    return (match){0};
}

static match find_letter(parser *p, char letter)
{
    for (size_t k = 0; k < verb_count(p) + HOST_COUNT; k++) {
        match x = option_at(p, k);
        if (x.o->letter && x.o->letter == letter) return x;
    }
    return (match){0};
}

/* ---- Hints ---------------------------------------------------------------------------------- */

/* The one option that begins with `name`, or the nearest, or NULL. */
static const char *hint(parser *p, const char *name)
{
    size_t n = verb_count(p) + HOST_COUNT, begins = 0;
    const char **names = rf_arena_zalloc(p->c->arena, (n + 1) * sizeof *names), *one = NULL;
    if (!names) return NULL;
    for (size_t k = 0; k < n; k++) {
        names[k] = option_at(p, k).o->name;
        if (strncmp(names[k], name, strlen(name)) == 0) one = names[k], begins++;
    }
    return begins == 1 ? one : rf_nearest(name, names);
}

/* Another verb that has the option, or NULL. */
static const char *owner(const parser *p, const char *name)
{
    for (size_t k = 0; p->m && k < p->m->verb_count; k++)
        for (size_t j = 0; j < p->m->verbs[k].option_count; j++)
            if (!strcmp(p->m->verbs[k].options[j].name, name)) return p->m->verbs[k].def.name;
    return NULL;
}

static rf_status unknown_long(parser *p, const char *name, size_t n)
{
    char *word = rf_arena_zalloc(p->c->arena, n + 1);
    if (!word) return rf_no_memory(p->err);
    memcpy(word, name, n);
    const char *verb = owner(p, word), *near = verb ? NULL : hint(p, word);
    if (verb && !p->v)
        return rf_fail(p->err, RF_EINVAL, "--%s: an option of %s: it stands after that word", word,
                       verb);
    if (verb)
        return rf_fail(p->err, RF_EINVAL, "--%s: an option of %s, not of %s", word, verb,
                       p->v->def.name);
    return rf_fail(p->err, RF_EINVAL, "--%s: no such option%s%s%s", word,
                   near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* ---- Values --------------------------------------------------------------------------------- */

static rf_status add_to_list(parser *p, match x, rf_setting one)
{
    /* No list can be longer than the command line. */
    size_t room = ((size_t)p->argc + 1) * sizeof(char *);
    char **list = NULL;
    if (x.value->set) {
        memcpy(&list, &x.value->as.list, sizeof list);
    } else {
        list = rf_arena_zalloc(p->c->arena, room);
        if (!list) return rf_no_memory(p->err);
        memcpy(&x.value->as.list, &list, sizeof list);
        x.value->count = 0;
    }
    memcpy(&list[x.value->count++], &one.as.s, sizeof(char *));
    return RF_OK;
}

static rf_status set_value(parser *p, match x, const char *text)
{
    rf_setting one = {0};
    rf_status st = rf_option_parse(x.o, text, &one, p->err);
    if (st) return st;
    if (x.o->flags & RF_OPT_LIST && !(x.o->flags & OPT_MAYBE_VALUE))
        st = add_to_list(p, x, one);
    else
        *x.value = one;
    x.value->set = 1;
    return st;
}

/* The next argument, as the value of x. */
static rf_status take_value(parser *p, match x)
{
    if (p->at + 1 < p->argc) return set_value(p, x, p->argv[++p->at]);
    return rf_fail(p->err, RF_EINVAL, "--%s: a value is due: --%s=%s", x.o->name, x.o->name,
                   rfi_option_meta(x.o));
}

static rf_status parse_long(parser *p, const char *s)
{
    size_t n = strcspn(s, "=");
    match x = find_long(p, s, n);
    if (!x.o) return unknown_long(p, s, n);
    if (s[n] && x.no) return rf_fail(p->err, RF_EINVAL, "--no-%s: takes no value", x.o->name);
    if (s[n]) return set_value(p, x, s + n + 1);
    if (x.o->type == RF_BOOL) return set_value(p, x, x.no ? "0" : "1");
    if (x.o->flags & OPT_MAYBE_VALUE) return set_value(p, x, "");
    return take_value(p, x);
}

/* "-qv", "-x3", "-x 3". */
static rf_status parse_letters(parser *p, const char *s)
{
    for (; *s; s++) {
        match x = find_letter(p, *s);
        if (!x.o)
            return rf_fail(p->err, RF_EINVAL, "-%.*s: no such option%s",
                           (*s & 0x80) ? (int)strlen(s) : 1, s,
                           strchr("0123456789.", *s) ? "; a negative operand stands after --" : "");
        bool bare = x.o->type == RF_BOOL || x.o->flags & OPT_MAYBE_VALUE;
        if (!bare) return s[1] ? set_value(p, x, s + 1) : take_value(p, x);
        rf_status st = set_value(p, x, x.o->type == RF_BOOL ? "1" : "");
        if (st) return st;
    }
    return RF_OK;
}

static rf_status parse_all(parser *p)
{
    bool options = true;
    rf_status st = RF_OK;
    for (; p->at < p->argc && !st; p->at++) {
        const char *s = p->argv[p->at];
        if (!options || s[0] != '-' || !s[1])
            p->c->arg[p->c->arg_count++] = s;
        else if (!strcmp(s, "--"))
            options = false;
        else
            st = s[1] == '-' ? parse_long(p, s + 2) : parse_letters(p, s + 1);
        if (p->m && !p->v && p->c->arg_count) break; /* the verb: what follows is its own */
    }
    return st;
}

/* ---- Defaults and results ------------------------------------------------------------------- */

static rf_status set_default(parser *p, match x)
{
    static const char *const empty[] = {NULL};
    rf_status st = RF_OK;
    if (x.o->def) st = set_value(p, x, x.o->def);
    x.value->set = 0;
    if (x.o->flags & RF_OPT_LIST && !x.o->def) x.value->as.list = empty;
    return st;
}

static rf_status set_defaults(parser *p)
{
    rf_status st = RF_OK;
    for (size_t k = 0; k < verb_count(p) + HOST_COUNT && !st; k++)
        st = set_default(p, option_at(p, k));
    return st;
}

static rf_status take_host_values(parser *p)
{
    rf_command *c = p->c;
    const rf_setting *h = p->host;
    const char *help = h[HOST_HELP].as.s;
    if (help && *help && strcmp(help, "all") != 0)
        return rf_fail(p->err, RF_EINVAL, "--help: '%s' is none of all", help);
    c->help = h[HOST_HELP].set;
    c->help_all = help && *help;
    c->model = h[HOST_MODEL].as.s;
    c->plugin_dir = h[HOST_PLUGIN_DIR].as.s;
    c->completion = h[HOST_COMPLETION].set ? rfi_host_options[HOST_COMPLETION].choices[0] : NULL;
    c->seed = h[HOST_SEED].as.i;
    c->threads = h[HOST_THREADS].as.i;
    c->format = (int)h[HOST_FORMAT].as.i;
    c->man = h[HOST_MAN].as.i;
    c->version = h[HOST_VERSION].as.i;
    c->quiet = h[HOST_QUIET].as.i;
    c->verbose = h[HOST_VERBOSE].as.i;
    return RF_OK;
}

rf_status rf_command_parse(rf_command *c, const rf_module *m, const rf_module_verb *v, int argc,
                           char **argv, rf_error *err)
{
    parser p = {.c = c, .m = m, .v = v, .argv = argv, .argc = argc, .err = err};
    memset(c, 0, sizeof *c);
    c->arena = rf_arena_new(0);
    if (!c->arena) return rf_no_memory(err);
    c->opt = rf_arena_zalloc(c->arena, (verb_count(&p) + 1) * sizeof *c->opt);
    c->arg = rf_arena_zalloc(c->arena, ((size_t)argc + 1) * sizeof *c->arg);
    if (!c->opt || !c->arg) return rf_no_memory(err);
    rf_status st = set_defaults(&p);
    if (!st) st = parse_all(&p);
    return st ? st : take_host_values(&p);
}

void rf_command_free(rf_command *c)
{
    if (!c) return;
    rf_arena_free(c->arena);
    memset(c, 0, sizeof *c);
}

/* ---- Whether it can run --------------------------------------------------------------------- */

static rf_status check_option(const rf_option *o, const rf_setting *x, rf_error *err)
{
    rf_status st = RF_OK;
    char what[128];
    if (o->flags & RF_OPT_REQUIRED && !x->set)
        return rf_fail(err, RF_EINVAL, "--%s=%s: required: %s", o->name, rfi_option_meta(o),
                       o->help ? o->help : "");
    if (!x->set || !rfi_type_is_path(o->type)) return RF_OK;
    snprintf(what, sizeof what, "--%s", o->name);
    if (!(o->flags & RF_OPT_LIST)) return rfi_path_check(o->type, x->as.s, what, err);
    for (size_t k = 0; k < x->count && !st; k++)
        st = rfi_path_check(o->type, x->as.list[k], what, err);
    return st;
}

static rf_status check_operands(const rf_command *c, const rf_verb *v, rf_error *err)
{
    rf_status st = RF_OK;
    size_t n = c->arg_count;
    if (n < v->arg_min)
        return rf_fail(err, RF_EINVAL, "%s: %s where %s is due", v->name,
                       n ? "too few operands" : "nothing", v->operands ? v->operands : "more");
    if (n > v->arg_max)
        return rf_fail(err, RF_EINVAL, "%s: one operand too many", c->arg[v->arg_max]);
    for (size_t k = 0; k < n && !st; k++) st = rfi_path_check(v->operand_type, c->arg[k], "", err);
    return st;
}

/* A name without a slash that is no file may be one of the models that come with the program. */
static rf_status find_model(rf_command *c, const char *task, rf_error *err)
{
    char name[512], path[4096];
    rf_status st = rfi_path_check(RF_INFILE, c->model, "--model", err ? &(rf_error){0} : NULL);
    if (!st || strchr(c->model, '/')) return rfi_path_check(RF_INFILE, c->model, "--model", err);
    int n = snprintf(name, sizeof name, "%s/%s.safetensors", task, c->model);
    if (n < 0 || (size_t)n >= sizeof name || rfi_data_path(name, path, sizeof path))
        return rfi_path_check(RF_INFILE, c->model, "--model", err);
    c->model = rf_arena_strdup(c->arena, path);
    return c->model ? RF_OK : rf_no_memory(err);
}

static rf_status check_model(rf_command *c, const char *task, const rf_verb *v, rf_error *err)
{
    bool read = v->model & RF_MODEL_READ, write = v->model & RF_MODEL_WRITE;
    if (!read && !write)
        return c->model ? rf_fail(err, RF_EINVAL, "--model: %s uses no model", v->name) : RF_OK;
    if (!c->model && v->model & RF_MODEL_OPTIONAL) return RF_OK;
    if (!c->model)
        return rf_fail(err, RF_EINVAL, "--model=FILE: required: the file to %s",
                       write ? "write" : "read");
    return write ? rfi_path_check(RF_OUTFILE, c->model, "--model", err) : find_model(c, task, err);
}

rf_status rf_command_check(rf_command *c, const rf_module *m, const rf_module_verb *v,
                           rf_error *err)
{
    rf_status st = check_operands(c, &v->def, err);
    for (size_t k = 0; k < v->option_count && !st; k++)
        st = check_option(&v->options[k], &c->opt[k], err);
    return st ? st : check_model(c, m->def.task, &v->def, err);
}
