/* caption/scene_draw.c -- see scene.h: how a scene looks.
 *
 * Shapes are questions, "is this point inside", about a circle of radius 1; a pixel is asked at FINE x
 * FINE points, and what it is covered by is mixed in that proportion. */
#include <math.h>

#include "scene.h"

enum { FINE = 4 };

static bool in_circle(double x, double y) { return x * x + y * y <= 1; }
static bool in_square(double x, double y) { return fabs(x) <= 0.8 && fabs(y) <= 0.8; }
static bool in_triangle(double x, double y)
{
    return y <= 0.8 && y >= -0.9 && fabs(x) <= (y + 0.9) / 1.7;
}
static bool in_diamond(double x, double y) { return fabs(x) / 0.7 + fabs(y) <= 1; }
static bool in_cross(double x, double y)
{
    const double a = fabs(x), b = fabs(y);
    return (a <= 0.3 && b <= 0.95) || (b <= 0.3 && a <= 0.95);
}
static bool in_ring(double x, double y)
{
    const double r = x * x + y * y;
    return r <= 1 && r >= 0.4;
}

/* Five points on the circle, their notches at 0.42: left of the edge from a point to a notch. */
static bool in_star(double x, double y)
{
    const double fifth = 2 * acos(-1) / 5, r = hypot(x, y);
    const double angle = fabs(remainder(atan2(x, -y), fifth)); /* from the nearest point */
    const double px = r * sin(angle), py = r * cos(angle);
    const double nx = 0.42 * sin(fifth / 2), ny = 0.42 * cos(fifth / 2);
    return px * (1 - ny) + py * nx <= nx;
}

typedef bool inside_fn(double x, double y);
static inside_fn *const inside[SCENE_SHAPES] = {in_circle, in_square, in_triangle, in_diamond,
                                                in_star,   in_cross,  in_ring};

static const double paint[SCENE_COLOURS][3] = {
    {0.86, 0.12, 0.12}, {0.98, 0.55, 0.08}, {0.98, 0.90, 0.15}, {0.15, 0.65, 0.20},
    {0.12, 0.30, 0.90}, {0.55, 0.15, 0.70}, {0.98, 0.98, 0.98}, {0.05, 0.05, 0.05}};

/* How much of the pixel whose corner is (x, y), `step` wide, a thing covers. */
static double cover(const scene_thing *t, double x, double y, double step)
{
    int hits = 0;
    const double far = t->radius + 2 * step;
    if (fabs(x - t->x) > far || fabs(y - t->y) > far) return 0;
    for (int i = 0; i < FINE * FINE; i++) {
        const double u = x + (i % FINE + 0.5) * step / FINE, v = y + (i / FINE + 0.5) * step / FINE;
        hits += inside[t->shape]((u - t->x) / t->radius, (v - t->y) / t->radius);
    }
    return (double)hits / (FINE * FINE);
}

static uint8_t byte_of(double v) { return (uint8_t)(fmin(fmax(v, 0), 1) * 255 + 0.5); }

void scene_draw(const scene *s, rf_key key, double noise, cap_image *im)
{
    const double step = 1.0 / im->width;
    for (int row = 0; row < im->height; row++)
        for (int column = 0; column < im->width; column++) {
            const double x = column * step, y = row * step;
            const size_t at = 3 * ((size_t)row * (size_t)im->width + (size_t)column);
            const double ground = s->light + s->slope[0] * (x - 0.5) + s->slope[1] * (y - 0.5);
            double rgb[3] = {ground, ground, ground};
            for (int i = 0; i < s->count; i++) {
                const double part = cover(&s->thing[i], x, y, step);
                for (int c = 0; c < 3; c++)
                    rgb[c] += part * (paint[s->thing[i].colour][c] - rgb[c]);
            }
            for (int c = 0; c < 3; c++)
                im->rgb[at + (size_t)c] = byte_of(rgb[c] + noise * rf_normal(key, at + (size_t)c));
        }
}
