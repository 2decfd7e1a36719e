/* train/pieces.h -- walk over all parameters in pieces, on all threads. */
#ifndef RFI_TRAIN_PIECES_H
#define RFI_TRAIN_PIECES_H

#include <refrain/graph.h>

/* Pieces are dealt out in at most this many groups; a group is one thread's, in order. */
enum { RFI_GROUPS = 256, RFI_PIECE = 4096 };

/* Elements first .. first+n-1 of parameter number `index`. */
typedef void (*rfi_piece_fn)(void *ctx, int group, size_t index, rf_param *p, rf_index first,
                             rf_index n);

/* Call fn for every piece of the parameters that are not frozen; with `rows_only`, of sparse ones
 * only for the rows in their gradient.  Which piece is in which group does not depend on the number
 * of threads, so a sum over groups gives the same bits on any machine. */
void rfi_pieces_run(rf_device *d, const rf_params *ps, bool rows_only, rfi_piece_fn fn, void *ctx);

#endif
