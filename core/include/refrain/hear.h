/* refrain/hear.h -- the interface "rf.hear/1": sound in as it comes, what is understood out at any time, got
 * by rf_plugin.query.
 *
 *     const rf_hear *hear = plugin->query(RF_HEAR);
 *     hear->begin(session, run, 48000, &l);      // the run of the verb that hear->verb names
 *     hear->feed(l, x, n);                       // again and again
 *     hear->candidate(l, 0, &text, &score);      // up to now
 *     hear->finish(l);                           // the sound is over
 *     hear->candidate(l, 0, &text, &score);      // in the end
 *     hear->clear(l);                            // another sound
 *     hear->end(l);
 *
 * All functions are [session]; errors are explained by rf_host.fail.  The rules of plugin.h hold. */
#ifndef REFRAIN_HEAR_H
#define REFRAIN_HEAR_H

#include <refrain/plugin.h>

RF_BEGIN

#define RF_HEAR "rf.hear/1"

typedef struct rf_hear_state rf_hear_state; /* the plugin's own */

/* Frozen: what comes later is "rf.hear/2". */
typedef struct rf_hear {
    uint32_t size;    /* sizeof(rf_hear) as the plugin knew it */
    const char *verb; /* whose options and model begin() takes */
    /* Open the run's model, for one channel at `rate` samples per second.  The run is read here and not
     * again.  RF_EINVAL: a rate that no sound has. */
    rf_status (*begin)(rf_session *s, const rf_run *r, uint32_t rate, rf_hear_state **out);
    void (*end)(rf_hear_state *l); /* NULL is none */
    /* n more samples, each within about -1 to 1.  RF_EINVAL: after finish(); a sample is no number. */
    rf_status (*feed)(rf_hear_state *l, const float *x, size_t n);
    rf_status (*finish)(rf_hear_state *l);
    /* Forget what was heard. */
    rf_status (*clear)(rf_hear_state *l);
    /* Answer i of those there are, the best first.  RF_EINVAL past the last (without a word from fail);
     * the text is valid until the next call; score in nats. */
    rf_status (*candidate)(rf_hear_state *l, uint32_t i, const char **text, double *score);
} rf_hear;

RF_END
#endif
