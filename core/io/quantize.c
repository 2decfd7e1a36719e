/* io/quantize.c -- scores on a grid, and piano rolls as scores. */
#include <assert.h>

#include "io/score.h"

/* The line of the grid nearest to a tick; half way, the later one; the last one for ticks beyond. */
static int64_t snap(const rf_score *s, int64_t tick, int32_t steps)
{
    const int64_t line = (2 * tick * steps + s->division) / (2 * (int64_t)s->division);
    return line < RF_TICK_MOST ? line : RF_TICK_MOST - 1;
}

static bool snap_changes(const rf_score *s, rf_score *q)
{
    const int32_t n = q->division;
    bool ok = true;
    for (size_t i = 0; i < s->tempos && ok; i++)
        ok = rf_score_add_tempo(q, snap(s, s->tempo[i].tick, n), s->tempo[i].us);
    for (size_t i = 0; i < s->metres && ok; i++)
        ok = rf_score_add_metre(q, snap(s, s->metre[i].tick, n), s->metre[i].beats,
                                s->metre[i].unit);
    for (size_t i = 0; i < s->signatures && ok; i++)
        ok = rf_score_add_signature(q, snap(s, s->signature[i].tick, n), s->signature[i].sharps,
                                    s->signature[i].minor);
    return ok;
}

static bool snap_tones(const rf_score *s, rf_score *q, size_t i)
{
    const rf_track *t = &s->track[i];
    bool ok = rf_score_add_track(q, t->name, t->channel, t->program);
    for (size_t k = 0; k < t->count && ok; k++) {
        rf_tone tone = t->tone[k];
        const int64_t end = snap(s, tone.on + tone.len, q->division);
        tone.on = snap(s, tone.on, q->division);
        tone.len = end > tone.on ? end - tone.on : 1;
        ok = rf_score_add_tone(q, i, tone);
    }
    return ok;
}

/* In an ordered track: of tones that begin together on one pitch keep the last, which is the longest, and
 * end each where the next on its pitch begins.  From the end, so that the next one is known. */
static void part_tones(rf_track *t)
{
    int64_t next[128];
    for (int p = 0; p < 128; p++) next[p] = INT64_MAX;
    size_t kept = t->count;
    for (size_t k = t->count; k-- > 0;) {
        rf_tone tone = t->tone[k];
        if (tone.on == next[tone.pitch]) continue;
        if (tone.len > next[tone.pitch] - tone.on) tone.len = next[tone.pitch] - tone.on;
        next[tone.pitch] = tone.on;
        t->tone[--kept] = tone;
    }
    for (size_t k = kept; k < t->count; k++) t->tone[k - kept] = t->tone[k];
    t->count -= kept;
}

rf_score *rf_score_quantize(const rf_score *s, int32_t steps)
{
    rf_score *q = rf_score_new(steps);
    bool ok = q && rf_score_name(q, s->title) && snap_changes(s, q);
    for (size_t i = 0; i < s->tracks && ok; i++) ok = snap_tones(s, q, i);
    if (ok) q->end = snap(s, s->end, steps);
    ok = ok && rf_score_order(q);
    for (size_t i = 0; ok && i < q->tracks; i++) part_tones(&q->track[i]);
    if (ok) return q;
    rf_score_free(q);
    return NULL;
}

/* The steps from t on in which a key is held. */
static rf_index held(const rf_roll *r, rf_index t, int key)
{
    rf_index n = 0;
    while (t + n < r->steps && r->keys[(t + n) * RF_KEYS + key]) n++;
    return n;
}

static bool add_keys(rf_score *s, const rf_roll *r, int key)
{
    for (rf_index t = 0; t < r->steps; t++) {
        const rf_index n = held(r, t, key);
        const rf_tone tone = {t, n, (uint8_t)(key + RF_KEY_LOWEST), 80};
        if (n && !rf_score_add_tone(s, 0, tone)) return false;
        t += n;
    }
    return true;
}

rf_score *rf_roll_score(const rf_roll *r, int32_t steps)
{
    rf_score *s = rf_score_new(steps);
    bool ok = s && rf_score_add_track(s, NULL, 0, 0);
    for (int key = 0; key < RF_KEYS && ok; key++) ok = add_keys(s, r, key);
    if (ok) s->end = r->steps;
    if (ok && rf_score_order(s)) return s;
    rf_score_free(s);
    return NULL;
}
