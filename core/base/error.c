/* base/error.c -- the line of text that explains a failure.
 *
 * A message is one printable line whatever was put into it: file names and file contents may hold
 * anything, so control characters become '?'. */
#include <stdarg.h>
#include <stdio.h>

#include <refrain/status.h>

static void make_printable(char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20 || c == 0x7f) *s = '?';
    }
}

rf_status rf_fail(rf_error *err, rf_status status, const char *fmt, ...)
{
    if (!err || err->status != RF_OK) return status;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    make_printable(err->text);
    err->status = status;
    return status;
}

rf_status rf_no_memory(rf_error *err) { return rf_fail(err, RF_ENOMEM, "no memory"); }

const char *rf_status_name(rf_status status)
{
    static const char *const names[] = {"ok",        "invalid",  "no memory", "i/o",
                                        "format",    "shape",    "version",   "not supported",
                                        "cancelled", "diverged", "internal"};
    const int32_t count = (int32_t)(sizeof names / sizeof *names);
    return status <= 0 && status > -count ? names[-status] : "unknown";
}
