/* host/main.c -- rf_main: the program refrain-TASK. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

/* A closed standard stream becomes one that cannot be used the wrong way: the next file opened
 * would otherwise take its number, and be overwritten by what is printed. */
void rfi_streams_guard(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd) return;
}

int rfi_print(rf_str *text, const char *program)
{
    errno = 0;
    bool ok = !text->failed && (!text->n || fwrite(text->s, 1, text->n, stdout) == text->n);
    ok = fflush(stdout) == 0 && ok;
    if (!ok)
        fprintf(stderr, "%s: standard output: %s\n", program, strerror(errno ? errno : ENOMEM));
    rf_str_free(text);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

const char *rfi_plugin_dir(int argc, char **argv)
{
    static const char name[] = "--plugin-dir";
    size_t n = sizeof name - 1;
    for (int k = 1; k < argc && strcmp(argv[k], "--") != 0; k++) {
        if (strncmp(argv[k], name, n) != 0) continue;
        if (argv[k][n] == '=') return argv[k] + n + 1;
        if (!argv[k][n] && k + 1 < argc) return argv[k + 1];
    }
    return NULL;
}

static int usage(const char *program, const char *verb, const rf_error *err)
{
    const char *space = verb ? " " : "";
    if (!verb) verb = "";
    fprintf(stderr, "%s: %s\n", program, err->text);
    fprintf(stderr, "try '%s%s%s --help'\n", program, space, verb);
    return EXIT_USAGE;
}

static void put_version(rf_str *out, const rf_module *m, const char *program)
{
    const rf_plugin *p = &m->def;
    rf_str_printf(out, "%s %s (%s; librefrain %s, plugin ABI %d.%d)\n", program, p->version, p->id,
                  RF_VERSION, RF_ABI_MAJOR, RF_ABI_MINOR);
    if (p->license) rf_str_printf(out, "license: %s\n", p->license);
    rf_str_printf(out, "plugin: %s\n", m->path);
}

/* Whether the command asks for a description; then prints it. */
static bool describe(const rf_module *m, const rf_module_verb *v, const rf_command *c,
                     const char *program, int *code)
{
    rf_str out = {0};
    char own[128]; /* `refrain TASK` has neither page nor completion of its own */
    if (!c->help && !c->version && !c->man && !c->completion) return false;
    snprintf(own, sizeof own, "refrain-%s", m->def.task);
    if (c->help)
        rf_help(&out, m, v, program, c->help_all);
    else if (c->version)
        put_version(&out, m, program);
    else if (c->man)
        rf_man(&out, m, own);
    else
        rf_completion(&out, m, own);
    *code = rfi_print(&out, program);
    return true;
}

/* A verb that is not there, with the nearest that is. */
static int no_such_verb(const rf_module *m, const char *program, const char *name)
{
    rf_error err = {0};
    const char *names[64] = {0}, *near = NULL;
    for (size_t k = 0; k < m->verb_count && k < 63; k++) names[k] = m->verbs[k].def.name;
    near = rf_nearest(name, names);
    rf_fail(&err, RF_EINVAL, "%s: no such command%s%s%s", name, near ? "; did you mean " : "",
            near ? near : "", near ? "?" : "");
    return usage(program, NULL, &err);
}

/* Options of a verb that were parsed already, or of none: describe, check, run. */
static int execute(const rf_module *m, const rf_module_verb *v, rf_command *c, const char *program)
{
    rf_error err = {0};
    int code = EXIT_DONE;
    if (describe(m, v, c, program, &code)) return code;
    rf_status st = rf_command_check(c, m, v, &err);
    if (st == RF_EINVAL) return usage(program, v->def.name, &err);
    if (!st) return rfi_run(m, v, c, program);
    fprintf(stderr, "%s: %s\n", program, err.text);
    return EXIT_FAILED;
}

/* What stood before the verb holds unless the verb's own line says otherwise. */
static void inherit(rf_command *c, const rf_command *before)
{
    if (!c->model) c->model = before->model;
    if (!c->completion) c->completion = before->completion;
    if (!c->format) c->format = before->format;
    if (c->seed == 1) c->seed = before->seed;
    if (!c->threads) c->threads = before->threads;
    c->help |= before->help;
    c->help_all |= before->help_all;
    c->man |= before->man;
    c->version |= before->version;
    c->quiet |= before->quiet;
    c->verbose |= before->verbose;
}

static int verb_main(const rf_module *m, const rf_command *before, const char *program, int argc,
                     char **argv)
{
    rf_error err = {0};
    rf_command c;
    const rf_module_verb *v = rf_module_verb_named(m, argv[0]);
    if (!v) return no_such_verb(m, program, argv[0]);
    rf_status st = rf_command_parse(&c, m, v, argc - 1, argv + 1, &err);
    if (!st) inherit(&c, before);
    int code = st ? usage(program, v->def.name, &err) : execute(m, v, &c, program);
    rf_command_free(&c);
    return code;
}

/* Where the verb stands in argv: the first operand, after options of the host. */
static int verb_at(const rf_command *before, int argc, char **argv)
{
    int k = 1;
    while (k < argc && argv[k] != before->arg[0]) k++;
    return k;
}

int rfi_task_main(const rf_module *m, const char *program, int argc, char **argv)
{
    rf_error err = {0};
    rf_command before;
    int code = EXIT_DONE;
    rf_str out = {0};
    rf_status st = rf_command_parse(&before, m, NULL, argc - 1, argv + 1, &err);
    if (st)
        code = usage(program, NULL, &err);
    else if (before.arg_count) {
        int k = verb_at(&before, argc, argv);
        code = verb_main(m, &before, program, argc - k, argv + k);
    } else if (!describe(m, NULL, &before, program, &code)) {
        rf_help(&out, m, NULL, program, false);
        fwrite(out.s, 1, out.n, stderr);
        rf_str_free(&out);
        code = EXIT_USAGE;
    }
    rf_command_free(&before);
    return code;
}

int rf_main(const char *task, int argc, char **argv)
{
    char program[128];
    rf_str why = {0};
    rfi_streams_guard();
    snprintf(program, sizeof program, "refrain-%s", task);
    rf_module *m = rf_module_find(task, rfi_plugin_dir(argc, argv), &why);
    int code = EXIT_FAILED;
    if (m)
        code = rfi_task_main(m, program, argc, argv);
    else
        fprintf(stderr, "%s: %s\n", program, why.s ? why.s : "no memory");
    rf_module_free(m);
    rf_str_free(&why);
    return code;
}
