/* refrain/live.h -- the interface "rf.live/1": answers that follow every key, got by rf_plugin.query.
 *
 *     const rf_live *live = plugin->query(RF_LIVE);
 *     live->begin(session, run, &l);      // the run of the verb that live->verb names
 *     live->key(l, "n"); live->key(l, "i");
 *     live->candidate(l, 0, &text, &score);
 *     live->pick(l, 0);                   // its text is now part of live->done(l)
 *     live->end(l);
 *
 * What is typed stands until candidates are picked that cover it; picking one that covers its beginning
 * leaves the rest typed.  All functions are [session]; errors are explained by rf_host.fail, and leave
 * what was typed as it was.  The rules of plugin.h hold. */
#ifndef REFRAIN_LIVE_H
#define REFRAIN_LIVE_H

#include <refrain/plugin.h>

RF_BEGIN

#define RF_LIVE "rf.live/1"

typedef struct rf_live_state rf_live_state; /* the plugin's own */

/* Frozen: what comes later is "rf.live/2". */
typedef struct rf_live {
    uint32_t size;    /* sizeof(rf_live) as the plugin knew it */
    const char *verb; /* whose options and model begin() takes */
    /* Open the run's model.  The run is read here and not again, its texts included. */
    rf_status (*begin)(rf_session *s, const rf_run *r, rf_live_state **out);
    void (*end)(rf_live_state *l); /* NULL is none */
    /* Type a text at the end; erase the last character of what is typed; forget what is typed and what
     * is done. */
    rf_status (*key)(rf_live_state *l, const char *text);
    rf_status (*erase)(rf_live_state *l);
    rf_status (*clear)(rf_live_state *l);
    /* Take candidate i.  RF_EINVAL: there is none. */
    rf_status (*pick)(rf_live_state *l, uint32_t i);
    /* What is typed, and what was picked; valid until the next call. */
    const char *(*typed)(const rf_live_state *l);
    const char *(*done)(const rf_live_state *l);
    /* Candidates for what is typed, the best first.  RF_EINVAL past the last; the text is valid until
     * the next call that changes anything; score in nats, NAN: unknown. */
    uint32_t (*count)(const rf_live_state *l);
    rf_status (*candidate)(const rf_live_state *l, uint32_t i, const char **text, double *score);
} rf_live;

RF_END
#endif
