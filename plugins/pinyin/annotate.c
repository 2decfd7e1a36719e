/* pinyin/annotate.c -- the verb annotate: lines of characters to pinyin. */
#include "annotate.h"

#include <ctype.h>
#include <refrain/io.h>
#include <string.h>

#include "source.h"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    an_model x;
    an_answer a;
    rf_ids code;
    rf_str out;
    int64_t lines;
    rf_error *err;
} setup;

static rf_status ask(void *ctx, double done, double total)
{
    const setup *u = ctx;
    (void)done;
    (void)total;
    return u->s->host->progress(u->s->host, (double)u->lines, 0, "lines");
}

static void put_reading(const setup *u, int32_t reading, rf_str *out)
{
    const int tones = (int)u->r->opt[AN_TONES].as.i;
    const uint16_t r = (uint16_t)reading, plain = PY_READING(PY_BASE(reading), 0);
    if (tones == AN_DIGITS)
        py_reading_text(r, out);
    else
        py_reading_marked(tones == AN_MARKS ? r : plain, out);
}

/* ---- A line of text -------------------------------------------------------------------------- */

/* Blanks part a syllable from other syllables, and from letters and numbers. */
static bool parted(int32_t code)
{
    return (code < 0x80 && isalnum(code)) || (code >= 0xc0 && code < 0x250);
}

static rf_status emit_line(setup *u)
{
    bool syllable = false, word = false;
    rf_str_clear(&u->out);
    for (size_t i = 0; i < u->code.n; i++) {
        const int32_t code = u->code.at[i], reading = u->a.told[i].reading;
        char c[4];
        if (reading >= 0 ? syllable || word : syllable && parted(code)) rf_str_put(&u->out, " ");
        if (reading >= 0)
            put_reading(u, reading, &u->out);
        else
            rf_str_add(&u->out, c, (size_t)rf_utf8_put(code, c));
        syllable = reading >= 0;
        word = reading < 0 && parted(code);
    }
    rf_str_put(&u->out, "\n");
    if (u->out.failed) return rf_no_memory(u->err);
    return rf_emit_text(u->s->host, u->lines, u->out.s, u->out.n, (double)NAN);
}

/* ---- A row for each character ---------------------------------------------------------------- */

/* "xing2 0.93, hang2 0.07", the most probable first. */
static void put_choices(setup *u, size_t k, rf_str *out)
{
    const an_set *set = &u->x.set;
    const int32_t n = set->count.at[k], first = set->first.at[k];
    const rf_real *p = u->a.p + u->a.told[k].at;
    double below = 2;
    int32_t last = -1;
    for (int32_t rank = 0; rank < n; rank++) {
        int32_t best = -1;
        for (int32_t i = 0; i < n; i++) {
            const bool later = (double)p[i] < below || ((double)p[i] <= below && i > last);
            if (later && (best < 0 || p[i] > p[best])) best = i;
        }
        if (best < 0) return;
        below = (double)p[best];
        last = best;
        rf_str_put(out, rank ? ", " : "");
        put_reading(u, u->x.m->lexis.reading[first + best], out);
        rf_str_printf(out, " %.3f", below);
    }
}

static rf_status emit_row(setup *u, size_t k)
{
    const an_told *t = &u->a.told[k];
    rf_str character = {0}, pinyin = {0}, choices = {0};
    char c[4];
    rf_str_add(&character, c, (size_t)rf_utf8_put(u->code.at[k], c));
    rf_str_put(&pinyin, "");
    rf_str_put(&choices, "");
    if (t->reading >= 0) put_reading(u, t->reading, &pinyin);
    if (t->at >= 0 && u->x.set.count.at[k] > 1) put_choices(u, k, &choices);
    const rf_field row[] = {
        rf_field_int("line", u->lines + 1),  rf_field_string("character", character.s),
        rf_field_string("pinyin", pinyin.s), rf_field_string("by", an_sources[t->source]),
        rf_field_real("probability", t->p),  rf_field_string("readings", choices.s)};
    const bool failed = character.failed || pinyin.failed || choices.failed;
    const rf_status st =
        failed ? rf_no_memory(u->err)
               : rf_emit_record(u->s->host, u->lines, "reading", row, sizeof row / sizeof *row);
    rf_str_free(&character);
    rf_str_free(&pinyin);
    rf_str_free(&choices);
    return st;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static rf_status annotate(setup *u, const char *line, size_t n)
{
    const double sure = u->r->opt[AN_SURE].as.f;
    rf_status st = rf_utf8_check(line, n, "text", u->err);
    int32_t code;
    u->code.n = 0;
    for (size_t i = 0; i < n && !st; rf_ids_add(&u->code, code))
        i += (size_t)rf_utf8_next(line + i, n - i, &code);
    an_set_clear(&u->x.set);
    if (!st && u->code.failed) st = rf_no_memory(u->err);
    if (!st && u->code.n)
        st = an_lexis_encode(&u->x.m->lexis, &u->x.set, u->code.at, NULL, u->code.n, u->err);
    if (!st) st = an_answer_find(&u->a, &u->x, u->code.at, sure, ask, u, u->err);
    const bool table = u->r->opt[AN_TABLE].as.i;
    for (size_t k = 0; k < u->code.n && table && !st; k++)
        if (py_is_hanzi(u->code.at[k])) st = emit_row(u, k);
    if (!st && !table) st = emit_line(u);
    u->lines++;
    return st ? st : ask(u, 0, 0);
}

static rf_status read_line(void *ctx, const rf_lines *in, const char *line, size_t n, rf_error *err)
{
    (void)in, (void)err;
    return annotate(ctx, line, n);
}

rf_status an_verb_annotate(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    rf_status st = an_model_open(&u.x, r->model, r->threads, &err);
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = annotate(&u, r->arg[i], strlen(r->arg[i]));
    if (!st && !r->arg_count) st = rf_lines_each("-", read_line, &u, u.err);
    an_answer_free(&u.a);
    an_model_close(&u.x);
    rf_ids_free(&u.code);
    rf_str_free(&u.out);
    return rf_session_end(s, st, &err);
}
