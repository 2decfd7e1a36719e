/* pinyin/type.c -- the verb type: a line is typed, candidates are shown, a number picks one. */
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"

typedef struct setup {
    rf_session *s;
    rf_live_state *l;
    int64_t item;
} setup;

static rf_status put(setup *u, const char *text)
{
    rf_status st = rf_emit_text(u->s->host, u->item, text, strlen(text), NAN);
    return st ? st : rf_emit_text(u->s->host, u->item++, "\n", 1, NAN);
}

/* "已 shiyan   1 实验 2 试验 ..." */
static rf_status show(setup *u)
{
    rf_str line = {0};
    rf_status st = RF_OK;
    const char *text;
    double score;
    rf_str_printf(&line, "%s%s%s", py_live.done(u->l), *py_live.typed(u->l) ? "|" : "",
                  py_live.typed(u->l));
    for (uint32_t i = 0; i < py_live.count(u->l) && !st; i++) {
        st = py_live.candidate(u->l, i, &text, &score);
        if (!st) rf_str_printf(&line, "%s%u %s", i ? "  " : "   ", i + 1, text);
    }
    if (!st)
        st = line.failed ? u->s->host->fail(u->s->host, RF_ENOMEM, "no memory") : put(u, line.s);
    rf_str_free(&line);
    return st;
}

/* A candidate's number, or -1. */
static long number_of(const char *s)
{
    char *end;
    const long n = strtol(s, &end, 10);
    return end != s && !*end && n >= 0 ? n : -1;
}

/* What is done is an answer; then the next begins. */
static rf_status finish(setup *u)
{
    rf_status st = py_live.count(u->l) ? py_live.pick(u->l, 0) : RF_OK;
    if (!st) st = put(u, py_live.done(u->l));
    return st ? st : py_live.clear(u->l);
}

static rf_status obey(setup *u, const char *line)
{
    const long n = number_of(line);
    rf_status st = RF_OK;
    if (!*line) return finish(u);
    if (!strcmp(line, "-"))
        st = py_live.erase(u->l);
    else if (!strcmp(line, "--"))
        st = py_live.clear(u->l);
    else if (n > 0 && (uint32_t)n <= py_live.count(u->l))
        st = py_live.pick(u->l, (uint32_t)n - 1);
    else if (n >= 0 && py_live.count(u->l))
        return put(u, "there is no candidate of this number");
    else
        st = py_live.key(u->l, line);
    return st ? st : show(u);
}

static rf_status read_line(void *ctx, const rf_lines *in, const char *line, size_t n, rf_error *err)
{
    setup *u = ctx;
    (void)in;
    rf_status st = rf_utf8_check(line, n, "standard input", err);
    if (!st) st = obey(u, line);
    return st ? st : u->s->host->progress(u->s->host, (double)u->item, 0, "lines");
}

static rf_status listen(setup *u, rf_error *err)
{
    const rf_status st = rf_lines_each("-", read_line, u, err);
    return st || !*py_live.typed(u->l) ? st : finish(u);
}

rf_status py_verb_type(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s};
    rf_status st = py_live.begin(s, r, &u.l);
    if (!st) st = listen(&u, &err);
    py_live.end(u.l);
    return rf_session_end(s, st, &err);
}
