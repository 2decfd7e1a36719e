/* host/render.c -- events to lines of text for people; the two formats for programs are beside it.
 *
 * Invariant: an event is read at the size it says, and every write is checked. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "host/host.h"

enum { WIDEST = 40 }; /* a longer cell does not widen its column */

/* ---- Records -------------------------------------------------------------------------------- */

rf_field rfi_record_field(const rf_record *rec, uint32_t k)
{
    rf_field f = {0};
    size_t n = rec->stride < sizeof f ? rec->stride : sizeof f;
    memcpy(&f, (const char *)rec->fields + (size_t)k * rec->stride, n);
    return f;
}

size_t rfi_field_count(const rf_field *f)
{
    size_t n = 1;
    bool array = f->type >= RF_FIELD_INTS && f->type <= RF_FIELD_STRINGS;
    if (!array || !f->shape || f->rank < 1 || f->rank > RF_MAX_RANK) return 0;
    for (uint32_t k = 0; k < f->rank; k++) {
        if (f->shape[k] < 0 || __builtin_mul_overflow(n, (size_t)f->shape[k], &n)) return 0;
    }
    return n;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* What is not a number is missing. */
static void put_number(rf_str *out, double x)
{
    if (isnan(x)) {
        rf_str_put(out, "-");
        return;
    }
    rf_str_printf(out, isfinite(x) && x == floor(x) && fabs(x) < 1e7 ? "%.0f" : "%.6g", x);
}

/* A cell is one line: tabs and newlines in it become blanks. */
static void put_words(rf_str *out, const char *s)
{
    if (!s) s = "-";
    while (*s) {
        size_t n = strcspn(s, "\t\n\r");
        rf_str_add(out, s, n);
        if (s[n]) rf_str_put(out, " ");
        s += n + (s[n] != 0);
    }
}

static void put_element(rf_str *out, const rf_field *f, size_t k)
{
    if (f->type == RF_FIELD_INTS)
        rf_str_printf(out, "%" PRId64, f->as.ints[k]);
    else if (f->type == RF_FIELD_STRINGS)
        put_words(out, f->as.strings[k]);
    else
        rf_str_printf(out, "%.4g", (double)f->as.reals[k]);
}

static void put_scalar(rf_str *out, const rf_field *f)
{
    if (f->type == RF_FIELD_INT)
        rf_str_printf(out, "%" PRId64, f->as.i);
    else if (f->type == RF_FIELD_REAL)
        put_number(out, f->as.f);
    else if (f->type == RF_FIELD_STRING)
        put_words(out, f->as.s);
}

/* A list on the row itself; of a matrix only its shape, its rows come below. */
static void put_array(rf_str *out, const rf_field *f)
{
    size_t n = rfi_field_count(f);
    bool words = f->type == RF_FIELD_STRINGS && f->rank == 1;
    if (!words) rf_str_put(out, "[");
    if (f->rank == 1)
        for (size_t k = 0; k < n; k++) {
            if (k) rf_str_put(out, " ");
            put_element(out, f, k);
        }
    else
        for (uint32_t k = 0; k < f->rank && f->shape; k++)
            rf_str_printf(out, "%s%" PRId64, k ? "," : "", (int64_t)f->shape[k]);
    if (!words) rf_str_put(out, "]");
}

static void put_field(rf_str *out, const rf_field *f)
{
    if (f->type >= RF_FIELD_INTS)
        put_array(out, f);
    else
        put_scalar(out, f);
}

/* The rows of a matrix, each on a line of its own. */
static void put_matrix(rf_str *out, const rf_field *f)
{
    size_t n = rfi_field_count(f), row = n ? (size_t)f->shape[f->rank - 1] : 0;
    if (f->rank < 2) return;
    rf_str_printf(out, "  %s:", f->name);
    for (size_t k = 0; k < n; k++) {
        rf_str one = {0};
        put_element(&one, f, k);
        rf_str_put(out, k % row ? " " : "\n    ");
        size_t w = one.s ? rfi_width(one.s, one.n) : 0;
        for (; w < 9; w++) rf_str_put(out, " ");
        if (one.s) rf_str_put(out, one.s);
        rf_str_free(&one);
    }
    rf_str_put(out, "\n");
}

/* One cell, padded to the width its column has had so far; numbers to the right. */
static void put_cell(rfi_render *r, uint32_t k, const rf_str *text, bool right, bool last)
{
    size_t w = text->s ? rfi_width(text->s, text->n) : 0, room = sizeof r->width / sizeof *r->width;
    if (k < room && w > r->width[k] && w < WIDEST) r->width[k] = (uint32_t)w;
    size_t to = k < room ? r->width[k] : w;
    if (k) rf_str_put(&r->line, "  ");
    for (size_t c = w; right && c < to; c++) rf_str_put(&r->line, " ");
    if (text->s) rf_str_put(&r->line, text->s);
    for (size_t c = w; !right && !last && c < to; c++) rf_str_put(&r->line, " ");
}

static bool is_number(const rf_field *f) { return f->type <= RF_FIELD_REAL; }

/* A blank line between tables, and the columns' names; the widths start at them and at the first
 * row. */
static void put_heading(rfi_render *r, const rf_record *rec)
{
    int64_t seen = r->seen ? rf_map_get(r->seen, rec->name, strlen(rec->name), 0) : 1;
    if (seen) return;
    if (r->last.kind == RF_EV_RECORD || r->last.kind == RF_EV_METRIC) rf_str_put(&r->line, "\n");
    rf_map_put(r->seen, rec->name, strlen(rec->name), 1);
    if (rec->count < 2) return;
    memset(r->width, 0, sizeof r->width);
    for (uint32_t k = 0; k < rec->count; k++) {
        rf_field f = rfi_record_field(rec, k);
        rf_str name = {0}, first = {0};
        uint32_t least = f.type == RF_FIELD_REAL ? 9 : is_number(&f) ? 4 : 8;
        put_field(&first, &f);
        size_t w = first.s ? rfi_width(first.s, first.n) : 0;
        if (w > least && w < WIDEST) least = (uint32_t)w;
        if (k < sizeof r->width / sizeof *r->width) r->width[k] = least;
        rf_str_put(&name, f.name ? f.name : "");
        if (f.unit) rf_str_printf(&name, " (%s)", f.unit);
        put_cell(r, k, &name, is_number(&f), k + 1 == rec->count);
        rf_str_free(&name);
        rf_str_free(&first);
    }
    rf_str_put(&r->line, "\n");
}

static void text_record(rfi_render *r, const rf_event *ev)
{
    const rf_record *rec = &ev->u.record;
    put_heading(r, rec);
    for (uint32_t k = 0; k < rec->count; k++) {
        rf_field f = rfi_record_field(rec, k);
        rf_str cell = {0};
        put_field(&cell, &f);
        put_cell(r, k, &cell, is_number(&f), k + 1 == rec->count);
        rf_str_free(&cell);
    }
    rf_str_put(&r->line, "\n");
    for (uint32_t k = 0; k < rec->count; k++) {
        rf_field f = rfi_record_field(rec, k);
        put_matrix(&r->line, &f);
    }
}

static void text_text(rfi_render *r, const rf_event *ev)
{
    rf_str_add(&r->line, ev->u.text.s, ev->u.text.n);
    if (ev->u.text.n) r->open = ev->u.text.s[ev->u.text.n - 1] != '\n';
}

/* "step 1200, valid: loss 1.42 nats, perplexity 4.14": metrics of one moment share a line. */
static void text_metric(rfi_render *r, const rf_event *ev)
{
    const rf_metric *m = &ev->u.metric;
    if (r->open)
        rf_str_put(&r->line, ", ");
    else {
        if (ev->step >= 0)
            rf_str_printf(&r->line, "step %" PRId64 "%s", ev->step, m->of ? ", " : "");
        if (m->of) rf_str_put(&r->line, m->of);
        if (ev->step >= 0 || m->of) rf_str_put(&r->line, ": ");
    }
    rf_str_printf(&r->line, "%s ", m->name);
    put_number(&r->line, m->value);
    if (m->unit) rf_str_printf(&r->line, "%s%s", *m->unit == '%' ? "" : " ", m->unit);
    r->open = true;
}

static void text_label(rfi_render *r, const rf_event *ev)
{
    if (r->last.kind == RF_EV_LABEL && r->last.item != ev->item) rf_str_put(&r->line, "\n");
    rf_str_printf(&r->line, "%s\t%s\n", ev->u.label.form ? ev->u.label.form : "",
                  ev->u.label.label ? ev->u.label.label : "");
}

static void text_note(rfi_render *r, const rf_event *ev)
{
    const rf_note *n = &ev->u.note;
    rf_str_printf(&r->line, "%9.4g %9.4g  pitch %3d velocity %3d channel %2d program %3d\n", n->on,
                  n->len, n->pitch, n->velocity, n->channel, n->program);
}

/* Files are told on standard error: they are no part of an answer. */
static void text_file(rfi_render *r, const rf_event *ev)
{
    if (r->quiet) return;
    fprintf(stderr, "wrote %s%s%s%s\n", ev->u.file.path, ev->u.file.what ? " (" : "",
            ev->u.file.what ? ev->u.file.what : "", ev->u.file.what ? ")" : "");
}

/* ---- Lines that stay open ------------------------------------------------------------------- */

/* Whether ev goes on with the line that the last event left open. */
static bool continues(const rfi_render *r, const rf_event *ev)
{
    if (!r->open || ev->kind != r->last.kind || ev->item != r->last.item) return false;
    if (ev->kind == RF_EV_TEXT) return true;
    const char *of = ev->kind == RF_EV_METRIC && ev->u.metric.of ? ev->u.metric.of : "";
    return ev->kind == RF_EV_METRIC && ev->step == r->last.step &&
           !strncmp(of, r->of, sizeof r->of - 1);
}

static void remember(rfi_render *r, const rf_event *ev)
{
    r->last = *ev;
    if (ev->kind != RF_EV_METRIC) return;
    snprintf(r->of, sizeof r->of, "%s", ev->u.metric.of ? ev->u.metric.of : "");
    snprintf(r->metric, sizeof r->metric, "%.40s %.4g", ev->u.metric.name, ev->u.metric.value);
}

static void render_text(rfi_render *r, const rf_event *ev)
{
    static void (*const text[])(rfi_render *, const rf_event *) = {
        [RF_EV_TEXT] = text_text, [RF_EV_METRIC] = text_metric, [RF_EV_LABEL] = text_label,
        [RF_EV_NOTE] = text_note, [RF_EV_FILE] = text_file,     [RF_EV_RECORD] = text_record};
    if (ev->kind == RF_EV_FILE && r->quiet) return;
    if (r->open && !continues(r, ev)) {
        rf_str_put(&r->line, "\n");
        r->open = false;
    }
    text[ev->kind](r, ev);
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* What is in r->line to the stream.  EIO: errno says why. */
static rf_status write_line(rfi_render *r)
{
    if (r->line.failed) return RF_ENOMEM;
    size_t n = r->line.n;
    errno = 0;
    bool ok = !n || fwrite(r->line.s, 1, n, r->out) == n;
    rf_str_clear(&r->line);
    return ok ? RF_OK : RF_EIO;
}

rf_status rfi_render_event(rfi_render *r, const rf_event *event)
{
    static void (*const format[])(rfi_render *, const rf_event *) = {render_text, rfi_render_tsv,
                                                                     rfi_render_json};
    rf_event ev = {0};
    memcpy(&ev, event, event->size < sizeof ev ? event->size : sizeof ev);
    /* A kind that came after this header: nothing to show. */
    if (ev.kind < RF_EV_TEXT || ev.kind > RF_EV_RECORD) return RF_OK;
    if (!r->seen && !(r->seen = rf_map_new())) return RF_ENOMEM;
    format[r->format](r, &ev);
    remember(r, &ev);
    return write_line(r);
}

bool rfi_render_flush(rfi_render *r)
{
    if (r->open) rf_str_put(&r->line, "\n");
    r->open = false;
    return write_line(r) == RF_OK && fflush(r->out) == 0;
}

void rfi_render_free(rfi_render *r)
{
    rf_map_free(r->seen);
    rf_str_free(&r->line);
    memset(r, 0, sizeof *r);
}
