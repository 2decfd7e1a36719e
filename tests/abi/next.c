/* A plugin that was written for the next minor version: it uses whatever that one added.
 * NEEDS: the smallest minor version of a host that it can work with. */
#include <refrain/plugin.h>
#include <stdlib.h>
#include <string.h>

struct rf_session {
    const rf_host *host;
};

static const rf_option options[] = {
    {.name = "times",
     .type = RF_INT,
     .def = "2",
     .min = 1,
     .max = 9,
     .help = "how often",
     .environment = "TIMES"},
    {.name = "case", .type = RF_STRING, .def = "lower", .help = "letter case"},
    {0},
};

/* With a host that does not know it, the new field of rf_run is not there. */
static double budget(const rf_run *r) { return RF_HAS(r->size, rf_run, budget) ? r->budget : -1; }

static rf_status say(rf_session *s, const rf_run *r)
{
    const rf_host *h = s->host;
    rf_event pixel = rf_event_of(RF_EV_PIXEL, -1, -1);
    rf_status st = h->emit(h, &pixel);
    for (int64_t k = 0; k < r->opt[0].as.i && !st; k++) {
        rf_field row[] = {rf_field_int("minor", h->abi_minor), rf_field_real("budget", budget(r)),
                          rf_field_string("case", r->opt[1].as.s)};
        row[0].weight = row[1].weight = row[2].weight = 0.5;
        st = rf_emit_record(h, k, "row", row, 3);
    }
    return st;
}

static const rf_verb verbs[] = {
    {.name = "say",
     .summary = "say something",
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_PIXEL),
     .options = options,
     .run = say,
     .since = "1.1"},
    {.name = "again",
     .summary = "say it again",
     .emits = RF_EMITS(RF_EV_RECORD) | RF_EMITS(RF_EV_PIXEL),
     .options = options,
     .run = say,
     .since = "1.1"},
    {0},
};

static rf_status next_open(const rf_host *h, rf_session **out)
{
    *out = malloc(sizeof **out);
    if (!*out) return h->fail(h, RF_ENOMEM, "no memory");
    (*out)->host = h;
    return RF_OK;
}

static void next_close(rf_session *s) { free(s); }

static const char revision[] = "rf.next/1";
static const void *next_query(const char *id) { return strcmp(id, revision) ? NULL : revision; }

static const rf_plugin next = {
    RF_PLUGIN_HEAD(NEEDS),
    .id = "org.refrain.next",
    .task = "next",
    .name = "Next",
    .summary = "from the future",
    .version = "1.0.0",
    .license = "MIT",
    .verbs = verbs,
    .open = next_open,
    .close = next_close,
    .query = next_query,
    .homepage = "https://example.org",
};

RF_PLUGIN(next)
