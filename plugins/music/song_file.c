/* music/song_file.c -- models of songs in their files, and where styles are. */
#include <stdio.h>
#include <string.h>

#include "song_verbs.h"

song_shape song_shape_of(const rf_setting *v)
{
    return (song_shape){.cell = rf_cell_find(v[TRAIN_CELL].as.s),
                        .hidden = {[SONG_LAYER_MELODY] = (rf_index)v[TRAIN_HIDDEN].as.i,
                                   [SONG_LAYER_CHORDS] = (rf_index)v[TRAIN_HIDDEN_CHORDS].as.i,
                                   [SONG_LAYER_DRUMS] = (rf_index)v[TRAIN_HIDDEN_DRUMS].as.i},
                        .layers = (int)v[TRAIN_LAYERS].as.i,
                        .forget_bias = v[TRAIN_FORGET_BIAS].as.f,
                        .dropout = v[TRAIN_DROPOUT].as.f,
                        .drop_input = v[TRAIN_DROPOUT_INPUT].as.f};
}

rf_status song_programs_parse(const rf_option *o, const char *text, int programs[3], rf_error *err)
{
    const char *item, *rest = text;
    size_t n;
    double x;
    int k = 0;
    for (int i = 0; i < 3; i++) programs[i] = -1;
    for (; text && rf_list_next(&rest, &item, &n); k++) {
        if (k < 3 && rf_number_parse(item, n, &x) && x >= 0 && x <= 127 && x == (int)x)
            programs[k] = (int)x;
        else
            k = 3;
    }
    if (!text || k == 3) return RF_OK;
    return rf_fail(err, RF_EINVAL,
                   "--%s: %s where three programs from 0 to 127 are due, such as 73,24,32", o->name,
                   text);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static rf_index rows_of(const rf_model *f, const char *name, rf_index columns, rf_index most)
{
    const rf_stored *t = rf_model_find(f, name);
    const bool fits = t && t->shape.rank == 2 && t->shape.dim[1] == columns &&
                      t->shape.dim[0] >= 1 && t->shape.dim[0] <= most;
    return fits ? t->shape.dim[0] : 0;
}

static bool wide(const rf_model *f, int layer, rf_index hidden)
{
    char name[48];
    snprintf(name, sizeof name, "%s.rnn.weight_hh_l0", song_layer_name(layer));
    const rf_stored *t = rf_model_find(f, name);
    return t && t->shape.rank == 2 && t->shape.dim[1] == hidden;
}

/* The shape must agree with the tensors before memory is taken for it. */
static rf_status shape_of(const rf_model *f, const rf_setting *v, song_shape *s, rf_error *err)
{
    *s = song_shape_of(v);
    if (!s->cell)
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       v[TRAIN_CELL].as.s);
    s->metres = rows_of(f, "style.metre", SONG_METRE_SIZE, SONG_METRES_MOST);
    s->patterns = rows_of(f, "style.pattern", SONG_DRUMS, SONG_PATTERNS_MOST);
    bool fits = s->metres && (s->patterns || !rf_model_find(f, "style.pattern"));
    for (int i = 0; i < SONG_LAYERS; i++)
        fits &= (i == SONG_LAYER_DRUMS && !s->patterns) || wide(f, i, s->hidden[i]);
    return fits ? RF_OK
                : rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                          rf_model_name(f));
}

static bool within(const rf_param *p, rf_index columns, rf_index column, double least, double most)
{
    const rf_index n = rf_shape_count(p->value.shape);
    for (rf_index i = column; i < n; i += columns)
        if (!(p->value.data[i] >= (rf_real)least && p->value.data[i] <= (rf_real)most))
            return false;
    return true;
}

/* Numbers that become places in tables and times must be such. */
static bool sound(const song_model *m)
{
    const song_style *s = &m->style;
    bool fits = within(s->key, 1, 0, 0, 1) && within(s->program, 1, 0, 0, 127) &&
                within(s->range, 1, 0, 0, 127) && within(s->repeat, 1, 0, 0, 1) &&
                within(s->follow, 1, 0, 0, 1) && within(s->centre, 1, 0, -100, 100) &&
                within(s->metre, SONG_METRE_SIZE, SONG_METRE_SHARE, 0, 1) &&
                within(s->metre, SONG_METRE_SIZE, SONG_METRE_TEMPO, 0, 8) &&
                within(s->metre, SONG_METRE_SIZE, SONG_METRE_SPREAD, 0, 8);
    for (rf_index k = 0; k < m->shape.metres && fits; k++) {
        const rf_real *row = s->metre->value.data + k * SONG_METRE_SIZE;
        rf_error none = {0};
        if (!(row[0] >= 1 && row[0] <= 32 && row[1] >= 1 && row[1] <= 16)) return false;
        song *probe = song_new("", (int)row[0], (int)row[1], 1, &none);
        fits = probe != NULL;
        song_free(probe);
    }
    return fits;
}

static song_model *parse(const rf_model *f, rf_arena *texts, rf_error *err)
{
    static const int needed[] = {TRAIN_CELL,          TRAIN_LAYERS,       TRAIN_HIDDEN,
                                 TRAIN_HIDDEN_CHORDS, TRAIN_HIDDEN_DRUMS, -1};
    rf_setting v[TRAIN_COUNT] = {{0}};
    song_shape shape;
    rf_status st = rf_task_options_read(f, song_train_options, v, texts, err);
    if (!st) st = rf_settings_need(song_train_options, v, needed, rf_model_name(f), err);
    if (!st) st = shape_of(f, v, &shape, err);
    song_model *m = st ? NULL : song_model_new(&shape, err);
    if (m && !rf_params_load(m->params, f, err)) {
        if (sound(m)) {
            song_model_settle(m);
            return m;
        }
        rf_fail(err, RF_EFORMAT, "%s: its style holds numbers out of range", rf_model_name(f));
    }
    song_model_free(m);
    return NULL;
}

song_model *song_model_read(const char *path, rf_error *err)
{
    rf_arena *texts = rf_arena_new(0);
    rf_model *f = texts ? rf_task_model_read(path, MUSIC_ID, SONG_TASK, err) : NULL;
    song_model *m = f ? parse(f, texts, err) : NULL;
    if (!texts) rf_no_memory(err);
    rf_model_free(f);
    rf_arena_free(texts);
    return m;
}

/* ---- Styles ------------------------------------------------------------------------------------ */

static const char *const styles[] = {"chorale", "folk", "pop", NULL};

static void unknown_style(const char *style, rf_error *err)
{
    for (int i = 0; styles[i]; i++)
        if (!strcmp(styles[i], style)) {
            rf_fail(err, RF_EINVAL,
                    "--style: music/%s.safetensors is not installed; --model names a model's file",
                    style);
            return;
        }
    rf_word_unknown(RF_EINVAL, "--style: there is no", style, styles, err);
}

song_model *song_model_choose(const rf_host *h, const rf_run *r, rf_error *err)
{
    const char *style = r->opt[MAKE_STYLE].as.s;
    char name[128], path[4096];
    if (r->model && r->opt[MAKE_STYLE].set)
        rf_fail(err, RF_EINVAL, "--style: --model names another one");
    else if (r->model)
        return song_model_read(r->model, err);
    else if (strlen(style) > 64 ||
             strspn(style, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") !=
                 strlen(style))
        rf_fail(err, RF_EINVAL,
                "--style: %s is no name of a style; a model's file is given by --model", style);
    else {
        snprintf(name, sizeof name, "music/%s.safetensors", style);
        if (!h->data_path(h, name, path, sizeof path)) return song_model_read(path, err);
        unknown_style(style, err);
    }
    return NULL;
}
