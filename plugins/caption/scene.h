/* caption/scene.h -- scenes made up: what is on them, how they are told, how they look.
 *
 * A scene has one, two or three equal things, or a larger thing and a smaller one that stand in some
 * relation; the larger is always told first, so that a scene has one caption.  Scenes are drawn from
 * shapes x colours x kinds of scene, and a quarter of these combinations of what is told first is
 * held out: no seen scene has one, every unseen scene has one.  Every pair of two is seen. */
#ifndef CAPTION_SCENE_H
#define CAPTION_SCENE_H

#include "image.h"

enum { SCENE_SHAPES = 7, SCENE_COLOURS = 8, SCENE_SIZES = 3, SCENE_MOST = 3 };
enum {
    SCENE_ONE,
    SCENE_TWO,
    SCENE_THREE,
    SCENE_LEFT,
    SCENE_RIGHT,
    SCENE_ABOVE,
    SCENE_BELOW,
    SCENE_AROUND,
    SCENE_KINDS
};
enum { SCENE_ALL, SCENE_SEEN, SCENE_UNSEEN };

/* Places and sizes are parts of the picture's side. */
typedef struct scene_thing {
    int shape, colour, size;
    double x, y, radius;
} scene_thing;

typedef struct scene {
    int kind, count;
    scene_thing thing[SCENE_MOST];
    double light, slope[2]; /* of the ground: in the middle, and towards right and bottom */
} scene;

/* Whether the combination is held out. */
bool scene_held(int shape, int colour, int kind);
/* Scene number i of a seed; which: SCENE_ALL ... */
void scene_make(scene *s, uint64_t seed, uint64_t i, int which);
/* Append its caption. */
void scene_tell_en(const scene *s, rf_str *out);
void scene_tell_zh(const scene *s, rf_str *out);
/* Draw it on a picture of any size, edges smooth, with normal noise of standard deviation `noise`, 1
 * being full brightness; key: of the noise. */
void scene_draw(const scene *s, rf_key key, double noise, cap_image *im);

#endif
