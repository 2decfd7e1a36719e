/* host/complete.c -- a completion script for bash, from the plugin's description alone. */
#include <ctype.h>
#include <string.h>

#include "host/host.h"

/* The program's name as a shell function may be called. */
static void put_name(rf_str *out, const char *program)
{
    rf_str_put(out, "_");
    for (; *program; program++)
        rf_str_printf(out, "%c", isalnum((unsigned char)*program) ? *program : '_');
}

static void put_words(rf_str *out, const rf_module_verb *v)
{
    for (size_t k = 0; v && k < v->option_count; k++)
        rf_str_printf(out, " --%s%s", v->options[k].name, v->options[k].type == RF_BOOL ? "" : "=");
    for (size_t k = 0; k < HOST_COUNT; k++) {
        bool bare = rfi_host_options[k].type == RF_BOOL || k == HOST_HELP;
        if (k != HOST_MODEL || (v && v->def.model))
            rf_str_printf(out, " --%s%s", rfi_host_options[k].name, bare ? "" : "=");
    }
}

/* "verb --option=)" branches: words for a choice, files for a path. */
static void put_value(rf_str *out, const char *verb, const rf_option *o, bool path)
{
    if (o->type == RF_CHOICE && o->choices) {
        rf_str_printf(out, "    \"%s --%s\") words=\"", verb, o->name);
        for (size_t k = 0; o->choices[k]; k++)
            rf_str_printf(out, "%s%s", k ? " " : "", o->choices[k]);
        rf_str_put(out, "\" ;;\n");
    } else if (path)
        rf_str_printf(out, "    \"%s --%s\") files=1 ;;\n", verb, o->name);
}

static void put_values(rf_str *out, const rf_module_verb *v)
{
    for (size_t k = 0; k < v->option_count; k++)
        put_value(out, v->def.name, &v->options[k], rfi_type_is_path(v->options[k].type));
    for (size_t k = 0; k < HOST_COUNT; k++)
        put_value(out, v->def.name, &rfi_host_options[k], k == HOST_MODEL || k == HOST_PLUGIN_DIR);
}

static const char head[] =
    "{\n  local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} opt= words= files=\n"
    "  # bash splits --name=value into three words\n"
    "  if [[ $cur == = ]]; then opt=${COMP_WORDS[COMP_CWORD-1]} cur=\n"
    "  elif [[ ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then opt=${COMP_WORDS[COMP_CWORD-2]}\n"
    "  elif [[ ${COMP_WORDS[COMP_CWORD-1]} == --* ]]; then opt=${COMP_WORDS[COMP_CWORD-1]}; fi\n"
    "  case \"$verb $opt\" in\n";

static const char middle[] = "  esac\n"
                             "  if [[ -z $words$files ]]; then case \"$COMP_CWORD $verb\" in\n";

static const char tail[] =
    "  esac; fi\n"
    "  if [[ -n $words ]]; then mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"); fi\n"
    "  [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
    "  if [[ -n $files && $cur != -* ]]; then\n"
    "    compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "
    "\"$cur\")\n"
    "  fi\n}\ncomplete -F ";

void rf_completion(rf_str *out, const rf_module *m, const char *program)
{
    rf_str_printf(out, "# bash completion for %s\n", program);
    put_name(out, program);
    rf_str_put(out, "()\n");
    rf_str_put(out, head);
    for (size_t k = 0; k < m->verb_count; k++) put_values(out, &m->verbs[k]);
    rf_str_put(out, middle);
    rf_str_put(out, "    \"1 \"*) words=\"");
    for (size_t k = 0; k < m->verb_count; k++)
        rf_str_printf(out, "%s%s", k ? " " : "", m->verbs[k].def.name);
    put_words(out, NULL);
    rf_str_put(out, "\" ;;\n");
    for (size_t k = 0; k < m->verb_count; k++) {
        rf_str_printf(out, "    *\" %s\") files=1 words=\"", m->verbs[k].def.name);
        put_words(out, &m->verbs[k]);
        rf_str_put(out, "\" ;;\n");
    }
    rf_str_put(out, tail);
    put_name(out, program);
    rf_str_printf(out, " %s\n", program);
}
