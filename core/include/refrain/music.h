/* refrain/music.h -- music as data: sets of piano rolls.
 *
 * A piano roll says of every time step which keys of the piano sound.  A set has three parts, to
 * learn from, to choose by and to measure on, as the sets of Boulanger-Lewandowski et al. (ICML
 * 2012) have. */
#ifndef REFRAIN_MUSIC_H
#define REFRAIN_MUSIC_H

#include <refrain/base.h>

RF_BEGIN

#define RF_KEYS       88 /* of a piano, from A0 to C8 */
#define RF_KEY_LOWEST 21 /* MIDI pitch of key 0 */

typedef enum rf_split { RF_SPLIT_TRAIN, RF_SPLIT_VALID, RF_SPLIT_TEST, RF_SPLITS } rf_split;

/* "train", "valid", "test". */
RF_API const char *rf_split_name(rf_split part);

/* One piece.  Its keys belong to the set. */
typedef struct rf_roll {
    rf_index steps;      /* T; may be 0 */
    const uint8_t *keys; /* [T,88], 1 where a key sounds, else 0 */
} rf_roll;

typedef struct rf_rolls rf_rolls;

/* Read a set from a JSON file, gzip or not:
 *
 *     {"train": [[[60, 64, 67], [62, 65], []], ...], "valid": [...], "test": [...]}
 *
 * parts, pieces, time steps, MIDI pitches from 21 to 108 in any order; -1 stands for a voice that
 * rests.  Names other than those of the parts are passed over.
 *
 * NULL with err: EIO; EFORMAT, where the message names file and place: "jsb.json: train, piece 3,
 * step 14: 140 where a pitch from 21 to 108 is due", "jsb.json:12:7: '[' expected"; ENOMEM. */
RF_API rf_rolls *rf_rolls_read(const char *path, rf_error *err);
/* The same of n bytes in memory; `name` stands for the file in messages. */
RF_API rf_rolls *rf_rolls_parse(const char *json, size_t n, const char *name, rf_error *err);
RF_API void rf_rolls_free(rf_rolls *r);

/* How many pieces a part has, and piece i of it. */
RF_API rf_index rf_rolls_count(const rf_rolls *r, rf_split part);
RF_API rf_roll rf_rolls_at(const rf_rolls *r, rf_split part, rf_index i);

RF_END
#endif
