/* pinyin/speech_errors.c -- see speech_errors.h. */
#include "speech_errors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of the words of a text, which join the vocabulary. */
static bool number(rf_vocab *v, const char *s, rf_ids *out)
{
    for (s += strspn(s, " "); *s; s += strspn(s, " ")) {
        const size_t n = strcspn(s, " ");
        const int32_t id = rf_vocab_add(v, s, n);
        if (id < 0) return false;
        rf_ids_add(out, id);
        s += n;
    }
    return !out->failed;
}

/* The fewest changes that make `a` of `b`, and which: on equal cost fewer replacements come last. */
typedef struct change {
    int32_t cost, put, taken, replaced;
} change;

static change better(change a, change b) { return b.cost < a.cost ? b : a; }

static change cell(change left, change above, change across, bool same)
{
    across.cost += !same;
    across.replaced += !same;
    left.cost++, left.put++;
    above.cost++, above.taken++;
    return better(across, better(left, above));
}

/* row [b.n+1] */
static change distance(const rf_ids *a, const rf_ids *b, change *row)
{
    for (size_t j = 0; j <= b->n; j++) row[j] = (change){(int32_t)j, (int32_t)j, 0, 0};
    for (size_t i = 0; i < a->n; i++) {
        change across = row[0];
        row[0].cost++, row[0].taken++;
        for (size_t j = 0; j < b->n; j++) {
            const change above = row[j + 1];
            row[j + 1] = cell(row[j], above, across, a->at[i] == b->at[j]);
            across = above;
        }
    }
    return row[b->n];
}

bool speech_errors_add(speech_errors *e, const char *said, const char *heard)
{
    rf_vocab *v = rf_vocab_new();
    rf_ids a = {0}, b = {0};
    bool done = v && number(v, said, &a) && number(v, heard, &b);
    change *row = done ? malloc((b.n + 1) * sizeof *row) : NULL;
    if (row) {
        const change c = distance(&a, &b, row);
        e->words += (int64_t)a.n;
        e->put += c.put;
        e->taken += c.taken;
        e->replaced += c.replaced;
        e->sounds++;
        e->right += !c.cost;
    }
    done = row != NULL;
    free(row);
    rf_ids_free(&a);
    rf_ids_free(&b);
    rf_vocab_free(v);
    return done;
}

double speech_errors_rate(const speech_errors *e)
{
    const double n = (double)(e->put + e->taken + e->replaced);
    return e->words ? n / (double)e->words : (double)NAN;
}

double speech_errors_wrong(const speech_errors *e)
{
    return e->sounds ? (double)(e->sounds - e->right) / (double)e->sounds : (double)NAN;
}
