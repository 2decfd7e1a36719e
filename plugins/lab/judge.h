/* lab/judge.h -- how well labels are told: batches through a classifier, confusion, precision, recall. */
#ifndef LAB_JUDGE_H
#define LAB_JUDGE_H

#include <refrain/confusion.h>

#include "classifier.h"

/* Called between batches, so that a host can be told; a status ends the walk. */
typedef struct lab_watch {
    rf_status (*tell)(void *ctx, double done, double total);
    void *ctx;
} lab_watch;

/* Every item of a set through the network, in order or with similar lengths together.  `each` may
 * read the nodes of c. */
typedef struct lab_walk {
    rf_graph *g;
    const lab_classifier *m;
    const lab_samples *s;
    const lab_set *set;
    rf_index B;
    bool ordered;
    lab_watch watch;
    rf_status (*each)(void *ctx, const rf_graph *g, const rf_bucket_batch *b,
                      const lab_classified *c, rf_error *err);
    void *ctx;
} lab_walk;
rf_status lab_walk_run(const lab_walk *w, rf_error *err);

/* What was said of each class. */
typedef struct lab_judgement {
    rf_confusion told;
    double nats; /* sum of -ln p(true class) */
    int64_t rows;
} lab_judgement;

/* Errors: ENOMEM. */
rf_status lab_judgement_init(lab_judgement *j, rf_index K, rf_error *err);
void lab_judgement_free(lab_judgement *j);
/* Judge the items of a walk, whose `each` and `ctx` are set here; adds to j. */
rf_status lab_judge(lab_judgement *j, lab_walk w, rf_error *err);

double lab_judgement_accuracy(const lab_judgement *j);
double lab_judgement_loss(const lab_judgement *j);

/* Metrics, a record for each class, and with `confusion` one for each mistake. */
rf_status lab_judgement_emit(const lab_judgement *j, const rf_host *h, const char *of,
                             const rf_vocab *classes, bool confusion);

#endif
