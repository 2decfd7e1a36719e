/* Looks one operand too far. */
#include <refrain/plugin.h>

static const char *volatile sink;

static void look(const rf_run *r) { sink = r->arg[r->arg_count + 1]; }

#define ON_RUN(h, r) look(r)
#include "base.h"
