/* lm/cells.c -- the verb cells: the library's table of recurrent cells. */
#include "session.h"

rf_status lm_cells(rf_session *s, const rf_run *r)
{
    const rf_cell *c;
    rf_status st = RF_OK;
    (void)r;
    for (int i = 0; (c = rf_cell_at(i)) && !st; i++) {
        const rf_field row[] = {rf_field_string("cell", c->name), rf_field_int("gates", c->gates),
                                rf_field_int("states", c->states),
                                rf_field_string("what", c->summary),
                                rf_field_string("source", c->source)};
        st = rf_emit_record(s->host, i, "cell", row, sizeof row / sizeof *row);
    }
    return st;
}
