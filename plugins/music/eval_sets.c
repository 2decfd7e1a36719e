/* music/eval_sets.c -- sets of songs in numbers: counting, tables, pictures. */
#include <math.h>

#include "corpus.h"
#include "eval.h"

#define ROW(row) (row), sizeof(row) / sizeof *(row)

/* ---- Counting ---------------------------------------------------------------------------------- */

rf_status music_set_begin(music_set *s, const char *name, rf_error *err)
{
    *s = (music_set){.name = name, .seen = rf_map_new()};
    return s->seen ? RF_OK : rf_no_memory(err);
}

void music_set_end(music_set *s)
{
    rf_map_free(s->seen);
    s->seen = NULL;
}

rf_status music_set_add(music_set *s, const song *x, uint32_t broken, const rf_map *learned,
                        rf_error *err)
{
    const uint64_t all = music_song_hash(x, true), melody = music_song_hash(x, false);
    const int64_t seen = rf_map_add(s->seen, (const char *)&all, sizeof all, 1);
    if (seen == INT64_MIN) return rf_no_memory(err);
    music_stats_add(&s->stats, x);
    s->songs++;
    s->different += seen == 1;
    s->valid += !broken;
    s->copied += learned && rf_map_get(learned, (const char *)&melody, sizeof melody, 0);
    for (int i = 0; i < MUSIC_RULES; i++) s->broken[i] += broken >> i & 1;
    return RF_OK;
}

/* ---- Tables ------------------------------------------------------------------------------------ */

static double mean(const music_set *s, music_voice v)
{
    return s->nats.count[v] ? s->nats.sum[v] / (double)s->nats.count[v] : NAN;
}

static rf_status tell_nats(const rf_host *h, const music_set *s)
{
    const rf_field row[] = {rf_field_string("by", s->name),
                            rf_field_real("nats_per_note", mean(s, MUSIC_MELODY)),
                            rf_field_real("nats_per_chord", mean(s, MUSIC_CHORDS)),
                            rf_field_real("nats_per_drum_step", mean(s, MUSIC_BEAT)),
                            rf_field_int("notes", s->nats.count[MUSIC_MELODY])};
    return s->nats.count[MUSIC_MELODY] ? rf_emit_record(h, -1, "cost", ROW(row)) : RF_OK;
}

static double share(int64_t some, int64_t all) { return all ? (double)some / (double)all : NAN; }

static rf_status tell_songs(const rf_host *h, const music_set *s)
{
    const music_stats *x = &s->stats;
    const rf_field row[] = {rf_field_string("of", s->name),
                            rf_field_int("songs", s->songs),
                            rf_field_int("different", s->different),
                            rf_field_int("copied", s->copied),
                            rf_field_real("valid", share(s->valid, s->songs)),
                            rf_field_real("notes_per_bar", music_stats_notes_per_bar(x)),
                            rf_field_real("in_scale", music_stats_in_scale(x)),
                            rf_field_real("in_chord", music_stats_in_chord(x)),
                            rf_field_real("interval", music_stats_interval(x)),
                            rf_field_real("length", music_stats_length(x)),
                            rf_field_real("lag1", music_stats_repetition(x, 0)),
                            rf_field_real("lag2", music_stats_repetition(x, 1)),
                            rf_field_real("lag4", music_stats_repetition(x, 2)),
                            rf_field_real("lag8", music_stats_repetition(x, 3))};
    return rf_emit_record(h, -1, "songs", ROW(row));
}

static rf_status tell_distance(const rf_host *h, const music_set *to, const music_set *s)
{
    rf_status st = RF_OK;
    for (int w = 0; w < MUSIC_WHATS && !st; w++) {
        const double *a = s->stats.hist[w], *b = to->stats.hist[w];
        const int n = music_what_size((music_what)w);
        const rf_field row[] = {rf_field_string("of", s->name), rf_field_string("from", to->name),
                                rf_field_string("distribution", music_what_name((music_what)w)),
                                rf_field_real("variation", music_variation(a, b, n)),
                                rf_field_real("divergence", music_divergence(a, b, n))};
        st = rf_emit_record(h, -1, "distance", ROW(row));
    }
    if (st) return st;
    const double d = music_repetition_distance(&s->stats, &to->stats);
    const rf_field row[] = {rf_field_string("of", s->name), rf_field_string("from", to->name),
                            rf_field_string("distribution", "repetition"),
                            rf_field_real("variation", d), rf_field_real("divergence", NAN)};
    return rf_emit_record(h, -1, "distance", ROW(row));
}

static rf_status tell_rules(const rf_host *h, const music_set *s)
{
    rf_status st = RF_OK;
    for (int i = 0; music_rule_at(i) && s->songs && !st; i++) {
        const rf_field row[] = {rf_field_string("of", s->name),
                                rf_field_string("rule", music_rule_at(i)->name),
                                rf_field_real("kept", 1 - share(s->broken[i], s->songs)),
                                rf_field_string("says", music_rule_at(i)->says)};
        st = rf_emit_record(h, -1, "rule", ROW(row));
    }
    return st;
}

rf_status music_sets_tell(const rf_host *h, const music_set *s, int n)
{
    rf_status st = RF_OK;
    for (int i = 0; i < n && !st; i++) st = tell_nats(h, &s[i]);
    for (int i = 0; i < n && !st; i++) st = tell_songs(h, &s[i]);
    for (int i = 1; i < n && !st; i++) st = tell_distance(h, &s[0], &s[i]);
    for (int i = 0; i < n && !st; i++) st = tell_rules(h, &s[i]);
    return st;
}

#define LENGTHS_DRAWN 16 /* longer notes are few */

/* ---- Pictures ---------------------------------------------------------------------------------- */

/* A distribution of a set as a line: from value `first`, `unit` to a value. */
static bool draw(rf_plot *p, const music_set *s, music_what w, int first, double unit)
{
    const double *h = s->stats.hist[w];
    double x[MUSIC_LENGTHS], y[MUSIC_LENGTHS], sum = 0;
    const int all = music_what_size(w), n = w == MUSIC_LENGTH ? LENGTHS_DRAWN : all;
    for (int i = 0; i < all; i++) sum += h[i];
    for (int i = 0; i < n; i++) x[i] = (first + i) * unit, y[i] = 100 * h[i] / sum;
    return !(sum > 0) || rf_plot_line(p, s->name, x, y, (size_t)n);
}

static bool draw_repetition(rf_plot *p, const music_set *s)
{
    double x[SONG_LAGS], y[SONG_LAGS];
    for (int i = 0; i < SONG_LAGS; i++)
        x[i] = song_lag(i), y[i] = 100 * music_stats_repetition(&s->stats, i);
    return rf_plot_line(p, s->name, x, y, SONG_LAGS);
}

static bool draw_all(rf_plot *p, const music_set *s, int n)
{
    rf_plot *interval = rf_plot_part(p, "Intervals", 1), *length = rf_plot_part(p, "Lengths", 1),
            *again = rf_plot_part(p, "Bars that recur", 1);
    bool ok = interval && length && again;
    if (ok) {
        rf_plot_axes(interval, "semitones to the next note", "% of notes", 0);
        rf_plot_axes(length, "length of a note, quarter notes", "% of notes", 0);
        rf_plot_axes(again, "bars before", "% of bars", RF_PLOT_LOG_X);
    }
    for (int i = 0; i < n && ok; i++)
        ok = draw(interval, &s[i], MUSIC_INTERVAL, -(MUSIC_INTERVALS / 2), 1) &&
             draw(length, &s[i], MUSIC_LENGTH, 1, 1.0 / SONG_QUARTER) &&
             draw_repetition(again, &s[i]);
    return ok;
}

rf_status music_sets_plot(const music_set *s, int n, const char *path, rf_error *err)
{
    rf_plot *p = rf_plot_new("Songs compared");
    return rf_plot_finish(p, p && draw_all(p, s, n), path, err);
}
