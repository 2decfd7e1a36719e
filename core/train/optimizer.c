/* train/optimizer.c -- the table of optimisers, and the step that applies a row to all parameters.
 *
 * The arithmetic is in tensor/kernels.h (one fused pass over gradient, state and parameter); here it
 * is decided which kernel, with which numbers, on which pieces.  Invariant: a step is elementwise,
 * so its bits do not depend on threads. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/device.h"
#include "train/optimizer.h"
#include "train/pieces.h"

/* ---- The table --------------------------------------------------------------------------------- */

struct rfi_optimizer_rules {
    rfi_update_fn *(*kernel)(const rfi_kernels *k, const rf_optimizer_spec *spec);
    bool (*first)(const rf_optimizer_spec *spec); /* keeps a first state? */
    bool second;                                  /* keeps a second one? */
    bool averages;
    bool corrects; /* divides by 1 - beta^t */
};

static bool never(const rf_optimizer_spec *spec)
{
    (void)spec;
    return false;
}
static bool always(const rf_optimizer_spec *spec)
{
    (void)spec;
    return true;
}
static bool has_momentum(const rf_optimizer_spec *spec) { return spec->momentum > 0; }

static rfi_update_fn *kernel_sgd(const rfi_kernels *k, const rf_optimizer_spec *spec)
{
    return spec->momentum > 0 ? k->momentum : k->sgd;
}
static rfi_update_fn *kernel_plain(const rfi_kernels *k, const rf_optimizer_spec *spec)
{
    (void)spec;
    return k->sgd;
}
static rfi_update_fn *kernel_rmsprop(const rfi_kernels *k, const rf_optimizer_spec *spec)
{
    (void)spec;
    return k->rmsprop;
}
static rfi_update_fn *kernel_adam(const rfi_kernels *k, const rf_optimizer_spec *spec)
{
    (void)spec;
    return k->adam;
}
static rfi_update_fn *kernel_adamw(const rfi_kernels *k, const rf_optimizer_spec *spec)
{
    (void)spec;
    return k->adamw;
}

static const struct rfi_optimizer_rules sgd = {kernel_sgd, has_momentum, false, false, false};
static const struct rfi_optimizer_rules nt_asgd = {kernel_plain, never, false, true, false};
static const struct rfi_optimizer_rules rmsprop = {kernel_rmsprop, never, true, false, false};
static const struct rfi_optimizer_rules adam = {kernel_adam, always, true, false, true};
static const struct rfi_optimizer_rules adamw = {kernel_adamw, always, true, false, true};

static const rf_optimizer_row rows[] = {
    {"sgd", "stochastic gradient descent, with momentum or Nesterov's if asked",
     "Sutskever et al., ICML 2013, section 2; the rate outside the momentum as in PyTorch", 0.1,
     &sgd},
    {"nt-asgd", "plain descent; parameters are averaged once validation stops improving",
     "Merity, Keskar, Socher, ICLR 2018, algorithm 1", 10, &nt_asgd},
    {"rmsprop", "gradients divided by a running root mean square",
     "Tieleman, Hinton, Coursera: Neural Networks for Machine Learning, lecture 6e, 2012", 1e-3,
     &rmsprop},
    {"adam", "running mean of gradients over their running root mean square",
     "Kingma, Ba, ICLR 2015, algorithm 1", 1e-3, &adam},
    {"adamw", "adam with weight decay apart from the gradient",
     "Loshchilov, Hutter, ICLR 2019, algorithm 2", 1e-3, &adamw},
};
enum { ROWS = sizeof rows / sizeof *rows };

const rf_optimizer_row *rf_optimizer_at(int i) { return i >= 0 && i < ROWS ? &rows[i] : NULL; }

const rf_optimizer_row *rf_optimizer_find(const char *name)
{
    for (int i = 0; i < ROWS; i++)
        if (!strcmp(rows[i].name, name)) return &rows[i];
    return NULL;
}

rf_optimizer_spec rf_optimizer_defaults(const rf_optimizer_row *method)
{
    return (rf_optimizer_spec){
        .method = method, .alpha = 0.99, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .patience = 5};
}

/* ---- Making and freeing ------------------------------------------------------------------------ */

static bool spec_is_valid(const rf_optimizer_spec *s, rf_error *err)
{
    const struct {
        const char *name;
        double value, end;
    } ranges[] = {{"momentum", s->momentum, 1}, {"alpha", s->alpha, 1},
                  {"beta1", s->beta1, 1},       {"beta2", s->beta2, 1},
                  {"eps", s->eps, INFINITY},    {"decay", s->decay, INFINITY}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (!(ranges[i].value >= 0 && ranges[i].value < ranges[i].end)) {
            rf_fail(err, RF_EINVAL, "%s: %s %g; a number from 0 to below %g is due",
                    s->method->name, ranges[i].name, ranges[i].value, ranges[i].end);
            return false;
        }
    if (s->patience < 0 || s->patience > 1000) {
        rf_fail(err, RF_EINVAL, "%s: patience %d; 0 to 1000 is due", s->method->name, s->patience);
        return false;
    }
    return true;
}

/* Rounded up so that each parameter's state begins on a cache line. */
static size_t padded(const rf_param *p)
{
    return ((size_t)rf_shape_count(p->value.shape) + 15) / 16 * 16;
}

static rf_real *carve(rf_real **into, rf_real *from, const rf_params *ps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        into[i] = from;
        from += padded(rf_params_at(ps, i));
    }
    return from;
}

static bool make_state(rf_optimizer *o)
{
    const struct rfi_optimizer_rules *rules = o->spec.method->rules;
    const bool first = rules->first(&o->spec);
    size_t elements = 0;
    for (size_t i = 0; i < o->n; i++) elements += padded(rf_params_at(o->ps, i));
    elements *= (size_t)first + (size_t)rules->second + (size_t)rules->averages;
    o->first = calloc(3 * o->n + 1, sizeof *o->first);
    o->past = calloc((size_t)o->spec.patience + 1, sizeof *o->past);
    o->memory = rf_aligned_calloc(elements + 1, sizeof *o->memory);
    o->counters = calloc(RFI_OPT_COUNTERS, sizeof *o->counters);
    if (!o->first || !o->past || !o->memory || !o->counters) return false;
    o->second = o->first + o->n;
    o->average = o->second + o->n;
    rf_real *at = o->memory;
    if (first) at = carve(o->first, at, o->ps, o->n);
    if (rules->second) at = carve(o->second, at, o->ps, o->n);
    if (rules->averages) carve(o->average, at, o->ps, o->n);
    o->past[0] = INFINITY;
    return true;
}

rf_optimizer *rf_optimizer_new(const rf_optimizer_spec *spec, rf_params *ps, rf_error *err)
{
    assert(spec->method && ps);
    if (!spec_is_valid(spec, err)) return NULL;
    rf_optimizer *o = calloc(1, sizeof *o);
    if (o) {
        o->spec = *spec;
        o->ps = ps;
        o->n = rf_params_count(ps);
    }
    if (!o || !make_state(o)) {
        rf_fail(err, RF_ENOMEM, "%s: no memory for its state", spec->method->name);
        rf_optimizer_free(o);
        return NULL;
    }
    return o;
}

void rf_optimizer_free(rf_optimizer *o)
{
    if (!o) return;
    free(o->first);
    free(o->past);
    free(o->counters);
    rf_aligned_free(o->memory);
    free(o);
}

/* ---- The step ---------------------------------------------------------------------------------- */

typedef struct stepping {
    rf_optimizer *o;
    rfi_update_fn *kernel;
    rfi_update with, without; /* with and without weight decay */
    double share;             /* of this step in the average; 0: no averaging */
} stepping;

static rf_real *part(rf_real *const *state, size_t index, rf_index first)
{
    return state[index] ? state[index] + first : NULL;
}

/* mean += (x - mean) / count: the mean of all x so far. */
static void add_to_mean(rf_index n, rf_real share, const rf_real *x, rf_real *mean)
{
    for (rf_index i = 0; i < n; i++) mean[i] += (x[i] - mean[i]) * share;
}

static void step_piece(void *ctx, int group, size_t index, rf_param *p, rf_index first, rf_index n)
{
    (void)group;
    const stepping *s = ctx;
    rf_real *w = p->value.data + first, *g = p->grad + first;
    s->kernel(p->decay ? &s->with : &s->without, n, g, w, part(s->o->first, index, first),
              part(s->o->second, index, first));
    memset(g, 0, (size_t)n * sizeof *g);
    if (s->share > 0) add_to_mean(n, (rf_real)s->share, w, s->o->average[index] + first);
}

/* Whether rows without gradient would not move anyway, or are meant not to. */
static bool rows_suffice(const stepping *s)
{
    const rf_optimizer_spec *spec = &s->o->spec;
    if (s->share > 0) return false;
    const bool stateless = !spec->method->rules->first(spec) && !spec->method->rules->second;
    return spec->lazy || (stateless && spec->decay <= 0);
}

/* The gradients are zero now: say so where it is recorded. */
static void forget_gradients(rf_params *ps)
{
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        rf_param *p = rf_params_at(ps, i);
        if (p->frozen) continue;
        for (rf_index k = 0; k < p->rows; k++) p->touched[p->row[k]] = 0;
        p->rows = 0;
        p->zero = true;
    }
}

static rfi_update update_make(const rf_optimizer *o, double rate, double scale)
{
    const rf_optimizer_spec *s = &o->spec;
    const struct rfi_optimizer_rules *rules = s->method->rules;
    const double t = (double)o->counters[RFI_OPT_STEPS];
    const bool adaptive = rules->corrects;
    return (rfi_update){.lr = (rf_real)rate,
                        .clip = (rf_real)scale,
                        .decay = (rf_real)s->decay,
                        .beta1 = (rf_real)(adaptive ? s->beta1 : s->momentum),
                        .beta2 = (rf_real)(adaptive ? s->beta2 : s->alpha),
                        .eps = (rf_real)s->eps,
                        .bias1 = (rf_real)(1 - pow(s->beta1, t)),
                        .bias2 = (rf_real)(1 - pow(s->beta2, t)),
                        .nesterov = s->nesterov};
}

void rf_optimizer_step(rf_optimizer *o, rf_device *d, double rate, double scale)
{
    o->counters[RFI_OPT_STEPS]++;
    stepping s = {.o = o, .kernel = o->spec.method->rules->kernel(d->k, &o->spec)};
    s.with = s.without = update_make(o, rate, scale);
    s.without.decay = 0;
    if (o->counters[RFI_OPT_AVERAGING]) s.share = 1 / (double)++o->counters[RFI_OPT_AVERAGED];
    rfi_pieces_run(d, o->ps, rows_suffice(&s), step_piece, &s);
    forget_gradients(o->ps);
}

int64_t rf_optimizer_steps(const rf_optimizer *o) { return o->counters[RFI_OPT_STEPS]; }

/* ---- Averaging --------------------------------------------------------------------------------- */

/* Merity et al., algorithm 1: averaging begins when a validation is worse than the best of all but
 * the last n before it. */
void rf_optimizer_validated(rf_optimizer *o, double metric)
{
    const int64_t n = o->spec.patience, seen = o->counters[RFI_OPT_VALIDATIONS]++;
    if (!o->spec.method->rules->averages) return;
    if (seen > n && metric > o->past[0]) o->counters[RFI_OPT_AVERAGING] = 1;
    double leaving = metric;
    if (n > 0) {
        double *place = &o->past[1 + seen % n];
        leaving = seen >= n ? *place : INFINITY;
        *place = metric;
    }
    if (leaving < o->past[0]) o->past[0] = leaving;
}

bool rf_optimizer_averaging(const rf_optimizer *o) { return o->counters[RFI_OPT_AVERAGING] != 0; }

void rf_optimizer_swap(rf_optimizer *o)
{
    if (!o->counters[RFI_OPT_AVERAGED]) return;
    for (size_t i = 0; i < o->n; i++) {
        rf_param *p = rf_params_at(o->ps, i);
        if (p->frozen) continue;
        rf_real *w = p->value.data, *a = o->average[i];
        for (rf_index k = 0, n = rf_shape_count(p->value.shape); k < n; k++) {
            const rf_real t = w[k];
            w[k] = a[k];
            a[k] = t;
        }
    }
}
