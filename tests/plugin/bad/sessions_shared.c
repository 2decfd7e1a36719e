/* All sessions are one. */
#define OPEN  one_open
#define CLOSE one_close
#include <refrain/plugin.h>

static rf_status one_open(const rf_host *h, rf_session **out);
static void one_close(rf_session *s);
#include "base.h"

static rf_session one;

static rf_status one_open(const rf_host *h, rf_session **out)
{
    one.host = h;
    *out = &one;
    return RF_OK;
}

static void one_close(rf_session *s) { (void)s; }
