/* host/suite.c -- rf_suite_main: the program `refrain`, which knows every plugin there is.
 *
 *     refrain plugins             refrain TASK VERB ...             refrain model FILE
 *     refrain VERB ...            of verbs that ask for it: RF_VERB_SHORT */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

/* ---- refrain plugins ------------------------------------------------------------------------ */

typedef struct listing {
    rfi_render render;
    rf_status status;
} listing;

static void emit_module(listing *l, const rf_module *m)
{
    const char *verbs[64];
    rf_index n = 0;
    for (size_t k = 0; k < m->verb_count && n < 64; k++) verbs[n++] = m->verbs[k].def.name;
    rf_field f[] = {rf_field_string("task", m->def.task),
                    rf_field_string("version", m->def.version),
                    rf_field_strings("commands", verbs, &n, 1),
                    rf_field_string("summary", m->def.summary), rf_field_string("file", m->path)};
    rf_event ev = rf_event_of(RF_EV_RECORD, -1, -1);
    ev.u.record = (rf_record){"plugin", f, sizeof f / sizeof *f, sizeof *f};
    l->status = rfi_render_event(&l->render, &ev);
}

/* The first file of a task is the one that runs; a broken one is told of. */
static bool list_one(void *ctx, const char *path)
{
    listing *l = ctx;
    rf_error err = {0};
    const char *name = strrchr(path, '/') + 1;
    size_t n = strlen(name);
    if (l->render.seen && rf_map_get(l->render.seen, name, n, 0)) return true;
    rf_module *m = rf_module_load(path, &err);
    if (m) {
        emit_module(l, m);
        rf_map_put(l->render.seen, name, n, 1);
    } else
        fprintf(stderr, "refrain: %s\n", err.text);
    rf_module_free(m);
    return !l->status;
}

static int list_plugins(const rf_command *c, const char *dir)
{
    listing l = {.render = {.out = stdout, .format = c->format}};
    rf_module_each(dir, list_one, &l);
    bool ok = rfi_render_flush(&l.render) && !l.status;
    if (!ok) perror("refrain: standard output");
    rfi_render_free(&l.render);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

/* ---- Help ----------------------------------------------------------------------------------- */

static const char help_head[] = "usage: refrain plugins [--format=tsv|json]\n"
                                "       refrain model FILE [--format=tsv|json]\n"
                                "       refrain TASK COMMAND [OPTION]... [OPERAND]...\n"
                                "       refrain COMMAND [OPTION]... [OPERAND]...\n"
                                "\n"
                                "recurrent neural networks, one plugin for each task\n"
                                "\n"
                                "Commands:\n"
                                "  plugins     list every plugin that is found\n"
                                "  model       print a model's card: plugin, options, metrics, "
                                "tensors\n";

static void help_task(rf_str *out, const rf_module *m)
{
    char line[64];
    snprintf(line, sizeof line, "\n  %s ", m->def.task);
    if (out->s && strstr(out->s, line)) return;
    rf_str_printf(out, "%s", line);
    rfi_pad(out, rfi_width(line + 1, strlen(line + 1)), 14);
    rfi_wrap(out, m->def.summary ? m->def.summary : "", 14, 14);
}

/* ---- Short forms: verbs that need no task before them ------------------------------------------- */

static bool is_short(const rf_module_verb *v) { return v->def.flags & RF_VERB_SHORT; }

static void help_short(rf_str *out, const rf_module *m)
{
    char line[64];
    for (size_t k = 0; k < m->verb_count; k++) {
        if (!is_short(&m->verbs[k])) continue;
        snprintf(line, sizeof line, "\n  %s ", m->verbs[k].def.name);
        if (out->s && strstr(out->s, line)) continue;
        rf_str_printf(out, "%s", line);
        rfi_pad(out, rfi_width(line + 1, strlen(line + 1)), 14);
        rf_str_printf(out, "refrain %s %s", m->def.task, m->verbs[k].def.name);
    }
}

/* What is listed of each plugin, gathered in one go over them. */
typedef struct listed {
    rf_str tasks, verbs;
} listed;

static bool help_one(void *ctx, const char *path)
{
    listed *l = ctx;
    rf_module *m = rf_module_load(path, NULL);
    if (!m) return true;
    help_task(&l->tasks, m);
    help_short(&l->verbs, m);
    rf_module_free(m);
    return true;
}

static void put_help(rf_str *out, const char *dir)
{
    listed l = {{0}, {0}};
    rf_module_each(dir, help_one, &l);
    rf_str_put(out, help_head);
    rf_str_printf(out, "\nTasks:%s\n", l.tasks.s ? l.tasks.s : "");
    if (l.verbs.n) rf_str_printf(out, "\nShort forms:%s\n", l.verbs.s);
    rf_str_put(out, "\nMore of a task: refrain TASK --help\n");
    rf_str_free(&l.tasks);
    rf_str_free(&l.verbs);
}

/* What a word that is no task may be. */
typedef struct guess {
    const char *word;
    rf_module *m; /* the plugin whose verb it is, or NULL */
    rf_arena *arena;
    const char *name[64]; /* of tasks and short forms, for a hint */
    size_t names;
} guess;

static void add_name(guess *g, const char *name)
{
    const char *copy = g->names + 1 < sizeof g->name / sizeof *g->name && g->arena
                           ? rf_arena_strdup(g->arena, name)
                           : NULL;
    if (copy) g->name[g->names++] = copy;
}

static bool guess_one(void *ctx, const char *path)
{
    guess *g = ctx;
    rf_module *m = rf_module_load(path, NULL);
    if (!m) return true;
    add_name(g, m->def.task);
    for (size_t k = 0; k < m->verb_count && !g->m; k++) {
        if (!is_short(&m->verbs[k])) continue;
        add_name(g, m->verbs[k].def.name);
        if (!strcmp(m->verbs[k].def.name, g->word)) g->m = m;
    }
    if (g->m != m) rf_module_free(m);
    return !g->m;
}

static const char man[] =
    "'\\\" -*- coding: utf-8 -*-\n"
    ".TH REFRAIN 1 \"\" \"refrain " RF_VERSION "\" \"Refrain\"\n"
    ".SH NAME\nrefrain \\- recurrent neural networks, one plugin for each task\n"
    ".SH SYNOPSIS\n"
    ".B refrain plugins\n[\\fB\\-\\-format\\fR=\\fIFORMAT\\fR]\n.br\n"
    ".B refrain model\n.I FILE\n[\\fB\\-\\-format\\fR=\\fIFORMAT\\fR]\n.br\n"
    ".B refrain\n.I TASK COMMAND\n[\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n.br\n"
    ".B refrain\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n"
    ".SH DESCRIPTION\n"
    "Every task is a plugin: a shared object named refrain\\-\\fITASK\\fR.so. "
    ".B refrain plugins\nlists those that are found, with their commands. "
    ".B refrain\n.I TASK\nis the same program as refrain\\-\\fITASK\\fR. Some commands need no "
    "task before them; "
    ".B refrain \\-\\-help\nlists them as short forms.\n.PP\n"
    ".B refrain model\nprints a model's card: the plugin that can read it, its options, what it "
    "reached, and its tensors.\n"
    ".SH OPTIONS\n"
    ".TP\n\\fB\\-\\-plugin\\-dir\\fR=\\fIFOLDER\\fR\nLook for plugins in this folder first.\n"
    ".TP\n\\fB\\-\\-format\\fR=\\fIFORMAT\\fR\nOne of text, tsv, json.\n"
    ".TP\n\\fB\\-\\-help\\fR, \\fB\\-\\-version\\fR\nPrint help, or the version.\n"
    ".SH FILES\nPlugins are looked for in the folder of \\fB\\-\\-plugin\\-dir\\fR, in those of "
    "REFRAIN_PLUGIN_PATH, in " RF_PLUGIN_DIR " and beside librefrain; never in the current "
    "folder.\n"
    ".SH EXIT STATUS\n0 done, 1 failed, 2 usage, 130 interrupted.\n"
    ".SH SEE ALSO\n.BR rf\\-check (1)\n";

/* ---- The program ---------------------------------------------------------------------------- */

static int usage(const char *text)
{
    fprintf(stderr, "refrain: %s\ntry 'refrain --help'\n", text);
    return EXIT_USAGE;
}

/* `plugins` and `model`: commands of refrain itself. */
static int own_command(const char *name, const char *dir, int argc, char **argv)
{
    rf_command c;
    rf_error err = {0};
    rf_str out = {0};
    int code;
    rf_status st = rf_command_parse(&c, NULL, NULL, argc, argv, &err);
    if (st)
        code = usage(err.text);
    else if (c.help) {
        put_help(&out, dir);
        code = rfi_print(&out, "refrain");
    } else if (!strcmp(name, "plugins"))
        code = c.arg_count ? usage("plugins: takes no operand") : list_plugins(&c, dir);
    else
        code = c.arg_count == 1 ? rfi_card(c.arg[0], c.format) : usage("model: one FILE is due");
    rf_command_free(&c);
    return code;
}

static int bare_command(int argc, char **argv)
{
    rf_command c;
    rf_error err = {0};
    rf_str out = {0};
    int code = EXIT_USAGE;
    if (rf_command_parse(&c, NULL, NULL, argc, argv, &err)) {
        code = usage(err.text);
        rf_command_free(&c);
        return code;
    }
    if (c.man)
        rf_str_put(&out, man);
    else if (c.version)
        rf_str_printf(&out, "refrain %s (plugin ABI %d.%d)\n", RF_VERSION, RF_ABI_MAJOR,
                      RF_ABI_MINOR);
    else
        put_help(&out, c.plugin_dir);
    if (c.help || c.version || c.man)
        code = rfi_print(&out, "refrain");
    else
        fwrite(out.s, 1, out.n, stderr);
    rf_str_free(&out);
    rf_command_free(&c);
    return code;
}

/* A verb that is found without its task; what was tried, and the nearest there is, if none is. */
static int short_command(const char *dir, const char *why, int argc, char **argv)
{
    guess g = {.word = argv[0], .arena = rf_arena_new(0)};
    int code = EXIT_USAGE;
    if (!strchr(g.word, '/')) rf_module_each(dir, guess_one, &g);
    if (g.m)
        code = rfi_task_main(g.m, "refrain", argc + 1, argv - 1); /* argv[0] is not looked at */
    else {
        const char *near = rf_nearest(g.word, g.name);
        fprintf(stderr, "refrain: %s\n", why);
        if (near) fprintf(stderr, "did you mean 'refrain %s'? ", near);
        fputs("try 'refrain plugins'\n", stderr);
    }
    rf_module_free(g.m);
    rf_arena_free(g.arena);
    return code;
}

static int task_command(const char *dir, int argc, char **argv)
{
    char program[128];
    rf_str why = {0};
    rf_module *m = rf_module_find(argv[0], dir, &why);
    int code;
    if (m) {
        snprintf(program, sizeof program, "refrain %s", m->def.task);
        code = rfi_task_main(m, program, argc, argv);
    } else
        code = short_command(dir, why.s ? why.s : "no memory", argc, argv);
    rf_module_free(m);
    rf_str_free(&why);
    return code;
}

/* The first argument that is a word; --plugin-dir may stand before it. */
static int word_at(int argc, char **argv)
{
    int k = 1;
    while (k < argc && argv[k][0] == '-') k += !strcmp(argv[k], "--plugin-dir") ? 2 : 1;
    return k < argc ? k : 0;
}

int rf_suite_main(int argc, char **argv)
{
    rfi_streams_guard();
    const char *dir = rfi_plugin_dir(argc, argv);
    int k = word_at(argc, argv);
    if (!k) return bare_command(argc - 1, argv + 1);
    if (!strcmp(argv[k], "plugins") || !strcmp(argv[k], "model"))
        return own_command(argv[k], dir, argc - k - 1, argv + k + 1);
    return task_command(dir, argc - k, argv + k); /* k > 0: a word stands before it */
}
