/* refrain/task.h -- what task plugins have in common, beyond the interface itself.
 *
 * Sessions, options inside models, names, models of a task, and pictures.  What trainings share is in
 * training.h.
 *
 * A session that is nothing but its host, for `.open`, `.close` and `.query` of an rf_plugin whose
 * verbs keep nothing between runs.  A plugin that keeps more defines its own rf_session and does
 * not use these. */
#ifndef REFRAIN_TASK_H
#define REFRAIN_TASK_H

#include <refrain/cell.h>
#include <refrain/model.h>
#include <refrain/plot.h>
#include <refrain/plugin.h>
#include <refrain/text.h>
#include <refrain/train.h>

RF_BEGIN

struct rf_session {
    const rf_host *host;
};

RF_API rf_status rf_session_open(const rf_host *h, rf_session **out);
RF_API void rf_session_close(rf_session *s);
/* Offers no interface: NULL. */
RF_API const void *rf_session_query(const char *id);

/* How a run ends: `return rf_session_end(s, st, &err);`.  Hands a failure to the host and returns
 * it.  An error without a text was explained before; that of a cancellation is only mentioned. */
RF_API rf_status rf_session_end(rf_session *s, rf_status st, const rf_error *err);

/* Log a line.  Without memory for it, nothing. */
RF_API void rf_logf(const rf_host *h, rf_level level, const char *format, ...) RF_PRINTF(3, 4);

/* ---- Options inside models ---------------------------------------------------------------------
 *
 * Generic, from a verb's table: RF_BOOL, RF_INT, RF_REAL, RF_STRING and RF_CHOICE are kept under
 * their names; files and lists are not, being where they are this time. */

/* Append the options that have a value as one JSON object: with `model` those that shape the model
 * (RF_OPT_MODEL), else the others except the names in `without` (NULL-terminated, or NULL).
 * Errors: ENOMEM. */
RF_API rf_status rf_settings_write(const rf_option *table, const rf_setting *v, bool model,
                                   const char *const *without, rf_str *json, rf_error *err);
/* Give every option that is not set what the JSON object says; what it does not say stays.
 *
 *   table, v  the verb's options; v [as many], complete or all zero
 *   file      what stands for the object's source in messages
 *   texts     where texts are copied to: they live as long
 *
 * Errors: EFORMAT (not an object; a value that the option would not take), EINVAL (an option of
 * RF_OPT_MODEL was set otherwise), ENOMEM. */
RF_API rf_status rf_settings_read(const rf_option *table, rf_setting *v, const char *json,
                                  const char *file, rf_arena *texts, rf_error *err);
/* An error unless the options numbered in `which` (ended by -1) have a value. */
RF_API rf_status rf_settings_need(const rf_option *table, const rf_setting *v, const int *which,
                                  const char *file, rf_error *err);

/* ---- Names --------------------------------------------------------------------------------------
 *
 * "there is no taks; did you mean task?": `lead`, the word, and the nearest of the words (ended by NULL),
 * or all of them if none is near.  Returns st. */
RF_API rf_status rf_word_unknown(rf_status st, const char *lead, const char *word,
                                 const char *const *words, rf_error *err);
/* "--cell: there is no lsmt; did you mean lstm?": option `o` is a name of a table, whose entry i is
 * name(i), NULL past the end; o NULL: an operand.  Errors: EINVAL, always. */
RF_API rf_status rf_name_unknown(const rf_option *o, const char *word, const char *(*name)(int i),
                                 rf_error *err);
/* The names of cells and optimisers, for that. */
RF_API const char *rf_cell_name_at(int i);
RF_API const char *rf_optimizer_name_at(int i);
/* A cell, an optimiser by the name that option o gives.  NULL with err: EINVAL, as above. */
RF_API const rf_cell *rf_cell_named(const rf_option *o, const char *name, rf_error *err);
RF_API const rf_optimizer_row *rf_optimizer_named(const rf_option *o, const char *name,
                                                  rf_error *err);

/* Of a list of metrics of texts, "bleu,chrf", their numbers: metric [most], *count of them.  Errors:
 * EINVAL (unknown, too many). */
RF_API rf_status rf_metrics_named(const rf_option *o, const char *list, int *metric, int most,
                                  int *count, rf_error *err);

/* ---- Models of a task --------------------------------------------------------------------------- */

/* Read a model that a plugin wrote for a task: its metadata say `plugin` and `task`.
 * NULL with err: EIO; EFORMAT (no model; another plugin's or task's). */
RF_API rf_model *rf_task_model_read(const char *path, const char *plugin, const char *task,
                                    rf_error *err);
/* A model made ready: read so, handed to parse(self, file), then a device of as many threads and a graph
 * on it.  *d and *g are the caller's to free, whatever comes back.  Errors: those of reading and of
 * parse; ENOMEM. */
typedef struct rf_task_opening {
    const char *path, *plugin, *task;
    int64_t threads;
    rf_status (*parse)(void *self, const rf_model *file, rf_error *err);
    void *self;
} rf_task_opening;
RF_API rf_status rf_task_model_open(const rf_task_opening *o, rf_device **d, rf_graph **g,
                                    rf_error *err);
/* Its options, as rf_settings_read with v all zero. */
RF_API rf_status rf_task_options_read(const rf_model *m, const rf_option *table, rf_setting *v,
                                      rf_arena *texts, rf_error *err);
/* The tokenizer that is among its metadata.  NULL with err: EFORMAT (there is none; it is broken). */
RF_API rf_tokenizer *rf_task_tokenizer_read(const rf_model *m, rf_error *err);
/* A vocabulary that is there under a key of the plugin.  NULL with err: EFORMAT (there is none, it is
 * broken or empty), ENOMEM. */
RF_API rf_vocab *rf_task_vocab_read(const rf_model *m, const char *key, rf_error *err);
/* Every parameter into the file, or out of it.  Errors: those of rf_model_add_real, _get_real. */
RF_API rf_status rf_params_store(const rf_params *ps, rf_model *m, rf_dtype storage, rf_error *err);
RF_API rf_status rf_params_load(rf_params *ps, const rf_model *m, rf_error *err);

/* ---- Pictures ----------------------------------------------------------------------------------- */

/* Write a picture, unless it is not complete, and free it; p may be NULL.  Errors: ENOMEM (not
 * complete), EIO. */
RF_API rf_status rf_plot_finish(rf_plot *p, bool complete, const char *path, rf_error *err);
/* Send the event of a picture that was written. */
RF_API rf_status rf_emit_plot(const rf_host *h, const char *path);

RF_END
#endif
