/* host/render_data.c -- events for programs: TSV and JSON lines.
 *
 * TSV: every row begins with the name of its table; before the first row of a table stands a line
 * "#table<TAB>column...".  Tabs, newlines, backslashes in text are \t, \n, \\; arrays are JSON.
 * JSON: one object a line, {"event": "text", ...}; numbers that are not finite are null. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "host/host.h"

/* ---- Any event as named columns ------------------------------------------------------------- */

enum { MOST = 10 }; /* columns that an event other than a record has */

typedef struct columns {
    const char *table;
    rf_field field[MOST];
    uint32_t n;
} columns;

static void add_int(columns *c, const char *name, int64_t i)
{
    c->field[c->n++] = rf_field_int(name, i);
}

static void add_real(columns *c, const char *name, double x)
{
    c->field[c->n++] = rf_field_real(name, x);
}

static void add_string(columns *c, const char *name, const char *s)
{
    c->field[c->n++] = rf_field_string(name, s);
}

static void columns_metric(columns *c, const rf_event *ev)
{
    add_int(c, "step", ev->step);
    add_string(c, "of", ev->u.metric.of);
    add_string(c, "name", ev->u.metric.name);
    add_real(c, "value", ev->u.metric.value);
    add_string(c, "unit", ev->u.metric.unit);
}

static void columns_label(columns *c, const rf_event *ev)
{
    add_int(c, "item", ev->item);
    add_string(c, "form", ev->u.label.form);
    add_string(c, "label", ev->u.label.label);
    add_real(c, "p", ev->u.label.p);
    add_int(c, "from", ev->u.label.from);
    add_int(c, "to", ev->u.label.to);
    add_string(c, "unit", ev->u.label.unit);
}

static void columns_note(columns *c, const rf_event *ev)
{
    const rf_note *n = &ev->u.note;
    add_int(c, "item", ev->item);
    add_real(c, "on", n->on);
    add_real(c, "len", n->len);
    add_int(c, "pitch", n->pitch);
    add_int(c, "velocity", n->velocity);
    add_int(c, "channel", n->channel);
    add_int(c, "program", n->program);
}

static void columns_file(columns *c, const rf_event *ev)
{
    add_string(c, "path", ev->u.file.path);
    add_string(c, "what", ev->u.file.what);
    add_string(c, "media", ev->u.file.media);
}

static const struct {
    const char *table;
    void (*fill)(columns *c, const rf_event *ev);
} kinds[] = {[RF_EV_METRIC] = {"metric", columns_metric},
             [RF_EV_LABEL] = {"label", columns_label},
             [RF_EV_NOTE] = {"note", columns_note},
             [RF_EV_FILE] = {"file", columns_file}};

/* ---- JSON ----------------------------------------------------------------------------------- */

static void json_element(rf_str *out, const rf_field *f, size_t k)
{
    const char *s = f->type == RF_FIELD_STRINGS ? f->as.strings[k] : NULL;
    if (f->type == RF_FIELD_INTS)
        rf_str_printf(out, "%" PRId64, f->as.ints[k]);
    else if (f->type == RF_FIELD_REALS && isfinite(f->as.reals[k]))
        rf_str_printf(out, "%.9g", (double)f->as.reals[k]);
    else if (s)
        rfi_json_string(out, s, strlen(s));
    else
        rf_str_put(out, "null");
}

/* Elements from `at` on, the dimensions from `d` on.  Returns where it ended. */
static size_t json_nested(rf_str *out, const rf_field *f, uint32_t d, size_t at)
{
    rf_str_put(out, "[");
    for (rf_index k = 0; k < f->shape[d]; k++) {
        if (k) rf_str_put(out, ",");
        if (d + 1 == f->rank)
            json_element(out, f, at++);
        else
            at = json_nested(out, f, d + 1, at);
    }
    rf_str_put(out, "]");
    return at;
}

void rfi_field_json(rf_str *out, const rf_field *f)
{
    if (rfi_field_count(f))
        json_nested(out, f, 0, 0);
    else
        rf_str_put(out, "[]");
}

static void json_value(rf_str *out, const rf_field *f)
{
    if (f->type == RF_FIELD_INT)
        rf_str_printf(out, "%" PRId64, f->as.i);
    else if (f->type == RF_FIELD_REAL)
        rfi_json_number(out, f->as.f);
    else if (f->type == RF_FIELD_STRING && f->as.s)
        rfi_json_string(out, f->as.s, strlen(f->as.s));
    else if (f->type == RF_FIELD_STRING)
        rf_str_put(out, "null");
    else
        rfi_field_json(out, f);
}

static void json_pair(rf_str *out, const rf_field *f, bool first)
{
    const char *name = f->name ? f->name : "";
    if (!first) rf_str_put(out, ",");
    rfi_json_string(out, name, strlen(name));
    rf_str_put(out, ":");
    json_value(out, f);
}

static void json_text(rf_str *out, const rf_event *ev)
{
    rf_str_printf(out, "{\"event\":\"text\",\"item\":%" PRId64 ",\"text\":", ev->item);
    rfi_json_string(out, ev->u.text.s, ev->u.text.n);
    rf_str_put(out, ",\"logp\":");
    rfi_json_number(out, ev->u.text.logp);
    rf_str_put(out, "}\n");
}

static void json_record(rf_str *out, const rf_event *ev)
{
    const rf_record *rec = &ev->u.record;
    rf_str_put(out, "{\"event\":\"record\",\"table\":");
    rfi_json_string(out, rec->name, strlen(rec->name));
    if (ev->item >= 0) rf_str_printf(out, ",\"item\":%" PRId64, ev->item);
    rf_str_put(out, ",\"row\":{");
    for (uint32_t k = 0; k < rec->count; k++) {
        rf_field f = rfi_record_field(rec, k);
        json_pair(out, &f, k == 0);
    }
    rf_str_put(out, "}}\n");
}

/* Absent steps and units are left out: -1 and NULL say nothing. */
static bool says_something(const rf_field *f)
{
    if (f->type == RF_FIELD_STRING) return f->as.s != NULL;
    return f->type != RF_FIELD_INT || f->as.i != -1;
}

void rfi_render_json(rfi_render *r, const rf_event *ev)
{
    columns c = {.n = 0};
    if (ev->kind == RF_EV_TEXT) {
        json_text(&r->line, ev);
        return;
    }
    if (ev->kind == RF_EV_RECORD) {
        json_record(&r->line, ev);
        return;
    }
    kinds[ev->kind].fill(&c, ev);
    rf_str_printf(&r->line, "{\"event\":\"%s\"", kinds[ev->kind].table);
    for (uint32_t k = 0; k < c.n; k++)
        if (says_something(&c.field[k])) json_pair(&r->line, &c.field[k], false);
    rf_str_put(&r->line, "}\n");
}

/* ---- TSV ------------------------------------------------------------------------------------ */

static void tsv_bytes(rf_str *out, const char *s, size_t n)
{
    static const char special[] = "\t\n\r\\", letter[] = "tnr\\";
    for (size_t k = 0; k < n; k++) {
        const char *at = s[k] ? strchr(special, s[k]) : NULL;
        if (at)
            rf_str_printf(out, "\\%c", letter[at - special]);
        else
            rf_str_add(out, &s[k], 1);
    }
}

static void tsv_cell(rf_str *out, const rf_field *f)
{
    char buf[NUMBER_TEXT];
    rf_str_put(out, "\t");
    if (f->type == RF_FIELD_STRING) {
        if (f->as.s) tsv_bytes(out, f->as.s, strlen(f->as.s));
    } else if (f->type == RF_FIELD_REAL)
        rf_str_put(out, rfi_number(f->as.f, buf));
    else
        json_value(out, f);
}

/* Whether the heading of the table is due; only once. */
static bool first_of(rfi_render *r, const char *table)
{
    size_t n = strlen(table);
    if (rf_map_get(r->seen, table, n, 0)) return false;
    rf_map_put(r->seen, table, n, 1);
    rf_str_put(&r->line, "#");
    tsv_bytes(&r->line, table, n);
    return true;
}

static void tsv_name(rf_str *out, const char *name)
{
    rf_str_put(out, "\t");
    if (name) tsv_bytes(out, name, strlen(name));
}

static void tsv_text(rfi_render *r, const rf_event *ev)
{
    char buf[NUMBER_TEXT];
    if (first_of(r, "text")) rf_str_put(&r->line, "\titem\ttext\tlogp\n");
    rf_str_printf(&r->line, "text\t%" PRId64 "\t", ev->item);
    tsv_bytes(&r->line, ev->u.text.s, ev->u.text.n);
    rf_str_printf(&r->line, "\t%s\n", rfi_number(ev->u.text.logp, buf));
}

static void tsv_record(rfi_render *r, const rf_event *ev)
{
    const rf_record *rec = &ev->u.record;
    bool item = ev->item >= 0;
    if (first_of(r, rec->name)) {
        if (item) rf_str_put(&r->line, "\titem");
        for (uint32_t k = 0; k < rec->count; k++) tsv_name(&r->line, rfi_record_field(rec, k).name);
        rf_str_put(&r->line, "\n");
    }
    tsv_bytes(&r->line, rec->name, strlen(rec->name));
    if (item) rf_str_printf(&r->line, "\t%" PRId64, ev->item);
    for (uint32_t k = 0; k < rec->count; k++) {
        rf_field f = rfi_record_field(rec, k);
        tsv_cell(&r->line, &f);
    }
    rf_str_put(&r->line, "\n");
}

void rfi_render_tsv(rfi_render *r, const rf_event *ev)
{
    columns c = {.n = 0};
    if (ev->kind == RF_EV_TEXT) {
        tsv_text(r, ev);
        return;
    }
    if (ev->kind == RF_EV_RECORD) {
        tsv_record(r, ev);
        return;
    }
    kinds[ev->kind].fill(&c, ev);
    if (first_of(r, kinds[ev->kind].table)) {
        for (uint32_t k = 0; k < c.n; k++) tsv_name(&r->line, c.field[k].name);
        rf_str_put(&r->line, "\n");
    }
    rf_str_put(&r->line, kinds[ev->kind].table);
    for (uint32_t k = 0; k < c.n; k++) tsv_cell(&r->line, &c.field[k]);
    rf_str_put(&r->line, "\n");
}
