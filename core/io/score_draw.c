/* io/score_draw.c -- scores as pictures: piano rolls in lines of whole bars, as in a sheet of music.
 *
 *     title, key, metre, tempo, legend
 *     bar numbers
 *     a row a semitone, as far as the notes go   |bar  |bar  |bar
 *     a lane a drum
 *     the next line ...
 *
 * All lines have the same rows and the same scale, except that a bar too long for a line is fitted in. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <refrain/io.h>

#include "io/plot.h"
#include "io/score.h"

#define WIDTH       1080.0 /* room for bars */
#define HEAD_WIDTH  500.0  /* room for title and legend */
#define QUARTER     22.0   /* a quarter note */
#define ROW         6.0    /* a semitone */
#define LANE        10.0   /* a drum */
#define LANE_GAP    6.0    /* between pitches and drums */
#define RIGHT       16.0
#define HEAD        18.0  /* above a line, for bar numbers */
#define GAP         18.0  /* below a line */
#define BEAT_LEAST  5.0   /* beats nearer to each other than that are not drawn */
#define BAR_LEAST   40.0  /* nor are numbers of bars */
#define RANGE_LEAST 13    /* semitones that are shown at least */
#define NAMED_NOTES 20000 /* with more notes than these, they do not say what they are */

#define BLACK_KEY "#f1f1f4"
#define BEAT_LINE "#e2e2e6"
#define BAR_LINE  "#8c8c94"

typedef struct drawing {
    const rf_score *s;
    rf_str *out;
    int low, high; /* pitches */
    int lane[128]; /* of a drum, from 0; -1: none */
    int lanes;
    double left, pitches, height; /* where lines begin; height of the rows; of a whole line */
    bool named;
} drawing;

/* A line of the picture. */
typedef struct line {
    int64_t from, to;  /* ticks */
    double top, scale; /* of the rows; px per tick */
} line;

static void put_rect(rf_str *out, double x, double y, double w, double h, const char *fill)
{
    rfi_svg_rect(out, x, y, w, h);
    rf_str_printf(out, " fill=\"%s\"", fill);
}

static double place(const drawing *d, const line *l, int64_t tick)
{
    return d->left + (double)(tick - l->from) * l->scale;
}

static bool is_drum(const rf_track *t) { return t->channel == RF_DRUMS; }

/* ---- Layout ------------------------------------------------------------------------------------ */

static bool within(const rf_tone *t, int64_t from, int64_t to)
{
    return t->on < to && t->on + t->len > from;
}

static void measure_tracks(drawing *d, int64_t from, int64_t to)
{
    size_t notes = 0;
    d->low = 127, d->high = 0;
    for (int p = 0; p < 128; p++) d->lane[p] = -1;
    for (size_t i = 0; i < d->s->tracks; i++) {
        const rf_track *t = &d->s->track[i];
        for (size_t k = 0; k < t->count; k++) {
            const int p = t->tone[k].pitch;
            if (!within(&t->tone[k], from, to)) continue;
            notes++;
            if (is_drum(t)) d->lane[p] = 0;
            if (!is_drum(t) && p < d->low) d->low = p;
            if (!is_drum(t) && p > d->high) d->high = p;
        }
    }
    d->named = notes <= NAMED_NOTES;
}

static void lay_out(drawing *d, int64_t from, int64_t to)
{
    double widest = 26;
    measure_tracks(d, from, to);
    for (int p = 0; p < 128; p++) {
        if (d->lane[p] < 0) continue;
        d->lane[p] = d->lanes++;
        if (rf_drum_name(p)) widest = fmax(widest, 0.84 * rfi_svg_width(rf_drum_name(p)));
    }
    const bool pitched = d->low <= d->high;
    if (!pitched && !d->lanes) d->low = d->high = 60;
    if (pitched) {
        d->low -= d->low > 0;
        d->high += d->high < 127;
    }
    if (pitched || !d->lanes)
        while (d->high - d->low + 1 < RANGE_LEAST) {
            if (d->low > 0) d->low--;
            if (d->high < 127) d->high++;
        }
    d->pitches = d->low <= d->high ? ROW * (d->high - d->low + 1) : 0;
    d->height = d->pitches + (d->pitches > 0 && d->lanes ? LANE_GAP : 0) + LANE * d->lanes;
    d->left = widest + 16;
}

/* ---- Head -------------------------------------------------------------------------------------- */

static void put_title(const drawing *d)
{
    const rf_score *s = d->s;
    char buf[120], key[16];
    rf_str text = {0};
    const uint32_t us = s->tempos ? s->tempo[0].us : 500000;
    const rf_bar bar = rf_score_bar(s, 0);
    if (s->signatures)
        rf_str_printf(&text, "%s, ",
                      rf_signature_name(s->signature[0].sharps, s->signature[0].minor, key));
    rf_str_printf(&text, "%d/%d, ", bar.beats, bar.unit);
    rfi_svg_number(&text, 60e6 / us, fabs(60e6 / us - round(60e6 / us)) < 0.05 ? 0 : 1);
    snprintf(buf, sizeof buf, " quarter notes a minute%s",
             s->tempos > 1 ? " at the beginning" : "");
    rf_str_put(&text, buf);
    rf_str_put(d->out, "<g font-size=\"16\">\n");
    rfi_svg_text(d->out, d->left, 26, "start", 0, s->title ? s->title : "Untitled");
    rf_str_put(d->out, "</g>\n<g fill=\"#666\">\n");
    rfi_svg_text(d->out, d->left, 44, "start", 0, text.s ? text.s : "");
    rf_str_put(d->out, "</g>\n");
    rf_str_free(&text);
}

/* A name for each track that has notes.  Returns where the legend ends. */
static double put_legend(const drawing *d, double y)
{
    double x = d->left;
    for (size_t i = 0; i < d->s->tracks; i++) {
        const rf_track *t = &d->s->track[i];
        const char *name = t->name ? t->name : is_drum(t) ? "Drums" : rf_program_name(t->program);
        const double w = 18 + rfi_svg_width(name) + 18;
        if (!t->count) continue;
        if (x > d->left && x + w > d->left + HEAD_WIDTH) x = d->left, y += 18;
        put_rect(d->out, x, y - 10, 12, 12, rfi_svg_colour(i));
        rf_str_put(d->out, " rx=\"2\"/>\n");
        rfi_svg_text(d->out, x + 18, y, "start", 0, name);
        x += w;
    }
    return y;
}

/* ---- A line ------------------------------------------------------------------------------------ */

static double row_top(const drawing *d, const line *l, int pitch)
{
    return l->top + ROW * (d->high - pitch);
}

static double lane_top(const drawing *d, const line *l, int pitch)
{
    return l->top + d->height - LANE * (d->lane[pitch] + 1);
}

static void put_rows(const drawing *d, const line *l)
{
    static const char black[12] = {0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0};
    const double right = place(d, l, l->to);
    char buf[8];
    for (int p = d->low; p <= d->high; p++)
        if (black[p % 12]) {
            put_rect(d->out, d->left, row_top(d, l, p), right - d->left, ROW, BLACK_KEY);
            rf_str_put(d->out, "/>\n");
        }
    for (int p = d->low; p <= d->high; p++) {
        if (p % 12) continue;
        const double y = row_top(d, l, p) + ROW;
        rfi_svg_line(d->out, d->left, y, right, y, "#d0d0d8");
        rfi_svg_text(d->out, d->left - 6, y + 1, "end", 0, rf_pitch_name(p, buf));
    }
}

static void put_lanes(const drawing *d, const line *l)
{
    char buf[8];
    rf_str_put(d->out, "<g font-size=\"10\">\n");
    for (int p = 0; p < 128; p++) {
        if (d->lane[p] < 0) continue;
        const double y = lane_top(d, l, p) + LANE;
        rfi_svg_line(d->out, d->left, y, place(d, l, l->to), y, BLACK_KEY);
        rfi_svg_text(d->out, d->left - 6, y - 1, "end", 0,
                     rf_drum_name(p) ? rf_drum_name(p) : rf_pitch_name(p, buf));
    }
    rf_str_put(d->out, "</g>\n");
}

static void put_upright(const drawing *d, const line *l, int64_t tick, const char *colour)
{
    const double x = place(d, l, tick);
    rfi_svg_line(d->out, x, l->top, x, l->top + d->height, colour);
}

static void put_beats(const drawing *d, const line *l, const rf_bar *bar)
{
    const int64_t beat = (int64_t)d->s->division * 4 / bar->unit;
    if ((double)beat * l->scale < BEAT_LEAST) return;
    for (int64_t t = bar->start + beat; t < bar->end; t += beat) put_upright(d, l, t, BEAT_LINE);
}

/* The number of a bar, and its metre where that is new. */
static void put_bar_head(const drawing *d, const line *l, const rf_bar *bar)
{
    const rf_bar last = bar->start ? rf_score_bar(d->s, bar->start - 1) : *bar;
    const double x = place(d, l, bar->start);
    char buf[48];
    const bool turn = last.beats != bar->beats || last.unit != bar->unit || !bar->start;
    const bool every = (double)(bar->end - bar->start) * l->scale >= BAR_LEAST;
    if (bar->start != l->from && !every) return;
    int n = snprintf(buf, sizeof buf, "%lld", (long long)bar->number + 1);
    if (turn) snprintf(buf + n, sizeof buf - (size_t)n, "  (%d/%d)", bar->beats, bar->unit);
    rfi_svg_text(d->out, x + 2, l->top - 5, "start", 0, buf);
}

static void put_bars(const drawing *d, const line *l)
{
    rf_bar bar = rf_score_bar(d->s, l->from);
    rf_str_put(d->out, "<g font-size=\"10\" fill=\"#666\">\n");
    for (; bar.start < l->to; bar = rf_score_bar_next(d->s, &bar)) {
        put_beats(d, l, &bar);
        put_bar_head(d, l, &bar);
    }
    for (bar = rf_score_bar(d->s, l->from); bar.start < l->to; bar = rf_score_bar_next(d->s, &bar))
        put_upright(d, l, bar.start, BAR_LINE);
    put_upright(d, l, l->to, BAR_LINE);
    rf_str_put(d->out, "</g>\n");
}

static void put_note(const drawing *d, const line *l, const rf_track *t, const rf_tone *tone)
{
    const int64_t from = tone->on > l->from ? tone->on : l->from;
    const int64_t end = tone->on + tone->len, to = end < l->to ? end : l->to;
    const bool drum = is_drum(t);
    const double x = place(d, l, from), w = drum ? LANE - 4 : place(d, l, to) - x - 0.6;
    const double y = drum ? lane_top(d, l, tone->pitch) + 1.5 : row_top(d, l, tone->pitch) + 0.4;
    char buf[8];
    put_rect(d->out, x, y, fmax(w, 1), drum ? LANE - 3 : ROW - 0.8,
             rfi_svg_colour((size_t)(t - d->s->track)));
    rf_str_put(d->out, " rx=\"1.5\" fill-opacity=\"");
    rfi_svg_number(d->out, 0.4 + 0.6 * tone->velocity / 127, 2);
    rf_str_put(d->out, d->named ? "\"><title>" : "\"/>\n");
    if (!d->named) return;
    rfi_svg_escape(d->out, drum && rf_drum_name(tone->pitch) ? rf_drum_name(tone->pitch)
                                                             : rf_pitch_name(tone->pitch, buf));
    rf_str_put(d->out, "</title></rect>\n");
}

static void put_line(const drawing *d, const line *l)
{
    put_rows(d, l);
    put_lanes(d, l);
    put_bars(d, l);
    for (size_t i = 0; i < d->s->tracks; i++) {
        const rf_track *t = &d->s->track[i];
        for (size_t k = 0; k < t->count && t->tone[k].on < l->to; k++) {
            const bool begins = t->tone[k].on >= l->from;
            if (is_drum(t) ? begins : within(&t->tone[k], l->from, l->to))
                put_note(d, l, t, &t->tone[k]);
        }
    }
}

/* ---- All --------------------------------------------------------------------------------------- */

/* The line that begins with a bar: as many bars, up to `to`, as have room. */
static line next_line(const drawing *d, int64_t from, int64_t to, double top)
{
    const double scale = QUARTER / d->s->division;
    rf_bar bar = rf_score_bar(d->s, from);
    int64_t end = bar.end;
    for (;;) {
        bar = rf_score_bar_next(d->s, &bar);
        if (bar.start >= to || (double)(bar.end - from) * scale > WIDTH) break;
        end = bar.end;
    }
    const double wide = (double)(end - from) * scale;
    return (line){from, end, top, wide > WIDTH ? scale * WIDTH / wide : scale};
}

/* Where the bars to draw begin and end. */
static void extract(const rf_score *s, rf_extract part, int64_t *from, int64_t *to)
{
    const int64_t bars = rf_score_bars(s);
    const int64_t first = part.first < bars ? part.first : bars;
    int64_t count = part.count ? part.count : bars - first;
    if (count > RF_BARS_DRAWN) count = RF_BARS_DRAWN;
    rf_bar bar = rf_score_bar(s, 0);
    for (int64_t i = 0; i < first && bar.end < s->end; i++) bar = rf_score_bar_next(s, &bar);
    *from = bar.start;
    for (int64_t i = 1; i < count && bar.end < s->end; i++) bar = rf_score_bar_next(s, &bar);
    *to = bar.end;
}

void rf_score_svg(const rf_score *s, rf_extract part, rf_str *out)
{
    rf_str body = {0};
    drawing d = {.s = s, .out = &body};
    int64_t from, to;
    extract(s, part, &from, &to);
    lay_out(&d, from, to);
    put_title(&d);
    double y = put_legend(&d, 64) + 14, right = d.left + HEAD_WIDTH;
    while (from < to) {
        const line l = next_line(&d, from, to, y + HEAD);
        put_line(&d, &l);
        y = l.top + d.height + GAP;
        right = fmax(right, place(&d, &l, l.to));
        from = l.to;
    }
    rfi_svg_begin(out, right + RIGHT, y, s->title);
    if (body.n) rf_str_add(out, body.s, body.n);
    rfi_svg_end(out);
    if (body.failed) out->failed = true;
    rf_str_free(&body);
}

rf_status rf_score_draw(const rf_score *s, rf_extract part, const char *path, rf_error *err)
{
    rf_str out = {0};
    rf_score_svg(s, part, &out);
    rf_status st = out.failed ? rf_fail(err, RF_ENOMEM, "%s: no memory for the picture", path)
                              : rf_file_write(path, out.s, out.n, err);
    rf_str_free(&out);
    return st;
}
