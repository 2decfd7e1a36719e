/* translate/run.h -- what verbs that search share. */
#ifndef TRANSLATE_RUN_H
#define TRANSLATE_RUN_H

#include <refrain/io.h>

#include "model.h"
#include "search.h"

/* The caller's part of a search, from a model and the SEARCH_ options; `each`, `tell` and ctx are left. */
void tr_search_of(tr_search *s, const tr_model *x, const rf_setting *v);
/* Errors: EFORMAT (the line that was read last is not UTF-8). */
rf_status tr_check_line(const rf_lines *in, const char *line, size_t n, rf_error *err);

#endif
