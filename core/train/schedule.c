/* train/schedule.c -- the learning rate of each step.
 *
 * Invariant: the rate is a function of the step and of what the plateau schedule was told. */
#include <math.h>
#include <string.h>

#include <refrain/train.h>

#define PI 3.14159265358979323846

/* How much of the rate is left after `t` steps of the schedule proper, of `total` (0: no end). */
typedef double shape_fn(const rf_schedule *s, double t, double total);

static double shape_constant(const rf_schedule *s, double t, double total)
{
    (void)s, (void)t, (void)total;
    return 1;
}

static double shape_step(const rf_schedule *s, double t, double total)
{
    (void)total;
    const double first = (double)(s->after > 0 ? s->after : s->every);
    if (s->every <= 0 || t < first) return 1;
    return pow(s->gamma, 1 + floor((t - first) / (double)s->every));
}

static double shape_cosine(const rf_schedule *s, double t, double total)
{
    double done = total > 0 ? fmin(t / total, 1) : 0;
    return s->floor + (1 - s->floor) * 0.5 * (1 + cos(PI * done));
}

static double shape_linear(const rf_schedule *s, double t, double total)
{
    double done = total > 0 ? fmin(t / total, 1) : 0;
    return s->floor + (1 - s->floor) * (1 - done);
}

static double shape_plateau(const rf_schedule *s, double t, double total)
{
    (void)t, (void)total;
    return fmax(s->factor > 0 ? s->factor : 1, s->floor);
}

static const struct {
    const char *name;
    shape_fn *shape;
} rows[] = {
    [RF_SCHEDULE_CONSTANT] = {"constant", shape_constant},
    [RF_SCHEDULE_STEP] = {"step", shape_step},
    [RF_SCHEDULE_COSINE] = {"cosine", shape_cosine},
    [RF_SCHEDULE_LINEAR] = {"linear", shape_linear},
    [RF_SCHEDULE_PLATEAU] = {"plateau", shape_plateau},
};
enum { ROWS = sizeof rows / sizeof *rows };

const char *rf_schedule_name(int kind) { return kind >= 0 && kind < ROWS ? rows[kind].name : NULL; }

int rf_schedule_find(const char *name)
{
    for (int i = 0; i < ROWS; i++)
        if (!strcmp(rows[i].name, name)) return i;
    return -1;
}

double rf_schedule_rate(const rf_schedule *s, int64_t step)
{
    if (step < s->warmup) return s->rate * (double)(step + 1) / (double)s->warmup;
    const double t = (double)(step - s->warmup), total = (double)(s->total - s->warmup);
    return s->rate * rows[s->kind].shape(s, t, total);
}

void rf_schedule_validated(rf_schedule *s, double metric)
{
    if (s->validations++ == 0 || metric < s->best) {
        s->best = metric;
        s->bad = 0;
        return;
    }
    if (s->kind != RF_SCHEDULE_PLATEAU || ++s->bad <= s->patience) return;
    s->factor = (s->factor > 0 ? s->factor : 1) * s->gamma;
    s->bad = 0;
}
