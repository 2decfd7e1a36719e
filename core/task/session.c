/* task/session.c -- a session that is nothing but its host, and what is sent to it. */
#include <refrain/task.h>
#include <stdarg.h>
#include <stdio.h>
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

void rf_logf(const rf_host *h, rf_level level, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    char *line = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (line) {
        vsnprintf(line, (size_t)n + 1, format, again);
        h->log(h, level, line);
    }
    free(line);
    va_end(again);
    va_end(args);
}

rf_status rf_plot_finish(rf_plot *p, bool complete, const char *path, rf_error *err)
{
    rf_status st = p && complete ? rf_plot_write(p, path, err)
                                 : rf_fail(err, RF_ENOMEM, "%s: no memory for the picture", path);
    rf_plot_free(p);
    return st;
}

rf_status rf_emit_plot(const rf_host *h, const char *path)
{
    return rf_emit_file(h, path, "plot", "image/svg+xml");
}
