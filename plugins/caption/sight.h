/* caption/sight.h -- what a decoder sees of pictures: a map of vectors, given or made on the way.
 *
 *   blind     nothing: one place of one zero, so that a decoder is a language model of captions
 *   features  vectors that were computed before, one or a map a picture
 *   pictures  pixels, through a convolutional network that is trained along with the decoder
 *
 * Where there is more than one place, each vector ends with its place in the picture: two numbers from
 * -1 to 1, down and to the right. */
#ifndef CAPTION_SIGHT_H
#define CAPTION_SIGHT_H

#include <refrain/convnet.h>

#include "album.h"
#include "feature_file.h"

enum { CAP_BLIND, CAP_GIVEN, CAP_SEEN };

typedef struct cap_sight {
    int kind;                         /* CAP_BLIND ... */
    rf_index rows, columns, channels; /* of the map, places not counted */
    const rf_real *feature;           /* features: [n,rows,columns,channels], the caller's */
    const cap_album *album;           /* pictures: size x size, the caller's */
    int size;
    cap_view view; /* and how they are looked at; shift and noise only while training */
    const rf_convnet *net;
    double dropout; /* of the map, while training */
} cap_sight;

/* Let it be of features that are given. */
void cap_sight_give(cap_sight *s, const cap_features *f);
/* S; and D, of each place's vector. */
rf_index cap_sight_places(const cap_sight *s);
rf_index cap_sight_width(const cap_sight *s);
/* What is seen of pictures row [P]; -1: nothing, zeros.  Caption b of B is of picture row[which[b]].
 * [S,B,D] on the graph. */
rf_node cap_sight_see(const cap_sight *s, rf_graph *g, const int32_t *row, rf_index P,
                      const int32_t *which, rf_index B);

#endif
