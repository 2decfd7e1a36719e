/* host/progress.c -- how far a run is: a live line on a terminal, elsewhere a line now and then.
 *
 * Does not look at what the work is: the plugin says how much of which unit. */
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"

static const double LIVE_PERIOD = 0.1, PLAIN_PERIOD = 10; /* seconds */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void rfi_progress_start(rfi_progress *p, FILE *out, bool quiet)
{
    memset(p, 0, sizeof *p);
    p->out = out;
    p->quiet = quiet;
    p->live = isatty(fileno(out));
    p->period = p->live ? LIVE_PERIOD : PLAIN_PERIOD;
    p->last = p->t0 = now();
}

void rfi_progress_clear(rfi_progress *p)
{
    if (!p->shown) return;
    fputs("\r\033[K", p->out);
    fflush(p->out);
    p->shown = false;
}

/* Work of another unit, or work that began anew, is measured from here. */
static void restart(rfi_progress *p, double t, double done, const char *unit)
{
    snprintf(p->unit, sizeof p->unit, "%s", unit);
    p->t0 = t;
    p->done0 = done;
}

static void put_time(rf_str *out, double seconds)
{
    long s = (long)fmin(seconds + 0.5, 1e8);
    if (s >= 3600)
        rf_str_printf(out, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        rf_str_printf(out, "%ld:%02ld", s / 60, s % 60);
}

static void put_count(rf_str *out, double x)
{
    if (x < 1e6)
        rf_str_printf(out, x == floor(x) ? "%.0f" : "%.1f", x);
    else
        rf_str_printf(out, "%.4gM", x / 1e6);
}

static void put_line(rf_str *out, rfi_progress *p, double t, double done, double total)
{
    double rate = t > p->t0 ? (done - p->done0) / (t - p->t0) : 0;
    if (total > 0) rf_str_printf(out, "%3.0f %%  ", 100 * fmin(done / total, 1));
    put_count(out, done);
    if (total > 0) {
        rf_str_put(out, "/");
        put_count(out, total);
    }
    rf_str_printf(out, " %s", p->unit);
    if (rate > 0) rf_str_printf(out, "  %.3g %s/s", rate, p->unit);
    if (rate > 0 && total > done) {
        rf_str_put(out, "  ");
        put_time(out, (total - done) / rate);
        rf_str_put(out, " left");
    }
}

/* Cut to the terminal's width, so that the line can be taken back. */
static void show_live(rfi_progress *p, rf_str *line)
{
    struct winsize w;
    bool known = ioctl(fileno(p->out), TIOCGWINSZ, &w) == 0 && w.ws_col > 1;
    int room = known ? w.ws_col - 1 : HELP_WIDTH;
    fprintf(p->out, "\r%.*s\033[K", room, line->s);
    p->shown = true;
}

void rfi_progress_report(rfi_progress *p, double done, double total, const char *unit,
                         const char *note)
{
    double t = p->quiet ? 0 : now();
    if (p->quiet || !(done >= 0)) return;
    if (!unit) unit = "";
    if (strncmp(unit, p->unit, sizeof p->unit - 1) != 0 || done < p->done0)
        restart(p, t, done, unit);
    if (t - p->last < p->period) return;
    p->last = t;
    rf_str line = {0};
    put_line(&line, p, t, done, total);
    if (*note) rf_str_printf(&line, "  %s", note);
    if (line.s && p->live) show_live(p, &line);
    if (line.s && !p->live) fprintf(p->out, "%s\n", line.s);
    fflush(p->out);
    rf_str_free(&line);
}
