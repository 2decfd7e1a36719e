/* music/roll_set.c -- see roll_set.h. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <refrain/io.h>

#include "roll_set.h"

enum { DEPTH_MOST = 16 }; /* folders within folders */

#define FILE_LIMIT ((size_t)1 << 26) /* most bytes of a file, after unpacking */

static rf_status no_memory(const char *path, rf_error *err)
{
    return rf_fail(err, RF_ENOMEM, "%s: no memory", path);
}

/* ---- Sets ------------------------------------------------------------------------------------------ */

static void piece_free(roll_piece *p)
{
    free(p->name);
    free(p->keys);
    *p = (roll_piece){0};
}

static bool grow(roll_set *s)
{
    const rf_index room = s->room ? 2 * s->room : 64;
    if (s->n < s->room) return true;
    if (!rf_resize(&s->piece, (size_t)room, sizeof *s->piece)) return false;
    if (!rf_resize(&s->lengths, (size_t)room, sizeof *s->lengths)) return false;
    s->room = room;
    return true;
}

bool roll_set_add(roll_set *s, roll_piece *p)
{
    const bool kept = p->steps >= 2, room = !kept || grow(s);
    if (!kept || !room) {
        piece_free(p);
        return room;
    }
    s->lengths[s->n] = (int32_t)(p->steps - 1);
    s->frames += p->steps - 1;
    s->piece[s->n++] = *p;
    *p = (roll_piece){0};
    return true;
}

void roll_set_free(roll_set *s)
{
    for (rf_index i = 0; i < s->n; i++) piece_free(&s->piece[i]);
    free(s->piece);
    free(s->lengths);
    *s = (roll_set){0};
}

void roll_sets_free(roll_set part[RF_SPLITS])
{
    for (int p = 0; p < RF_SPLITS; p++) roll_set_free(&part[p]);
}

uint64_t roll_set_hash(uint64_t hash, const roll_set *s)
{
    for (rf_index i = 0; i < s->n; i++) {
        hash = rf_hash(hash, &s->piece[i].steps, sizeof s->piece[i].steps);
        hash = rf_hash(hash, s->piece[i].keys, (size_t)(s->piece[i].steps * RF_KEYS));
    }
    return hash;
}

const char *roll_piece_title(const roll_piece *p)
{
    const char *slash = strrchr(p->name, '/');
    return slash ? slash + 1 : p->name;
}

int roll_piece_notes(const roll_piece *p, rf_index t)
{
    const uint8_t *now = p->keys + t * RF_KEYS, *before = now - RF_KEYS;
    int n = 0;
    for (int k = 0; k < RF_KEYS; k++) n += now[k] && !(t && before[k]);
    return n;
}

/* ---- Sets of piano rolls ----------------------------------------------------------------------------- */

static rf_status take_roll(roll_set *to, const char *path, rf_split part, rf_index i, rf_roll roll,
                           rf_error *err)
{
    rf_str name = {0};
    const size_t bytes = (size_t)(roll.steps * RF_KEYS);
    if (roll.steps > ROLL_STEPS_MOST)
        return rf_fail(err, RF_EFORMAT, "%s: %s, piece %lld: %lld steps, where at most %lld fit",
                       path, rf_split_name(part), (long long)i + 1, (long long)roll.steps,
                       (long long)ROLL_STEPS_MOST);
    rf_str_printf(&name, "%s, %s %lld", path, rf_split_name(part), (long long)i + 1);
    roll_piece p = {.name = name.s, .steps = roll.steps, .keys = malloc(bytes + 1)};
    if (!p.keys || name.failed) {
        piece_free(&p);
        return no_memory(path, err);
    }
    if (bytes) memcpy(p.keys, roll.keys, bytes);
    return roll_set_add(to, &p) ? RF_OK : no_memory(path, err);
}

static rf_status take_rolls(const rf_str *text, const char *path, roll_set part[RF_SPLITS],
                            rf_error *err)
{
    rf_rolls *rolls = rf_rolls_parse(text->s, text->n, path, err);
    rf_status st = rolls ? RF_OK : err->status;
    for (rf_split p = 0; p < RF_SPLITS && !st; p++)
        for (rf_index i = 0; i < rf_rolls_count(rolls, p) && !st; i++)
            st = take_roll(&part[p], path, p, i, rf_rolls_at(rolls, p, i), err);
    rf_rolls_free(rolls);
    return st;
}

/* ---- MIDI files ---------------------------------------------------------------------------------------- */

static void press(roll_piece *p, const rf_tone *tone)
{
    const int key = tone->pitch - RF_KEY_LOWEST;
    if (key < 0 || key >= RF_KEYS) return;
    for (int64_t t = tone->on; t < tone->on + tone->len && t < p->steps; t++)
        p->keys[t * RF_KEYS + key] = 1;
}

/* A score on the grid: a tick is a step. */
static rf_status take_score(roll_set *to, const char *path, const rf_score *s, rf_error *err)
{
    if (s->end > ROLL_STEPS_MOST)
        return rf_fail(err, RF_EFORMAT, "%s: %lld steps, where at most %lld fit", path,
                       (long long)s->end, (long long)ROLL_STEPS_MOST);
    roll_piece p = {.name = strdup(path),
                    .steps = (rf_index)s->end,
                    .keys = calloc((size_t)(s->end * RF_KEYS) + 1, 1)};
    if (!p.name || !p.keys) {
        piece_free(&p);
        return no_memory(path, err);
    }
    for (size_t i = 0; i < s->tracks; i++)
        for (size_t k = 0; s->track[i].channel != RF_DRUMS && k < s->track[i].count; k++)
            press(&p, &s->track[i].tone[k]);
    return roll_set_add(to, &p) ? RF_OK : no_memory(path, err);
}

static rf_status take_midi(const roll_reader *r, const rf_str *text, const char *path, roll_set *to,
                           rf_error *err)
{
    rf_score *read = rf_midi_parse(text->s, text->n, path, err);
    rf_score *snapped = read ? rf_score_quantize(read, r->grid) : NULL;
    rf_status st = snapped ? take_score(to, path, snapped, err)
                   : read  ? no_memory(path, err)
                           : err->status;
    rf_score_free(read);
    rf_score_free(snapped);
    return st;
}

static rf_status read_file(roll_reader *r, const char *path, roll_set part[RF_SPLITS],
                           rf_error *err)
{
    rf_str text = {0};
    rf_status st = r->h->progress(r->h, (double)r->files++, 0, "files");
    if (!st) st = rf_file_read(path, FILE_LIMIT, &text, err);
    if (st) return st;
    const char *name = rf_input_name(path);
    if (text.s[strspn(text.s, " \t\r\n")] == '{')
        st = take_rolls(&text, name, part, err);
    else
        st = take_midi(r, &text, name, &part[r->midi], err);
    rf_str_free(&text);
    return st;
}

/* ---- Folders -------------------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcasecmp(name + n - m, end);
}

static bool is_midi(const char *name)
{
    return ends_with(name, ".mid") || ends_with(name, ".midi") || ends_with(name, ".mid.gz");
}

static int not_hidden(const struct dirent *e) { return e->d_name[0] != '.'; }

/* By bytes, whatever the locale: the order of pieces is that of their names everywhere. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static rf_status read_folder(roll_reader *r, const char *path, int depth, roll_set part[RF_SPLITS],
                             rf_error *err);

static rf_status read_entry(roll_reader *r, const char *path, int depth, roll_set part[RF_SPLITS],
                            rf_error *err)
{
    struct stat info;
    if (!stat(path, &info) && S_ISDIR(info.st_mode))
        return read_folder(r, path, depth + 1, part, err);
    if (!is_midi(path)) return RF_OK;
    rf_error why = {0};
    const rf_status st = read_file(r, path, part, &why);
    if (st != RF_EFORMAT) {
        if (st) *err = why;
        return st;
    }
    rf_logf(r->h, RF_LOG_WARN, "passed over: %s", why.text);
    return RF_OK;
}

static rf_status read_folder(roll_reader *r, const char *path, int depth, roll_set part[RF_SPLITS],
                             rf_error *err)
{
    struct dirent **entry = NULL;
    if (depth > DEPTH_MOST)
        return rf_fail(err, RF_EIO, "%s: more than %d folders in each other", path, DEPTH_MOST);
    const int n = scandir(path, &entry, not_hidden, by_name);
    rf_status st = n < 0 ? rf_fail(err, RF_EIO, "%s: cannot be read", path) : RF_OK;
    for (int i = 0; i < n; i++) {
        rf_str full = {0};
        rf_str_printf(&full, "%s/%s", path, entry[i]->d_name);
        if (!st && full.failed) st = no_memory(path, err);
        if (!st) st = read_entry(r, full.s, depth, part, err);
        rf_str_free(&full);
        free(entry[i]);
    }
    free(entry);
    return st;
}

rf_status roll_read(roll_reader *r, const char *path, roll_set part[RF_SPLITS], rf_error *err)
{
    struct stat info;
    if (strcmp(path, "-") && !stat(path, &info) && S_ISDIR(info.st_mode))
        return read_folder(r, path, 0, part, err);
    return read_file(r, path, part, err);
}
