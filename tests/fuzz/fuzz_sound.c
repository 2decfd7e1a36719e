/* fuzz_sound.c -- any bytes as a sound file: an error in one line, or finite samples at the wished rate, of
 * which spectra can be made. */
#include <math.h>
#include <string.h>

#include "../../plugins/pinyin/audio.h"
#include "../../plugins/pinyin/mel.h"
#include "target.h"

#define MOST 200000 /* samples of a file that claims to be long */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    speech_source *s = speech_source_parse(data, n, "fuzz", 8000, &err);
    MUST(s || (err.status && !strncmp(err.text, "fuzz: ", 6) && !strchr(err.text, '\n')));
    if (!s) return 0;
    MUST(speech_source_rate(s) == 8000 && speech_source_length(s) >= 0);
    const speech_mel_spec spec = {.rate = 8000,
                                  .mels = 20,
                                  .low = 60,
                                  .floor = n % 2 ? 60 : 0,
                                  .pitch = true,
                                  .window = 25,
                                  .hop = 10,
                                  .emphasis = 0.97};
    speech_mel *m = speech_mel_new(&spec, NULL);
    const float *x;
    size_t count, all = 0;
    rf_real out[20 + SPEECH_PITCH];
    int more = 1;
    while (all < MOST && (more = speech_source_next(s, &x, &count, &err)) > 0) {
        for (size_t i = 0; i < count; i++) MUST(isfinite(x[i]));
        for (rf_index t = 0; t < speech_mel_frames(m, count); t++) {
            speech_mel_frame(m, x, count, t, out);
            for (int b = 0; b < 20 + SPEECH_PITCH; b++) MUST(!isnan(out[b]));
        }
        all += count;
    }
    MUST(more >= 0 || err.status);
    speech_mel_free(m);
    speech_source_free(s);
    return 0;
}
