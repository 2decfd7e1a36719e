/* pos/units.c -- see units.h. */
#include "units.h"

#include <stdlib.h>

#include "keys.h"

void pos_units_free(pos_units *u)
{
    free(u->at);
    *u = (pos_units){0};
}

static pos_unit *add(pos_units *u, const char *s, size_t n)
{
    if (u->n == u->cap) {
        const int32_t cap = u->cap ? 2 * u->cap : 64;
        pos_unit *list = realloc(u->at, (size_t)cap * sizeof *list);
        if (!list) return NULL;
        u->at = list;
        u->cap = cap;
    }
    u->at[u->n] = (pos_unit){
        .s = s, .n = (uint32_t)n, .label = -1, .choice = -1, .limit = POS_ANY, .glued = true};
    return &u->at[u->n++];
}

bool pos_units_text(pos_units *u, const char *s, size_t n)
{
    int32_t code;
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        const size_t step = k > 0 ? (size_t)k : 1;
        if (!pos_is_blank(code)) {
            const bool begins = u->n && !u->at[u->n - 1].glued;
            pos_unit *x = add(u, s + i, step);
            if (!x) return false;
            if (begins) x->limit &= POS_BEGINS;
        } else if (u->n) {
            u->at[u->n - 1].glued = false;
            u->at[u->n - 1].limit &= POS_ENDS;
        }
        i += step;
    }
    return true;
}

bool pos_units_word(pos_units *u, int task, const char *s, size_t n, int32_t tag, bool fixed)
{
    const int32_t first = u->n;
    if (task == POS_TAGS) {
        pos_unit *x = add(u, s, n);
        if (x) x->label = tag;
        return x != NULL;
    }
    pos_units part = *u;
    const bool done = pos_units_text(&part, s, n);
    *u = part;
    const int32_t count = u->n - first;
    for (int32_t k = 0; k < count; k++) {
        pos_unit *x = &u->at[first + k];
        x->glued = true;
        x->limit = (uint8_t)(fixed ? 1 << pos_place(k, count) : POS_ANY);
        if (tag >= 0) x->label = pos_label_of(task, tag, k, count);
    }
    return done;
}

bool pos_units_sentence(pos_units *u, int task, const pos_corpus *c, rf_index i, bool fixed)
{
    u->n = 0;
    for (rf_index k = c->start[i]; k < c->start[i + 1]; k++) {
        const pos_word *w = &c->word[k];
        if (!pos_units_word(u, task, c->text.s + w->at, w->n, w->tag, fixed)) return false;
        if (u->n && !w->glued) u->at[u->n - 1].glued = false;
    }
    pos_units_close(u, task);
    return true;
}

void pos_units_close(pos_units *u, int task)
{
    if (task != POS_WORDS || !u->n) return;
    u->at[0].limit &= POS_BEGINS;
    u->at[u->n - 1].limit &= POS_ENDS;
}
