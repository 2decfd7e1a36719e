/* host/man.c -- the man page, in roff's man macros, from the plugin's description alone. */
#include <ctype.h>
#include <string.h>

#include "host/host.h"

/* Text with roff's own characters made harmless, also at the beginning of a line. */
static void put_roff(rf_str *out, const char *text)
{
    bool line = true;
    for (const char *s = text; *s; s++) {
        if (line && (*s == '.' || *s == '\'')) rf_str_put(out, "\\&");
        if (*s == '\\')
            rf_str_put(out, "\\e");
        else if (*s == '-')
            rf_str_put(out, "\\-");
        else if (*s == '\'')
            rf_str_put(out, "\\(aq");
        else
            rf_str_add(out, s, 1);
        line = *s == '\n';
    }
}

static void put_upper(rf_str *out, const char *text)
{
    for (; *text; text++) rf_str_printf(out, "%c", toupper((unsigned char)*text));
}

/* Paragraphs; an empty line becomes .PP. */
static void put_paragraphs(rf_str *out, const char *text)
{
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        rf_str one = {0};
        rf_str_add(&one, text, n);
        if (n) put_roff(out, one.s);
        rf_str_put(out, n ? "\n" : ".PP\n");
        rf_str_free(&one);
        text += n + (text[n] == '\n');
    }
}

static void put_facts(rf_str *out, const rf_option *o)
{
    rf_str range = {0};
    rfi_option_range(&range, o);
    rf_str_put(out, ".");
    if (o->unit) {
        rf_str_put(out, " In ");
        put_roff(out, o->unit);
        rf_str_put(out, ".");
    }
    if (range.n) {
        rf_str_put(out, o->type == RF_CHOICE ? " One of " : " Range: ");
        put_roff(out, range.s);
        rf_str_put(out, ".");
    }
    if (o->flags & RF_OPT_LIST) rf_str_put(out, " May be repeated.");
    if (o->flags & RF_OPT_REQUIRED) rf_str_put(out, " Required.");
    if (o->flags & RF_OPT_MODEL) rf_str_put(out, " Stored in the model.");
    if (o->def && *o->def && o->type != RF_BOOL) {
        rf_str_put(out, " Default: ");
        put_roff(out, o->def);
        rf_str_put(out, ".");
    }
    rf_str_put(out, "\n");
    rf_str_free(&range);
}

static void put_option(rf_str *out, const rf_option *o)
{
    rf_str_put(out, ".TP\n");
    if (o->letter) rf_str_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    rf_str_put(out, "\\fB\\-\\-");
    put_roff(out, o->name);
    rf_str_put(out, "\\fR");
    if (o->type != RF_BOOL && !(o->flags & OPT_MAYBE_VALUE)) {
        rf_str_put(out, "=\\fI");
        put_roff(out, rfi_option_meta(o));
        rf_str_put(out, "\\fR");
    }
    rf_str_put(out, "\n");
    put_roff(out, o->help ? o->help : "");
    put_facts(out, o);
}

static void put_examples(rf_str *out, const rf_verb *v)
{
    for (size_t k = 0; v->examples && v->examples[k]; k++) {
        rf_str_put(out, ".PP\n.nf\n");
        put_roff(out, v->examples[k]);
        rf_str_put(out, "\n.fi\n");
    }
}

static void put_verb(rf_str *out, const rf_module_verb *v, const char *program)
{
    rf_str_put(out, ".SS ");
    put_roff(out, program);
    rf_str_put(out, " ");
    put_roff(out, v->def.name);
    if (v->def.model && !(v->def.model & RF_MODEL_OPTIONAL)) rf_str_put(out, " \\-\\-model=FILE");
    rf_str_put(out, " [OPTION]...");
    if (v->def.operands) {
        rf_str_put(out, " ");
        put_roff(out, v->def.operands);
    }
    rf_str_put(out, "\n");
    put_roff(out, v->def.summary ? v->def.summary : "");
    rf_str_put(out, ".\n");
    if (v->def.help) rf_str_put(out, ".PP\n");
    put_paragraphs(out, v->def.help);
    for (size_t k = 0; k < v->option_count; k++) put_option(out, &v->options[k]);
}

static void put_cites(rf_str *out, const rf_plugin *p)
{
    if (!p->cites || !p->cites[0]) return;
    rf_str_put(out, ".SH REFERENCES\n");
    for (size_t k = 0; p->cites[k]; k++) {
        if (k) rf_str_put(out, ".PP\n");
        put_roff(out, p->cites[k]);
        rf_str_put(out, "\n");
    }
}

static const char ending[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\nDone.\n.TP\n1\nFailed; one line on standard error says why.\n"
    ".TP\n2\nThe command line makes no sense.\n"
    ".TP\n130\nInterrupted; what was worth saving has been saved.\n"
    ".SH ENVIRONMENT\n"
    ".TP\nREFRAIN_PLUGIN_PATH\nFolders to look for plugins in, separated by colons, each "
    "absolute.\n"
    ".TP\nREFRAIN_DATA_PATH\nLikewise for models and data.\n"
    ".SH SEE ALSO\n.BR refrain (1),\n.BR rf\\-check (1)\n";

void rf_man(rf_str *out, const rf_module *m, const char *program)
{
    const rf_plugin *p = &m->def;
    rf_str_put(out, "'\\\" -*- coding: utf-8 -*-\n.TH ");
    put_upper(out, program);
    rf_str_printf(out, " 1 \"\" \"%s %s\" \"Refrain\"\n.SH NAME\n", program, p->version);
    put_roff(out, program);
    rf_str_put(out, " \\- ");
    put_roff(out, p->summary ? p->summary : p->name);
    rf_str_put(out, "\n.SH SYNOPSIS\n.B ");
    put_roff(out, program);
    rf_str_put(out, "\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n.SH DESCRIPTION\n");
    put_roff(out, p->summary ? p->summary : p->name);
    rf_str_put(out, ".\n");
    if (p->help) rf_str_put(out, ".PP\n");
    put_paragraphs(out, p->help);
    rf_str_put(out, ".SH COMMANDS\n");
    for (size_t k = 0; k < m->verb_count; k++) put_verb(out, &m->verbs[k], program);
    rf_str_put(out, ".SH COMMON OPTIONS\n");
    for (size_t k = 0; k < HOST_COUNT; k++) put_option(out, &rfi_host_options[k]);
    rf_str_put(out, ".SH EXAMPLES\n");
    for (size_t k = 0; k < m->verb_count; k++) put_examples(out, &m->verbs[k].def);
    put_cites(out, p);
    rf_str_put(out, ending);
}
