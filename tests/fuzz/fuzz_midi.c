/* fuzz_midi.c -- any bytes as a MIDI file: an error that names a byte, or a score that, written, reads
 * back to the same bytes, and can be drawn and snapped to a grid. */
#include <string.h>

#include <refrain/music.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    rf_str once = {0}, twice = {0}, svg = {0};
    rf_score *s = rf_midi_parse(data, n, "fuzz", &err);
    MUST(s || (err.status && strstr(err.text, "fuzz: byte ")));
    if (s) MUST(rf_midi_bytes(s, &once, NULL) == RF_OK);
    rf_score *again = s ? rf_midi_parse(once.s, once.n, "again", NULL) : NULL;
    if (s) MUST(again && rf_midi_bytes(again, &twice, NULL) == RF_OK);
    MUST(once.n == twice.n && (!once.n || !memcmp(once.s, twice.s, once.n)));
    rf_score *q = s ? rf_score_quantize(s, 4) : NULL;
    MUST(!s || (q && rf_score_count(q) <= rf_score_count(s) && rf_score_bars(q) >= 0));
    if (s) rf_score_svg(s, (rf_extract){1, 4}, &svg);
    MUST(!s || (!svg.failed && strstr(svg.s, "</svg>")));
    rf_str_free(&svg);
    rf_str_free(&once);
    rf_str_free(&twice);
    rf_score_free(s);
    rf_score_free(again);
    rf_score_free(q);
    return 0;
}
