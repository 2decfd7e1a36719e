/* lab/ledger.h -- the file of finished trainings, by which a long search is stopped and resumed.
 *
 * JSON lines: first what the trainings have in common, then one line for each.
 *
 *     {"refrain": "odyssey", "data": "5f1d...", "epochs": 100, "learning-rate": "0.001:0.03", ...}
 *     {"cell": "lstm-nig", "trial": 3, "seed": null, "hidden": 87, ..., "valid": 8.41, "test": 8.43, ...}
 *
 * The file is replaced as a whole after each training: it is never half written. */
#ifndef LAB_LEDGER_H
#define LAB_LEDGER_H

#include <jansson.h>
#include <refrain/base.h>

#include "attempt.h"

typedef struct lab_ledger lab_ledger;

/* Which training: of a search, then `seed` is 0; or of the repetition with seed 1, 2, ... of what was
 * best in that trial.  trial 0: the settings were not searched for. */
typedef struct lab_entry {
    const char *cell;
    int64_t trial, seed;
} lab_entry;

/* Begin a ledger, or with `resume` go on with the one at `path` if it exists.  path NULL: nothing is
 * kept.  `common` is borrowed for the call; names in it are those of options.
 * Errors: EINVAL, something else was common to what the file holds, or the file exists and `resume`
 * is not wanted; EFORMAT names the line; EIO; ENOMEM. */
rf_status lab_ledger_open(lab_ledger **out, const char *path, json_t *common, bool resume,
                          rf_error *err);
/* A ledger of n bytes in memory, which is kept in no file; `name` stands for it in messages.  NULL with
 * err: as above. */
lab_ledger *lab_ledger_parse(const char *text, size_t n, const char *name, json_t *common,
                             rf_error *err);
void lab_ledger_free(lab_ledger *l);
/* How many trainings it held when it was opened. */
size_t lab_ledger_found(const lab_ledger *l);
/* Whether the training is in it, and how it went. */
bool lab_ledger_get(const lab_ledger *l, lab_entry which, lab_outcome *out);
/* Add one, and replace the file.  Errors: EIO, ENOMEM. */
rf_status lab_ledger_add(lab_ledger *l, lab_entry which, const lab_attempt *t, const lab_outcome *o,
                         rf_error *err);

#endif
