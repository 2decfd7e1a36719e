/* lab/verdict.h -- from the measurements of several cells to a table, a picture and plain words. */
#ifndef LAB_VERDICT_H
#define LAB_VERDICT_H

#include <refrain/cell.h>
#include <refrain/task.h>

/* A difference from the vanilla LSTM that is more than chance: probability below 0.05 after Holm's
 * correction. */
typedef enum lab_finding { LAB_UNTESTED, LAB_SAME, LAB_WORSE, LAB_BETTER } lab_finding;

/* The nine of Greff et al., the vanilla LSTM first: their short names, and what the paper found on JSB
 * Chorales (figure 3 and its discussion). */
typedef struct lab_variant {
    const char *cell, *name;
    lab_finding paper;
} lab_variant;
extern const lab_variant lab_variants[];
#define LAB_VARIANTS 9
#define LAB_GROUPS   64 /* most that are compared at once */
/* NULL: not one of theirs. */
const lab_variant *lab_variant_find(const char *cell);

/* The tests of a difference. */
enum { LAB_WELCH, LAB_RANK, LAB_TESTS };

/* One cell's measurements: nll [n] on the test part, in nats per frame. */
typedef struct lab_group {
    const rf_cell *cell;
    const char *name;
    double *nll;
    int n;
    int lost; /* trainings without a result */
    int64_t parameters;
    int64_t trial, hidden; /* which trial was best, and its size */
    /* Filled in by lab_verdict_judge. */
    double difference;   /* of the mean from vanilla's; NaN: not compared */
    double p[LAB_TESTS]; /* after correction */
    lab_finding finding;
} lab_group;

/* Compare each with the vanilla LSTM, if it is there.  Groups of fewer than two are not compared. */
void lab_verdict_judge(lab_group *g, int count);
/* Send the table "variant". */
rf_status lab_verdict_tell(const rf_host *h, const lab_group *g, int count);
/* Append what was found in plain words. */
void lab_verdict_words(const lab_group *g, int count, rf_str *out);
/* Draw the boxes. */
rf_status lab_verdict_draw(const lab_group *g, int count, const char *path, rf_error *err);

#endif
