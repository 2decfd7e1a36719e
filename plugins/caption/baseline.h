/* caption/baseline.h -- what can be said of pictures without a network. */
#ifndef CAPTION_BASELINE_H
#define CAPTION_BASELINE_H

#include "exam.h"

typedef struct cap_baseline {
    cap_exam *x;
    const char *choose;   /* constant: the split whose pictures decide; NULL: those learned from */
    int metric;           /* constant: the one that decides */
    rf_index finalists;   /* constant: captions that are measured, best by BLEU */
    const char *features; /* nearest: a file */
    rf_index neighbours;  /* nearest: how many */
    const char **from;    /* nearest: [x->n] the most alike picture, or NULL */
    double *cosine;       /* likewise; or NULL */
    rf_status (*tell)(void *ctx, double done, double total); /* or NULL */
    void *ctx;
} cap_baseline;

/* The same caption of all pictures: one that people wrote of pictures that are learned from, and that is
 * best, as a description of each picture of `choose`, by the metric.
 * Errors: EINVAL (nothing to learn from), ENOMEM, of `tell`. */
rf_status cap_baseline_constant(const cap_baseline *b, cap_told *t, rf_error *err);
/* What people wrote of the pictures whose features have the highest cosine: of all their captions the
 * one that is most like the others (ROUGE-L).
 * Source: Devlin et al., "Exploring nearest neighbor approaches for image captioning", 2015.
 * Errors: EINVAL (no features, nothing to learn from), EFORMAT (a picture has no features), those of
 * reading, ENOMEM, of `tell`. */
rf_status cap_baseline_nearest(const cap_baseline *b, cap_told *t, rf_error *err);

/* "constant", "nearest", NULL, and what does it. */
extern const char *const cap_baselines[];
enum { CAP_CONSTANT, CAP_NEAREST };
rf_status cap_baseline_run(int which, const cap_baseline *b, cap_told *t, rf_error *err);

#endif
