/* lm/settings.h -- options as JSON: into a model's file, and out of a state that is resumed. */
#ifndef LM_SETTINGS_H
#define LM_SETTINGS_H

#include <jansson.h>
#include <refrain/plugin.h>
#include <stdbool.h>

/* The options of a table that have a value and are no files, as an object: with `model` those that
 * shape the model (RF_OPT_MODEL), else the others.  NULL: no memory. */
json_t *lm_settings_json(const rf_option *table, const rf_setting *v, bool model);
/* Give every option that the user did not set what the object says; its texts live as long as the
 * object.  Errors: EINVAL when the user set one of RF_OPT_MODEL otherwise; `file` says so. */
rf_status lm_settings_take(const rf_option *table, rf_setting *v, const json_t *object,
                           const char *file, rf_error *err);

#endif
