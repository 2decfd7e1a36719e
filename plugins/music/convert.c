/* music/convert.c -- the verb convert: a piece as a MIDI file of type 1. */
#include "music.h"

enum { CONVERT_MIDI, CONVERT_GRID, CONVERT_SOURCE };

const rf_option music_convert_options[] = {[CONVERT_MIDI] = {.name = "midi",
                                                             .type = RF_OUTFILE,
                                                             .flags = RF_OPT_REQUIRED,
                                                             .help = "the MIDI file to write"},
                                           [CONVERT_GRID] = MUSIC_GRID_OPTION,
                                           [CONVERT_SOURCE] = MUSIC_SOURCE_OPTIONS,
                                           {0}};

rf_status music_convert(rf_session *ses, const rf_run *r)
{
    const char *path = r->opt[CONVERT_MIDI].as.s;
    rf_error err = {0};
    rf_score *s = music_source_read(r, CONVERT_SOURCE, &err);
    rf_status st = s ? music_score_snap(&s, r->opt[CONVERT_GRID].as.i, &err) : err.status;
    if (!st) st = rf_midi_write(s, path, &err);
    if (!st) st = rf_emit_file(ses->host, path, "music", "audio/midi");
    rf_score_free(s);
    return rf_session_end(ses, st, &err);
}
