/* lab/film.h -- gates and states over time: a table, and a picture with time across and units down. */
#ifndef LAB_FILM_H
#define LAB_FILM_H

#include <refrain/task.h>

#include "steps.h"

enum { LAB_FILM_TRACKS = 2 * LAB_TRACKS }; /* both directions of a layer */

/* Start it as {0} with the three choices set. */
typedef struct lab_film {
    const char *what;  /* "i,f,h": of gates and states; NULL: all */
    const char *units; /* "0-7" or "3" */
    int layer;         /* from 0; -1: the last one */

    rf_index from, count; /* the units */
    int tracks;
    char *name[LAB_FILM_TRACKS];
    double *value[LAB_FILM_TRACKS]; /* [columns, count]; NAN between sequences */
    char **label;                   /* [columns]; NULL between sequences */
    size_t columns;
} lab_film;

/* Add a sequence that was unrolled: T steps of one sequence, or, of a network without memory, one step
 * of T.  labels [T] are copied.  Errors: EINVAL (no such gate, layer or unit), ENOMEM. */
rf_status lab_film_add(lab_film *f, const rf_graph *g, const rf_cell *cell, const lab_steps *steps,
                       const char *const *labels, rf_error *err);
/* Send what was added as a table, a row for each step and track. */
rf_status lab_film_emit(const lab_film *f, rf_session *s);
/* Draw it, a panel for each gate and state.  Errors: EIO, ENOMEM, the host's. */
rf_status lab_film_write(const lab_film *f, rf_session *s, const char *title, const char *path,
                         rf_error *err);
void lab_film_free(lab_film *f);

#endif
