/* verse -- verbs that need no task before them, and one that does. */
#include <refrain/task.h>

static rf_status say(rf_session *s, const rf_run *r)
{
    return rf_emit_text(s->host, 0, r->verb, strlen(r->verb), NAN);
}

#define VERB(verb, how)                                                                            \
    {                                                                                              \
        .name = (verb), .summary = "say its name", .emits = RF_EMITS(RF_EV_TEXT), .flags = (how),  \
        .run = say                                                                                 \
    }

static const rf_verb verbs[] = {
    VERB("sing", RF_VERB_SHORT), VERB("hello", RF_VERB_SHORT), VERB("rest", 0), {0}};

static const rf_plugin verse = {
    RF_PLUGIN_HEAD(0),        .id = "org.refrain.verse", .task = "verse",          .name = "Verse",
    .summary = "short forms", .version = "1.0.0",        .license = "MIT",         .verbs = verbs,
    .open = rf_session_open,  .close = rf_session_close, .query = rf_session_query};

RF_PLUGIN(verse)
