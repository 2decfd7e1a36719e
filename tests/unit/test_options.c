/* test_options.c -- from command lines to values, and from options to help. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/host.h>

#include "../suite.h"

static const char *const cells[] = {"lstm", "gru", "elman", NULL};

enum { LAYERS, RATE, DROP, CELL, TIE, TEXT, NAMES, FILES, OUT, OPTIONS };
static const rf_option table[OPTIONS] = {
    [LAYERS] = {"layers", RF_INT, 0, 'l', "2", 1, 9, .unit = "layers", .help = "how deep"},
    [RATE] = {"rate", RF_REAL, RF_OPT_ABOVE, 'r', "0.5", 0, INFINITY, .help = "how fast"},
    [DROP] = {"drop", RF_REAL, RF_OPT_BELOW, 0, "0", 0, 1, .help = "how much is dropped"},
    [CELL] = {"cell", RF_CHOICE, RF_OPT_MODEL, 'c', "lstm", .choices = cells, .help = "which"},
    [TIE] = {"tie", RF_BOOL, 0, 't', "1", .help = "share"},
    [TEXT] = {"text", RF_STRING, 0, 0, .help = "say"},
    [NAMES] = {"name", RF_STRING, RF_OPT_LIST, 'n', .help = "names"},
    [FILES] = {"file", RF_INFILE, RF_OPT_LIST | RF_OPT_ADVANCED, 0, "a", .help = "files"},
    [OUT] = {"out", RF_OUTFILE, 0, 'o', .help = "where to"},
};
static const rf_module_verb verb = {{.name = "make",
                                     .summary = "make it",
                                     .operands = "[WORD]",
                                     .arg_max = 1,
                                     .options = table,
                                     .model = RF_MODEL_WRITE | RF_MODEL_OPTIONAL},
                                    OPTIONS,
                                    table};

/* A line cut at blanks, parsed. */
static rf_status parse(rf_command *c, const char *line, rf_error *err)
{
    static char copy[512];
    char *argv[32], *next = NULL;
    int argc = 0;
    strcpy(copy, line);
    for (char *s = strtok_r(copy, " ", &next); s; s = strtok_r(NULL, " ", &next)) argv[argc++] = s;
    memset(err, 0, sizeof *err);
    return rf_command_parse(c, NULL, &verb, argc, argv, err);
}

static void defaults(void)
{
    rf_command c;
    rf_error err;
    CU_ASSERT_EQUAL(parse(&c, "", &err), RF_OK);
    CU_ASSERT_EQUAL(c.opt[LAYERS].as.i, 2);
    CU_ASSERT_EQUAL(c.opt[RATE].as.f, 0.5);
    CU_ASSERT_EQUAL(c.opt[TIE].as.i, 1);
    CU_ASSERT_PTR_NULL(c.opt[TEXT].as.s);
    CU_ASSERT_EQUAL(c.opt[TEXT].count, 0);
    CU_ASSERT_PTR_NULL(c.opt[NAMES].as.list[0]);
    CU_ASSERT_STRING_EQUAL(c.opt[FILES].as.list[0], "a");
    CU_ASSERT_EQUAL(c.opt[FILES].count, 1);
    for (int k = 0; k < OPTIONS; k++) CU_ASSERT_EQUAL(c.opt[k].set, 0);
    CU_ASSERT_EQUAL(c.seed, 1);
    CU_ASSERT_EQUAL(c.threads, 0);
    CU_ASSERT_PTR_NULL(c.arg[0]);
    rf_command_free(&c);
}

static void forms(void)
{
    static const char *const lines[] = {
        "--layers=3 --no-tie -rgarden=1", "-l3 --tie=no -r 0.25 word",
        "--layers 3 --no-tie --rate=.25 word", "word -l 3 --tie=off -r0.25",
        "-tl3 --rate 25e-2 --no-tie -- word"};
    rf_command c;
    rf_error err;
    CU_ASSERT_EQUAL(parse(&c, lines[0], &err), RF_EINVAL);
    rf_command_free(&c);
    for (size_t k = 1; k < sizeof lines / sizeof *lines; k++) {
        CU_ASSERT_EQUAL(parse(&c, lines[k], &err), RF_OK);
        CU_ASSERT_EQUAL(c.opt[LAYERS].as.i, 3);
        CU_ASSERT_EQUAL(c.opt[LAYERS].set, 1);
        CU_ASSERT_EQUAL(c.opt[TIE].as.i, 0);
        CU_ASSERT_EQUAL(c.opt[RATE].as.f, 0.25);
        CU_ASSERT_EQUAL(c.arg_count, 1);
        CU_ASSERT_STRING_EQUAL(c.arg[0], "word");
        rf_command_free(&c);
    }
}

static void lists(void)
{
    rf_command c;
    rf_error err;
    CU_ASSERT_EQUAL(parse(&c, "--name=a -nb --name c --file=x --file=y", &err), RF_OK);
    CU_ASSERT_EQUAL(c.opt[NAMES].count, 3);
    CU_ASSERT_STRING_EQUAL(c.opt[NAMES].as.list[1], "b");
    CU_ASSERT_PTR_NULL(c.opt[NAMES].as.list[3]);
    /* What the user gives replaces the default. */
    CU_ASSERT_EQUAL(c.opt[FILES].count, 2);
    CU_ASSERT_STRING_EQUAL(c.opt[FILES].as.list[0], "x");
    rf_command_free(&c);
}

static void refusals(void)
{
    static const struct {
        const char *line, *message;
    } rows[] = {{"--layers=0", "--layers: 0 is out of range: 1 to 9"},
                {"--layers=10", "--layers: 10 is out of range: 1 to 9"},
                {"--layers=-1", "--layers: -1 is out of range: 1 to 9"},
                {"--layers=2.5", "--layers: '2.5' where a whole number is due"},
                {"--layers=2x", "--layers: '2x' where a whole number is due"},
                {"--layers=1e400", "--layers: 1e400 is too large for a whole number"},
                {"--rate=0", "--rate: 0 is out of range: above 0"},
                {"--rate=inf", "--rate: 'inf' where a number is due"},
                {"--rate=1e999", "--rate: '1e999' where a number is due"},
                {"--drop=1", "--drop: 1 is out of range: at least 0, below 1"},
                {"--cell=ltsm", "--cell: 'ltsm' is none of lstm, gru, elman; did you mean lstm?"},
                {"--tie=maybe", "--tie: 'maybe' where yes or no is due"},
                {"--text=\xff", "--text: the value is not UTF-8"},
                {"--lay=3", "--lay: no such option; did you mean --layers?"},
                {"--layer=3", "--layer: no such option; did you mean --layers?"},
                {"--zzzzzzzz", "--zzzzzzzz: no such option"},
                {"--no-layers", "--no-layers: no such option"},
                {"--layers", "--layers: a value is due: --layers=N"},
                {"-z", "-z: no such option"},
                {"-5", "-5: no such option; a negative operand stands after --"},
                {"--out=", "--out: an empty file name"},
                {"--help=some", "--help: 'some' is none of all"},
                {"--seed=-1", "--seed: -1 is out of range: 0 to 9007199254740992"}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        rf_command c;
        rf_error err;
        CU_ASSERT_EQUAL(parse(&c, rows[k].line, &err), RF_EINVAL);
        bool same = !strncmp(err.text, rows[k].message, strlen(rows[k].message));
        CU_ASSERT(same);
        if (!same) printf("\n%s\n%s\n", err.text, rows[k].message);
        rf_command_free(&c);
    }
}

static void host_options(void)
{
    rf_command c;
    rf_error err;
    CU_ASSERT_EQUAL(parse(&c, "-qv -m M --seed=7 --threads 3 --format=json -h", &err), RF_OK);
    CU_ASSERT(c.quiet && c.verbose && c.help && !c.help_all);
    CU_ASSERT_STRING_EQUAL(c.model, "M");
    CU_ASSERT_EQUAL(c.seed, 7);
    CU_ASSERT_EQUAL(c.threads, 3);
    CU_ASSERT_EQUAL(c.format, 2);
    rf_command_free(&c);
    CU_ASSERT_EQUAL(parse(&c, "--help=all", &err), RF_OK);
    CU_ASSERT(c.help && c.help_all);
    rf_command_free(&c);
}

/* Before a command runs: operands, files, folders, the model. */
static void checks(void)
{
    static const rf_plugin plugin = {.task = "none"};
    static const rf_module m = {.def = {.task = "none"}, .plugin = &plugin};
    static const struct {
        const char *line;
        rf_status status;
    } rows[] = {{"", RF_OK},
                {"one", RF_OK},
                {"one two", RF_EINVAL},
                {"--file=/no/such", RF_EIO},
                {"--file=/", RF_EIO},
                {"--file=/dev/null", RF_OK},
                {"--file=/dev/null --file=/no/such", RF_EIO},
                {"--out=/no/such/file", RF_EIO},
                {"--out=/", RF_EIO},
                {"--out=-", RF_OK},
                {"--model=/no/such/file", RF_EIO},
                {"--model=/tmp/model", RF_OK}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        rf_command c;
        rf_error err;
        CU_ASSERT_EQUAL(parse(&c, rows[k].line, &err), RF_OK);
        CU_ASSERT_EQUAL(rf_command_check(&c, &m, &verb, &err), rows[k].status);
        CU_ASSERT_EQUAL(err.status, rows[k].status);
        rf_command_free(&c);
    }
}

static void help_of(rf_str *out, bool all)
{
    static const rf_plugin plugin = {.task = "none", .name = "None"};
    rf_module m = {.def = plugin, .plugin = &plugin, .verbs = &verb, .verb_count = 1};
    rf_help(out, &m, &verb, "refrain-none", all);
}

static void help(void)
{
    rf_str out = {0}, all = {0};
    help_of(&out, false);
    help_of(&all, true);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.s, "how deep (layers, 1 to 9; default 2)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.s, "(above 0; default 0.5)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.s, "-c, --cell=WORD"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.s, "names (repeatable)"));
    CU_ASSERT_PTR_NULL(strstr(out.s, "--file"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.s, "--help=all"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all.s, "--file"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all.s, "--plugin-dir"));
    for (const char *s = all.s; *s;) {
        size_t n = strcspn(s, "\n");
        CU_ASSERT(n < 80);
        s += n + (s[n] == '\n');
    }
    rf_str_free(&out);
    rf_str_free(&all);
}

int main(void)
{
    CU_TestInfo tests[] = {{"defaults", defaults},
                           {"forms", forms},
                           {"lists", lists},
                           {"refusals", refusals},
                           {"host options", host_options},
                           {"checks", checks},
                           {"help", help},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"options", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
