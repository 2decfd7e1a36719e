/* refrain/plugin.h -- the plugin ABI, major version 1.
 *
 * A plugin is one shared object that performs one task: language modelling, tagging, translation.
 * It exports one function, rf_plugin_entry_1(), which returns constant data: who the plugin is, its
 * verbs ("train", "eval", "generate" ...) and the options of each verb.  From that data alone the
 * host parses the command line, prints help and man page, completes in the shell, and renders what
 * the plugin sends out.  The host never knows what the task is.
 *
 * Two contracts meet here.  Control crosses by the tables of this file.  Arithmetic is linked: a
 * plugin calls the rf_* functions of librefrain like any library.  `rf_build` ties the two.
 *
 * Rules that hold everywhere in this file:
 *   Text      UTF-8, NUL-terminated unless a length is given.
 *   Lifetime  What the entry returns lives as long as the process: plugins are never unloaded.
 *             Every other pointer is lent for the duration of the call.
 *   Memory    Neither side frees what the other allocated, nor writes to what is const.
 *   Threads   [any]     from any thread, at any time;
 *             [session] one thread at a time for one session;
 *             [in-run]  only the thread that is inside rf_verb.run, while it is.
 *   Errors    RF_OK, or a negative rf_status after exactly one rf_host.fail() with one message.
 *             RF_ECANCELLED is not a failure and needs no message.
 *   Manners   A plugin never prints, exits, reads the clock for results, installs signal handlers,
 *             nor changes directory, locale, environment or floating-point mode.
 *   Growth    Tables of functions are frozen; a new ability is a new interface with a new id
 *             ("rf.live/1", then "rf.live/2"), got by rf_plugin.query or rf_host.service.
 *             Structs of data may grow at their end: they say their size first, and arrays of them
 *             their stride.  Whoever reads a struct looks at no byte beyond the size it says.
 *             Enumerations may grow: a reader skips what it does not know.
 *             rf_setting and rf_build are frozen at 16 bytes.
 *
 * A complete plugin of 60 lines is tests/plugin/hello/hello.c; rf-check tests a plugin against
 * these rules. */
#ifndef REFRAIN_PLUGIN_H
#define REFRAIN_PLUGIN_H

#include <math.h>
#include <refrain/status.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

RF_BEGIN

/* ---- Version and build ---------------------------------------------------------------------- */

#define RF_ABI_MAJOR 1 /* part of the entry's name */
#define RF_ABI_MINOR 2 /* what this header knows, not what a plugin needs */

/* What must be equal, bit for bit, before tensors may pass between two builds.
 * Compared with memcmp: no padding, no pointers. */
typedef struct rf_build {
    uint32_t lib_major;   /* soname of librefrain */
    uint32_t real_bytes;  /* sizeof(rf_real) */
    uint32_t index_bytes; /* sizeof(rf_index) */
    uint32_t max_rank;    /* RF_MAX_RANK */
} rf_build;

#define RF_BUILD                                                                                   \
    {                                                                                              \
        RF_LIB_MAJOR, RF_REAL_BYTES, RF_INDEX_BYTES, RF_MAX_RANK                                   \
    }

/* ---- Options: described by the plugin, parsed by the host ----------------------------------- */

typedef uint32_t rf_type;
enum {
    RF_BOOL = 1,    /* --name, --no-name                as.i is 0 or 1 */
    RF_INT = 2,     /* --name=N                         as.i within the range */
    RF_REAL = 3,    /* --name=X                         as.f within the range, never NaN */
    RF_STRING = 4,  /* --name=TEXT                      as.s, valid UTF-8 */
    RF_CHOICE = 5,  /* --name=WORD                      as.i is the index of the word in choices */
    RF_INFILE = 6,  /* --name=FILE, exists, readable    as.s, "-" is standard input */
    RF_OUTFILE = 7, /* --name=FILE, its folder exists   as.s, "-" is standard output */
    RF_PATH = 8     /* --name=PATH, file or folder      as.s, exists, readable */
};

/* Flags of an option. */
#define RF_OPT_REQUIRED (1u << 0) /* has no default; a run without it is refused */
#define RF_OPT_ADVANCED (1u << 1) /* shown by --help=all and the man page only */
#define RF_OPT_MODEL    (1u << 2) /* shapes the model: belongs into its file, fixed when resuming */
#define RF_OPT_LOGSCALE (1u << 3) /* sweep it by factors, not by steps */
#define RF_OPT_LIST     (1u << 4) /* may be repeated: as.list; RF_STRING, RF_INFILE, RF_PATH only */
#define RF_OPT_ABOVE    (1u << 5) /* min itself is outside the range */
#define RF_OPT_BELOW    (1u << 6) /* max itself is outside the range */

/* One option of a verb.
 * Bounds are inclusive unless flagged; both 0 means none; INFINITY leaves one side open.
 * Without a default (NULL) as.s is NULL, as.list empty, as.i and as.f zero: see rf_setting.set. */
typedef struct rf_option {
    const char *name; /* "learning-rate": [a-z][a-z0-9-]*, not "no-...", none of the host's own */
    rf_type type;
    uint32_t flags;             /* RF_OPT_... */
    char letter;                /* 'r' for -r, or 0; the host keeps h, m, q, v */
    const char *def;            /* default as a user would type it, or NULL */
    double min, max;            /* RF_INT, RF_REAL */
    const char *const *choices; /* RF_CHOICE: words, NULL-terminated */
    const char *meta;           /* "N", "FILE", "RATE": the value in help; NULL: by type */
    const char *unit;           /* "tokens", "ms", or NULL */
    const char *group;          /* heading in help, or NULL */
    const char *help;           /* one phrase, lower case, no full stop */
} rf_option;

/* What the user chose.  Frozen at 16 bytes. */
typedef struct rf_setting {
    uint32_t set;   /* 1: given by the user; 0: the default */
    uint32_t count; /* RF_OPT_LIST: entries of the list; else 1, or 0 if there is no value */
    union {
        int64_t i;
        double f;
        const char *s;
        const char *const *list; /* NULL-terminated, never NULL */
    } as;
} rf_setting;

/* ---- Events: what a run sends out while it runs --------------------------------------------- */

typedef uint32_t rf_kind;
enum {
    RF_EV_TEXT = 1,   /* u.text: a piece of an answer, in order */
    RF_EV_METRIC = 2, /* u.metric: a number that was measured */
    RF_EV_LABEL = 3,  /* u.label: a token or span, and what it is */
    RF_EV_NOTE = 4,   /* u.note: one note of music */
    RF_EV_FILE = 5,   /* u.file: a file was completed */
    RF_EV_RECORD = 6  /* u.record: one row of any table: n-best lists, alignments, matrices */
};

/* Pieces with the same rf_event.item are one text; a new item starts a new line.
 *   s     n bytes, whole characters where the model has characters
 *   logp  natural logarithm of the piece's probability; NAN: unknown */
typedef struct rf_text {
    const char *s;
    size_t n;
    double logp;
} rf_text;

/*   name   "loss", "perplexity", "accuracy"
 *   unit   "nats", "bits", "%", or NULL
 *   of     what it was measured on: "train", "valid", "test", a file; or NULL */
typedef struct rf_metric {
    const char *name, *unit, *of;
    double value;
} rf_metric;

/*   form, label  "Berlin", "LOC"; several columns per token are a record
 *   p            probability; NAN: unknown
 *   from, to     half-open range in the input, in `unit` ("tokens", "bytes", "ms") */
typedef struct rf_label {
    const char *form, *label, *unit;
    double p;
    int64_t from, to;
} rf_label;

/*   pitch, velocity  as in MIDI: 60 is middle C; 0 .. 127
 *   channel, program 0-based MIDI channel and instrument
 *   on, len          in quarter notes from the start of the piece */
typedef struct rf_note {
    int32_t pitch, velocity, channel, program;
    double on, len;
} rf_note;

/*   path   as the user can open it
 *   what   "model", "checkpoint", "plot", "audio"
 *   media  "application/x-safetensors", "image/svg+xml", or NULL */
typedef struct rf_file {
    const char *path, *what, *media;
} rf_file;

typedef uint32_t rf_field_type;
enum {
    RF_FIELD_INT = 1,    /* as.i */
    RF_FIELD_REAL = 2,   /* as.f; NAN: missing */
    RF_FIELD_STRING = 3, /* as.s; NULL: missing */
    RF_FIELD_INTS = 4,   /* as.ints:    shape[0] * ... * shape[rank-1] numbers, row-major */
    RF_FIELD_REALS = 5,  /* as.reals:   likewise; a tensor's data as it is */
    RF_FIELD_STRINGS = 6 /* as.strings: likewise, not NULL-terminated */
};

/* One column of a row: its name, its type, its value. */
typedef struct rf_field {
    const char *name; /* "score", "source", "attention" */
    const char *unit; /* or NULL */
    rf_field_type type;
    uint32_t rank; /* arrays: 1 .. RF_MAX_RANK */
    union {
        int64_t i;
        double f;
        const char *s;
        const int64_t *ints;
        const rf_real *reals;
        const char *const *strings;
    } as;
    const rf_index *shape; /* arrays: [rank] */
} rf_field;

/* One row.  Rows of one name have the same columns, in the same order, all through a run.
 *   name    the table: "hypothesis", "alignment", "confusion"
 *   fields  [count], each `stride` bytes: sizeof(rf_field) as the sender knew it */
typedef struct rf_record {
    const char *name;
    const rf_field *fields;
    uint32_t count, stride;
} rf_record;

typedef struct rf_event {
    uint32_t size; /* sizeof(rf_event) as the sender knew it */
    rf_kind kind;
    int64_t item; /* which answer, input line or hypothesis group; -1: none */
    int64_t step; /* optimiser step; -1: none */
    union {
        rf_text text;
        rf_metric metric;
        rf_label label;
        rf_note note;
        rf_file file;
        rf_record record;
    } u;
} rf_event;

/* ---- Host: what a plugin may call ----------------------------------------------------------- */

typedef uint32_t rf_level;
enum { RF_LOG_DEBUG = 0, RF_LOG_INFO = 1, RF_LOG_WARN = 2 };

typedef struct rf_host rf_host;

/* Every pointer is non-NULL, in every host.  The functions up to `service` are the whole table:
 * what comes later is a service. */
struct rf_host {
    uint32_t size;      /* sizeof(rf_host) as the host knew it */
    uint32_t abi_minor; /* RF_ABI_MINOR of the host */
    void *self;         /* the host's own */
    const char *name, *version;

    /* Deliver one result; `ev` has been read when the call returns.  RF_ECANCELLED: stop; RF_EIO:
     * the output is lost (already explained).  Whatever is not RF_OK, return it.  [in-run] */
    rf_status (*emit)(const rf_host *h, const rf_event *ev);
    /* `done` of `total` units of work (total 0: unknown; unit "steps", "lines", "bytes").
     * RF_ECANCELLED: save what is worth saving and return it from run.  Call it at least every
     * 100 ms; it is cheap.  [in-run] */
    rf_status (*progress)(const rf_host *h, double done, double total, const char *unit);
    /* Explain a failure: `return h->fail(h, RF_EIO, msg);`.  Lower case, the thing first, what was
     * expected; no full stop, no newline.  Returns `status`.  [session] */
    rf_status (*fail)(const rf_host *h, rf_status status, const char *msg);
    /* Say something to the person who watches; never a result.  [any] */
    void (*log)(const rf_host *h, rf_level level, const char *msg);
    /* The path of a data file ("lm/tang.safetensors") into buf of n bytes.  RF_EINVAL: there is
     * none, or buf is too small; says nothing by itself.  [any] */
    rf_status (*data_path)(const rf_host *h, const char *name, char *buf, size_t n);
    /* An optional service by id (RF_COLLECTIVE: collective.h), or NULL; the same answer always.
     * [any] */
    const void *(*service)(const rf_host *h, const char *id);
};

/* ---- Plugin: what a host may call ----------------------------------------------------------- */

typedef struct rf_session rf_session; /* the plugin's own */

/* One run of one verb.  All of it is read-only and valid until run returns. */
typedef struct rf_run {
    uint32_t size;          /* sizeof(rf_run) as the host knew it */
    uint32_t threads;       /* how many to compute with, at least 1 */
    uint64_t seed;          /* the only source of randomness */
    const rf_setting *opt;  /* [opt_count], one for each option of the verb, in its order */
    const char *const *arg; /* operands, [arg_count] and a NULL; "-" is standard input */
    uint32_t opt_count, arg_count;
    const char *verb;  /* its name */
    const char *model; /* the file of --model, to read or to write (rf_verb.model); or NULL */
} rf_run;

/* How a verb uses --model: none, or one of READ and WRITE.  Reading, the file exists and can be
 * read; writing, its folder exists.  Without OPTIONAL a run without --model is refused. */
#define RF_MODEL_NONE     0u
#define RF_MODEL_READ     (1u << 0)
#define RF_MODEL_WRITE    (1u << 1)
#define RF_MODEL_OPTIONAL (1u << 2)

/* Flags of a verb.  RF_VERB_RANKS, since 1.1: several processes, started by MPI, may share the work
 * of one run: it asks for the service RF_COLLECTIVE (collective.h).  What ranks other than 0 send
 * out is not shown.  Without it such a start is refused. */
#define RF_VERB_RANKS (1u << 0)
/* Since 1.2: `refrain VERB ...` is short for `refrain TASK VERB ...`, where no task has that name.
 * Of several plugins with such a verb, the first that is found. */
#define RF_VERB_SHORT (1u << 1)

#define RF_EMITS(kind) (1u << (kind)) /* RF_EMITS(RF_EV_TEXT) | RF_EMITS(RF_EV_METRIC) */

typedef struct rf_verb {
    const char *name;         /* "train", "eval", "generate", "tag": [a-z][a-z0-9-]* */
    const char *summary;      /* one phrase, lower case, no full stop */
    const char *help;         /* paragraphs, separated by empty lines, or NULL */
    const char *operands;     /* for the usage line: "TEXT...", "[FILE]"; NULL: takes none */
    rf_type operand_type;     /* RF_STRING, RF_INFILE or RF_PATH: what the host checks */
    uint32_t arg_min;         /* fewer are refused */
    uint32_t arg_max;         /* more are refused; UINT32_MAX: any number */
    uint32_t model;           /* RF_MODEL_... */
    uint32_t emits;           /* RF_EMITS(...): the kinds of event this verb may send */
    uint32_t flags;           /* RF_VERB_... */
    const rf_option *options; /* ended by .name == NULL; may be NULL */
    /* Commands shown in help and man page, NULL-terminated, or NULL; the first stands for the verb in
     * the help of the whole.  A command may be preceded by lines that begin with "# ", and goes on in
     * the next line after a backslash.  Any language: "refrain-lm generate --prompt 春眠不覺曉". */
    const char *const *examples;
    /* Do it.  Same options, operands, files, seed and threads give the same events.  [session] */
    rf_status (*run)(rf_session *s, const rf_run *r);
} rf_verb;

typedef struct rf_plugin {
    uint32_t size;        /* sizeof(rf_plugin) as the plugin knew it */
    uint32_t abi_needs;   /* smallest RF_ABI_MINOR of a host it can work with, mostly 0 */
    rf_build build;       /* RF_BUILD */
    uint32_t verb_size;   /* stride of verbs */
    uint32_t option_size; /* stride of every verb's options */

    const char *id;              /* "org.refrain.lm": unique, never changes, stored in models */
    const char *task;            /* "lm": its file is refrain-lm.so */
    const char *name;            /* "Language model" */
    const char *summary;         /* one phrase, lower case, no full stop */
    const char *help;            /* paragraphs, separated by empty lines, or NULL */
    const char *version;         /* "1.0.0" */
    const char *license;         /* SPDX: "MIT" */
    const char *const *cites;    /* papers it implements, NULL-terminated, or NULL */
    const char *const *features; /* "text", "audio", "image", "cell.lstm"; likewise */
    const rf_verb *verbs;        /* ended by .name == NULL */

    /* A whole session, or an error after h->fail.  `h` outlives it.  [any] */
    rf_status (*open)(const rf_host *h, rf_session **out);
    /* End it; NULL is no session.  [session] */
    void (*close)(rf_session *s);
    /* An interface beyond this table by id, or NULL; the same answer always.  [any] */
    const void *(*query)(const char *id);
} rf_plugin;

/* ---- Entry ---------------------------------------------------------------------------------- */

typedef const rf_plugin *(*rf_plugin_entry_fn)(void);
#define RF_PLUGIN_SYMBOL "rf_plugin_entry_1"

/* The first fields of every rf_plugin: `= {RF_PLUGIN_HEAD(0), .id = "org.example.x", ...}`. */
#define RF_PLUGIN_HEAD(needs)                                                                      \
    .size = (uint32_t)sizeof(rf_plugin), .abi_needs = (needs), .build = RF_BUILD,                  \
    .verb_size = (uint32_t)sizeof(rf_verb), .option_size = (uint32_t)sizeof(rf_option)

/* Ends a plugin's source file: the one symbol that it exports. */
#define RF_PLUGIN(p)                                                                               \
    RF_API const rf_plugin *rf_plugin_entry_1(void);                                               \
    const rf_plugin *rf_plugin_entry_1(void) { return &(p); }

/* Whether a struct that says `size` has `field`: `if (RF_HAS(r->size, rf_run, model))`. */
#define RF_HAS(size, type, field)                                                                  \
    ((size) >= offsetof(type, field) + sizeof(((const type *)0)->field))

/* ---- Conveniences: compiled into the plugin, no part of the ABI ----------------------------- */

static inline rf_event rf_event_of(rf_kind kind, int64_t item, int64_t step)
{
    rf_event ev;
    memset(&ev, 0, sizeof ev);
    ev.size = (uint32_t)sizeof ev;
    ev.kind = kind;
    ev.item = item;
    ev.step = step;
    return ev;
}

/* A piece of text `item`. */
static inline rf_status rf_emit_text(const rf_host *h, int64_t item, const char *s, size_t n,
                                     double logp)
{
    rf_event ev = rf_event_of(RF_EV_TEXT, item, -1);
    ev.u.text.s = s;
    ev.u.text.n = n;
    ev.u.text.logp = logp;
    return h->emit(h, &ev);
}

/* A measured number; `unit` and `of` may be NULL, `step` -1. */
static inline rf_status rf_emit_metric(const rf_host *h, int64_t step, const char *of,
                                       const char *name, double value, const char *unit)
{
    rf_event ev = rf_event_of(RF_EV_METRIC, -1, step);
    ev.u.metric.name = name;
    ev.u.metric.unit = unit;
    ev.u.metric.of = of;
    ev.u.metric.value = value;
    return h->emit(h, &ev);
}

/* A completed file. */
static inline rf_status rf_emit_file(const rf_host *h, const char *path, const char *what,
                                     const char *media)
{
    rf_event ev = rf_event_of(RF_EV_FILE, -1, -1);
    ev.u.file.path = path;
    ev.u.file.what = what;
    ev.u.file.media = media;
    return h->emit(h, &ev);
}

/* A row of table `name`. */
static inline rf_status rf_emit_record(const rf_host *h, int64_t item, const char *name,
                                       const rf_field *fields, size_t count)
{
    rf_event ev = rf_event_of(RF_EV_RECORD, item, -1);
    ev.u.record.name = name;
    ev.u.record.fields = fields;
    ev.u.record.count = (uint32_t)count;
    ev.u.record.stride = (uint32_t)sizeof *fields;
    return h->emit(h, &ev);
}

static inline rf_field rf_field_of(const char *name, rf_field_type type)
{
    rf_field f;
    memset(&f, 0, sizeof f);
    f.name = name;
    f.type = type;
    return f;
}

static inline rf_field rf_field_int(const char *name, int64_t i)
{
    rf_field f = rf_field_of(name, RF_FIELD_INT);
    f.as.i = i;
    return f;
}

static inline rf_field rf_field_real(const char *name, double x)
{
    rf_field f = rf_field_of(name, RF_FIELD_REAL);
    f.as.f = x;
    return f;
}

static inline rf_field rf_field_string(const char *name, const char *s)
{
    rf_field f = rf_field_of(name, RF_FIELD_STRING);
    f.as.s = s;
    return f;
}

/* An array of reals: shape [rank], lent until the record is sent. */
static inline rf_field rf_field_reals(const char *name, const rf_real *x, const rf_index *shape,
                                      uint32_t rank)
{
    rf_field f = rf_field_of(name, RF_FIELD_REALS);
    f.as.reals = x;
    f.shape = shape;
    f.rank = rank;
    return f;
}

static inline rf_field rf_field_strings(const char *name, const char *const *s,
                                        const rf_index *shape, uint32_t rank)
{
    rf_field f = rf_field_of(name, RF_FIELD_STRINGS);
    f.as.strings = s;
    f.shape = shape;
    f.rank = rank;
    return f;
}

RF_END
#endif
