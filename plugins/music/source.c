/* music/source.c -- what the verbs read: MIDI files, and pieces of sets of piano rolls. */
#include <string.h>

#include <refrain/io.h>

#include "music.h"

#define SOURCE_LIMIT ((size_t)1 << 26) /* most bytes of a file, after unpacking */

const char *const music_parts[] = {"train", "valid", "test", NULL};

enum { PART, PIECE, STEPS };

static rf_score *read_roll(const rf_str *text, const char *path, const rf_setting *v, rf_error *err)
{
    const rf_split part = (rf_split)v[PART].as.i;
    rf_rolls *set = rf_rolls_parse(text->s, text->n, path, err);
    rf_score *s = NULL;
    const rf_index pieces = set ? rf_rolls_count(set, part) : 0;
    if (set && v[PIECE].as.i > pieces)
        rf_fail(err, RF_EINVAL, "%s: piece %lld of %s, where there are %lld", path,
                (long long)v[PIECE].as.i, rf_split_name(part), (long long)pieces);
    if (set && v[PIECE].as.i <= pieces) {
        const rf_roll roll = rf_rolls_at(set, part, v[PIECE].as.i - 1);
        s = rf_roll_score(&roll, (int32_t)v[STEPS].as.i);
        if (!s) rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    }
    rf_rolls_free(set);
    return s;
}

rf_score *music_source_read(const rf_run *r, int at, rf_error *err)
{
    const char *path = r->arg[0];
    rf_str text = {0};
    rf_score *s = NULL;
    if (rf_file_read(path, SOURCE_LIMIT, &text, err)) return NULL;
    const char *name = rf_input_name(path);
    const size_t blank = strspn(text.s, " \t\r\n");
    if (text.s[blank] == '{')
        s = read_roll(&text, name, r->opt + at, err);
    else
        s = rf_midi_parse(text.s, text.n, name, err);
    rf_str_free(&text);
    return s;
}

rf_status music_score_snap(rf_score **s, int64_t steps, rf_error *err)
{
    if (!steps) return RF_OK;
    rf_score *q = rf_score_quantize(*s, (int32_t)steps);
    if (!q) return rf_fail(err, RF_ENOMEM, "no memory for the grid");
    rf_score_free(*s);
    *s = q;
    return RF_OK;
}
