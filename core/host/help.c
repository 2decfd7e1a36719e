/* host/help.c -- --help, from the plugin's description alone.
 *
 * Invariant: no line is wider than 79 columns unless a single word is. */
#include <string.h>

#include "host/host.h"

enum { OPTION_INDENT = 2, COMMAND_COLUMN = 14, TEXT_COLUMN = 26 };

/* ---- One option ----------------------------------------------------------------------------- */

static const char *default_text(const rf_option *o)
{
    rf_setting x = {0};
    if (o->type != RF_BOOL) return *o->def ? o->def : "empty";
    return rf_option_parse(o, o->def, &x, NULL) == RF_OK && x.as.i ? "yes" : "no";
}

/* "(tokens, 1 to 1000; default 35)", or nothing. */
static void put_facts(rf_str *out, const rf_option *o)
{
    rf_str facts = {0};
    rf_str range = {0};
    rfi_option_range(&range, o);
    if (o->unit) rf_str_put(&facts, o->unit);
    if (range.n) rf_str_printf(&facts, "%s%s", facts.n ? ", " : "", range.s);
    if (o->flags & RF_OPT_LIST) rf_str_printf(&facts, "%srepeatable", facts.n ? "; " : "");
    if (o->flags & RF_OPT_REQUIRED) rf_str_printf(&facts, "%srequired", facts.n ? "; " : "");
    if (o->def) rf_str_printf(&facts, "%sdefault %s", facts.n ? "; " : "", default_text(o));
    if (facts.n) rf_str_printf(out, " (%s)", facts.s);
    rf_str_free(&facts);
    rf_str_free(&range);
}

static void put_option(rf_str *out, const rf_option *o)
{
    rf_str left = {0}, right = {0};
    if (o->letter)
        rf_str_printf(&left, "-%c, ", o->letter);
    else
        rf_str_put(&left, "    ");
    rf_str_printf(&left, "--%s", o->name);
    if (o->type != RF_BOOL && !(o->flags & OPT_MAYBE_VALUE))
        rf_str_printf(&left, "=%s", rfi_option_meta(o));
    rfi_pad(out, 0, OPTION_INDENT);
    rf_str_put(out, left.s);
    rfi_pad(out, OPTION_INDENT + rfi_width(left.s, left.n), TEXT_COLUMN);
    rf_str_put(&right, o->help ? o->help : "");
    put_facts(&right, o);
    rfi_wrap(out, right.s, TEXT_COLUMN, TEXT_COLUMN);
    rf_str_put(out, "\n");
    rf_str_free(&left);
    rf_str_free(&right);
}

/* ---- Options by group ----------------------------------------------------------------------- */

static bool same_group(const char *a, const char *b) { return !strcmp(a ? a : "", b ? b : ""); }

static bool shown(const rf_option *o, bool all) { return all || !(o->flags & RF_OPT_ADVANCED); }

/* Whether option k is the first of its group that is shown. */
static bool opens_group(const rf_module_verb *v, size_t k, bool all)
{
    for (size_t j = 0; j < k; j++)
        if (shown(&v->options[j], all) && same_group(v->options[j].group, v->options[k].group))
            return false;
    return shown(&v->options[k], all);
}

static void put_options(rf_str *out, const rf_module_verb *v, bool all)
{
    for (size_t k = 0; k < v->option_count; k++) {
        if (!opens_group(v, k, all)) continue;
        rf_str_printf(out, "\n%s:\n", v->options[k].group ? v->options[k].group : "Options");
        for (size_t j = k; j < v->option_count; j++)
            if (same_group(v->options[j].group, v->options[k].group) && shown(&v->options[j], all))
                put_option(out, &v->options[j]);
    }
}

static void put_host_options(rf_str *out, const rf_module_verb *v, bool all)
{
    rf_str_put(out, "\nCommon options:\n");
    for (size_t k = 0; k < HOST_COUNT; k++) {
        rf_option o = rfi_host_options[k];
        bool optional = v && v->def.model & RF_MODEL_OPTIONAL;
        if (!rfi_host_option_shown(k, v, all)) continue;
        if (k == HOST_MODEL) {
            bool write = v->def.model & RF_MODEL_WRITE;
            o.help = write ? "the file to write the model to" : "the model's file";
            if (!optional) o.flags |= RF_OPT_REQUIRED;
        }
        if (k == HOST_SEED) o.max = o.min; /* the range is no news to anyone */
        if (k == HOST_THREADS || o.type == RF_BOOL) o.max = o.min, o.def = NULL;
        put_option(out, &o);
    }
}

/* ---- Paragraphs and examples ---------------------------------------------------------------- */

static void put_paragraphs(rf_str *out, const char *text)
{
    while (text && *text) {
        const char *end = strstr(text, "\n\n");
        size_t n = end ? (size_t)(end - text) : strlen(text);
        rf_str one = {0};
        rf_str_add(&one, text, n);
        rf_str_put(out, "\n");
        if (one.s) rfi_wrap(out, one.s, 0, 0);
        rf_str_put(out, "\n");
        rf_str_free(&one);
        text += n + (end ? 2 : 0);
    }
}

/* Examples are commands: never wrapped, so that they can be copied. */
static void put_example(rf_str *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        rf_str_put(out, "  ");
        rf_str_add(out, text, n);
        rf_str_put(out, "\n");
        text += n + (text[n] == '\n');
    }
}

static bool has_examples(const rf_verb *v) { return v->examples && v->examples[0]; }

static void put_examples(rf_str *out, const rf_verb *v)
{
    if (!has_examples(v)) return;
    rf_str_put(out, "\nExamples:\n");
    for (size_t k = 0; v->examples[k]; k++) put_example(out, v->examples[k]);
}

/* Of each verb the first one. */
static void put_first_examples(rf_str *out, const rf_module *m)
{
    bool any = false;
    for (size_t k = 0; k < m->verb_count; k++) {
        const rf_verb *v = &m->verbs[k].def;
        if (!has_examples(v)) continue;
        if (!any) rf_str_put(out, "\nExamples:\n");
        put_example(out, v->examples[0]);
        any = true;
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void help_verb(rf_str *out, const rf_module_verb *v, const char *program, bool all)
{
    rf_str usage = {0};
    rf_str_printf(&usage, "usage: %s %s", program, v->def.name);
    for (size_t k = 0; k < v->option_count; k++)
        if (v->options[k].flags & RF_OPT_REQUIRED)
            rf_str_printf(&usage, " --%s=%s", v->options[k].name, rfi_option_meta(&v->options[k]));
    if (v->def.model && !(v->def.model & RF_MODEL_OPTIONAL)) rf_str_put(&usage, " --model=FILE");
    rf_str_put(&usage, " [OPTION]...");
    if (v->def.operands) rf_str_printf(&usage, " %s", v->def.operands);
    rfi_wrap(out, usage.s, 0, 8);
    rf_str_put(out, "\n\n");
    rf_str_free(&usage);
    rfi_wrap(out, v->def.summary ? v->def.summary : "", 0, 0);
    rf_str_put(out, "\n");
    put_paragraphs(out, v->def.help);
    put_options(out, v, all);
    put_host_options(out, v, all);
    put_examples(out, &v->def);
    for (size_t k = 0; k < v->option_count && !all; k++)
        if (v->options[k].flags & RF_OPT_ADVANCED) {
            rf_str_put(out, "\nMore options: --help=all\n");
            break;
        }
}

/* In two columns, the first as wide as the names need. */
static void put_commands(rf_str *out, const rf_module *m)
{
    size_t column = COMMAND_COLUMN;
    for (size_t k = 0; k < m->verb_count; k++) {
        const size_t width = OPTION_INDENT + strlen(m->verbs[k].def.name) + 2;
        if (width > column && width <= TEXT_COLUMN) column = width;
    }
    rf_str_put(out, "\nCommands:\n");
    for (size_t k = 0; k < m->verb_count; k++) {
        const rf_verb *v = &m->verbs[k].def;
        rfi_pad(out, 0, OPTION_INDENT);
        rf_str_put(out, v->name);
        rfi_pad(out, OPTION_INDENT + strlen(v->name), column);
        rfi_wrap(out, v->summary ? v->summary : "", column, column);
        rf_str_put(out, "\n");
    }
}

static void help_plugin(rf_str *out, const rf_module *m, const char *program, bool all)
{
    rf_str_printf(out, "usage: %s COMMAND [OPTION]... [OPERAND]...\n\n", program);
    rfi_wrap(out, m->def.summary ? m->def.summary : m->def.name, 0, 0);
    rf_str_put(out, "\n");
    put_paragraphs(out, m->def.help);
    put_commands(out, m);
    put_host_options(out, NULL, all);
    put_first_examples(out, m);
    rf_str_printf(out, "\nEvery option of a command: %s COMMAND --help\n", program);
}

void rf_help(rf_str *out, const rf_module *m, const rf_module_verb *v, const char *program,
             bool all)
{
    if (v)
        help_verb(out, v, program, all);
    else
        help_plugin(out, m, program, all);
}
