/* fuzz_options.c -- any bytes as a command line, one argument a line; what is accepted is in range. */
#include <math.h>
#include <refrain/host.h>
#include <string.h>

#include "target.h"

static const char *const words[] = {"lstm", "gru", NULL};
static const rf_option options[] = {
    {"layers", RF_INT, 0, 'l', "1", 1, 9, .help = "i"},
    {"rate", RF_REAL, RF_OPT_ABOVE | RF_OPT_BELOW, 'r', "0.5", 0, 1, .help = "r"},
    {"cell", RF_CHOICE, 0, 'c', "lstm", .choices = words, .help = "c"},
    {"tie", RF_BOOL, 0, 't', "0", .help = "b"},
    {"text", RF_STRING, RF_OPT_LIST, 's', .help = "s"}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const rf_module_verb v = {
        {.name = "v", .arg_max = UINT32_MAX, .options = options}, 5, options};
    char *copy = calloc(n + 1, 1), *argv[256], *next = NULL;
    int argc = 0;
    rf_command c;
    rf_error err = {0};
    MUST(copy);
    if (n) memcpy(copy, data, n);
    for (char *s = strtok_r(copy, "\n", &next); s && argc < 255; s = strtok_r(NULL, "\n", &next))
        argv[argc++] = s;
    rf_status st = rf_command_parse(&c, NULL, &v, argc, argv, &err);
    MUST(st == RF_OK || err.text[0]);
    if (!st) {
        MUST(c.opt[0].as.i >= 1 && c.opt[0].as.i <= 9 && c.opt[1].as.f > 0 && c.opt[1].as.f < 1);
        MUST(c.opt[2].as.i >= 0 && c.opt[2].as.i < 2 && c.opt[3].as.i >= 0 && c.opt[3].as.i < 2);
        for (size_t k = 0; k < c.opt[4].count; k++) MUST(c.opt[4].as.list[k]);
        MUST(c.opt[4].as.list[c.opt[4].count] == NULL && c.arg[c.arg_count] == NULL);
    }
    rf_command_free(&c);
    free(copy);
    return 0;
}
