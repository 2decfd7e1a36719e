/* fuzz_tunes.c -- any bytes as tunes: an error that names a line, or songs whose melodies are sound. */
#include <string.h>

#include "../../plugins/music/tunes.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    music_tunes *t = music_tunes_open((const char *)data, n, "fuzz");
    song *x = NULL;
    MUST(t);
    while (!music_tunes_next(t, &x, &err) && x) {
        for (int i = 0; i < song_steps(x); i++) {
            const song_note m = x->melody[i];
            MUST(m.act == SONG_REST ? m.pitch == 0
                                    : m.pitch >= SONG_LOWEST && m.pitch <= SONG_HIGHEST);
            MUST(m.act != SONG_HOLD || (i > 0 && x->melody[i - 1].pitch == m.pitch));
        }
        song_free(x);
    }
    MUST(!err.status || !strncmp(err.text, "fuzz:", 5));
    music_tunes_free(t);
    return 0;
}
