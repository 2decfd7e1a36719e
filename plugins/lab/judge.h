/* lab/judge.h -- how well labels are told: batches through a classifier, confusion, precision, recall. */
#ifndef LAB_JUDGE_H
#define LAB_JUDGE_H

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

/* What was said of each class: confusion [K,K], rows being the true class. */
typedef struct lab_judgement {
    rf_index K;
    int64_t *confusion;
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
/* Of class k: how many there are, precision, recall, F1 (0 where nothing is told right). */
typedef struct lab_class_score {
    int64_t count, told;
    double precision, recall, f1;
} lab_class_score;
lab_class_score lab_judgement_class(const lab_judgement *j, rf_index k);
/* Mean F1 of the classes that are there or are told. */
double lab_judgement_macro_f1(const lab_judgement *j);

/* Metrics, a record "class" for each class, and with `confusion` a record for each true class. */
rf_status lab_judgement_emit(const lab_judgement *j, const rf_host *h, const char *of,
                             const rf_vocab *classes, bool confusion);
/* The confusion matrix as a picture; cells are parts of each true class. */
rf_status lab_judgement_plot(const lab_judgement *j, const rf_vocab *classes, const char *path,
                             rf_error *err);

#endif
