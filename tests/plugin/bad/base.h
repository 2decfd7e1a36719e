/* base.h -- a plugin that keeps the contract, except for what the file that includes it redefines.
 *
 * Each file beside it breaks one rule; rf-check must fail in exactly the test of that rule. */
#include <refrain/plugin.h>
#include <stdlib.h>
#include <string.h>

#ifndef HEAD
#define HEAD RF_PLUGIN_HEAD(0)
#endif
#ifndef TASK
#define TASK RF_TASK /* the build names the file after it */
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef SUMMARY
#define SUMMARY "say words"
#endif
#ifndef EMITS
#define EMITS RF_EMITS(RF_EV_TEXT)
#endif
#ifndef QUERY
#define QUERY(id) ((void)(id), NULL)
#endif
#ifndef OPTION
#define OPTION                                                                                     \
    {                                                                                              \
        .name = "times", .type = RF_INT, .def = "1", .min = 1, .max = 9, .help = "how often"       \
    }
#endif
#ifndef MORE_OPTIONS
#define MORE_OPTIONS                                                                               \
    {                                                                                              \
        0                                                                                          \
    }
#endif
#ifndef MORE_VERBS
#define MORE_VERBS                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }
#endif
#ifndef EXAMPLE
#define EXAMPLE "refrain-" TASK " say --times=2 la"
#endif
#ifndef ON_RUN /* at the beginning of a run */
#define ON_RUN(h, r) ((void)0)
#endif
#ifndef ON_WORD /* for each operand */
#define ON_WORD(h, word) ((void)0)
#endif
#ifndef SEND
#define SEND(h, word) rf_emit_text(h, 0, word, strlen(word), NAN)
#endif
#ifndef STOP /* whether a status ends the run */
#define STOP(status) (status)
#endif
#ifndef COMPLAIN
#define COMPLAIN(h) (h)->fail(h, RF_EIO, "/no/such/file: no such file")
#endif

struct rf_session {
    const rf_host *host;
};

static rf_status say(rf_session *s, const rf_run *r)
{
    const rf_host *h = s->host;
    ON_RUN(h, r);
    for (uint32_t k = 0; k < r->arg_count; k++) {
        if (!strcmp(r->arg[k], "/no/such/file")) return COMPLAIN(h);
        ON_WORD(h, r->arg[k]);
        rf_status st = SEND(h, r->arg[k]);
        if (!st) st = h->progress(h, k + 1, r->arg_count, "words");
        if (STOP(st)) return st;
    }
    return RF_OK;
}

static const rf_option options[] = {OPTION, MORE_OPTIONS, {0}};
static const char *const examples[] = {EXAMPLE, NULL};

#define SAY                                                                                        \
    {                                                                                              \
        .name = "say", .summary = SUMMARY, .operands = "WORD...", .arg_min = 1,                    \
        .arg_max = UINT32_MAX, .emits = EMITS, .options = options, .examples = examples,           \
        .run = say                                                                                 \
    }

static const rf_verb verbs[] = {SAY, MORE_VERBS, {0}};

#ifndef OPEN
#define OPEN good_open
static rf_status good_open(const rf_host *h, rf_session **out)
{
    *out = malloc(sizeof **out);
    if (!*out) return h->fail(h, RF_ENOMEM, "no memory");
    (*out)->host = h;
    return RF_OK;
}
#endif

#ifndef CLOSE
#define CLOSE good_close
static void good_close(rf_session *s) { free(s); }
#endif

static const void *query(const char *id) { return QUERY(id); }

static const rf_plugin plugin = {
    HEAD,
    .id = "org.refrain.bad",
    .task = TASK,
    .name = "Bad",
    .summary = "breaks one rule",
    .version = VERSION,
    .license = "MIT",
    .verbs = verbs,
    .open = OPEN,
    .close = CLOSE,
    .query = query,
};

#ifndef NO_ENTRY
RF_PLUGIN(plugin)
#endif
