/* fuzz_chords.c -- any bytes as a table of chords: an error that names a line, or chords of pieces. */
#include <string.h>

#include "../../plugins/music/harmony.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    size_t rows;
    music_annotations *a = music_annotations_parse((const char *)data, n, "fuzz", &err);
    MUST(a || !strncmp(err.text, "fuzz:", 5));
    const music_annotation *row = music_annotations_of(a, "001", &rows);
    for (size_t i = 0; i < rows; i++)
        MUST(row[i].from <= row[i].to && song_chord_number(row[i].chord) < SONG_CHORDS);
    music_annotations_free(a);
    return 0;
}
