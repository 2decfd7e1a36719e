/* lab/cell.c -- the verb cell: the table of recurrent cells. */
#include <refrain/cell.h>

#include "lab.h"

enum { CELL_ALL, CELL_COUNT };

const rf_option lab_cell_options[CELL_COUNT + 1] = {
    [CELL_ALL] = {.name = "all", .type = RF_BOOL, .letter = 'a', .help = "a table of all cells"},
};

rf_status lab_cell(rf_session *s, const rf_run *r)
{
    const rf_cell *c;
    rf_status st = RF_OK;
    if (!r->opt[CELL_ALL].as.i)
        return s->host->fail(s->host, RF_EINVAL, "cell: say --all for a table of all cells");
    for (int i = 0; (c = rf_cell_at(i)) && !st; i++) {
        const rf_field row[] = {rf_field_string("cell", c->name), rf_field_int("gates", c->gates),
                                rf_field_int("states", c->states),
                                rf_field_string("what", c->summary),
                                rf_field_string("source", c->source)};
        st = rf_emit_record(s->host, i, "cell", row, sizeof row / sizeof *row);
    }
    return st;
}
