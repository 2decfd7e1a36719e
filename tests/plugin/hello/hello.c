/* hello -- a complete plugin: it says its operands again, and counts their letters.
 *
 * Build it anywhere:
 *     cc -shared -fPIC -o refrain-hello.so hello.c $(pkg-config --cflags --libs refrain)
 *     rf-check ./refrain-hello.so
 *     refrain ./refrain-hello.so say --times=2 la */
#include <stdlib.h>
#include <string.h>
#include <refrain/plugin.h>

struct rf_session {
    const rf_host *host;
};

/* ---- say ------------------------------------------------------------------------------------ */

enum { SAY_TIMES, SAY_CASE, SAY_OPTIONS };

static const char *const cases[] = {"as-is", "upper", NULL};

static const rf_option say_options[] = {
    [SAY_TIMES] = {.name = "times", .letter = 'n', .type = RF_INT, .def = "1", .min = 1, .max = 1e6,
                   .unit = "times", .help = "how often to say it"},
    [SAY_CASE] = {.name = "case", .type = RF_CHOICE, .def = "as-is", .choices = cases,
                  .meta = "HOW", .help = "letter case of the output"},
    [SAY_OPTIONS] = {0},
};

/* ASCII letters only: bytes of other characters stay as they are. */
static char *upper(char *s)
{
    for (char *p = s; *p; p++)
        if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
    return s;
}

/* A word of the answer, with a space before it unless it is the first. */
static rf_status say_word(const rf_host *h, int64_t item, const char *word, int up, int first)
{
    size_t n = strlen(word);
    char *copy = malloc(n + 2);
    if (!copy) return h->fail(h, RF_ENOMEM, "no memory for a word");
    copy[0] = ' ';
    memcpy(copy + 1, word, n + 1);
    if (up) upper(copy);
    rf_status st = rf_emit_text(h, item, copy + !!first, n + !first, NAN);
    free(copy);
    return st;
}

static rf_status say(rf_session *s, const rf_run *r)
{
    const rf_host *h = s->host;
    int64_t times = r->opt[SAY_TIMES].as.i;
    rf_status st = RF_OK;
    for (int64_t k = 0; k < times && !st; k++) {
        for (uint32_t a = 0; a < r->arg_count && !st; a++)
            st = say_word(h, k, r->arg[a], r->opt[SAY_CASE].as.i == 1, a == 0);
        if (!st) st = h->progress(h, (double)(k + 1), (double)times, "times");
    }
    return st;
}

static const char *const say_examples[] = {
    "refrain-hello say --times=3 la la la",
    "# 中文\nrefrain-hello say 你好，世界",
    NULL,
};

/* ---- count ---------------------------------------------------------------------------------- */

static rf_status count(rf_session *s, const rf_run *r)
{
    rf_status st = RF_OK;
    for (uint32_t a = 0; a < r->arg_count && !st; a++) {
        rf_field row[] = {rf_field_string("word", r->arg[a]),
                          rf_field_int("bytes", (int64_t)strlen(r->arg[a]))};
        st = rf_emit_record(s->host, a, "count", row, 2);
    }
    return st;
}

/* ---- The plugin ----------------------------------------------------------------------------- */

static const rf_verb verbs[] = {
    {.name = "say", .summary = "say the words again", .operands = "WORD...",
     .operand_type = RF_STRING, .arg_min = 1, .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_TEXT), .options = say_options, .examples = say_examples, .run = say},
    {.name = "count", .summary = "count the bytes of each word", .operands = "WORD...",
     .operand_type = RF_STRING, .arg_min = 1, .arg_max = UINT32_MAX,
     .emits = RF_EMITS(RF_EV_RECORD), .run = count},
    {0},
};

static rf_status hello_open(const rf_host *h, rf_session **out)
{
    rf_session *s = malloc(sizeof *s);
    if (!s) return h->fail(h, RF_ENOMEM, "no memory for a session");
    s->host = h;
    *out = s;
    return RF_OK;
}

static void hello_close(rf_session *s) { free(s); }

static const void *hello_query(const char *id)
{
    (void)id;
    return NULL;
}

static const rf_plugin hello = {
    RF_PLUGIN_HEAD(0),
    .id = "org.refrain.hello", .task = "hello", .name = "Hello",
    .summary = "say words again", .version = "1.0.0", .license = "MIT",
    .verbs = verbs, .open = hello_open, .close = hello_close, .query = hello_query,
};

RF_PLUGIN(hello)
