/* fuzz_song.c -- any bytes as a MIDI file that is read as a song: an error with a text, or a song that is
 * sound, and whose score is read as a song again. */
#include "../../plugins/music/corpus.h"
#include "target.h"

static void check(const song *x)
{
    MUST(x->bars > 0 && x->bar > 0 && x->bar <= SONG_BAR_MOST && x->tonic >= 0 && x->tonic < 12);
    for (int i = 0; i < song_steps(x); i++) {
        const song_note n = x->melody[i];
        MUST(n.act == SONG_REST ? n.pitch == 0 : n.pitch >= SONG_LOWEST && n.pitch <= SONG_HIGHEST);
        MUST(n.act != SONG_HOLD || (i > 0 && x->melody[i - 1].pitch == n.pitch));
        MUST(x->drums[i] < 1 << SONG_DRUMS);
    }
    for (int i = 0; i < 2 * x->bars; i++) MUST(song_chord_number(x->chord[i]) < SONG_CHORDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    rf_score *s = rf_midi_parse(data, n, "fuzz", NULL);
    song *x = s ? music_corpus_song(s, "fuzz", &err) : NULL;
    MUST(!s || !x == (err.status != RF_OK && err.text[0]));
    if (x) check(x);
    rf_score *again = x ? song_score(x, SONG_ALL, NULL) : NULL;
    song *y = again ? music_corpus_song(again, "again", NULL) : NULL;
    if (x) MUST(y && y->bars == x->bars && y->bar == x->bar);
    song_free(x);
    song_free(y);
    rf_score_free(s);
    rf_score_free(again);
    return 0;
}
