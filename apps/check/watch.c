/* watch.c -- a host that counts, hashes and fences, and runs a verb under observation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

enum { MOST_CALLS = 2000, MOST_WORDS = 64 };

static watch seen;

watch *watch_seen(void) { return &seen; }

void watch_reset(int stop_at)
{
    memset(&seen, 0, sizeof seen);
    seen.hash = 14695981039346656037u; /* FNV-1a */
    seen.stop_at = stop_at;
    seen.thread = pthread_self();
}

/* ---- Events --------------------------------------------------------------------------------- */

static void hash_bytes(const void *p, size_t n)
{
    const unsigned char *b = p;
    while (n--) seen.hash = (seen.hash ^ *b++) * 1099511628211u;
}

static void hash_text(const char *s)
{
    if (s) hash_bytes(s, strlen(s) + 1);
}

static void bad_event(const char *what)
{
    if (!seen.bad[0]) snprintf(seen.bad, sizeof seen.bad, "%s", what);
}

static size_t elements(const rf_field *f)
{
    size_t n = 1;
    if (!f->shape || f->rank < 1 || f->rank > RF_MAX_RANK) {
        bad_event("an array without a shape");
        return 0;
    }
    for (uint32_t k = 0; k < f->rank; k++) {
        if (f->shape[k] < 0) bad_event("a negative dimension");
        n *= f->shape[k] > 0 ? (size_t)f->shape[k] : 0;
    }
    return n;
}

static void hash_field(const rf_field *f)
{
    if (!f->name || !*f->name) bad_event("a column without a name");
    hash_text(f->name);
    if (f->type == RF_FIELD_INT || f->type == RF_FIELD_REAL)
        hash_bytes(&f->as.i, sizeof f->as.i);
    else if (f->type == RF_FIELD_STRING)
        hash_text(f->as.s);
    else if (f->type == RF_FIELD_INTS)
        hash_bytes(f->as.ints, elements(f) * sizeof *f->as.ints);
    else if (f->type == RF_FIELD_REALS)
        hash_bytes(f->as.reals, elements(f) * sizeof *f->as.reals);
    else if (f->type == RF_FIELD_STRINGS)
        for (size_t k = 0, n = elements(f); k < n; k++) hash_text(f->as.strings[k]);
    else
        bad_event("a column of a type that is none");
}

static void hash_record(const rf_record *rec)
{
    if (!rec->name || !*rec->name) bad_event("a record without a name");
    if (rec->stride < offsetof(rf_field, shape) || rec->stride % 8) bad_event("a record's stride");
    if (rec->count && !rec->fields) bad_event("a record without its fields");
    if (seen.bad[0]) return;
    hash_text(rec->name);
    for (uint32_t k = 0; k < rec->count; k++) {
        rf_field f = {0};
        size_t n = rec->stride < sizeof f ? rec->stride : sizeof f;
        memcpy(&f, (const char *)rec->fields + (size_t)k * rec->stride, n);
        hash_field(&f);
    }
}

static void hash_event(const rf_event *ev)
{
    hash_bytes(&ev->kind, sizeof ev->kind);
    hash_bytes(&ev->item, sizeof ev->item);
    hash_bytes(&ev->step, sizeof ev->step);
    if (ev->kind == RF_EV_TEXT) {
        if (!ev->u.text.s && ev->u.text.n) bad_event("a text without its bytes");
        if (ev->u.text.s) hash_bytes(ev->u.text.s, ev->u.text.n);
    } else if (ev->kind == RF_EV_METRIC) {
        if (!ev->u.metric.name) bad_event("a metric without a name");
        hash_text(ev->u.metric.name);
        hash_text(ev->u.metric.of);
        hash_bytes(&ev->u.metric.value, sizeof ev->u.metric.value);
    } else if (ev->kind == RF_EV_LABEL) {
        hash_text(ev->u.label.form);
        hash_text(ev->u.label.label);
    } else if (ev->kind == RF_EV_NOTE)
        hash_bytes(&ev->u.note, sizeof ev->u.note);
    else if (ev->kind == RF_EV_FILE) {
        if (!ev->u.file.path) bad_event("a file without a path");
        hash_text(ev->u.file.path);
    } else if (ev->kind == RF_EV_RECORD)
        hash_record(&ev->u.record);
}

/* ---- The host table ------------------------------------------------------------------------- */

static void who(void)
{
    if (!seen.running || !pthread_equal(seen.thread, pthread_self())) seen.elsewhere++;
}

/* Whether this call is one too many. */
static bool stopped(void)
{
    seen.calls++;
    if (seen.calls > MOST_CALLS) seen.limited = true;
    return seen.limited || (seen.stop_at && seen.calls >= seen.stop_at);
}

static rf_status host_emit(const rf_host *h, const rf_event *event)
{
    rf_event ev = {0};
    (void)h;
    who();
    if (event->size < offsetof(rf_event, u) || event->size > 4096) {
        bad_event("an event that does not say its size");
        return RF_OK;
    }
    memcpy(&ev, event, event->size < sizeof ev ? event->size : sizeof ev);
    if (ev.kind < 1 || ev.kind > 31) bad_event("an event of a kind that is none");
    if (seen.stop_at && seen.calls >= seen.stop_at) seen.after_stop++;
    seen.kinds |= 1u << (ev.kind & 31);
    seen.events++;
    hash_event(&ev);
    return stopped() ? RF_ECANCELLED : RF_OK;
}

static rf_status host_progress(const rf_host *h, double done, double total, const char *unit)
{
    (void)h;
    (void)unit;
    who();
    if (!(done >= 0) || !(total >= 0)) bad_event("progress below zero");
    return stopped() ? RF_ECANCELLED : RF_OK;
}

static rf_status host_fail(const rf_host *h, rf_status status, const char *msg)
{
    (void)h;
    if (!pthread_equal(seen.thread, pthread_self())) seen.elsewhere++;
    if (msg && *msg && !seen.fails++) snprintf(seen.message, sizeof seen.message, "%s", msg);
    return status;
}

static void host_log(const rf_host *h, rf_level level, const char *msg)
{
    (void)h;
    (void)level;
    (void)msg;
}

static rf_status host_data_path(const rf_host *h, const char *name, char *buf, size_t n)
{
    (void)h;
    (void)name;
    if (n) buf[0] = 0;
    return RF_EINVAL;
}

static const void *host_service(const rf_host *h, const char *id)
{
    (void)h;
    (void)id;
    return NULL;
}

static const rf_host table = {.size = sizeof table,
                              .abi_minor = RF_ABI_MINOR,
                              .name = "rf-check",
                              .version = RF_VERSION,
                              .emit = host_emit,
                              .progress = host_progress,
                              .fail = host_fail,
                              .log = host_log,
                              .data_path = host_data_path,
                              .service = host_service};

const rf_host *watch_host(void) { return &table; }

void *watch_fence(const void *src, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), up = (n + page - 1) / page * page;
    if (!up) up = page;
    char *m = mmap(NULL, up + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) return NULL;
    memcpy(m + up - n, src, n);
    mprotect(m, up, PROT_READ);
    mprotect(m + up, page, PROT_NONE);
    return m + up - n;
}

/* ---- A run ---------------------------------------------------------------------------------- */

rf_session *watch_open(check *c, const rf_host *h)
{
    rf_session *s = NULL;
    rf_status st = c->m->plugin->open(h, &s);
    if (!st && s) return s;
    wrong(c, "open: status %d, session %p", st, (void *)s);
    return NULL;
}

typedef struct words {
    char *w[MOST_WORDS];
    int n;
    char *copy;
    char model[4096], name[64];
} words;

static void add(words *w, const char *word)
{
    if (w->n < MOST_WORDS - 1) memcpy(&w->w[w->n++], &word, sizeof word);
}

static bool takes_files(const rf_verb *v)
{
    return v->operand_type == RF_INFILE || v->operand_type == RF_PATH;
}

/* As many operands as the verb takes, three if it takes any number. */
static void add_operands(words *w, const check *c, const rf_verb *v, const char *operand)
{
    static const char *const usual[] = {"alpha", "beta", "gamma"};
    uint32_t n = v->arg_min > 3 ? v->arg_min : v->arg_max < 3 ? v->arg_max : 3;
    if (takes_files(v) && !operand) {
        operand = c->text;
        if (v->arg_min <= 1 && v->arg_max >= 1) n = 1;
    }
    for (uint32_t k = 0; k < n; k++) add(w, operand ? operand : usual[k % 3]);
}

/* A value for an option that has no default and must be given. */
static void add_required(words *w, const check *c, const rf_option *o)
{
    char low[32];
    const char *value = "alpha";
    snprintf(low, sizeof low, "%.17g", o->min);
    if (o->type == RF_INFILE || o->type == RF_PATH) value = c->text;
    if (o->type == RF_OUTFILE) value = "/dev/null";
    if (o->type == RF_CHOICE && o->choices) value = o->choices[0];
    if (o->type == RF_INT || o->type == RF_REAL) value = low;
    snprintf(w->name, sizeof w->name, "--%s", o->name);
    add(w, strdup(w->name));
    add(w, strdup(value));
}

/* The user's command for the verb, cut at blanks. */
static bool add_user(words *w, const check *c, const rf_verb *v)
{
    size_t n = strlen(v->name);
    for (char **u = c->commands; u && *u; u++) {
        if (strncmp(*u, v->name, n) != 0 || ((*u)[n] && (*u)[n] != ' ')) continue;
        w->copy = strdup(*u + n);
        for (char *s = w->copy ? strtok(w->copy, " ") : NULL; s; s = strtok(NULL, " ")) add(w, s);
        return true;
    }
    return false;
}

static void add_all(words *w, const check *c, const rf_module_verb *v, const trial *t)
{
    if (!t->operand && !t->model && add_user(w, c, &v->def)) return;
    for (size_t k = 0; k < v->option_count; k++)
        if (v->options[k].flags & RF_OPT_REQUIRED) add_required(w, c, &v->options[k]);
    snprintf(w->model, sizeof w->model, "%s/model", c->folder);
    if (v->def.model & (RF_MODEL_READ | RF_MODEL_WRITE)) {
        add(w, "--model");
        add(w, t->model ? t->model : w->model);
    }
    add(w, "--");
    add_operands(w, c, &v->def, t->operand);
}

static rf_status call(const rf_module_verb *v, rf_session *s, const rf_command *cmd, bool fenced)
{
    rf_run run = {.size = sizeof run,
                  .threads = 1,
                  .seed = 7,
                  .opt = cmd->opt,
                  .arg = cmd->arg,
                  .opt_count = (uint32_t)v->option_count,
                  .arg_count = (uint32_t)cmd->arg_count,
                  .verb = v->def.name,
                  .model = cmd->model};
    const rf_run *r = &run;
    if (fenced) {
        run.opt = watch_fence(cmd->opt, v->option_count * sizeof *cmd->opt);
        run.arg = watch_fence(cmd->arg, (cmd->arg_count + 1) * sizeof *cmd->arg);
        r = watch_fence(&run, sizeof run);
    }
    seen.running = true;
    rf_status st = v->def.run(s, r);
    seen.running = false;
    return st;
}

bool watch_run(check *c, const rf_module_verb *v, rf_session *s, trial t, rf_status *status)
{
    words w = {.n = 0};
    rf_command cmd;
    rf_error err = {0};
    add_all(&w, c, v, &t);
    watch_reset(t.stop_at);
    rf_status st = rf_command_parse(&cmd, c->m, v, w.n, w.w, &err);
    /* What the host itself refuses never reaches the plugin. */
    bool kept_away = st && t.model;
    if (kept_away)
        *status = st;
    else if (st)
        wrong(c, "%s: %s", v->def.name, err.text);
    else
        *status = call(v, s, &cmd, t.fenced);
    rf_command_free(&cmd);
    free(w.copy);
    return st == RF_OK || kept_away;
}
