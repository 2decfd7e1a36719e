/* check.h -- rf-check: does a plugin keep the contract of <refrain/plugin.h>?
 *
 * Every test runs in a process of its own that loads the plugin afresh, so that a crash, a hang or
 * a changed process state in one cannot be seen in another. */
#ifndef CHECK_H
#define CHECK_H

#include <pthread.h>
#include <refrain/host.h>

/* What a test has to say; `reason` lies in memory shared with the parent. */
typedef struct check {
    char *reason; /* [REASON] */
    const char *path;
    const rf_module *m; /* NULL in the tests that run before loading */
    const char *folder; /* for files; removed at the end */
    char *text;         /* a small text file in it */
    char **commands;    /* of the user: "VERB ARGUMENTS", NULL-terminated */

} check;

#define REASON 1024

typedef struct test {
    const char *name, *what;
    bool (*fn)(check *c); /* true: passed; else c->reason says why */
    bool early;           /* runs without a module; when it fails the rest cannot run */
} test;

extern const test describe_tests[], behave_tests[]; /* ended by .name == NULL */

/* Set the reason; false, so that a test may return it. */
bool wrong(check *c, const char *fmt, ...) RF_PRINTF(2, 3);

/* ---- watch.c: a host that looks closely ----------------------------------------------------- */

typedef struct watch {
    uint64_t hash;  /* of every event */
    uint32_t kinds; /* set of 1 << kind */
    int events;     /* how many were sent */
    int calls;      /* emit and progress together */
    int fails;      /* messages */
    int stop_at;    /* emit and progress say RF_ECANCELLED from this call on; 0: never */
    int after_stop; /* events sent after that */
    int elsewhere;  /* calls from another thread, or while no run was in progress */
    bool limited;   /* stopped because it took too many calls */
    char message[256], bad[256]; /* the first message; what was wrong with an event */
    pthread_t thread;
    bool running;
} watch;

/* The host table, and what it saw since the last watch_reset. */
const rf_host *watch_host(void);
watch *watch_seen(void);
void watch_reset(int stop_at);

/* How a verb is run: operands instead of the usual ones, and where its arguments lie. */
typedef struct trial {
    const char *operand; /* NULL: the usual */
    const char *model;   /* NULL: the usual */
    int stop_at;
    bool fenced; /* host, run and values in read-only pages that end at an unreadable one */
} trial;

/* Run a verb once; what it did is in watch_seen().  False: its own description does not parse. */
bool watch_run(check *c, const rf_module_verb *v, rf_session *s, trial t, rf_status *status);
/* A session or NULL with a reason. */
rf_session *watch_open(check *c, const rf_host *h);
/* A read-only copy of n bytes whose end is the end of what can be read.  NULL: no memory. */
void *watch_fence(const void *src, size_t n);

#endif
