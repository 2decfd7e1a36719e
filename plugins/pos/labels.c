/* pos/labels.c -- see labels.h. */
#include "labels.h"

int32_t pos_labels(int task, int32_t tags) { return task == POS_WORDS ? tags * POS_PLACES : tags; }

int32_t pos_label_tag(int task, int32_t label)
{
    return task == POS_WORDS ? label / POS_PLACES : label;
}

int pos_label_place(int task, int32_t label)
{
    return task == POS_WORDS ? label % POS_PLACES : POS_S;
}

int pos_place(int32_t k, int32_t n)
{
    if (n == 1) return POS_S;
    if (k == 0) return POS_B;
    return k + 1 < n ? POS_I : POS_E;
}

int32_t pos_label_of(int task, int32_t tag, int32_t k, int32_t n)
{
    return task == POS_WORDS ? tag * POS_PLACES + pos_place(k, n) : tag;
}

bool pos_label_follows(int task, int32_t a, int32_t b)
{
    if (task != POS_WORDS) return true;
    const int from = a % POS_PLACES, to = b % POS_PLACES;
    const bool open = from == POS_B || from == POS_I, goes_on = to == POS_I || to == POS_E;
    return open == goes_on && (!open || a / POS_PLACES == b / POS_PLACES);
}
