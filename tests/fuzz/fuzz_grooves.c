/* fuzz_grooves.c -- any bytes as a table of drum patterns: an error with a text, or grooves to be played. */
#include "../../plugins/music/groove.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    song_grooves g = {0};
    const rf_status st = song_grooves_parse(&g, (const char *)data, n, "fuzz", &err);
    MUST(!st == !err.text[0] && (st || g.count > 0));
    for (int i = 0; !st && i < g.count && i < 8; i++) {
        song *s = song_new("fuzz", g.groove[i].beats, g.groove[i].unit, 9, &err);
        if (s) MUST(song_groove_play(&g, s, n));
        song_free(s);
    }
    song_grooves_free(&g);
    return 0;
}
