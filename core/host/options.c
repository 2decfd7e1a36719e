/* host/options.c -- one option: from text to value, its range in words, and the host's own options.
 *
 * Invariant: a value that was accepted lies within what the option's row says. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8proc.h>

#include "host/host.h"

static const char *const formats[] = {"text", "tsv", "json", NULL};
static const char *const shells[] = {"bash", NULL};

const rf_option rfi_host_options[HOST_COUNT] = {
    [HOST_MODEL] = {"model", RF_STRING, 0, 'm', .meta = "FILE", .help = "the model's file"},
    [HOST_SEED] = {"seed", RF_INT, 0, 0, "1", 0, 9007199254740992.0, .meta = "N",
                   .help = "seed of all random numbers"},
    [HOST_THREADS] = {"threads", RF_INT, 0, 0, "0", 0, 4096, .meta = "N",
                      .help = "threads to compute with; 0: one for each processor"},
    [HOST_FORMAT] = {"format", RF_CHOICE, 0, 0, "text", .choices = formats,
                     .help = "how results are written"},
    [HOST_QUIET] = {"quiet", RF_BOOL, 0, 'q', "0", .help = "only results, warnings and errors"},
    [HOST_VERBOSE] = {"verbose", RF_BOOL, 0, 'v', "0", .help = "tell more on the way"},
    [HOST_PLUGIN_DIR] = {"plugin-dir", RF_STRING, RF_OPT_ADVANCED, 0, .meta = "FOLDER",
                         .help = "look for plugins in this folder first"},
    [HOST_COMPLETION] = {"completion", RF_CHOICE, RF_OPT_ADVANCED, 0, .choices = shells,
                         .help = "print a completion script for the shell"},
    [HOST_MAN] = {"man", RF_BOOL, RF_OPT_ADVANCED, 0, .help = "print the man page's source"},
    [HOST_VERSION] = {"version", RF_BOOL, 0, 0, .help = "print the version"},
    [HOST_HELP] = {"help", RF_STRING, OPT_MAYBE_VALUE, 'h',
                   .help = "print this help; --help=all: every option"},
};

bool rfi_host_option_shown(size_t k, const rf_module_verb *v, bool all)
{
    bool run = k == HOST_SEED || k == HOST_THREADS || k == HOST_FORMAT;
    if (k == HOST_MODEL) return v && v->def.model & (RF_MODEL_READ | RF_MODEL_WRITE);
    if (run) return v || all;
    return all || !(rfi_host_options[k].flags & RF_OPT_ADVANCED);
}

bool rfi_type_is_path(rf_type t) { return t == RF_INFILE || t == RF_OUTFILE || t == RF_PATH; }

const char *rfi_option_meta(const rf_option *o)
{
    static const char *const meta[] = {"VALUE", "",     "N",    "X",   "TEXT",
                                       "WORD",  "FILE", "FILE", "PATH"};
    if (o->meta) return o->meta;
    return meta[o->type < sizeof meta / sizeof *meta ? o->type : 0];
}

/* ---- Ranges --------------------------------------------------------------------------------- */

static bool bounded(const rf_option *o)
{
    return (o->type == RF_INT || o->type == RF_REAL) && (o->min != 0 || o->max != 0);
}

static void put_choices(rf_str *out, const char *const *c)
{
    for (size_t k = 0; c && c[k]; k++) rf_str_printf(out, "%s%s", k ? ", " : "", c[k]);
}

static void put_bounds(rf_str *out, const rf_option *o)
{
    char lo[NUMBER_TEXT], hi[NUMBER_TEXT];
    bool above = o->flags & RF_OPT_ABOVE, below = o->flags & RF_OPT_BELOW;
    bool low = isfinite(o->min), high = isfinite(o->max);
    rfi_number(o->min, lo);
    rfi_number(o->max, hi);
    if (low && high && !above && !below)
        rf_str_printf(out, "%s to %s", lo, hi);
    else {
        if (low) rf_str_printf(out, "%s %s", above ? "above" : "at least", lo);
        if (high) rf_str_printf(out, "%s%s %s", low ? ", " : "", below ? "below" : "at most", hi);
    }
}

void rfi_option_range(rf_str *out, const rf_option *o)
{
    if (o->type == RF_CHOICE) put_choices(out, o->choices);
    if (bounded(o)) put_bounds(out, o);
}

static bool in_range(const rf_option *o, double x)
{
    if (!bounded(o)) return true;
    bool low = o->flags & RF_OPT_ABOVE ? x > o->min : x >= o->min;
    return low && (o->flags & RF_OPT_BELOW ? x < o->max : x <= o->max);
}

static rf_status check_range(const rf_option *o, const char *text, double x, rf_error *err)
{
    if (in_range(o, x)) return RF_OK;
    rf_str range = {0};
    put_bounds(&range, o);
    rf_fail(err, RF_EINVAL, "--%s: %s is out of range: %s", o->name, text, range.s ? range.s : "");
    rf_str_free(&range);
    return RF_EINVAL;
}

/* ---- Text to value, one function a type ----------------------------------------------------- */

typedef rf_status (*parse_fn)(const rf_option *o, const char *text, rf_setting *out, rf_error *err);

static rf_status parse_bool(const rf_option *o, const char *text, rf_setting *out, rf_error *err)
{
    static const char *const words[] = {"0", "1", "no", "yes", "false", "true", "off", "on"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (!strcmp(text, words[k])) {
            out->as.i = (int64_t)(k & 1);
            return RF_OK;
        }
    return rf_fail(err, RF_EINVAL, "--%s: '%s' where yes or no is due", o->name, text);
}

/* Whole numbers, also as 1e6: what people type for large ones. */
static rf_status parse_int(const rf_option *o, const char *text, rf_setting *out, rf_error *err)
{
    char *end;
    errno = 0;
    bool plain = isdigit((unsigned char)*text) || *text == '-' || *text == '+';
    long long i = plain ? strtoll(text, &end, 10) : 0;
    if (plain && end != text && !*end && !errno) {
        out->as.i = i;
        return check_range(o, text, (double)i, err);
    }
    double x = plain ? strtod(text, &end) : NAN;
    if (!plain || end == text || *end || x != floor(x))
        return rf_fail(err, RF_EINVAL, "--%s: '%s' where a whole number is due", o->name, text);
    if (!(fabs(x) <= 9007199254740992.0))
        return rf_fail(err, RF_EINVAL, "--%s: %s is too large for a whole number", o->name, text);
    out->as.i = (int64_t)x;
    return check_range(o, text, x, err);
}

static rf_status parse_real(const rf_option *o, const char *text, rf_setting *out, rf_error *err)
{
    char *end = NULL;
    bool plain = *text && strchr("+-.0123456789", *text);
    double x = plain ? strtod(text, &end) : NAN;
    if (!plain || end == text || *end || !isfinite(x))
        return rf_fail(err, RF_EINVAL, "--%s: '%s' where a number is due", o->name, text);
    out->as.f = x;
    return check_range(o, text, x, err);
}

static rf_status parse_string(const rf_option *o, const char *text, rf_setting *out, rf_error *err)
{
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)text;
    utf8proc_int32_t c;
    for (utf8proc_ssize_t n; *s; s += n) {
        n = utf8proc_iterate(s, -1, &c);
        if (n <= 0) return rf_fail(err, RF_EINVAL, "--%s: the value is not UTF-8", o->name);
    }
    out->as.s = text;
    return RF_OK;
}

/* File names are bytes. */
static rf_status parse_path(const rf_option *o, const char *text, rf_setting *out, rf_error *err)
{
    if (!*text) return rf_fail(err, RF_EINVAL, "--%s: an empty file name", o->name);
    out->as.s = text;
    return RF_OK;
}

static rf_status parse_choice(const rf_option *o, const char *text, rf_setting *out, rf_error *err)
{
    for (size_t k = 0; o->choices && o->choices[k]; k++)
        if (!strcmp(text, o->choices[k])) {
            out->as.i = (int64_t)k;
            return RF_OK;
        }
    rf_str all = {0};
    put_choices(&all, o->choices);
    const char *near = o->choices ? rf_nearest(text, o->choices) : NULL;
    rf_fail(err, RF_EINVAL, "--%s: '%s' is none of %s%s%s%s", o->name, text, all.s ? all.s : "",
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    rf_str_free(&all);
    return RF_EINVAL;
}

rf_status rf_option_parse(const rf_option *o, const char *text, rf_setting *out, rf_error *err)
{
    static const parse_fn parse[] = {
        [RF_BOOL] = parse_bool,     [RF_INT] = parse_int,       [RF_REAL] = parse_real,
        [RF_STRING] = parse_string, [RF_CHOICE] = parse_choice, [RF_INFILE] = parse_path,
        [RF_OUTFILE] = parse_path,  [RF_PATH] = parse_path};
    if (o->type >= sizeof parse / sizeof *parse || !parse[o->type])
        return rf_fail(err, RF_EVERSION, "--%s: of a type this program does not know", o->name);
    rf_status st = parse[o->type](o, text, out, err);
    if (!st) out->count = 1;
    return st;
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* The folder a new file would stand in must take new files. */
static rf_status check_outfile(const char *path, const char *what, rf_error *err)
{
    struct stat st;
    const char *slash = strrchr(path, '/');
    int n = slash ? (int)(slash - path) : 1;
    char *dir = strndup(slash ? slash == path ? "/" : path : ".", (size_t)(n ? n : 1));
    rf_status s = RF_OK;
    if (!dir) return rf_fail(err, RF_ENOMEM, "%s: no memory", what);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        s = rf_fail(err, RF_EIO, "%s: %s: is a folder where a file is due", what, path);
    else if (access(dir, F_OK) != 0)
        s = rf_fail(err, RF_EIO, "%s: %s: no such folder", what, dir);
    else if (access(dir, W_OK) != 0 && access(path, W_OK) != 0)
        s = rf_fail(err, RF_EIO, "%s: %s: %s", what, path, strerror(errno));
    free(dir);
    return s;
}

rf_status rfi_path_check(rf_type type, const char *path, const char *what, rf_error *err)
{
    struct stat st;
    if (!rfi_type_is_path(type) || !strcmp(path, "-")) return RF_OK;
    if (type == RF_OUTFILE) return check_outfile(path, what, err);
    if (stat(path, &st) != 0 || access(path, R_OK) != 0)
        return rf_fail(err, RF_EIO, "%s%s%s: %s", what, *what ? ": " : "", path, strerror(errno));
    if (type == RF_INFILE && S_ISDIR(st.st_mode))
        return rf_fail(err, RF_EIO, "%s%s%s: is a folder where a file is due", what,
                       *what ? ": " : "", path);
    return RF_OK;
}
