/* behave.c -- tests of what a plugin does. */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <float.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

/* Operands that are never what was meant; a plugin says so and lives on. */
static const char *const strange[] = {
    "", "/no/such/file", "/", "-", "\xff\xfe\xfd", "%s%n", "/dev/null", "\n\n", "../../../etc"};
enum { STRANGE = sizeof strange / sizeof *strange };

/* Call fn for every verb with a session of its own. */
static bool each_verb(check *c, bool (*fn)(check *c, const rf_module_verb *v, rf_session *s))
{
    bool ok = true;
    for (size_t k = 0; k < c->m->verb_count && ok; k++) {
        rf_session *s = watch_open(c, watch_host());
        ok = s && fn(c, &c->m->verbs[k], s);
        if (s) c->m->plugin->close(s);
    }
    return ok;
}

/* ---- Sessions ------------------------------------------------------------------------------- */

static bool test_sessions(check *c)
{
    rf_session *s[8];
    const rf_plugin *p = c->m->plugin;
    p->close(NULL);
    for (int k = 0; k < 100; k++) {
        s[0] = watch_open(c, watch_host());
        if (!s[0]) return false;
        p->close(s[0]);
    }
    for (int k = 0; k < 8; k++)
        if (!(s[k] = watch_open(c, watch_host()))) return false;
    for (int k = 0; k < 8; k++)
        for (int j = 0; j < k; j++)
            if (s[k] == s[j]) return wrong(c, "two sessions are one");
    for (int k = 0; k < 8; k++) p->close(s[k * 3 % 8]);
    return true;
}

/* ---- Events and repetition ------------------------------------------------------------------ */

static bool events_of(check *c, const rf_module_verb *v, rf_session *s)
{
    rf_status st;
    if (!watch_run(c, v, s, (trial){0}, &st)) return false;
    const watch *w = watch_seen();
    if (w->bad[0]) return wrong(c, "%s: %s", v->def.name, w->bad);
    if (w->kinds & ~v->def.emits) return wrong(c, "%s: emits what it did not declare", v->def.name);
    return true;
}

static bool test_events(check *c) { return each_verb(c, events_of); }

/* Twice in one session, once in another. */
static bool repeat_of(check *c, const rf_module_verb *v, rf_session *s)
{
    uint64_t hash[3];
    rf_status st[3];
    bool limited = false;
    for (int k = 0; k < 3; k++) {
        rf_session *t = k < 2 ? s : watch_open(c, watch_host());
        bool ran = t && watch_run(c, v, t, (trial){0}, &st[k]);
        if (k == 2 && t) c->m->plugin->close(t);
        if (!ran) return false;
        hash[k] = watch_seen()->hash;
        limited |= watch_seen()->limited;
    }
    if (limited) return true; /* too long to be compared: see MOST_CALLS */
    if (st[0] != st[1] || hash[0] != hash[1])
        return wrong(c, "%s: a second run gives something else", v->def.name);
    if (st[0] != st[2] || hash[0] != hash[2])
        return wrong(c, "%s: a second session gives something else", v->def.name);
    return true;
}

static bool test_repeat(check *c) { return each_verb(c, repeat_of); }

/* ---- Cancelling ----------------------------------------------------------------------------- */

static bool cancel_of(check *c, const rf_module_verb *v, rf_session *s)
{
    rf_status st;
    if (!watch_run(c, v, s, (trial){0}, &st)) return false;
    rf_status first = st;
    if ((st && st != RF_ECANCELLED) || watch_seen()->calls < 2) return true;
    if (!watch_run(c, v, s, (trial){.stop_at = 1}, &st)) return false;
    if (st != RF_ECANCELLED) return wrong(c, "%s: told to stop, returned %d", v->def.name, st);
    if (watch_seen()->after_stop)
        return wrong(c, "%s: told to stop, sent %d more", v->def.name, watch_seen()->after_stop);
    if (!watch_run(c, v, s, (trial){0}, &st)) return false;
    return st == first ? true : wrong(c, "%s: after a stop, returns %d", v->def.name, st);
}

static bool test_cancel(check *c) { return each_verb(c, cancel_of); }

/* ---- Errors --------------------------------------------------------------------------------- */

static bool one_message(check *c, const rf_module_verb *v, rf_status st)
{
    const watch *w = watch_seen();
    size_t n = strlen(w->message);
    bool failed = st < 0 && st != RF_ECANCELLED;
    if (failed && w->fails != 1)
        return wrong(c, "%s: status %d with %d messages", v->def.name, st, w->fails);
    if (st == RF_OK && w->fails)
        return wrong(c, "%s: succeeds, yet says '%s'", v->def.name, w->message);
    if (n && (strchr(w->message, '\n') || w->message[n - 1] == '.'))
        return wrong(c, "%s: message '%s': one line, no full stop", v->def.name, w->message);
    return true;
}

static bool status_fits(check *c, const rf_module_verb *v, rf_status st)
{
    if (st <= 0 && st >= RF_EINTERNAL) return true;
    return wrong(c, "%s: status %d is none", v->def.name, st);
}

static bool errors_of(check *c, const rf_module_verb *v, rf_session *s)
{
    rf_status st;
    const trial trials[] = {
        {0}, {.operand = "/no/such/file"}, {.model = "/no/such/model"}, {.operand = "\xff"}};
    for (size_t k = 0; k < sizeof trials / sizeof *trials; k++)
        if (!watch_run(c, v, s, trials[k], &st) || !one_message(c, v, st)) return false;
    return true;
}

static bool test_errors(check *c) { return each_verb(c, errors_of); }

/* Whatever comes, the plugin lives: a crash ends this process. */
static bool operands_of(check *c, const rf_module_verb *v, rf_session *s)
{
    rf_status st;
    char *large = malloc(100001);
    if (!large) return wrong(c, "no memory");
    memset(large, 'a', 100000);
    large[100000] = 0;
    /* A strange name is a lawful one, too: what is written under it stays in the folder.  A short
     * run is enough to write it. */
    if (chdir(c->folder)) return wrong(c, "%s: %s", c->folder, strerror(errno));
    bool ok = watch_run(c, v, s, (trial){.operand = large}, &st) && status_fits(c, v, st);
    for (int k = 0; k < STRANGE && ok; k++)
        ok = watch_run(c, v, s, (trial){.operand = strange[k]}, &st) && status_fits(c, v, st);
    for (int k = 0; k < STRANGE && ok; k++)
        if (!strstr(strange[k], ".."))
            ok = watch_run(c, v, s, (trial){.model = strange[k], .stop_at = 20}, &st) &&
                 status_fits(c, v, st);
    free(large);
    return ok;
}

static bool test_operands(check *c) { return each_verb(c, operands_of); }

/* ---- Memory and threads --------------------------------------------------------------------- */

static bool test_memory(check *c)
{
    rf_status st;
    const rf_host *h = watch_fence(watch_host(), sizeof(rf_host));
    rf_session *s = h ? watch_open(c, h) : NULL;
    bool ok = s != NULL;
    for (size_t k = 0; k < c->m->verb_count && ok; k++)
        ok = watch_run(c, &c->m->verbs[k], s, (trial){.fenced = true}, &st);
    if (s) c->m->plugin->close(s);
    return ok;
}

static bool threads_of(check *c, const rf_module_verb *v, rf_session *s)
{
    rf_status st;
    if (!watch_run(c, v, s, (trial){0}, &st)) return false;
    /* A thread left behind would call about now. */
    usleep(20000);
    if (!watch_seen()->elsewhere) return true;
    return wrong(c, "%s: calls the host outside of run's own thread", v->def.name);
}

static bool test_threads(check *c) { return each_verb(c, threads_of); }

/* ---- Manners -------------------------------------------------------------------------------- */

static bool run_of(check *c, const rf_module_verb *v, rf_session *s)
{
    rf_status st;
    return watch_run(c, v, s, (trial){0}, &st);
}

/* Standard output and error go to a file that must stay empty. */
static bool test_silence(check *c)
{
    struct stat st;
    FILE *f = tmpfile();
    if (!f) return wrong(c, "tmpfile: %s", strerror(errno));
    fflush(NULL);
    dup2(fileno(f), STDOUT_FILENO);
    dup2(fileno(f), STDERR_FILENO);
    bool ok = each_verb(c, run_of);
    fflush(NULL);
    if (ok && (fstat(fileno(f), &st) != 0 || st.st_size))
        ok = wrong(c, "prints by itself: results go through emit, talk through log");
    fclose(f);
    return ok;
}

/* FTZ or DAZ set: numbers too small to be normal vanish. */
static bool keeps_denormals(void)
{
    volatile float least = FLT_MIN, half = least / 2, back = half * 2;
    return half > 0 && back == least;
}

static const int signals[] = {SIGINT, SIGTERM, SIGPIPE, SIGSEGV, SIGFPE, SIGCHLD, SIGHUP, SIGALRM};
enum { SIGNALS = sizeof signals / sizeof *signals };

static bool same_handlers(const struct sigaction *old)
{
    struct sigaction now;
    for (int k = 0; k < SIGNALS; k++) {
        sigaction(signals[k], NULL, &now);
        if (now.sa_handler != old[k].sa_handler) return false;
    }
    return true;
}

static mode_t mask_now(void)
{
    mode_t m = umask(0);
    umask(m);
    return m;
}

/* This process was started with a clean state; the plugin is loaded already. */
static bool test_state(check *c)
{
    char before[4096] = "", after[4096] = "";
    struct sigaction old[SIGNALS];
    mode_t mask = mask_now();
    if (!getcwd(before, sizeof before)) return wrong(c, "getcwd: %s", strerror(errno));
    for (int k = 0; k < SIGNALS; k++) sigaction(signals[k], NULL, &old[k]);
    if (!each_verb(c, run_of)) return false;
    if (!getcwd(after, sizeof after) || strcmp(before, after) != 0)
        return wrong(c, "changes the current directory");
    if (strcmp(setlocale(LC_ALL, NULL), "C") != 0) return wrong(c, "changes the locale");
    if (!same_handlers(old)) return wrong(c, "takes a signal");
    if (mask_now() != mask) return wrong(c, "changes the umask");
    if (fegetround() != FE_TONEAREST || !keeps_denormals())
        return wrong(c, "changes the floating-point mode; linked with -ffast-math?");
    return true;
}

static int open_files(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) n += fcntl(fd, F_GETFD) != -1;
    return n;
}

static bool files_of(check *c, const rf_module_verb *v, rf_session *s)
{
    rf_status st;
    for (int k = 0; k < 3; k++)
        if (!watch_run(c, v, s, (trial){0}, &st) ||
            !watch_run(c, v, s, (trial){.operand = "/no/such/file"}, &st))
            return false;
    return true;
}

/* The first round may open what stays open for good. */
static bool test_files(check *c)
{
    if (!each_verb(c, run_of)) return false;
    int before = open_files();
    if (!each_verb(c, files_of)) return false;
    int after = open_files();
    return after == before ? true : wrong(c, "leaves %d files open", after - before);
}

const test behave_tests[] = {
    {"sessions", "they open, close and are many", test_sessions, false},
    {"events", "they are well-formed and declared", test_events, false},
    {"repeat", "the same input gives the same events", test_repeat, false},
    {"cancel", "a run that is told to stop stops", test_cancel, false},
    {"errors", "a failure has one message", test_errors, false},
    {"operands", "strange operands do no harm", test_operands, false},
    {"memory", "what is const is not written, nor read past its end", test_memory, false},
    {"threads", "the host is called by run's own thread only", test_threads, false},
    {"silence", "it prints nothing by itself", test_silence, false},
    {"state", "directory, locale, signals, umask, floating point stay", test_state, false},
    {"files", "it closes what it opens", test_files, false},
    {0},
};
