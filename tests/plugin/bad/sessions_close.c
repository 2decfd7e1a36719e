/* Does not bear to close no session. */
#define CLOSE rude_close
#include <refrain/plugin.h>

static void rude_close(rf_session *s);
#include "base.h"

static void rude_close(rf_session *s)
{
    if (!s) abort();
    free(s);
}
