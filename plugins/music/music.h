/* music/music.h -- what the parts of the plugin share. */
#ifndef MUSIC_H
#define MUSIC_H

#include <refrain/music.h>
#include <refrain/task.h>

#define MUSIC_ID "org.refrain.music"

/* What all verbs read: a MIDI file, or a piece of a set of piano rolls.  Each verb's table
 * ends with MUSIC_SOURCE_OPTIONS; `at` is where they begin. */
#define MUSIC_SOURCE_OPTIONS                                                                       \
    {.name = "part",                                                                               \
     .type = RF_CHOICE,                                                                            \
     .def = "train",                                                                               \
     .choices = music_parts,                                                                       \
     .group = "Piano rolls",                                                                       \
     .help = "which part of a set of piano rolls (JSON)"},                                         \
        {.name = "piece",                                                                          \
         .type = RF_INT,                                                                           \
         .def = "1",                                                                               \
         .min = 1,                                                                                 \
         .max = 999999,                                                                            \
         .group = "Piano rolls",                                                                   \
         .help = "which piece of that part"},                                                      \
    {                                                                                              \
        .name = "steps", .type = RF_INT, .def = "4", .min = 1, .max = 96,                          \
        .unit = "per quarter note", .group = "Piano rolls",                                        \
        .help = "how many time steps of a roll make a quarter note"                                \
    }

/* Snap to a grid. */
#define MUSIC_GRID_OPTION                                                                          \
    {                                                                                              \
        .name = "grid", .type = RF_INT, .def = "0", .min = 0, .max = 96,                           \
        .unit = "steps per quarter note", .help = "snap the notes to a grid; 0: leave them"        \
    }

extern const char *const music_parts[];

/* The score of the run's first operand.  NULL with err. */
rf_score *music_source_read(const rf_run *r, int at, rf_error *err);

/* Replace a score by one on a grid of `steps`; 0 leaves it.  Errors: ENOMEM. */
rf_status music_score_snap(rf_score **s, int64_t steps, rf_error *err);

extern const rf_option music_render_options[], music_show_options[], music_info_options[],
    music_convert_options[];

rf_status music_render(rf_session *s, const rf_run *r);
rf_status music_show(rf_session *s, const rf_run *r);
rf_status music_info(rf_session *s, const rf_run *r);
rf_status music_convert(rf_session *s, const rf_run *r);

#endif
