/* music/roll_set.h -- pieces as frames: which of 88 keys sound at every step. */
#ifndef MUSIC_ROLL_SET_H
#define MUSIC_ROLL_SET_H

#include <refrain/music.h>
#include <refrain/task.h>

#define ROLL_STEPS_MOST ((rf_index)1 << 18) /* steps of a piece */

typedef struct roll_piece {
    char *name; /* "jsb.json, test 3", "songs/mill.mid" */
    rf_index steps;
    uint8_t *keys; /* [steps,88], 1 where a key sounds, else 0 */
} roll_piece;

/* Pieces of two steps or more: the first step is read and not predicted. */
typedef struct roll_set {
    roll_piece *piece;
    int32_t *lengths; /* [n] steps to predict of each: one fewer than it has */
    rf_index n, room, frames;
} roll_set;

/* What the reader reads: sets of piano rolls (JSON), of which each part goes into its set; MIDI files
 * and folders of them, which go into the set `midi` on a grid of so many steps a quarter note.  In a
 * folder, whose folders are read too, files that are damaged are passed over with a word.
 * Errors: EIO, EFORMAT, ENOMEM; ECANCELLED. */
typedef struct roll_reader {
    const rf_host *h;
    int32_t grid;
    rf_split midi;
    rf_index files; /* read so far */
} roll_reader;
rf_status roll_read(roll_reader *r, const char *path, roll_set part[RF_SPLITS], rf_error *err);

/* Move a piece into a set, which takes its memory, or frees it where it is too short.  False: no memory. */
bool roll_set_add(roll_set *s, roll_piece *p);
void roll_set_free(roll_set *s);
void roll_sets_free(roll_set part[RF_SPLITS]);
/* Continue a hash with all frames. */
uint64_t roll_set_hash(uint64_t hash, const roll_set *s);
/* Its name without the folder. */
const char *roll_piece_title(const roll_piece *p);
/* Keys that sound at step t and did not before. */
int roll_piece_notes(const roll_piece *p, rf_index t);

#endif
