/* io/roll.c -- sets of piano rolls, read from JSON.
 *
 * The JSON is parsed whole and then copied, piece by piece; every complaint says where it stood:
 * part, piece and step, counted from 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <refrain/io.h>
#include <refrain/music.h>

/* Most bytes of a file, after unpacking: the largest sets known have a tenth of it. */
#define ROLL_LIMIT ((size_t)1 << 26)

typedef struct roll {
    rf_index steps;
    uint8_t *keys;
} roll;

struct rf_rolls {
    roll *piece; /* those of all parts, one part after the other */
    rf_index from[RF_SPLITS + 1];
};

static const char *const part_names[RF_SPLITS] = {"train", "valid", "test"};

const char *rf_split_name(rf_split part) { return part_names[part]; }

/* Where the reader is, for messages. */
typedef struct place {
    const char *file;
    rf_split part;
    size_t piece, step;
    rf_error *err;
} place;

static bool misplaced(const place *at, const char *due)
{
    rf_fail(at->err, RF_EFORMAT, "%s: %s, piece %zu, step %zu: %s is due", at->file,
            part_names[at->part], at->piece, at->step, due);
    return false;
}

static bool read_pitch(const json_t *value, uint8_t *keys, const place *at)
{
    const double pitch = json_number_value(value);
    if (!json_is_number(value)) return misplaced(at, "a pitch, a number,");
    if (pitch == -1) return true;
    if (pitch >= RF_KEY_LOWEST && pitch < RF_KEY_LOWEST + RF_KEYS && pitch == floor(pitch)) {
        keys[(int)pitch - RF_KEY_LOWEST] = 1;
        return true;
    }
    rf_fail(at->err, RF_EFORMAT,
            "%s: %s, piece %zu, step %zu: %g where a pitch from %d to %d is due", at->file,
            part_names[at->part], at->piece, at->step, pitch, RF_KEY_LOWEST,
            RF_KEY_LOWEST + RF_KEYS - 1);
    return false;
}

static bool read_step(const json_t *step, uint8_t *keys, const place *at)
{
    if (!json_is_array(step)) return misplaced(at, "a list of pitches");
    for (size_t i = 0; i < json_array_size(step); i++)
        if (!read_pitch(json_array_get(step, i), keys, at)) return false;
    return true;
}

static bool read_piece(const json_t *piece, roll *out, place *at)
{
    const size_t steps = json_array_size(piece);
    if (!json_is_array(piece)) {
        rf_fail(at->err, RF_EFORMAT, "%s: %s, piece %zu: a list of time steps is due", at->file,
                part_names[at->part], at->piece);
        return false;
    }
    uint8_t *keys = calloc(steps + 1, RF_KEYS);
    if (!keys) {
        rf_fail(at->err, RF_ENOMEM, "%s: no memory for %zu time steps", at->file, steps);
        return false;
    }
    *out = (roll){(rf_index)steps, keys};
    for (size_t t = 0; t < steps; t++) {
        at->step = t + 1;
        if (!read_step(json_array_get(piece, t), keys + t * RF_KEYS, at)) return false;
    }
    return true;
}

/* The pieces of all parts; false with an error if a part is missing or is no list. */
static bool count_pieces(rf_rolls *r, const json_t *root, const char *file, rf_error *err)
{
    if (!json_is_object(root)) {
        rf_fail(err, RF_EFORMAT, "%s: an object with \"train\", \"valid\" and \"test\" is due",
                file);
        return false;
    }
    for (int p = 0; p < RF_SPLITS; p++) {
        const json_t *part = json_object_get(root, part_names[p]);
        if (!json_is_array(part)) {
            rf_fail(err, RF_EFORMAT, "%s: \"%s\": %s", file, part_names[p],
                    part ? "a list of pieces is due" : "this part is missing");
            return false;
        }
        r->from[p + 1] = r->from[p] + (rf_index)json_array_size(part);
    }
    return true;
}

static bool read_parts(rf_rolls *r, const json_t *root, place *at)
{
    if (!count_pieces(r, root, at->file, at->err)) return false;
    r->piece = calloc((size_t)r->from[RF_SPLITS] + 1, sizeof *r->piece);
    if (!r->piece) {
        rf_fail(at->err, RF_ENOMEM, "%s: no memory", at->file);
        return false;
    }
    for (int p = 0; p < RF_SPLITS; p++) {
        const json_t *part = json_object_get(root, part_names[p]);
        at->part = (rf_split)p;
        for (size_t i = 0; i < json_array_size(part); i++) {
            at->piece = i + 1;
            if (!read_piece(json_array_get(part, i), &r->piece[r->from[p] + (rf_index)i], at))
                return false;
        }
    }
    return true;
}

rf_rolls *rf_rolls_parse(const char *json, size_t n, const char *name, rf_error *err)
{
    json_error_t why;
    json_t *root = json_loadb(json, n, 0, &why);
    if (!root) {
        rf_fail(err, RF_EFORMAT, "%s:%d:%d: %s", name, why.line, why.column, why.text);
        return NULL;
    }
    rf_rolls *r = calloc(1, sizeof *r);
    place at = {.file = name, .err = err};
    if (!r) rf_fail(err, RF_ENOMEM, "%s: no memory", name);
    if (r && !read_parts(r, root, &at)) {
        rf_rolls_free(r);
        r = NULL;
    }
    json_decref(root);
    return r;
}

rf_rolls *rf_rolls_read(const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_file_read(path, ROLL_LIMIT, &text, err);
    rf_rolls *r = st ? NULL : rf_rolls_parse(text.s, text.n, path, err);
    rf_str_free(&text);
    return r;
}

void rf_rolls_free(rf_rolls *r)
{
    if (!r) return;
    for (rf_index i = 0; r->piece && i < r->from[RF_SPLITS]; i++) free(r->piece[i].keys);
    free(r->piece);
    free(r);
}

rf_index rf_rolls_count(const rf_rolls *r, rf_split part)
{
    return r->from[part + 1] - r->from[part];
}

rf_roll rf_rolls_at(const rf_rolls *r, rf_split part, rf_index i)
{
    const roll *p = &r->piece[r->from[part] + i];
    return (rf_roll){p->steps, p->keys};
}
