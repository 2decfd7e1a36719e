/* host/host.h -- what the files of this folder share. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <pthread.h>
#include <refrain/host.h>
#include <refrain/live.h>
#include <signal.h>
#include <stdio.h>

/* The program's names for its own exit statuses. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* ---- options.c: the host's own -------------------------------------------------------------- */

enum {
    HOST_MODEL,
    HOST_SEED,
    HOST_THREADS,
    HOST_FORMAT,
    HOST_QUIET,
    HOST_VERBOSE,
    HOST_PLUGIN_DIR,
    HOST_COMPLETION,
    HOST_MAN,
    HOST_VERSION,
    HOST_HELP,
    HOST_COUNT
};
extern const rf_option rfi_host_options[HOST_COUNT];
/* "--help" alone or with a value: for the host's own options only. */
#define OPT_MAYBE_VALUE (1u << 31)

/* What an option may be, for people: "1 to 10", "above 0", "lstm, gru"; "" if anything. */
void rfi_option_range(rf_str *out, const rf_option *o);
/* The word that stands for its value: "N", "FILE". */
const char *rfi_option_meta(const rf_option *o);
bool rfi_type_is_path(rf_type t);
/* Whether a verb has any use for this option of the host. */
bool rfi_host_option_shown(size_t k, const rf_module_verb *v, bool all);

/* Is there something at `path` that fits the type?  `what` begins the message. */
rf_status rfi_path_check(rf_type type, const char *path, const char *what, rf_error *err);

/* ---- search.c ------------------------------------------------------------------------------- */

/* The path of a data file by name; see rf_host.data_path. */
rf_status rfi_data_path(const char *name, char *buf, size_t n);

/* ---- layout.c ------------------------------------------------------------------------------- */

#define HELP_WIDTH 79 /* so that 80 columns never wrap */

/* Columns that `n` bytes of UTF-8 take on a terminal. */
size_t rfi_width(const char *s, size_t n);
/* Append words, breaking lines before HELP_WIDTH; `col` is the column now, `indent` that of later
 * lines.  Returns the column at the end. */
size_t rfi_wrap(rf_str *out, const char *text, size_t col, size_t indent);
/* Spaces up to column `to`, at least one; on a new line if it was passed. */
void rfi_pad(rf_str *out, size_t col, size_t to);

/* Numbers and JSON. */

/* Shortest decimal that reads back as the same double. */
#define NUMBER_TEXT 32
const char *rfi_number(double x, char buf[NUMBER_TEXT]);
/* A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void rfi_json_string(rf_str *out, const char *s, size_t n);
void rfi_json_number(rf_str *out, double x);

/* ---- render.c: events to text, TSV or JSON lines -------------------------------------------- */

enum { FORMAT_TEXT, FORMAT_TSV, FORMAT_JSON };

typedef struct rfi_render {
    FILE *out;
    int format;
    bool quiet;         /* FORMAT_TEXT: do not tell of files */
    bool open;          /* a line of text has begun and not ended */
    rf_event last;      /* what it belongs to; pointers in it are never followed */
    char of[64];        /* u.metric.of of the open line */
    char metric[64];    /* the last metric, for the progress line */
    rf_map *seen;       /* tables whose heading was written */
    uint32_t width[32]; /* FORMAT_TEXT: columns of the table last written */
    rf_str line;
} rfi_render;

rf_status rfi_render_event(rfi_render *r, const rf_event *ev);
/* End an open line and write out everything.  False: errno says why. */
bool rfi_render_flush(rfi_render *r);
void rfi_render_free(rfi_render *r);
/* render_data.c: one event into r->line. */
void rfi_render_json(rfi_render *r, const rf_event *ev);
void rfi_render_tsv(rfi_render *r, const rf_event *ev);
/* Elements of an array field; 0 for a scalar or a shape that makes no sense. */
size_t rfi_field_count(const rf_field *f);
/* Field k of a record at the size of this header. */
rf_field rfi_record_field(const rf_record *rec, uint32_t k);
/* An array as nested JSON. */
void rfi_field_json(rf_str *out, const rf_field *f);

/* ---- progress.c ----------------------------------------------------------------------------- */

typedef struct rfi_progress {
    FILE *out;
    bool quiet, live; /* live: one line, rewritten; else a line now and then */
    bool shown;       /* a live line stands on the terminal */
    char unit[24];
    double t0, done0;    /* where this unit began */
    double last, period; /* when something was shown, and how long till the next */
} rfi_progress;

void rfi_progress_start(rfi_progress *p, FILE *out, bool quiet);
void rfi_progress_report(rfi_progress *p, double done, double total, const char *unit,
                         const char *note);
/* Remove the live line, so that something else can be printed. */
void rfi_progress_clear(rfi_progress *p);

/* ---- typing.c: rf.live/1 at a terminal ------------------------------------------------------- */

/* Whether a verb is the one of the plugin's rf.live/1, and somebody sits at a terminal. */
bool rfi_typing_fits(const rf_module *m, const rf_module_verb *v);
/* Instead of the verb's run, whose events these are: RF_EV_TEXT, a line each.  `stops`: not 0 once it is
 * time to end.  RF_ECANCELLED: Ctrl-C.  Errors: EIO, those of the plugin. */
rf_status rfi_typing_run(const rf_module *m, const rf_host *h, rf_session *s, const rf_run *run,
                         const volatile sig_atomic_t *stops);

/* ---- run.c ---------------------------------------------------------------------------------- */

/* Run a checked command.  Returns the exit status. */
int rfi_run(const rf_module *m, const rf_module_verb *v, const rf_command *c, const char *program);

/* ---- card.c: a model's file for people ------------------------------------------------------ */

/* Print it on standard output.  Returns the exit status. */
int rfi_card(const char *path, int format);

/* ---- main.c --------------------------------------------------------------------------------- */

/* refrain-TASK with its name and its module already found. */
int rfi_task_main(const rf_module *m, const char *program, int argc, char **argv);
/* Standard streams that are closed must not become someone's file. */
void rfi_streams_guard(void);
/* Write out `text` on standard output.  Returns the exit status. */
int rfi_print(rf_str *text, const char *program);
/* The value of --plugin-dir wherever it stands in argv, or NULL. */
const char *rfi_plugin_dir(int argc, char **argv);

#endif
