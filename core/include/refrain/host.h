/* refrain/host.h -- what a program needs to find, describe and run plugins.
 *
 * A program for one task is `int main(int c, char **v) { return rf_main("lm", c, v); }`.  The rest
 * of this header is for programs that do more with plugins, such as rf-check.  Nothing here knows
 * what any task is. */
#ifndef REFRAIN_HOST_H
#define REFRAIN_HOST_H

#include <refrain/base.h>
#include <refrain/plugin.h>
#include <stdbool.h>

RF_BEGIN

/* ---- Programs ------------------------------------------------------------------------------- */

/* The whole program refrain-TASK.  Returns the exit status: 0 done, 1 failed, 2 usage, 130
 * interrupted (state saved).  Handles SIGINT, SIGTERM and SIGPIPE while a verb runs. */
RF_API int rf_main(const char *task, int argc, char **argv);

/* The program `refrain`: plugins, model FILE, TASK VERB ... */
RF_API int rf_suite_main(int argc, char **argv);

/* ---- Modules: plugins that are loaded ------------------------------------------------------- */

/* A verb and its options as this header knows them: what an older plugin did not say is zero. */
typedef struct rf_module_verb {
    rf_verb def;
    size_t option_count;
    const rf_option *options; /* [option_count] */
} rf_module_verb;

typedef struct rf_module {
    const char *path;        /* the file it came from */
    const rf_plugin *plugin; /* as the plugin returned it */
    rf_plugin def;           /* the same at the size of this header */
    size_t verb_count;
    const rf_module_verb *verbs; /* [verb_count] */
    rf_arena *arena;             /* holds all of the above */
} rf_module;

/* Load one file.  It is never unloaded.  NULL with err: no plugin of this ABI and build.
 * Errors: RF_EIO cannot be opened; RF_EVERSION other ABI or build; RF_EFORMAT no plugin. */
RF_API rf_module *rf_module_load(const char *path, rf_error *err);

/* Search for refrain-TASK.so: a task with a slash is a path; `dir` if not NULL; the folders of
 * REFRAIN_PLUGIN_PATH; $libdir/refrain/1; beside librefrain.  Never in the current directory.
 * NULL: `why` has a line for every place and what was wrong there. */
RF_API rf_module *rf_module_find(const char *task, const char *dir, rf_str *why);

/* Calls fn for every file named refrain-*.so in the same places, in order, until it returns false. */
RF_API void rf_module_each(const char *dir, bool (*fn)(void *ctx, const char *path), void *ctx);

/* Forget the copies; the plugin's code stays loaded. */
RF_API void rf_module_free(rf_module *m);

/* A verb by name, or NULL. */
RF_API const rf_module_verb *rf_module_verb_named(const rf_module *m, const char *name);

/* ---- Command lines -------------------------------------------------------------------------- */

/* A parsed command line of one verb: the verb's values, and the host's own options. */
typedef struct rf_command {
    rf_setting *opt;  /* one for each option of the verb */
    const char **arg; /* operands, NULL-terminated */
    size_t arg_count;
    const char *model, *plugin_dir, *completion;
    int64_t seed, threads;
    int format; /* 0 text, 1 tsv, 2 json */
    bool help, help_all, man, version, quiet, verbose;
    rf_arena *arena;
} rf_command;

/* One option's text to a value.  Paths are not looked at.
 * Errors: RF_EINVAL with a message like "--hidden: 0 is out of range: at least 1". */
RF_API rf_status rf_option_parse(const rf_option *o, const char *text, rf_setting *out,
                                 rf_error *err);

/* Parse argv (what follows the verb).  Understands --name=V, --name V, -xV, -x V, --flag, --no-flag
 * and --.  Free the command even after an error.
 * Errors: RF_EINVAL, with a hint where there is a near name; RF_ENOMEM. */
RF_API rf_status rf_command_parse(rf_command *c, const rf_module *m, const rf_module_verb *v,
                                  int argc, char **argv, rf_error *err);

/* Whether the command can run: required options, number of operands, files that exist.
 * Errors: RF_EINVAL incomplete; RF_EIO a file that is not there. */
RF_API rf_status rf_command_check(rf_command *c, const rf_module *m, const rf_module_verb *v,
                                  rf_error *err);

RF_API void rf_command_free(rf_command *c);

/* ---- Descriptions --------------------------------------------------------------------------- */

/* Help for a verb, or for the plugin if v is NULL; `all`: advanced options too.  Fits 80 columns. */
RF_API void rf_help(rf_str *out, const rf_module *m, const rf_module_verb *v, const char *program,
                    bool all);
/* The man page in roff; the completion script for bash. */
RF_API void rf_man(rf_str *out, const rf_module *m, const char *program);
RF_API void rf_completion(rf_str *out, const rf_module *m, const char *program);

RF_END
#endif
