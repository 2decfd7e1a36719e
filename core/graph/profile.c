/* graph/profile.c -- where a graph's time goes, op by op.
 *
 * Invariant: every moment counts once.  What runs within a timed rule (the textbook graph of an op
 * without an adjoint) is taken off that rule's time; what runs within a span is the span's alone. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/tape.h"

enum { ROWS = 64 };

struct rfi_profile {
    rf_profile_row row[ROWS];
    int rows;
    int spans;     /* open ones */
    double inside; /* seconds of rules that began after the innermost open one, and ended */
    double begun, span_begun;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

rf_status rf_graph_profile(rf_graph *g, bool on, rf_error *err)
{
    free(g->profile);
    g->profile = on ? calloc(1, sizeof *g->profile) : NULL;
    if (!on) return RF_OK;
    if (!g->profile) return rf_fail(err, RF_ENOMEM, "profile: no memory");
    g->profile->begun = now();
    return RF_OK;
}

/* The row of that name, made if need be; NULL: the table is full, and the time becomes rest. */
static rf_profile_row *row_of(struct rfi_profile *p, const char *name)
{
    for (int i = 0; i < p->rows; i++)
        if (!strcmp(p->row[i].name, name)) return &p->row[i];
    if (p->rows == ROWS) return NULL;
    p->row[p->rows] = (rf_profile_row){.name = name};
    return &p->row[p->rows++];
}

/* ---- Rules ------------------------------------------------------------------------------------ */

rfi_timer rfi_profile_start(struct rfi_profile *p)
{
    const rfi_timer t = {now(), p->inside};
    p->inside = 0;
    return t;
}

void rfi_profile_stop(struct rfi_profile *p, rfi_timer t, const rf_call *c, rfi_rule rule)
{
    const double whole = now() - t.start, own = whole - p->inside;
    p->inside = t.outside + whole;
    rf_profile_row *r = p->spans ? NULL : row_of(p, c->op->name);
    if (!r) return;
    r->calls += rule == RFI_FORWARD;
    *(rule == RFI_FORWARD ? &r->forward : &r->backward) += own;
    if (c->op->flop) r->flop += (rule == RFI_FORWARD ? 1 : 2) * c->op->flop(c);
}

/* ---- Spans ------------------------------------------------------------------------------------- */

void rf_graph_span_begin(rf_graph *g)
{
    struct rfi_profile *p = g->profile;
    if (p && p->spans++ == 0) p->span_begun = now();
}

void rf_graph_span_end(rf_graph *g, const char *name)
{
    struct rfi_profile *p = g->profile;
    if (!p || p->spans == 0 || --p->spans > 0) return;
    rf_profile_row *r = row_of(p, name);
    if (!r) return;
    r->calls++;
    r->forward += now() - p->span_begun;
}

/* ---- The table ---------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const rf_profile_row *x = a, *y = b;
    const double s = x->forward + x->backward, t = y->forward + y->backward;
    return (s < t) - (s > t);
}

const rf_profile_row *rf_graph_profile_rows(rf_graph *g, int *n, double *seconds)
{
    struct rfi_profile *p = g->profile;
    *n = p ? p->rows : 0;
    *seconds = p ? now() - p->begun : 0;
    if (p) qsort(p->row, (size_t)p->rows, sizeof *p->row, by_time);
    return p ? p->row : NULL;
}

static void put_row(rf_str *out, const rf_profile_row *r, double seconds)
{
    const double t = r->forward + r->backward;
    rf_str_printf(out, "%-22s %8lld %11.2f %11.2f %6.1f%%", r->name, (long long)r->calls,
                  1e3 * r->forward, 1e3 * r->backward, seconds > 0 ? 100 * t / seconds : 0);
    if (r->flop > 0 && t > 0) rf_str_printf(out, " %9.1f", r->flop / t * 1e-9);
    rf_str_put(out, "\n");
}

void rf_graph_profile_text(rf_graph *g, rf_str *out)
{
    int n;
    double seconds;
    const rf_profile_row *r = rf_graph_profile_rows(g, &n, &seconds);
    rf_profile_row rest = {.name = "rest", .forward = seconds};
    if (!r) return;
    rf_str_printf(out, "%-22s %8s %11s %11s %7s %9s\n", "", "calls", "forward ms", "backward ms",
                  "share", "GFLOP/s");
    for (int i = 0; i < n; i++) {
        put_row(out, &r[i], seconds);
        rest.forward -= r[i].forward + r[i].backward;
    }
    put_row(out, &rest, seconds);
}
