/* fuzz_rolls.c -- any bytes as a set of piano rolls: an error with a text, or keys of 0 and 1. */
#include <refrain/music.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    rf_rolls *r = rf_rolls_parse((const char *)data, n, "fuzz", &err);
    MUST(!r == (err.status != RF_OK) && (r || err.text[0]));
    for (rf_split p = 0; r && p < RF_SPLITS; p++)
        for (rf_index i = 0; i < rf_rolls_count(r, p); i++) {
            const rf_roll roll = rf_rolls_at(r, p, i);
            MUST(roll.steps >= 0);
            for (rf_index k = 0; k < roll.steps * RF_KEYS; k++) MUST(roll.keys[k] <= 1);
        }
    rf_rolls_free(r);
    return 0;
}
