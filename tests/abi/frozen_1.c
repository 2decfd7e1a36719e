/* What was released as plugin ABI 1 stays where it was (LP64).  Never edit a line: add lines.
 * A line that fails to compile means that plugins in the field would read the wrong bytes. */
#include <refrain/collective.h>
#include <refrain/live.h>
#include <refrain/plugin.h>

#define AT(type, field, n)                                                                         \
    _Static_assert(offsetof(type, field) == (n), "ABI 1: " #type "." #field " moved")
#define FROZEN(type, n)   _Static_assert(sizeof(type) == (n), "ABI 1: " #type " is frozen")
#define AT_LEAST(type, n) _Static_assert(sizeof(type) >= (n), "ABI 1: " #type " shrank")
#define IS(name, n)       _Static_assert((name) == (n), "ABI 1: " #name " changed")

/* 1.0 */
FROZEN(rf_build, 16);
AT(rf_build, lib_major, 0);
AT(rf_build, real_bytes, 4);
AT(rf_build, index_bytes, 8);
AT(rf_build, max_rank, 12);

FROZEN(rf_setting, 16);
AT(rf_setting, set, 0);
AT(rf_setting, count, 4);
AT(rf_setting, as, 8);

AT_LEAST(rf_option, 88);
AT(rf_option, name, 0);
AT(rf_option, type, 8);
AT(rf_option, flags, 12);
AT(rf_option, letter, 16);
AT(rf_option, def, 24);
AT(rf_option, min, 32);
AT(rf_option, max, 40);
AT(rf_option, choices, 48);
AT(rf_option, meta, 56);
AT(rf_option, unit, 64);
AT(rf_option, group, 72);
AT(rf_option, help, 80);

FROZEN(rf_text, 24);
AT(rf_text, s, 0);
AT(rf_text, n, 8);
AT(rf_text, logp, 16);
FROZEN(rf_metric, 32);
AT(rf_metric, name, 0);
AT(rf_metric, unit, 8);
AT(rf_metric, of, 16);
AT(rf_metric, value, 24);
FROZEN(rf_label, 48);
AT(rf_label, form, 0);
AT(rf_label, label, 8);
AT(rf_label, unit, 16);
AT(rf_label, p, 24);
AT(rf_label, from, 32);
AT(rf_label, to, 40);
FROZEN(rf_note, 32);
AT(rf_note, pitch, 0);
AT(rf_note, velocity, 4);
AT(rf_note, channel, 8);
AT(rf_note, program, 12);
AT(rf_note, on, 16);
AT(rf_note, len, 24);
FROZEN(rf_file, 24);
AT(rf_file, path, 0);
AT(rf_file, what, 8);
AT(rf_file, media, 16);

AT_LEAST(rf_field, 40);
AT(rf_field, name, 0);
AT(rf_field, unit, 8);
AT(rf_field, type, 16);
AT(rf_field, rank, 20);
AT(rf_field, as, 24);
AT(rf_field, shape, 32);
FROZEN(rf_record, 24);
AT(rf_record, name, 0);
AT(rf_record, fields, 8);
AT(rf_record, count, 16);
AT(rf_record, stride, 20);

AT_LEAST(rf_event, 72);
AT(rf_event, size, 0);
AT(rf_event, kind, 4);
AT(rf_event, item, 8);
AT(rf_event, step, 16);
AT(rf_event, u, 24);

FROZEN(rf_host, 80);
AT(rf_host, size, 0);
AT(rf_host, abi_minor, 4);
AT(rf_host, self, 8);
AT(rf_host, name, 16);
AT(rf_host, version, 24);
AT(rf_host, emit, 32);
AT(rf_host, progress, 40);
AT(rf_host, fail, 48);
AT(rf_host, log, 56);
AT(rf_host, data_path, 64);
AT(rf_host, service, 72);

AT_LEAST(rf_run, 56);
AT(rf_run, size, 0);
AT(rf_run, threads, 4);
AT(rf_run, seed, 8);
AT(rf_run, opt, 16);
AT(rf_run, arg, 24);
AT(rf_run, opt_count, 32);
AT(rf_run, arg_count, 36);
AT(rf_run, verb, 40);
AT(rf_run, model, 48);

AT_LEAST(rf_verb, 80);
AT(rf_verb, name, 0);
AT(rf_verb, summary, 8);
AT(rf_verb, help, 16);
AT(rf_verb, operands, 24);
AT(rf_verb, operand_type, 32);
AT(rf_verb, arg_min, 36);
AT(rf_verb, arg_max, 40);
AT(rf_verb, model, 44);
AT(rf_verb, emits, 48);
AT(rf_verb, flags, 52);
AT(rf_verb, options, 56);
AT(rf_verb, examples, 64);
AT(rf_verb, run, 72);

AT_LEAST(rf_plugin, 136);
AT(rf_plugin, size, 0);
AT(rf_plugin, abi_needs, 4);
AT(rf_plugin, build, 8);
AT(rf_plugin, verb_size, 24);
AT(rf_plugin, option_size, 28);
AT(rf_plugin, id, 32);
AT(rf_plugin, task, 40);
AT(rf_plugin, name, 48);
AT(rf_plugin, summary, 56);
AT(rf_plugin, help, 64);
AT(rf_plugin, version, 72);
AT(rf_plugin, license, 80);
AT(rf_plugin, cites, 88);
AT(rf_plugin, features, 96);
AT(rf_plugin, verbs, 104);
AT(rf_plugin, open, 112);
AT(rf_plugin, close, 120);
AT(rf_plugin, query, 128);

IS(RF_ABI_MAJOR, 1);
IS(RF_OK, 0);
IS(RF_EINVAL, -1);
IS(RF_ENOMEM, -2);
IS(RF_EIO, -3);
IS(RF_EFORMAT, -4);
IS(RF_ESHAPE, -5);
IS(RF_EVERSION, -6);
IS(RF_ENOTSUP, -7);
IS(RF_ECANCELLED, -8);
IS(RF_EDIVERGED, -9);
IS(RF_EINTERNAL, -10);
IS(RF_BOOL, 1);
IS(RF_INT, 2);
IS(RF_REAL, 3);
IS(RF_STRING, 4);
IS(RF_CHOICE, 5);
IS(RF_INFILE, 6);
IS(RF_OUTFILE, 7);
IS(RF_PATH, 8);
IS(RF_OPT_REQUIRED, 1);
IS(RF_OPT_ADVANCED, 2);
IS(RF_OPT_MODEL, 4);
IS(RF_OPT_LOGSCALE, 8);
IS(RF_OPT_LIST, 16);
IS(RF_OPT_ABOVE, 32);
IS(RF_OPT_BELOW, 64);
IS(RF_EV_TEXT, 1);
IS(RF_EV_METRIC, 2);
IS(RF_EV_LABEL, 3);
IS(RF_EV_NOTE, 4);
IS(RF_EV_FILE, 5);
IS(RF_EV_RECORD, 6);
IS(RF_FIELD_INT, 1);
IS(RF_FIELD_REAL, 2);
IS(RF_FIELD_STRING, 3);
IS(RF_FIELD_INTS, 4);
IS(RF_FIELD_REALS, 5);
IS(RF_FIELD_STRINGS, 6);
IS(RF_MODEL_READ, 1);
IS(RF_MODEL_WRITE, 2);
IS(RF_MODEL_OPTIONAL, 4);
IS(RF_LOG_DEBUG, 0);
IS(RF_LOG_INFO, 1);
IS(RF_LOG_WARN, 2);

/* 1.1 */
IS(RF_VERB_RANKS, 1);
FROZEN(rf_collective, 96);
AT(rf_collective, size, 0);
AT(rf_collective, flags, 4);
AT(rf_collective, self, 8);
AT(rf_collective, join, 16);
AT(rf_collective, rank, 24);
AT(rf_collective, ranks, 32);
AT(rf_collective, place, 40);
AT(rf_collective, sum_reals, 48);
AT(rf_collective, sum, 56);
AT(rf_collective, broadcast, 64);
AT(rf_collective, meet, 72);
AT(rf_collective, abort, 80);
AT(rf_collective, leave, 88);

/* 1.2 */
IS(RF_VERB_SHORT, 2);

/* rf.live/1 */
FROZEN(rf_live, 96);
AT(rf_live, verb, 8);
AT(rf_live, begin, 16);
AT(rf_live, end, 24);
AT(rf_live, key, 32);
AT(rf_live, erase, 40);
AT(rf_live, clear, 48);
AT(rf_live, pick, 56);
AT(rf_live, typed, 64);
AT(rf_live, done, 72);
AT(rf_live, count, 80);
AT(rf_live, candidate, 88);

int main(void) { return 0; }
