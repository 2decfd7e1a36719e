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

/* The model that a member begins with, and which of its members: all take turns. */
static const rf_param *find(const an_model *from, uint32_t count, int member, const char *name,
                            const an_net **of)
{
    char text[128];
    const an_net *m = *of = from[(uint32_t)member % count].m;
    const int k = member / (int)count % m->shape.members;
    if (!k) return rf_params_find(m->params, name);
    snprintf(text, sizeof text, "%d.%s", k, name);
    return rf_params_find(m->params, text);
}

int64_t an_net_begin(an_net *m, const an_model *from, uint32_t count)
{
    int64_t n = 0;
    for (size_t i = 0; i < rf_params_count(m->params); i++) {
        rf_param *to = rf_params_at(m->params, i);
        const char *name = to->name;
        const int k = member_of(&name);
        const an_net *of;
        const rf_param *p = find(from, count, k, name, &of);
        const rf_vocab *here = rows_of(&m->lexis, name);
        if (!p) continue;
        if (here)
            n += copy_rows(to, here, p, rows_of(&of->lexis, name));
        else if (rf_shape_equal(to->value.shape, p->value.shape))
            memcpy(to->value.data, p->value.data,
                   (size_t)rf_shape_count(p->value.shape) * sizeof(rf_real));
    }
    return n;
}
