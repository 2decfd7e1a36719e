/* decode/chain.c -- tags of a whole sequence: the best path, the n best, marginals.
 *
 * All sums are in double.  What is forbidden has the score -infinity, so constraints need no rules of
 * their own; a row without a finite score means that no path passes there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>

#define NONE (-INFINITY)

struct rf_chain_work {
    double *number; /* [numbers] */
    int32_t *index; /* [indices] */
    size_t numbers, indices;
};

rf_chain_work *rf_chain_work_new(void) { return calloc(1, sizeof(rf_chain_work)); }

void rf_chain_work_free(rf_chain_work *w)
{
    if (!w) return;
    free(w->number);
    free(w->index);
    free(w);
}

/* At least so much memory; what was in it is lost. */
static rf_status reserve(rf_chain_work *w, size_t numbers, size_t indices, rf_error *err)
{
    if (numbers > w->numbers) {
        free(w->number);
        w->number = malloc(numbers * sizeof *w->number);
        w->numbers = w->number ? numbers : 0;
    }
    if (indices > w->indices) {
        free(w->index);
        w->index = malloc(indices * sizeof *w->index);
        w->indices = w->index ? indices : 0;
    }
    if (numbers <= w->numbers && indices <= w->indices) return RF_OK;
    return rf_fail(err, RF_ENOMEM, "no memory for a sequence of tags");
}

/* ---- Scores ------------------------------------------------------------------------------------- */

/* Row t: emissions, with what may not stand there at NONE. */
static void emissions(const rf_chain *c, rf_index t, double *e)
{
    const rf_real *from = c->emission + t * (c->stride ? c->stride : c->K);
    const uint64_t *bits = c->allowed ? c->allowed + t * RF_CHAIN_WORDS(c->K) : NULL;
    for (rf_index k = 0; k < c->K; k++)
        e[k] = !bits || bits[k / 64] >> (k % 64) & 1 ? (double)from[k] : NONE;
}

/* n scores from -> to, forbidden ones, `stride` apart, at NONE; from NULL: zeros. */
static void copy_scores(rf_index n, const rf_real *from, const uint8_t *forbid, rf_index stride,
                        double *to)
{
    for (rf_index i = 0; i < n; i++)
        to[i] = forbid && forbid[i * stride] ? NONE : from ? (double)from[i] : 0;
}

/* Is there a number that is not one?  +infinity counts: nothing is better than certain. */
static bool wrong(rf_index n, const double *a)
{
    for (rf_index i = 0; i < n; i++)
        if (!(a[i] < INFINITY)) return true;
    return false;
}

/* To A [K,K], with start [K] and end [K] behind it. */
static rf_status copy_transitions(const rf_chain *c, double *A, rf_error *err)
{
    const rf_index K = c->K;
    const uint8_t *f = c->forbid;
    double *start = A + K * K, *end = start + K;
    for (rf_index i = 0; i < K; i++)
        copy_scores(K, c->transitions ? c->transitions + i * K : NULL, f ? f + i * (K + 1) : NULL,
                    1, A + i * K);
    copy_scores(K, c->start, f ? f + K * (K + 1) : NULL, 1, start);
    copy_scores(K, c->end, f ? f + K : NULL, K + 1, end);
    if (!wrong(K * K + 2 * K, A)) return RF_OK;
    return rf_fail(err, RF_EDIVERGED, "a score of a transition is not a finite number");
}

static double largest(rf_index n, const double *a)
{
    double most = NONE;
    for (rf_index i = 0; i < n; i++) most = a[i] > most ? a[i] : most;
    return most;
}

/* Can a path go on from row t, which has these scores? */
static rf_status check_row(rf_index t, rf_index n, const double *a, rf_error *err)
{
    if (wrong(n, a))
        return rf_fail(err, RF_EDIVERGED, "a score of step %lld is not a finite number",
                       (long long)t);
    if (largest(n, a) > NONE) return RF_OK;
    return rf_fail(err, RF_EINVAL, "no path of allowed tags passes step %lld", (long long)t);
}

/* ---- The best path -------------------------------------------------------------------------------- */

/* The tags that may come after each one, where these are few: of n[i] <= K / FEW. */
enum { FEW = 4 };
typedef struct followers {
    int32_t *tag; /* [K,K] */
    int32_t *n;   /* [K] */
} followers;

static void find_followers(rf_index K, const double *A, const followers *f)
{
    for (rf_index i = 0; i < K; i++) {
        f->n[i] = 0;
        for (rf_index j = 0; j < K; j++) {
            f->tag[i * K + f->n[i]] = (int32_t)j;
            f->n[i] += A[i * K + j] > NONE;
        }
    }
}

static void follow_few(const double *row, double ai, int32_t i, const int32_t *tag, int32_t n,
                       double *best, int32_t *from)
{
    for (int32_t k = 0; k < n; k++) {
        const int32_t j = tag[k];
        if (!(ai + row[j] > best[j])) continue;
        best[j] = ai + row[j];
        from[j] = i;
    }
}

static void follow_all(rf_index K, const double *restrict row, double ai, int32_t i,
                       double *restrict best, int32_t *restrict from)
{
    for (rf_index j = 0; j < K; j++) {
        const double s = ai + row[j];
        const bool more = s > best[j];
        best[j] = more ? s : best[j];
        from[j] = more ? i : from[j];
    }
}

/* best[j] = max_i a[i] + A[i,j], from[j] the first i that has it. */
static void best_before(rf_index K, const double *a, const double *A, const followers *f,
                        double *best, int32_t *from)
{
    for (rf_index j = 0; j < K; j++) best[j] = NONE;
    memset(from, 0, (size_t)K * sizeof *from);
    for (rf_index i = 0; i < K; i++) {
        if (a[i] == NONE) continue;
        if (f->n[i] <= K / FEW)
            follow_few(A + i * K, a[i], (int32_t)i, f->tag + i * K, f->n[i], best, from);
        else
            follow_all(K, A + i * K, a[i], (int32_t)i, best, from);
    }
}

static int32_t first_largest(rf_index n, const double *a)
{
    int32_t at = 0;
    for (rf_index i = 1; i < n; i++)
        if (a[i] > a[at]) at = (int32_t)i;
    return at;
}

rf_status rf_chain_best(rf_chain_work *w, const rf_chain *c, int32_t *tags, double *score,
                        rf_error *err)
{
    const rf_index T = c->T, K = c->K;
    if (score) *score = 0;
    if (T < 1) return RF_OK;
    rf_status st = reserve(w, (size_t)(K * K + 5 * K), (size_t)(T * K + K * K + K), err);
    if (st) return st;
    double *A = w->number, *start = A + K * K, *end = start + K, *e = end + K, *a = e + K,
           *next = a + K;
    const followers f = {w->index + T * K, w->index + T * K + K * K};
    st = copy_transitions(c, A, err);
    find_followers(K, A, &f);
    for (rf_index t = 0; t < T && !st; t++) {
        emissions(c, t, e);
        if (t == 0)
            memcpy(next, start, (size_t)K * sizeof *next);
        else
            best_before(K, a, A, &f, next, w->index + t * K);
        for (rf_index k = 0; k < K; k++) a[k] = next[k] + e[k];
        st = check_row(t, K, a, err);
    }
    for (rf_index k = 0; k < K && !st; k++) a[k] += end[k];
    if (!st) st = check_row(T - 1, K, a, err);
    if (st) return st;
    tags[T - 1] = first_largest(K, a);
    if (score) *score = a[tags[T - 1]];
    for (rf_index t = T - 1; t > 0; t--) tags[t - 1] = w->index[t * K + tags[t]];
    return RF_OK;
}

/* ---- The n best ------------------------------------------------------------------------------------- */

/* n places of each tag of a row, best first: the score, and the place in the row before. */
typedef struct list {
    rf_index n;
    double *score;
    int32_t *from;
} list;

/* Put a score among the n of one tag, behind equal ones; false: it is worse than all of them. */
static bool insert(const list *l, rf_index j, double score, int32_t from)
{
    double *s = l->score + j * l->n;
    int32_t *f = l->from + j * l->n;
    rf_index at = l->n - 1;
    if (!(score > s[at])) return false;
    for (; at > 0 && score > s[at - 1]; at--) {
        s[at] = s[at - 1];
        f[at] = f[at - 1];
    }
    s[at] = score;
    f[at] = from;
    return true;
}

static void empty(const list *l, rf_index tags)
{
    for (rf_index i = 0; i < tags * l->n; i++) {
        l->score[i] = NONE;
        l->from[i] = -1;
    }
}

/* The n best ways from the row before into tag j, each with `add` more. */
static void extend(const list *before, rf_index K, const double *A, rf_index j, double add,
                   const list *to)
{
    for (rf_index i = 0; i < K; i++) {
        const double more = A[i * K + j] + add;
        for (rf_index r = 0; r < before->n; r++) {
            const double s = before->score[i * before->n + r] + more;
            if (!insert(to, j, s, (int32_t)(i * before->n + r))) break; /* the others are worse */
        }
    }
}

/* Follow each of the paths that end in `last` back to its start. */
static rf_index read_paths(const rf_chain *c, const int32_t *from, const list *last, int32_t *tags,
                           double *scores)
{
    const rf_index n = last->n, row = c->K * n;
    rf_index found = 0;
    for (; found < n && last->score[found] > NONE; found++) {
        int32_t at = last->from[found];
        scores[found] = last->score[found];
        for (rf_index t = c->T - 1; t >= 0; t--) {
            tags[found * c->T + t] = (int32_t)(at / n);
            at = from[t * row + at];
        }
    }
    return found;
}

rf_status rf_chain_list(rf_chain_work *w, const rf_chain *c, rf_index n, int32_t *tags,
                        double *scores, rf_index *found, rf_error *err)
{
    const rf_index T = c->T, K = c->K, row = K * n;
    *found = 0;
    if (n < 1) return rf_fail(err, RF_EINVAL, "%lld paths; at least 1 is due", (long long)n);
    if (T < 1) {
        scores[0] = 0;
        *found = 1;
        return RF_OK;
    }
    rf_status st =
        reserve(w, (size_t)(K * K + 3 * K + 2 * row + n), (size_t)((T * K + 1) * n), err);
    if (st) return st;
    double *A = w->number, *start = A + K * K, *end = start + K, *e = end + K, *score = e + K;
    list before = {n, score, NULL}, now = {n, score + row, NULL};
    const list last = {n, score + 2 * row, w->index + T * row};
    st = copy_transitions(c, A, err);
    for (rf_index t = 0; t < T && !st; t++) {
        now.from = w->index + t * row;
        emissions(c, t, e);
        empty(&now, K);
        for (rf_index j = 0; j < K; j++) {
            if (t == 0)
                now.score[j * n] = start[j] + e[j];
            else
                extend(&before, K, A, j, e[j], &now);
        }
        st = check_row(t, row, now.score, err);
        const list other = before;
        before = now;
        now = other;
    }
    if (st) return st;
    empty(&last, 1);
    for (rf_index i = 0; i < row; i++) insert(&last, 0, before.score[i] + end[i / n], (int32_t)i);
    st = check_row(T - 1, n, last.score, err);
    if (!st) *found = read_paths(c, w->index, &last, tags, scores);
    return st;
}

/* ---- Marginals ---------------------------------------------------------------------------------------- */

/* Above it no summand that counts has underflowed. */
#define SAFE 1e-250

typedef struct sums {
    rf_index K;
    const double *score; /* [K,K], rows are what is summed over */
    double *power;       /* [K,K]: e^(score - top) */
    double top;
    double *u; /* [K] */
} sums;

static void prepare_sums(sums *s)
{
    const double most = largest(s->K * s->K, s->score);
    s->top = most > NONE ? most : 0;
    for (rf_index i = 0; i < s->K * s->K; i++) s->power[i] = exp(s->score[i] - s->top);
}

static double log_sum(rf_index n, const double *a, const double *b)
{
    double most = NONE, sum = 0;
    for (rf_index i = 0; i < n; i++) most = fmax(most, a[i] + (b ? b[i] : 0));
    if (most == NONE) return NONE;
    for (rf_index i = 0; i < n; i++) sum += exp(a[i] + (b ? b[i] : 0) - most);
    return most + log(sum);
}

/* out[j] = ln sum_i e^(score[j,i] + a[i]): as products, or anew where these come out too small. */
static void log_sums(const sums *s, const double *a, double *out)
{
    const double most = largest(s->K, a);
    for (rf_index i = 0; i < s->K; i++) s->u[i] = most > NONE ? exp(a[i] - most) : 0;
    for (rf_index j = 0; j < s->K; j++) {
        double sum = 0;
        for (rf_index i = 0; i < s->K; i++) sum += s->power[j * s->K + i] * s->u[i];
        out[j] = sum > SAFE ? log(sum) + most + s->top : log_sum(s->K, s->score + j * s->K, a);
    }
}

static void turn(rf_index K, const double *A, double *to)
{
    for (rf_index i = 0; i < K; i++)
        for (rf_index j = 0; j < K; j++) to[j * K + i] = A[i * K + j];
}

/* Rows of a [T,K]: ln of the sum over all ways that end in tag j at step t. */
static rf_status sum_forward(const rf_chain *c, const sums *s, const double *start, double *e,
                             double *a, rf_error *err)
{
    const rf_index K = c->K;
    rf_status st = RF_OK;
    for (rf_index t = 0; t < c->T && !st; t++, a += K) {
        emissions(c, t, e);
        if (t == 0)
            memcpy(a, start, (size_t)K * sizeof *a);
        else
            log_sums(s, a - K, a);
        for (rf_index k = 0; k < K; k++) a[k] += e[k];
        st = check_row(t, K, a, err);
    }
    return st;
}

/* p from a, and from what is summed from the end on: b. */
static void sum_backward(const rf_chain *c, const sums *s, const double *end, double *e,
                         const double *a, double log_z, double *b, double *p)
{
    const rf_index K = c->K;
    memcpy(b, end, (size_t)K * sizeof *b);
    for (rf_index t = c->T - 1;; t--) {
        for (rf_index k = 0; k < K; k++) p[t * K + k] = exp(a[t * K + k] + b[k] - log_z);
        if (t == 0) return;
        emissions(c, t, e);
        for (rf_index k = 0; k < K; k++) e[k] += b[k];
        log_sums(s, e, b);
    }
}

rf_status rf_chain_marginals(rf_chain_work *w, const rf_chain *c, double *p, double *log_z,
                             rf_error *err)
{
    const rf_index T = c->T, K = c->K;
    if (log_z) *log_z = 0;
    if (T < 1) return RF_OK;
    rf_status st = reserve(w, (size_t)(3 * K * K + 5 * K + T * K), 0, err);
    if (st) return st;
    double *A = w->number, *start = A + K * K, *end = start + K, *turned = end + K,
           *power = turned + K * K, *e = power + K * K, *b = e + K, *u = b + K, *a = u + K;
    sums s = {K, turned, power, 0, u};
    st = copy_transitions(c, A, err);
    turn(K, A, turned);
    prepare_sums(&s);
    if (!st) st = sum_forward(c, &s, start, e, a, err);
    const double z = st ? NONE : log_sum(K, a + (T - 1) * K, end);
    if (!st) st = check_row(T - 1, 1, &z, err);
    if (st) return st;
    if (log_z) *log_z = z;
    if (!p) return RF_OK;
    s.score = A;
    prepare_sums(&s);
    sum_backward(c, &s, end, e, a, z, b, p);
    return RF_OK;
}
