/* task/confusion.c -- see refrain/confusion.h. */
#include <refrain/confusion.h>

#include <math.h>
#include <refrain/task.h>
#include <stdlib.h>

rf_status rf_confusion_init(rf_confusion *c, rf_index K, rf_error *err)
{
    const size_t k = (size_t)K;
    *c = (rf_confusion){.K = K, .pair = calloc(k * k + 1, sizeof *c->pair)};
    c->missed = calloc(2 * k + 1, sizeof *c->missed);
    if (!c->pair || !c->missed) return rf_no_memory(err);
    c->extra = c->missed + k;
    return RF_OK;
}

void rf_confusion_free(rf_confusion *c)
{
    free(c->pair);
    free(c->missed);
    *c = (rf_confusion){0};
}

/* ---- Scores ---------------------------------------------------------------------------------- */

static double part(int64_t n, int64_t of) { return of ? (double)n / (double)of : (double)NAN; }

rf_class_score rf_confusion_class(const rf_confusion *c, rf_index k)
{
    rf_class_score s = {.count = c->missed[k], .told = c->extra[k], .right = c->pair[k * c->K + k]};
    for (rf_index i = 0; i < c->K; i++) {
        s.count += c->pair[k * c->K + i];
        s.told += c->pair[i * c->K + k];
    }
    s.precision = part(s.right, s.told);
    s.recall = part(s.right, s.count);
    s.f1 = part(2 * s.right, s.told + s.count);
    return s;
}

static bool occurs(const rf_class_score *s) { return s->count || s->told; }

double rf_confusion_macro_f1(const rf_confusion *c)
{
    double sum = 0;
    int classes = 0;
    for (rf_index k = 0; k < c->K; k++) {
        const rf_class_score s = rf_confusion_class(c, k);
        if (!occurs(&s)) continue;
        sum += s.f1;
        classes++;
    }
    return classes ? sum / classes : (double)NAN;
}

/* ---- Telling --------------------------------------------------------------------------------- */

#define SEND(HOST, N, TABLE, ROW) rf_emit_record(HOST, N, TABLE, ROW, sizeof ROW / sizeof *ROW)

static const char *name_of(const rf_vocab *classes, rf_index k)
{
    return rf_vocab_at(classes, (int32_t)k, NULL);
}

rf_status rf_confusion_emit_classes(const rf_confusion *c, const rf_host *h,
                                    const rf_vocab *classes, const char *item)
{
    rf_status st = RF_OK;
    for (rf_index k = 0; k < c->K && !st; k++) {
        const rf_class_score s = rf_confusion_class(c, k);
        if (!occurs(&s)) continue;
        const rf_field row[] = {rf_field_string(item, name_of(classes, k)),
                                rf_field_int("count", s.count),
                                rf_field_int("told", s.told),
                                rf_field_real("precision", s.precision),
                                rf_field_real("recall", s.recall),
                                rf_field_real("f1", s.f1)};
        st = SEND(h, k, item, row);
    }
    return st;
}

typedef struct mistake {
    int64_t count;
    rf_index at; /* in the matrix */
} mistake;

static int by_count(const void *a, const void *b)
{
    const mistake *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return x->at < y->at ? -1 : 1;
}

rf_status rf_confusion_emit_pairs(const rf_confusion *c, const rf_host *h, const rf_vocab *classes,
                                  const char *item)
{
    mistake *list = calloc((size_t)(c->K * c->K) + 1, sizeof *list);
    size_t n = 0;
    rf_status st = list ? RF_OK : h->fail(h, RF_ENOMEM, "no memory");
    for (rf_index i = 0; i < c->K * c->K && list; i++)
        if (c->pair[i] && i / c->K != i % c->K) list[n++] = (mistake){c->pair[i], i};
    if (n) qsort(list, n, sizeof *list, by_count);
    for (size_t i = 0; i < n && !st; i++) {
        const rf_field row[] = {rf_field_string(item, name_of(classes, list[i].at / c->K)),
                                rf_field_string("told", name_of(classes, list[i].at % c->K)),
                                rf_field_int("count", list[i].count)};
        st = SEND(h, (int64_t)i, "confusion", row);
    }
    free(list);
    return st;
}

/* ---- The picture ----------------------------------------------------------------------------- */

/* The classes that occur. */
static size_t choose(const rf_confusion *c, rf_index *which)
{
    size_t n = 0;
    for (rf_index k = 0; k < c->K; k++) {
        const rf_class_score s = rf_confusion_class(c, k);
        if (occurs(&s)) which[n++] = k;
    }
    return n;
}

/* Row i of the picture: what was told of class which[i], in parts of all that was. */
static void put_row(const rf_confusion *c, const rf_index *which, size_t n, size_t i, double *to)
{
    const int64_t *row = c->pair + which[i] * c->K;
    int64_t all = 0;
    for (size_t k = 0; k < n; k++) all += row[which[k]];
    for (size_t k = 0; k < n; k++) to[k] = part(row[which[k]], all);
}

rf_status rf_confusion_plot(const rf_confusion *c, const rf_vocab *classes, const char *item,
                            const char *path, rf_error *err)
{
    const size_t K = (size_t)c->K;
    double *parts = calloc(K * K + 1, sizeof *parts);
    const char **names = calloc(K + 1, sizeof *names);
    rf_index *which = calloc(K + 1, sizeof *which);
    rf_str title = {0};
    rf_str_printf(&title, "told %ss (columns) of each true %s (rows)", item, item);
    rf_plot *p = title.s ? rf_plot_new(title.s) : NULL;
    bool done = parts && names && which && p;
    const size_t n = done ? choose(c, which) : 0;
    for (size_t i = 0; i < n; i++) {
        names[i] = name_of(classes, which[i]);
        put_row(c, which, n, i, parts + i * n);
    }
    if (p) rf_plot_axes(p, "told", "true", 0);
    done = done && rf_plot_heat(p, parts, n, n, names, names);
    rf_status st = rf_plot_finish(p, done, path, err);
    rf_str_free(&title);
    free(which);
    free(names);
    free(parts);
    return st;
}
