/* pinyin/annotate_begin.c -- a network that begins with what another has learned. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"

/* The vocabulary that numbers the rows of a tensor of this name, behind its member's number; NULL: none. */
static const rf_vocab *rows_of(const an_lexis *x, const char *name)
{
    const struct {
        const char *name;
        const rf_vocab *rows;
    } tables[] = {{"char.weight", x->chars},
                  {"pair.weight", x->pairs},
                  {"reading.weight", x->classes},
                  {"bias.weight", x->classes}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!strcmp(name, tables[i].name)) return tables[i].rows;
    return NULL;
}

/* The rows whose keys both have; how many. */
static int64_t copy_rows(rf_param *to, const rf_vocab *here, const rf_param *from,
                         const rf_vocab *there)
{
    const rf_index size = to->value.shape.dim[1];
    int64_t n = 0;
    if (from->value.shape.dim[1] != size) return 0;
    for (int32_t i = 0; i < rf_vocab_size(there); i++) {
        size_t bytes;
        const char *key = rf_vocab_at(there, i, &bytes);
        const int32_t id = rf_vocab_find(here, key, bytes);
        if (id < 0) continue;
        memcpy(to->value.data + id * size, from->value.data + i * size,
               (size_t)size * sizeof(rf_real));
        n++;
    }
    return n;
}

/* "2.char.weight" -> 2 and "char.weight"; the first member's names have no number. */
static int member_of(const char **name)
{
    char *end;
    if (!isdigit((unsigned char)**name)) return 0;
    const long k = strtol(*name, &end, 10);
    *name = end + 1;
    return (int)k;
}

static const rf_param *find(const an_net *m, int member, const char *name)
{
    char text[128];
    if (!member) return rf_params_find(m->params, name);
    snprintf(text, sizeof text, "%d.%s", member, name);
    return rf_params_find(m->params, text);
}

int64_t an_net_begin(an_net *m, const an_net *from)
{
    int64_t n = 0;
    for (size_t i = 0; i < rf_params_count(m->params); i++) {
        rf_param *to = rf_params_at(m->params, i);
        const char *name = to->name;
        const int k = member_of(&name) % from->shape.members;
        const rf_param *p = find(from, k, name);
        const rf_vocab *here = rows_of(&m->lexis, name), *there = rows_of(&from->lexis, name);
        if (!p) continue;
        if (here)
            n += copy_rows(to, here, p, there);
        else if (rf_shape_equal(to->value.shape, p->value.shape))
            memcpy(to->value.data, p->value.data,
                   (size_t)rf_shape_count(p->value.shape) * sizeof(rf_real));
    }
    return n;
}
