/* lab/brackets.c -- Dyck-k: well-formed words of k kinds of brackets, no deeper than a limit; before
 * each closing bracket it is asked which one closes.
 *
 * Source: Hewitt et al., RNNs can generate bounded hierarchical languages with optimal memory,
 * EMNLP 2020 (Dyck-(k,m)). */
#include "tasks.h"

void lab_brackets_shape(const lab_task_size *s, lab_batch *b, double *guess)
{
    b->T = s->length / 2 * 2;
    b->I = 2 * s->kinds;
    b->K = s->kinds;
    *guess = 1.0 / s->kinds;
}

/* Whether the next bracket opens, with `depth` open ones and `left` brackets to come. */
static bool opens(const lab_task_size *s, lab_dice *d, int depth, rf_index left)
{
    if (depth == 0) return true;
    if (depth == s->depth || depth == left) return false;
    return lab_dice_below(d, 2) == 0;
}

/* A bracket that closes right after it was opened needs no memory, and is not measured. */
void lab_brackets_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b)
{
    struct {
        int kind;
        rf_index at;
    } open[LAB_BRACKET_DEPTH];
    int depth = 0;
    for (rf_index t = 0; t < b->T; t++) {
        int32_t *id = &b->ids[lab_batch_at(b, t, lane)];
        if (opens(s, d, depth, b->T - t)) {
            open[depth].kind = lab_dice_below(d, s->kinds);
            open[depth].at = t;
            *id = 2 * open[depth++].kind;
            continue;
        }
        const rf_index distance = t - open[--depth].at;
        *id = 2 * open[depth].kind + 1;
        lab_batch_ask(b, t - 1, lane, open[depth].kind, distance > 1 ? distance : 0);
    }
}

const char *lab_brackets_symbol(const lab_task_size *s, int32_t id)
{
    static const char *const brackets[2 * LAB_BRACKET_KINDS] = {"(", ")", "[", "]",
                                                                "{", "}", "<", ">"};
    (void)s;
    return brackets[id];
}

const char *lab_brackets_answer(const lab_task_size *s, int32_t kind)
{
    return lab_brackets_symbol(s, 2 * kind + 1);
}
