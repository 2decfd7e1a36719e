/* pos/raw.c -- see raw.h. */
#include "raw.h"

bool pos_raw_next(pos_raw *r)
{
    if (r->at >= r->n) return false;
    r->from = r->at;
    r->to = r->at = r->n;
    return true;
}
bool pos_raw_add(pos_raw *r, pos_batch *b)
{
    const char *copy = pos_batch_keep(b, r->s + r->from, r->to - r->from);
    pos_batch_open(b);
    return copy && pos_batch_text(b, copy, r->to - r->from);
}
void pos_raw_free(pos_raw *r) { (void)r; }
