/* task/session.c -- a session that is nothing but its host. */
#include <refrain/task.h>
#include <stdlib.h>

rf_status rf_session_open(const rf_host *h, rf_session **out)
{
    rf_session *s = calloc(1, sizeof *s);
    *out = s;
    if (!s) return h->fail(h, RF_ENOMEM, "no memory");
    s->host = h;
    return RF_OK;
}

void rf_session_close(rf_session *s) { free(s); }

const void *rf_session_query(const char *id)
{
    (void)id;
    return NULL;
}

rf_status rf_session_end(rf_session *s, rf_status st, const rf_error *err)
{
    if (!st || !err->text[0]) return st;
    if (st != RF_ECANCELLED) return s->host->fail(s->host, st, err->text);
    s->host->log(s->host, RF_LOG_INFO, err->text);
    return st;
}
