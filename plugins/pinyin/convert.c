/* pinyin/convert.c -- the verb decode: lines of pinyin to characters. */
#include <refrain/io.h>
#include <string.h>

#include "pinyin.h"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    py_reader x;
    py_decoder *d;
    int64_t lines;
    rf_str out;
    rf_error *err;
} setup;

static rf_status ask(void *ctx)
{
    const setup *u = ctx;
    return u->s->host->progress(u->s->host, (double)u->lines, 0, "lines");
}

/* The words of an answer, with blanks between. */
static const char *words_of(setup *u, const py_answer *a)
{
    rf_str_clear(&u->out);
    for (size_t i = 0; i < a->parts; i++) {
        if (i) rf_str_put(&u->out, " ");
        rf_str_add(&u->out, a->text + a->part[i].at, a->part[i].n);
    }
    rf_str_put(&u->out, "");
    return u->out.s ? u->out.s : "";
}

static rf_status emit_answers(setup *u, const py_answers *a, const char *line)
{
    const bool words = u->r->opt[DECODE_WORDS_SHOWN].as.i, table = u->r->opt[DECODE_NBEST].as.i > 0;
    rf_status st = RF_OK;
    if (!table) {
        const char *text = !a->n ? "" : words ? words_of(u, &a->at[0]) : a->at[0].text;
        st = rf_emit_text(u->s->host, u->lines, text, strlen(text), a->n ? a->at[0].score : NAN);
        return st ? st : rf_emit_text(u->s->host, u->lines, "\n", 1, NAN);
    }
    for (size_t i = 0; i < a->n && !st; i++) {
        const rf_field row[] = {
            rf_field_int("line", u->lines + 1), rf_field_int("rank", (int64_t)i + 1),
            rf_field_real("score", a->at[i].score),
            rf_field_string("text", words ? words_of(u, &a->at[i]) : a->at[i].text)};
        st = rf_emit_record(u->s->host, u->lines, "answer", row, sizeof row / sizeof *row);
    }
    (void)line;
    return st;
}

static rf_status draw(setup *u, const char *line, size_t n, const py_answers *a)
{
    const char *path = u->r->opt[DECODE_LATTICE].as.s;
    if (!path || u->lines) return RF_OK;
    const rf_status st = py_lattice_draw(u->d, line, n, a, path, u->err);
    return st ? st : rf_emit_plot(u->s->host, path);
}

static rf_status convert(setup *u, const char *line, size_t n)
{
    py_answers a;
    rf_status st = py_decode(u->d, line, n, &a, u->err);
    if (!st && !a.n && u->r->opt[DECODE_FIX].as.s)
        st = rf_fail(u->err, RF_EINVAL, "--fix: no reading of line %lld has these characters",
                     (long long)u->lines + 1);
    if (!st) st = emit_answers(u, &a, line);
    if (!st) st = draw(u, line, n, &a);
    u->lines++;
    py_answers_free(&a);
    return st ? st : ask(u);
}

static rf_status read_line(void *ctx, const rf_lines *in, const char *line, size_t n, rf_error *err)
{
    (void)in;
    const rf_status st = rf_utf8_check(line, n, "line", err);
    return st ? st : convert(ctx, line, n);
}

static rf_status decode(setup *u)
{
    py_decode_spec spec;
    rf_status st = py_reader_open(&u->x, u->s, u->r, u->err);
    if (!st) st = py_options_how(u->r->opt, u->x.m, &spec, u->err);
    if (st) return st;
    spec.context = u->r->opt[DECODE_CONTEXT].as.s;
    spec.fix = u->r->opt[DECODE_FIX].as.s;
    spec.nbest = u->r->opt[DECODE_NBEST].as.i > 0 ? (int)u->r->opt[DECODE_NBEST].as.i : 1;
    if (u->r->opt[DECODE_LATTICE].as.s && spec.nbest < 4) spec.nbest = 4;
    u->d = py_decoder_new(u->x.m, u->x.d, &spec, u->err);
    if (!u->d) return u->err->status;
    py_decoder_watch(u->d, ask, u);
    for (uint32_t i = 0; i < u->r->arg_count && !st; i++)
        st = convert(u, u->r->arg[i], strlen(u->r->arg[i]));
    return st || u->r->arg_count ? st : rf_lines_each("-", read_line, u, u->err);
}

rf_status py_verb_decode(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = decode(&u);
    py_decoder_free(u.d);
    rf_str_free(&u.out);
    py_reader_close(&u.x);
    return rf_session_end(s, st, &err);
}
