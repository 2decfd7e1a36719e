/* pinyin/listen_eval.c -- the verb listen-eval: what is understood against what was said. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "listen_model.h"
#include "speech_augment.h"
#include "speech_characters.h"
#include "speech_errors.h"
#include "speech_nearest.h"
#include "speech_stream.h"

#define CHUNK   20.0 /* as the verb listen */
#define CONTEXT 2.0

/* Errors of the network, or of the nearest template: in all, and of each value of --by. */
typedef struct tally {
    const char *name;
    speech_errors all;
    rf_map *by; /* value -> place in of */
    speech_errors *of;
    size_t room;
} tally;

enum { NETWORK, NEAREST, CHARACTERS, TALLIES };
enum { BY, RIGHT }; /* columns that are kept */
#define RANKED 10   /* answers of which the best characters are chosen */

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    rf_error *err;
    listen_model x;
    speech_set set, known; /* to be understood; templates */
    speech_plan plan;
    speech_templates templates, asked;
    speech_stream *stream;
    speech_sound sound;
    tally tally[TALLIES];
    speech_characters characters; /* m NULL: not asked for */
} setup;

static bool has_templates(const setup *u) { return u->r->opt[LISTEN_EVAL_TEMPLATES].count > 0; }

/* ---- Data ------------------------------------------------------------------------------------------- */

static speech_query query_of(const setup *u, int where)
{
    const rf_setting *v = u->r->opt;
    const bool own = where == LISTEN_EVAL_WHERE;
    return (speech_query){
        .folder = v[LISTEN_EVAL_FOLDER].as.s,
        .column = v[LISTEN_EVAL_COLUMN].as.s,
        .where = v[where].as.list,
        .keep = {own ? v[LISTEN_EVAL_BY].as.s : NULL, own && v[LISTEN_EVAL_CHARACTERS].count
                                                          ? v[LISTEN_EVAL_CHARACTERS_COLUMN].as.s
                                                          : NULL},
        .kind = u->x.m->units.kind,
        .rate = u->x.m->ear.spec.mel.rate};
}

static rf_status read_sets(setup *u)
{
    const rf_run *r = u->r;
    const rf_setting *templates = &r->opt[LISTEN_EVAL_TEMPLATES];
    speech_query q = query_of(u, LISTEN_EVAL_WHERE);
    rf_status st = RF_OK;
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = speech_set_read(&u->set, r->arg[i], &q, u->s->host, u->err);
    q = query_of(u, LISTEN_EVAL_TEMPLATES_WHERE);
    for (uint32_t i = 0; i < templates->count && !st; i++)
        st = speech_set_read(&u->known, templates->as.list[i], &q, u->s->host, u->err);
    if (!st && (!u->set.n || (has_templates(u) && !u->known.n)))
        st = rf_fail(u->err, RF_EFORMAT, "%s: no recording",
                     u->set.n ? templates->as.list[0] : r->arg[0]);
    if (!st && u->set.left_out)
        rf_logf(u->s->host, RF_LOG_WARN, "%lld rows left out: their transcripts are not pinyin",
                (long long)u->set.left_out);
    return st;
}

/* In the order of the tables, or joined by chance. */
static rf_status make_plan(setup *u)
{
    const int join = (int)u->r->opt[LISTEN_EVAL_JOIN].as.i;
    int32_t *item = malloc((size_t)u->set.n * sizeof *item);
    if (!item || !speech_plan_new(&u->plan, u->set.n, join, false)) {
        free(item);
        return rf_no_memory(u->err);
    }
    for (rf_index i = 0; i < u->set.n; i++) u->plan.order[i] = item[i] = (int32_t)i;
    if (join > 1) speech_plan_round(&u->plan, &u->set, item, u->r->seed, 0);
    free(item);
    return RF_OK;
}

static rf_status add_templates(setup *u)
{
    rf_status st = RF_OK;
    for (rf_index i = 0; i < u->known.n && !st; i++) {
        u->sound.n = 0;
        if (!speech_set_put(&u->known, i, &u->sound) ||
            !speech_templates_add(&u->templates, &u->x.m->ear, u->sound.x, u->sound.n))
            st = rf_no_memory(u->err);
        else
            st = u->s->host->progress(u->s->host, (double)i, (double)u->known.n, "templates");
    }
    return st;
}

/* ---- Counting --------------------------------------------------------------------------------------- */

static rf_status count(setup *u, tally *t, const char *by, const char *said, const char *heard)
{
    if (!speech_errors_add(&t->all, said, heard)) return rf_no_memory(u->err);
    if (!u->r->opt[LISTEN_EVAL_BY].as.s) return RF_OK;
    const size_t n = strlen(by), places = rf_map_count(t->by);
    const int64_t place = rf_map_get(t->by, by, n, (int64_t)places);
    if ((size_t)place >= t->room) {
        if (!rf_resize(&t->of, 2 * t->room + 16, sizeof *t->of)) return rf_no_memory(u->err);
        t->room = 2 * t->room + 16;
    }
    if ((size_t)place == places) t->of[place] = (speech_errors){0};
    if (!rf_map_put(t->by, by, n, place)) return rf_no_memory(u->err);
    return speech_errors_add(&t->of[place], said, heard) ? RF_OK : rf_no_memory(u->err);
}

static rf_status show(setup *u, const char *file, const char *said, const char *heard,
                      const char *characters, const char *nearest)
{
    rf_field fields[5] = {rf_field_string("file", file), rf_field_string("said", said),
                          rf_field_string("heard", heard)};
    size_t n = 3;
    if (u->characters.m) fields[n++] = rf_field_string("characters", characters);
    if (nearest) fields[n++] = rf_field_string("nearest", nearest);
    if (!u->r->opt[LISTEN_EVAL_SHOW].as.i) return RF_OK;
    return rf_emit_record(u->s->host, -1, "heard", fields, n);
}

/* ---- Listening -------------------------------------------------------------------------------------- */

static rf_status understand(setup *u, rf_str *heard, rf_str *characters)
{
    rf_hypotheses best = {0};
    const speech_units *units = &u->x.m->units;
    const bool writes = u->characters.m != NULL;
    double score;
    speech_stream_reset(u->stream);
    rf_status st = speech_stream_feed(u->stream, u->sound.x, u->sound.n, u->err);
    if (!st) st = speech_stream_finish(u->stream, u->err);
    if (!st) st = speech_stream_best(u->stream, writes ? RANKED : 1, &best, u->err);
    if (!st && best.n) speech_units_decode(units, best.h[0].tokens, best.h[0].n, heard);
    if (!st && writes) st = speech_characters_rank(&u->characters, units, &best, u->err);
    if (!st && writes && best.n)
        st = speech_characters_of(&u->characters, units, best.h[0].tokens, best.h[0].n, characters,
                                  &score, u->err);
    rf_hypotheses_free(&best);
    return !st && heard->failed ? rf_no_memory(u->err) : st;
}

/* The right characters of joined recordings against the written ones, one by one. */
static rf_status count_characters(setup *u, const int32_t *item, rf_index n, const char *by,
                                  const char *written)
{
    rf_str said = {0}, heard = {0};
    const char *wrong;
    size_t len;
    bool done = true;
    for (rf_index i = 0; i < n; i++)
        done &= speech_units_clean(SPEECH_CHARS, speech_set_kept(&u->set, item[i], RIGHT), &said,
                                   &wrong, &len);
    done &= speech_units_clean(SPEECH_CHARS, written, &heard, &wrong, &len);
    const rf_status st =
        done && !said.failed && !heard.failed
            ? count(u, &u->tally[CHARACTERS], by, said.s ? said.s : "", heard.s ? heard.s : "")
            : rf_no_memory(u->err);
    rf_str_free(&said);
    rf_str_free(&heard);
    return st;
}

/* The transcript of the nearest template. */
static rf_status compare(setup *u, const char **nearest)
{
    speech_templates *a = &u->asked;
    a->n = 0;
    if (!speech_templates_add(a, &u->x.m->ear, u->sound.x, u->sound.n)) return rf_no_memory(u->err);
    const rf_index i = speech_nearest(&u->templates, a->x, a->at[1]);
    *nearest = i < 0 ? "" : speech_set_clean(&u->known, i);
    return RF_OK;
}

static rf_status judge(setup *u, rf_index g)
{
    const double gap = u->r->opt[LISTEN_EVAL_GAP].as.f;
    const speech_augment a = {.seed = u->r->seed, .gap_least = gap / 6, .gap_most = gap};
    const int32_t *item = u->plan.order + u->plan.start[g];
    const rf_index n = u->plan.start[g + 1] - u->plan.start[g];
    const char *by = speech_set_kept(&u->set, item[0], BY), *nearest = NULL;
    rf_str said = {0}, heard = {0}, characters = {0};
    for (rf_index i = 0; i < n; i++)
        rf_str_printf(&said, "%s%s", i ? " " : "", speech_set_clean(&u->set, item[i]));
    rf_status st = said.failed ? rf_no_memory(u->err) : RF_OK;
    if (!st && !speech_augment_join(&a, &u->set, item, n, 0, &u->sound)) st = rf_no_memory(u->err);
    if (!st) st = understand(u, &heard, &characters);
    const char *text = heard.s ? heard.s : "", *written = characters.s ? characters.s : "";
    if (!st) st = count(u, &u->tally[NETWORK], by, said.s, text);
    if (!st && u->characters.m) st = count_characters(u, item, n, by, written);
    if (!st && has_templates(u)) st = compare(u, &nearest);
    if (!st && nearest) st = count(u, &u->tally[NEAREST], by, said.s, nearest);
    if (!st) st = show(u, speech_set_name(&u->set, item[0]), said.s, text, written, nearest);
    rf_str_free(&said);
    rf_str_free(&heard);
    rf_str_free(&characters);
    return st;
}

static rf_status listen_all(setup *u)
{
    const speech_stream_spec spec = {.m = u->x.m,
                                     .g = u->x.g,
                                     .chunk = CHUNK,
                                     .context = CONTEXT,
                                     .beam = (rf_index)u->r->opt[LISTEN_EVAL_BEAM].as.i};
    u->stream = speech_stream_new(&spec, u->err);
    rf_status st = u->stream ? RF_OK : u->err->status;
    for (rf_index g = 0; g < u->plan.groups && !st; g++) {
        st = judge(u, g);
        if (!st)
            st = u->s->host->progress(u->s->host, (double)g, (double)u->plan.groups, "recordings");
    }
    return st;
}

/* ---- Results ---------------------------------------------------------------------------------------- */

static rf_status tell_row(setup *u, const tally *t, const char *by, const speech_errors *e)
{
    const rf_field fields[] = {rf_field_string("by", t->name),
                               rf_field_string("of", by),
                               rf_field_int("recordings", e->sounds),
                               rf_field_int("words", e->words),
                               rf_field_int("replaced", e->replaced),
                               rf_field_int("missing", e->taken),
                               rf_field_int("added", e->put),
                               rf_field_real("error", speech_errors_rate(e)),
                               rf_field_real("wrong", speech_errors_wrong(e))};
    return rf_emit_record(u->s->host, -1, "errors", fields, 9);
}

static rf_status tell(setup *u, const tally *t)
{
    const rf_host *h = u->s->host;
    rf_status st = tell_row(u, t, "all", &t->all);
    for (size_t i = 0; i < rf_map_count(t->by) && !st; i++) {
        int64_t place;
        size_t n;
        const char *by = rf_map_at(t->by, i, &n, &place);
        rf_str name = {0};
        rf_str_add(&name, by, n);
        if (!name.failed) st = tell_row(u, t, name.s, &t->of[place]);
        rf_str_free(&name);
    }
    if (!st) st = rf_emit_metric(h, -1, t->name, "error", 100 * speech_errors_rate(&t->all), "%");
    if (!st) st = rf_emit_metric(h, -1, t->name, "wrong", 100 * speech_errors_wrong(&t->all), "%");
    return st;
}

static rf_status open_characters(setup *u)
{
    const rf_setting *opt = u->r->opt;
    if (!opt[LISTEN_EVAL_CHARACTERS].count) return RF_OK;
    if (!speech_kind_syllables(u->x.m->units.kind))
        return rf_fail(u->err, RF_EINVAL, "--characters: %s does not write syllables", u->r->model);
    return speech_characters_open(&u->characters, opt[LISTEN_EVAL_CHARACTERS].as.s, u->x.d,
                                  opt[LISTEN_EVAL_WEIGHT].as.f, u->err);
}

static rf_status eval(setup *u)
{
    rf_status st = listen_model_open(&u->x, u->r->model, u->r, u->err);
    for (int i = 0; i < TALLIES; i++) u->tally[i].by = rf_map_new();
    if (!u->tally[NETWORK].by || !u->tally[NEAREST].by || !u->tally[CHARACTERS].by)
        return rf_no_memory(u->err);
    u->tally[NETWORK].name = "network";
    u->tally[NEAREST].name = "nearest";
    u->tally[CHARACTERS].name = "characters";
    if (!st) st = open_characters(u);
    if (!st) st = read_sets(u);
    if (!st) st = make_plan(u);
    if (!st) st = add_templates(u);
    if (!st) st = listen_all(u);
    if (!st) st = tell(u, &u->tally[NETWORK]);
    if (!st && u->characters.m) st = tell(u, &u->tally[CHARACTERS]);
    return !st && has_templates(u) ? tell(u, &u->tally[NEAREST]) : st;
}

rf_status listen_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = eval(&u);
    for (int i = 0; i < TALLIES; i++) {
        rf_map_free(u.tally[i].by);
        free(u.tally[i].of);
    }
    speech_stream_free(u.stream);
    speech_characters_close(&u.characters);
    speech_templates_free(&u.templates);
    speech_templates_free(&u.asked);
    speech_plan_free(&u.plan);
    speech_set_free(&u.set);
    speech_set_free(&u.known);
    speech_sound_free(&u.sound);
    listen_model_close(&u.x);
    return rf_session_end(s, st, &err);
}
