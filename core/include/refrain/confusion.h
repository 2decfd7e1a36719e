/* refrain/confusion.h -- which class was told for which: precision, recall, F1, the matrix.
 *
 * Rows are the true classes.  Items that have no place in the matrix, since only one side has them (a
 * word that was not found; one that is none), count for their class alone. */
#ifndef REFRAIN_CONFUSION_H
#define REFRAIN_CONFUSION_H

#include <refrain/plugin.h>
#include <refrain/text.h>

RF_BEGIN

/* The members may be read, and counted up, directly. */
typedef struct rf_confusion {
    rf_index K;
    int64_t *pair;           /* [K,K] */
    int64_t *missed, *extra; /* [K] of the class, with nothing told; told, with nothing there */
} rf_confusion;

/* Errors: ENOMEM; rf_confusion_free is right after it. */
RF_API rf_status rf_confusion_init(rf_confusion *c, rf_index K, rf_error *err);
RF_API void rf_confusion_free(rf_confusion *c);

/* Of class k.  Parts of nothing are NaN. */
typedef struct rf_class_score {
    int64_t count, told, right; /* how many there are; were told; both */
    double precision, recall, f1;
} rf_class_score;
RF_API rf_class_score rf_confusion_class(const rf_confusion *c, rf_index k);
/* Mean F1 of the classes that are there or are told; NaN: there are none. */
RF_API double rf_confusion_macro_f1(const rf_confusion *c);

/* A record ITEM for each class that is there or is told:
 *     ITEM, count, told, precision, recall, f1
 *   item  what a class is called: "label", "tag"; also the name of its column */
RF_API rf_status rf_confusion_emit_classes(const rf_confusion *c, const rf_host *h,
                                           const rf_vocab *classes, const char *item);
/* A record "confusion" (ITEM, told, count) for each mistake, the most frequent first.
 * Errors: ENOMEM. */
RF_API rf_status rf_confusion_emit_pairs(const rf_confusion *c, const rf_host *h,
                                         const rf_vocab *classes, const char *item);
/* The matrix as a picture, in parts of each true class; classes that occur on neither side are left
 * out.  Errors: ENOMEM, EIO. */
RF_API rf_status rf_confusion_plot(const rf_confusion *c, const rf_vocab *classes, const char *item,
                                   const char *path, rf_error *err);

RF_END

#endif
