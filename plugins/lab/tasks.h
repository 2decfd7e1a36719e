/* lab/tasks.h -- tasks that cannot be solved without a memory, as rows of a table.
 *
 * A task writes sequences of symbols (or numbers) and what is to be answered, from random numbers
 * alone: any count of them, none ever repeated.  A new task is a row in tasks.c. */
#ifndef LAB_TASKS_H
#define LAB_TASKS_H

#include <refrain/tensor.h>

/* ---- Chance ------------------------------------------------------------------------------------ */

/* Random numbers one after the other: of one sequence, whatever others are drawn. */
typedef struct lab_dice {
    rf_key key;
    uint64_t at;
} lab_dice;

double lab_dice_real(lab_dice *d);      /* uniform in [0, 1) */
int lab_dice_below(lab_dice *d, int n); /* uniform in 0 .. n-1 */

/* ---- Batches ------------------------------------------------------------------------------------- */

/* Time first.  A task has symbols (ids) or numbers (x), classes (target) or one number at the end
 * (value). */
typedef struct lab_batch {
    rf_index T, B;
    rf_index I;        /* symbols there are, or numbers a step */
    rf_index K;        /* classes; 1: a number */
    int32_t *ids;      /* [T,B] */
    rf_real *x;        /* [T,B,I] */
    int32_t *target;   /* [T,B], -1: nothing is asked */
    int32_t *distance; /* [T,B] steps since what is asked for was seen; 0: learned, not measured */
    int32_t *steps;    /* [B] where each sequence ends: what follows is nothing */
    rf_real *value;    /* [B] */
} lab_batch;

/* How large; zero means the task's usual. */
typedef struct lab_task_size {
    rf_index length; /* in the task's own unit */
    int kinds;       /* of symbols to remember */
    int depth;       /* of brackets, at most */
    bool fixed;      /* every sequence as long as the longest */
} lab_task_size;

typedef enum lab_metric { LAB_ACCURACY, LAB_MSE } lab_metric;

typedef struct lab_task lab_task;
struct lab_task {
    const char *name, *summary, *source;
    const char *unit; /* what the length counts */
    lab_metric metric;
    double solved;       /* accuracy at or above, mean squared error below this */
    lab_task_size usual; /* length, kinds, depth */
    rf_index shortest;
    int most_kinds, most_depth; /* 0: there is no such choice */
    bool last; /* something is asked at the last step of every sequence of full length */
    /* T, I and K of batches of that size, and what guessing without a memory attains. */
    void (*shape)(const lab_task_size *s, lab_batch *b, double *guess);
    /* Write sequence `lane` of a cleared batch: ids 0, x 0, target -1, distance 0,
     * steps T. */
    void (*write)(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b);
    /* Words for symbols and classes; NULL: their numbers. */
    const char *(*symbol)(const lab_task_size *s, int32_t id);
    const char *(*answer)(const lab_task_size *s, int32_t class);
};

const lab_task *lab_task_at(int i); /* NULL past the end */
/* EINVAL: there is none of that name; did you mean ... */
rf_status lab_task_find(const char *name, const lab_task **out, rf_error *err);
/* Fill in what is usual.  EINVAL: too short, too many kinds, or a choice the task does not have. */
rf_status lab_task_fit(const lab_task *t, lab_task_size *s, rf_error *err);

/* Memory for B sequences.  ENOMEM. */
rf_status lab_batch_init(lab_batch *b, const lab_task *t, const lab_task_size *s, rf_index B,
                         rf_error *err);
void lab_batch_free(lab_batch *b);
/* New sequences, a function of the key. */
void lab_batch_draw(lab_batch *b, const lab_task *t, const lab_task_size *s, rf_key key);

/* The larger tasks (brackets.c, agreement.c): what stands in their rows. */
enum { LAB_BRACKET_KINDS = 4, LAB_BRACKET_DEPTH = 64, LAB_AGREEMENT_NEAREST = 7 };
void lab_brackets_shape(const lab_task_size *s, lab_batch *b, double *guess);
void lab_brackets_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b);
const char *lab_brackets_symbol(const lab_task_size *s, int32_t id);
const char *lab_brackets_answer(const lab_task_size *s, int32_t kind);
void lab_agreement_shape(const lab_task_size *s, lab_batch *b, double *guess);
void lab_agreement_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b);
const char *lab_agreement_symbol(const lab_task_size *s, int32_t id);
const char *lab_agreement_answer(const lab_task_size *s, int32_t number);

/* Element of an array [T,B]. */
static inline rf_index lab_batch_at(const lab_batch *b, rf_index t, rf_index lane)
{
    return t * b->B + lane;
}

/* At step t answer `class` is due, for which one must remember `distance` steps. */
static inline void lab_batch_ask(lab_batch *b, rf_index t, rf_index lane, int class,
                                 rf_index distance)
{
    b->target[lab_batch_at(b, t, lane)] = class;
    b->distance[lab_batch_at(b, t, lane)] = (int32_t)distance;
}

#endif
