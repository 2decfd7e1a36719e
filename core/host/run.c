/* host/run.c -- one run of one verb: the host table a plugin sees, signals, and the exit status.
 *
 * Invariant: whatever the plugin does, the terminal is left clean, a lost output is a failure, and
 * a failure has one message. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/group.h"
#include "host/host.h"

typedef struct runner {
    rf_host host;
    const char *program;
    const rf_command *c;
    rfi_group group;
    rfi_render render;
    rfi_progress progress;
    pthread_mutex_t lock; /* log may come from any thread, while the live line is drawn */
    rf_error err;
    bool lost, pipe_closed; /* the output; because nobody reads it any more */
    bool silent;            /* another rank says why the run failed */
} runner;

/* ---- Signals: the one thing a handler can reach is a global --------------------------------- */

static volatile sig_atomic_t stops;

/* The first asks the run to stop; the second does not wait. */
static void on_signal(int sig)
{
    static const char text[] = "\nstopping; once more stops at once\n";
    const int before = errno; /* of whatever is interrupted */
    (void)sig;
    if (stops++) _exit(EXIT_INTERRUPTED);
    if (isatty(2)) {
        ssize_t n = write(2, text, sizeof text - 1);
        (void)n;
    }
    errno = before;
}

typedef struct signals {
    struct sigaction interrupt, terminate, pipe;
} signals;

static void signals_take(signals *old)
{
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&stop.sa_mask);
    sigemptyset(&ignore.sa_mask);
    stops = 0;
    sigaction(SIGINT, &stop, &old->interrupt);
    sigaction(SIGTERM, &stop, &old->terminate);
    sigaction(SIGPIPE, &ignore, &old->pipe);
    /* Ignored on entry (nohup, a background job): stays ignored. */
    if (old->interrupt.sa_handler == SIG_IGN) sigaction(SIGINT, &old->interrupt, NULL);
}

static void signals_give_back(const signals *old)
{
    sigaction(SIGINT, &old->interrupt, NULL);
    sigaction(SIGTERM, &old->terminate, NULL);
    sigaction(SIGPIPE, &old->pipe, NULL);
}

/* ---- The host table ------------------------------------------------------------------------- */

static rf_status output_lost(runner *r)
{
    r->lost = true;
    r->pipe_closed = errno == EPIPE;
    return rf_fail(&r->err, RF_EIO, "standard output: %s", strerror(errno ? errno : EIO));
}

static rf_status host_emit(const rf_host *h, const rf_event *ev)
{
    runner *r = h->self;
    if (stops) return RF_ECANCELLED;
    if (r->group.rank) return RF_OK;
    pthread_mutex_lock(&r->lock);
    rfi_progress_clear(&r->progress);
    rf_status st = rfi_render_event(&r->render, ev);
    /* Someone may be watching; whoever reads a pipe can wait until the buffer is full. */
    if (!st && (r->progress.live || isatty(STDOUT_FILENO)) && fflush(r->render.out)) st = RF_EIO;
    if (st == RF_EIO) output_lost(r);
    if (st == RF_ENOMEM) rf_fail(&r->err, st, "no memory for an event");
    pthread_mutex_unlock(&r->lock);
    return st;
}

static rf_status host_progress(const rf_host *h, double done, double total, const char *unit)
{
    runner *r = h->self;
    rf_status st = RF_OK;
    if (stops) return RF_ECANCELLED;
    if (r->group.rank) return RF_OK;
    pthread_mutex_lock(&r->lock);
    /* What was answered so far goes out before a plugin works, or waits, again. */
    if (fflush(r->render.out)) {
        st = RF_EIO;
        output_lost(r);
    }
    /* A live line may not stand behind an open line of the answer. */
    if (!(r->render.open && r->progress.live && isatty(STDOUT_FILENO)))
        rfi_progress_report(&r->progress, done, total, unit, r->render.metric);
    pthread_mutex_unlock(&r->lock);
    return st;
}

static rf_status host_fail(const rf_host *h, rf_status status, const char *msg)
{
    runner *r = h->self;
    return rf_fail(&r->err, status, "%s", msg ? msg : "");
}

static void host_log(const rf_host *h, rf_level level, const char *msg)
{
    static const char *const prefix[] = {"debug: ", "", "warning: "};
    runner *r = h->self;
    bool shown = level >= RF_LOG_WARN || (level == RF_LOG_INFO && !r->c->quiet) || r->c->verbose;
    if (!shown || !msg || r->group.rank) return;
    pthread_mutex_lock(&r->lock);
    rfi_progress_clear(&r->progress);
    fprintf(stderr, "%s: %s%s\n", r->program, prefix[level < 3 ? level : 2], msg);
    pthread_mutex_unlock(&r->lock);
}

static rf_status host_data_path(const rf_host *h, const char *name, char *buf, size_t n)
{
    (void)h;
    return rfi_data_path(name, buf, n);
}

static const void *host_service(const rf_host *h, const char *id)
{
    const runner *r = h->self;
    return strcmp(id, RF_COLLECTIVE) ? NULL : r->group.c;
}

static void runner_start(runner *r, const rf_command *c, const char *program)
{
    memset(r, 0, sizeof *r);
    r->host = (rf_host){.size = sizeof r->host,
                        .abi_minor = RF_ABI_MINOR,
                        .self = r,
                        .name = "refrain",
                        .version = RF_VERSION,
                        .emit = host_emit,
                        .progress = host_progress,
                        .fail = host_fail,
                        .log = host_log,
                        .data_path = host_data_path,
                        .service = host_service};
    r->program = program;
    r->c = c;
    r->render.out = stdout;
    r->render.format = c->format;
    r->render.quiet = c->quiet;
    rfi_progress_start(&r->progress, stderr, c->quiet);
    pthread_mutex_init(&r->lock, NULL);
}

static void runner_end(runner *r)
{
    rfi_render_free(&r->render);
    pthread_mutex_destroy(&r->lock);
}

/* ---- The run -------------------------------------------------------------------------------- */

static rf_status run_verb(runner *r, const rf_module *m, const rf_module_verb *v)
{
    const rf_command *c = r->c;
    rf_session *s = NULL;
    rf_run run = {.size = sizeof run,
                  .threads = rfi_group_threads(&r->group, c->threads),
                  .seed = (uint64_t)c->seed,
                  .opt = c->opt,
                  .arg = c->arg,
                  .opt_count = (uint32_t)v->option_count,
                  .arg_count = (uint32_t)c->arg_count,
                  .verb = v->def.name,
                  .model = c->model};
    rf_status st = m->plugin->open(&r->host, &s);
    if (st) return st;
    if (!s) return rf_fail(&r->err, RF_EINTERNAL, "%s: opened no session", m->path);
    st = rfi_typing_fits(m, v) ? rfi_typing_run(m, &r->host, s, &run, &stops) : v->def.run(s, &run);
    m->plugin->close(s);
    return st;
}

static int exit_status(const runner *r, rf_status st)
{
    if (r->pipe_closed) return EXIT_FAILED;
    if (st == RF_ECANCELLED || (st && stops)) return EXIT_INTERRUPTED;
    if (!st && !r->err.status) return EXIT_DONE;
    if (r->silent)
        ;
    else if (r->err.text[0])
        fprintf(stderr, "%s: %s\n", r->program, r->err.text);
    else
        fprintf(stderr, "%s: %s; the plugin gave no reason\n", r->program, rf_status_name(st));
    return st == RF_EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

int rfi_run(const rf_module *m, const rf_module_verb *v, const rf_command *c, const char *program)
{
    runner r;
    signals old;
    runner_start(&r, c, program);
    signals_take(&old);
    rf_status st = rfi_group_join(&r.group, v, c->plugin_dir, &r.err);
    if (!st) st = run_verb(&r, m, v);
    rfi_progress_clear(&r.progress);
    if (!rfi_render_flush(&r.render)) output_lost(&r);
    /* A plugin may have explained something it then recovered from. */
    if (!st && !r.lost) r.err = (rf_error){0};
    const bool met = rfi_group_meet(&r.group, st || r.lost);
    r.silent = r.group.rank && met;
    int code = exit_status(&r, st);
    rfi_group_end(&r.group, met, code);
    bool quiet_end = r.pipe_closed;
    runner_end(&r);
    signals_give_back(&old);
    /* Nobody reads any more: end as every filter does. */
    if (quiet_end) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    return code;
}
