/* io/score.h -- what the parts that read, write and draw scores share. */
#ifndef IO_SCORE_H
#define IO_SCORE_H

#include <refrain/music.h>

/* The array with room for one more element than `count`, or NULL: no memory, and it is as it was. */
void *rfi_room(void *array, size_t *room, size_t count, size_t size);

typedef int (*rfi_compare)(const void *a, const void *b);
/* Sort; equals stay in their order.  False: no memory, and the array is as it was. */
bool rfi_sort(void *array, size_t n, size_t size, rfi_compare compare);

#endif
