/* refrain/task.h -- what task plugins have in common, beyond the interface itself.
 *
 * A session that is nothing but its host, for `.open`, `.close` and `.query` of an rf_plugin whose
 * verbs keep nothing between runs.  A plugin that keeps more defines its own rf_session and does
 * not use these. */
#ifndef REFRAIN_TASK_H
#define REFRAIN_TASK_H

#include <refrain/base.h>
#include <refrain/plugin.h>

RF_BEGIN

struct rf_session {
    const rf_host *host;
};

RF_API rf_status rf_session_open(const rf_host *h, rf_session **out);
RF_API void rf_session_close(rf_session *s);
/* Offers no interface: NULL. */
RF_API const void *rf_session_query(const char *id);

/* How a run ends: `return rf_session_end(s, st, &err);`.  Hands a failure to the host and returns
 * it.  An error without a text was explained before; that of a cancellation is only mentioned. */
RF_API rf_status rf_session_end(rf_session *s, rf_status st, const rf_error *err);

RF_END
#endif
