/* decode/ctc.c -- labels from the frames of a CTC network: best path, alignment, prefix search.
 *
 * The search keeps prefixes as nodes of a tree that only grows: a node is a prefix, whoever reaches it,
 * so that equal prefixes meet.  All sums are in double. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>

#define NONE       (-INFINITY)
#define USUAL_BEAM 16

static const rf_real *row_of(const rf_ctc_frames *f, rf_index t)
{
    return f->logp + t * (f->stride ? f->stride : f->K);
}

static rf_index argmax(const rf_real *x, rf_index n)
{
    rf_index best = 0;
    for (rf_index i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* ---- Best path ----------------------------------------------------------------------------------- */

rf_index rf_ctc_greedy(const rf_ctc_frames *f, int32_t *labels, int32_t *at, double *logp)
{
    rf_index n = 0;
    int32_t last = f->blank;
    double sum = 0;
    for (rf_index t = 0; t < f->T; t++) {
        const rf_real *x = row_of(f, t);
        const int32_t k = (int32_t)argmax(x, f->K);
        sum += (double)x[k];
        if (k != last && k != f->blank) {
            if (at) at[n] = (int32_t)t;
            labels[n++] = k;
        }
        last = k;
    }
    if (logp) *logp = sum;
    return n;
}

/* ---- Alignment ----------------------------------------------------------------------------------- */

/* Places as in rf_ctc_loss: blanks, and the labels between them. */
typedef struct lattice {
    const rf_ctc_frames *f;
    const int32_t *label;
    rf_index S;
    double *now, *before; /* [S] best score of a path that ends there */
    uint8_t *back;        /* [T,S] how far back the place before was: 0, 1, 2 */
} lattice;

static bool may_skip(const lattice *l, rf_index s)
{
    return s % 2 && s >= 2 && l->label[s / 2] != l->label[s / 2 - 1];
}

static double emission(const lattice *l, rf_index t, rf_index s)
{
    return (double)row_of(l->f, t)[s % 2 ? l->label[s / 2] : l->f->blank];
}

static void align_row(lattice *l, rf_index t)
{
    double *const other = l->before;
    l->before = l->now;
    l->now = other;
    for (rf_index s = 0; s < l->S; s++) {
        double best = l->before[s];
        uint8_t back = 0;
        if (s && l->before[s - 1] > best) best = l->before[s - 1], back = 1;
        if (may_skip(l, s) && l->before[s - 2] > best) best = l->before[s - 2], back = 2;
        l->now[s] = best + emission(l, t, s);
        l->back[t * l->S + s] = back;
    }
}

static double align(lattice *l, int32_t *from, int32_t *to)
{
    const rf_index S = l->S, T = l->f->T;
    for (rf_index s = 0; s < S; s++) l->now[s] = s < 2 ? emission(l, 0, s) : NONE;
    for (rf_index t = 1; t < T; t++) align_row(l, t);
    rf_index s = S > 1 && l->now[S - 2] > l->now[S - 1] ? S - 2 : S - 1;
    const double score = l->now[s];
    for (rf_index t = T; t-- > 0; s -= t ? l->back[t * S + s] : 0) {
        if (s % 2 == 0) continue;
        from[s / 2] = (int32_t)t;
        if (t + 1 == T || to[s / 2] < 0) to[s / 2] = (int32_t)t + 1;
    }
    return score;
}

static rf_status check_labels(const rf_ctc_frames *f, const int32_t *labels, rf_index n,
                              rf_error *err)
{
    rf_index due = n;
    for (rf_index i = 0; i < n; i++) {
        if (labels[i] < 0 || labels[i] >= f->K || labels[i] == f->blank)
            return rf_fail(err, RF_EINVAL, "label %d cannot be aligned", labels[i]);
        due += i && labels[i] == labels[i - 1];
    }
    if (due > f->T)
        return rf_fail(err, RF_EINVAL, "%lld labels need %lld frames where there are %lld",
                       (long long)n, (long long)due, (long long)f->T);
    return RF_OK;
}

rf_status rf_ctc_align(const rf_ctc_frames *f, const int32_t *labels, rf_index n, int32_t *from,
                       int32_t *to, double *logp, rf_error *err)
{
    lattice l = {.f = f, .label = labels, .S = 2 * n + 1};
    double score = 0;
    rf_status st = check_labels(f, labels, n, err);
    if (st) return st;
    for (rf_index i = 0; i < n; i++) from[i] = to[i] = -1;
    if (f->T) {
        l.now = malloc(2 * (size_t)l.S * sizeof *l.now);
        l.back = calloc((size_t)f->T, (size_t)l.S);
        double *const memory = l.now;
        l.before = l.now ? l.now + l.S : NULL;
        if (l.now && l.back)
            score = align(&l, from, to);
        else
            st = rf_fail(err, RF_ENOMEM, "no memory for an alignment");
        free(memory);
        free(l.back);
    }
    if (!st && !(score > NONE && score < INFINITY))
        st = rf_fail(err, RF_EDIVERGED, "no path of the labels has a finite score");
    if (logp) *logp = score;
    return st;
}

/* ---- Prefix search ------------------------------------------------------------------------------- */

/* A prefix: that of its parent and one label more.  Node 0 is the empty one. */
typedef struct node {
    int32_t parent, label;
    int32_t child, sibling; /* its first child; the next child of its parent; 0: none */
    int32_t length;
    int64_t state;
    double extra; /* what the spec has added up to here */
    int32_t slot; /* in the frame numbered `frame`, its place among the candidates */
    int64_t frame;
} node;

/* A prefix in the beam, or on its way: log-probabilities of its paths that end in a blank, and in its
 * last label.  node -1: not yet one: parent and label say which. */
typedef struct prefix {
    int32_t node, parent, label;
    int64_t state;
    double extra, blank, label_p;
} prefix;

struct rf_ctc_search {
    rf_ctc_spec spec;
    rf_index K;
    int32_t blank;
    node *node;
    size_t nodes, cap;
    prefix *beam, *next; /* [beam]; [beam (K + 1)] */
    rf_index n;
    int64_t frame;
};

static double log_add(double a, double b)
{
    const double most = fmax(a, b), least = fmin(a, b);
    return most == NONE ? NONE : most + log1p(exp(least - most));
}

static double acoustic(const prefix *p) { return log_add(p->blank, p->label_p); }

rf_ctc_search *rf_ctc_search_new(const rf_ctc_spec *spec, rf_index K, int32_t blank, rf_error *err)
{
    if (spec->beam < 0 || spec->beam > 65536 || K < 1 || blank < 0 || blank >= K) {
        rf_fail(err, RF_EINVAL, "a search of beam %lld among %lld labels with blank %d",
                (long long)spec->beam, (long long)K, blank);
        return NULL;
    }
    rf_ctc_search *s = calloc(1, sizeof *s);
    if (s) {
        *s = (rf_ctc_search){.spec = *spec, .K = K, .blank = blank, .cap = 256};
        if (!s->spec.beam) s->spec.beam = USUAL_BEAM;
        s->node = malloc(s->cap * sizeof *s->node);
        s->beam = malloc((size_t)s->spec.beam * sizeof *s->beam);
        s->next = malloc((size_t)(s->spec.beam * (K + 1)) * sizeof *s->next);
    }
    if (!s || !s->node || !s->beam || !s->next) {
        rf_ctc_search_free(s);
        rf_fail(err, RF_ENOMEM, "no memory for a search");
        return NULL;
    }
    rf_ctc_search_reset(s);
    return s;
}

void rf_ctc_search_free(rf_ctc_search *s)
{
    if (!s) return;
    free(s->node);
    free(s->beam);
    free(s->next);
    free(s);
}

void rf_ctc_search_reset(rf_ctc_search *s)
{
    s->node[0] = (node){.parent = -1, .label = s->blank, .frame = -1};
    s->nodes = 1;
    s->beam[0] = (prefix){.parent = -1, .label = s->blank, .blank = 0, .label_p = NONE};
    s->n = 1;
    s->frame = 0;
}

/* The prefix stays what it is: a blank, or its last label once more. */
static void stay(rf_ctc_search *s, const prefix *p, const rf_real *x, rf_index *n)
{
    node *at = &s->node[p->node];
    prefix *to = &s->next[*n];
    *to = *p;
    to->blank = acoustic(p) + (double)x[s->blank];
    to->label_p = at->length ? p->label_p + (double)x[at->label] : NONE;
    at->slot = (int32_t)(*n)++;
    at->frame = s->frame;
}

static int32_t child_of(const rf_ctc_search *s, int32_t parent, int32_t label)
{
    int32_t c = s->node[parent].child;
    while (c && s->node[c].label != label) c = s->node[c].sibling;
    return c;
}

/* One label more. */
static void extend(rf_ctc_search *s, const prefix *p, int32_t label, double logp, rf_index *n)
{
    const node *at = &s->node[p->node];
    /* The same label again is another only behind a blank. */
    const double reach = at->length && at->label == label ? p->blank : acoustic(p);
    if (reach == NONE || logp == NONE) return;
    const int32_t child = child_of(s, p->node, label);
    if (child && s->node[child].frame == s->frame) {
        prefix *to = &s->next[s->node[child].slot];
        to->label_p = log_add(to->label_p, reach + logp);
        return;
    }
    int64_t state = at->state;
    double more = 0;
    if (s->spec.follow) more = s->spec.follow(s->spec.ctx, at->state, label, &state);
    if (!(more > NONE)) return;
    s->next[(*n)++] = (prefix){.node = child ? child : -1,
                               .parent = p->node,
                               .label = label,
                               .state = state,
                               .extra = at->extra + more + s->spec.bonus,
                               .blank = NONE,
                               .label_p = reach + logp};
}

/* Better first; equal ones by node, then by parent and label: new nodes behind old ones. */
static int by_score(const void *left, const void *right)
{
    const prefix *a = left, *b = right;
    const double x = acoustic(a) + a->extra, y = acoustic(b) + b->extra;
    if (x != y) return (x < y) - (x > y);
    if (a->node != b->node)
        return a->node < 0 || b->node < 0 ? (a->node < 0) - (b->node < 0)
                                          : (a->node > b->node) - (a->node < b->node);
    if (a->parent != b->parent) return (a->parent > b->parent) - (a->parent < b->parent);
    return (a->label > b->label) - (a->label < b->label);
}

/* Give a candidate that is kept its node. */
static bool settle(rf_ctc_search *s, prefix *p)
{
    if (p->node >= 0) return true;
    if (s->nodes == s->cap) {
        if (s->cap > INT32_MAX / 2 || !rf_resize(&s->node, 2 * s->cap, sizeof *s->node))
            return false;
        s->cap *= 2;
    }
    node *parent = &s->node[p->parent];
    p->node = (int32_t)s->nodes++;
    s->node[p->node] = (node){.parent = p->parent,
                              .label = p->label,
                              .sibling = parent->child,
                              .length = parent->length + 1,
                              .state = p->state,
                              .extra = p->extra,
                              .frame = -1};
    parent->child = p->node;
    return true;
}

static rf_status feed_frame(rf_ctc_search *s, const rf_real *x, rf_error *err)
{
    rf_index n = 0;
    const double best = (double)x[argmax(x, s->K)];
    const double least = s->spec.prune > 0 ? best - s->spec.prune : NONE;
    for (rf_index k = 0; k < s->K; k++)
        if (!(x[k] < INFINITY)) return rf_fail(err, RF_EDIVERGED, "a score is not a number");
    for (rf_index i = 0; i < s->n; i++) stay(s, &s->beam[i], x, &n);
    for (rf_index i = 0; i < s->n; i++)
        for (int32_t k = 0; k < s->K; k++)
            if (k != s->blank && (double)x[k] >= least) extend(s, &s->beam[i], k, (double)x[k], &n);
    qsort(s->next, (size_t)n, sizeof *s->next, by_score);
    s->n = n < s->spec.beam ? n : s->spec.beam;
    for (rf_index i = 0; i < s->n; i++) {
        if (!settle(s, &s->next[i])) return rf_fail(err, RF_ENOMEM, "no memory for a search");
        s->beam[i] = s->next[i];
    }
    s->frame++;
    return RF_OK;
}

rf_status rf_ctc_search_feed(rf_ctc_search *s, const rf_real *logp, rf_index T, rf_index stride,
                             rf_error *err)
{
    rf_status st = RF_OK;
    for (rf_index t = 0; t < T && !st; t++)
        st = feed_frame(s, logp + t * (stride ? stride : s->K), err);
    return st;
}

/* ---- Results ------------------------------------------------------------------------------------- */

static int by_rank(const void *left, const void *right)
{
    const rf_hypothesis *a = left, *b = right;
    if (a->score != b->score) return (a->score < b->score) - (a->score > b->score);
    return (a->n > b->n) - (a->n < b->n);
}

static double ending(const rf_ctc_search *s, const prefix *p)
{
    return s->spec.end ? s->spec.end(s->spec.ctx, s->node[p->node].state) : 0;
}

rf_status rf_ctc_search_best(const rf_ctc_search *s, rf_index best, rf_hypotheses *out,
                             rf_error *err)
{
    size_t total = 1, count = 0;
    *out = (rf_hypotheses){0};
    for (; count < (size_t)s->n; count++) total += (size_t)s->node[s->beam[count].node].length;
    int32_t *at = out->memory = malloc(total * sizeof *at);
    out->h = calloc(count, sizeof *out->h);
    if (!at || !out->h) {
        rf_hypotheses_free(out);
        return rf_fail(err, RF_ENOMEM, "no memory for what was found");
    }
    for (rf_index i = 0; i < s->n; i++) {
        const prefix *p = &s->beam[i];
        const int32_t n = s->node[p->node].length;
        for (int32_t k = p->node, j = n; j-- > 0; k = s->node[k].parent) at[j] = s->node[k].label;
        const double logp = acoustic(p);
        out->h[i] = (rf_hypothesis){.tokens = at,
                                    .n = n,
                                    .logp = logp,
                                    .score = logp + p->extra + ending(s, p),
                                    .ended = true};
        at += n;
    }
    qsort(out->h, (size_t)s->n, sizeof *out->h, by_rank);
    while (s->n > out->n && out->n < (best > 0 ? best : 1) && out->h[out->n].score > NONE) out->n++;
    return RF_OK;
}
