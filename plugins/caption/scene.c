/* caption/scene.c -- see scene.h: what is on a scene, and its captions. */
#include "scene.h"

static const struct {
    const char *one, *many, *zh;
} shapes[SCENE_SHAPES] = {{"circle", "circles", "圆形"},
                          {"square", "squares", "正方形"},
                          {"triangle", "triangles", "三角形"},
                          {"diamond", "diamonds", "菱形"},
                          {"star", "stars", "星形"},
                          {"cross", "crosses", "十字"},
                          {"ring", "rings", "圆环"}};
static const char *const colours[SCENE_COLOURS][2] = {
    {"red", "红色"},  {"orange", "橙色"}, {"yellow", "黄色"}, {"green", "绿色"},
    {"blue", "蓝色"}, {"purple", "紫色"}, {"white", "白色"},  {"black", "黑色"}};
static const char *const sizes[SCENE_SIZES][2] = {
    {"small", "小"}, {"medium", "中等"}, {"large", "大"}};
static const double radius[SCENE_SIZES] = {0.085, 0.14, 0.22};

/* What stands between the two things of a kind, and behind them. */
static const char *const between[SCENE_KINDS][2] = {[SCENE_LEFT] = {" is to the left of ", "在"},
                                                    [SCENE_RIGHT] = {" is to the right of ", "在"},
                                                    [SCENE_ABOVE] = {" is above ", "在"},
                                                    [SCENE_BELOW] = {" is below ", "在"},
                                                    [SCENE_AROUND] = {" is around ", "里有"}};
static const char *const behind[SCENE_KINDS] = {[SCENE_LEFT] = "的左边",
                                                [SCENE_RIGHT] = "的右边",
                                                [SCENE_ABOVE] = "的上方",
                                                [SCENE_BELOW] = "的下方",
                                                [SCENE_AROUND] = ""};

bool scene_held(int shape, int colour, int kind) { return (shape + colour + kind) % 4 == 0; }

/* ---- Making --------------------------------------------------------------------------------------- */

/* Numbers in [0, 1), one after the other. */
typedef struct dice {
    rf_key key;
    uint64_t at;
} dice;

static double roll(dice *d) { return rf_uniform(d->key, d->at++); }
static int choose(dice *d, int n) { return (int)(roll(d) * n); }
static double within(dice *d, double low, double high) { return low + (high - low) * roll(d); }

static bool relates(int kind) { return kind >= SCENE_LEFT; }

/* Equal things, each in a quarter of the picture; one alone anywhere. */
static void place_equal(scene *s, dice *d)
{
    int cell[4] = {0, 1, 2, 3};
    const double r = s->thing[0].radius;
    for (int i = 0; i < s->count; i++) {
        scene_thing *t = &s->thing[i];
        const int at = i + choose(d, 4 - i), taken = cell[at];
        *t = s->thing[0];
        cell[at] = cell[i];
        const double x = s->count == 1 ? 0 : 0.5 * (taken % 2),
                     y = s->count == 1 ? 0 : 0.5 * (taken / 2);
        const double wide = s->count == 1 ? 1 : 0.5;
        t->x = within(d, x + r + 0.01, x + wide - r - 0.01);
        t->y = within(d, y + r + 0.01, y + wide - r - 0.01);
    }
}

/* A smaller thing b beside the larger a: along one axis well apart, along the other nearly in line. */
static void place_related(scene *s, dice *d)
{
    scene_thing *a = &s->thing[0], *b = &s->thing[1];
    const double apart = a->radius + b->radius, edge = a->radius + 0.01;
    const bool first = s->kind == SCENE_LEFT || s->kind == SCENE_ABOVE;
    if (s->kind == SCENE_AROUND) {
        a->x = within(d, edge, 1 - edge), a->y = within(d, edge, 1 - edge);
        b->x = a->x, b->y = a->y + (a->shape == 2 ? 0.15 * a->radius : 0); /* a triangle's middle */
        return;
    }
    const double gap = within(d, apart + 0.03, 0.97 - apart);
    const double low = within(d, 0.01, 0.98 - gap - apart) + (first ? a->radius : b->radius);
    const double across = within(d, edge, 1 - edge), shift = within(d, -0.05, 0.05);
    const double along[2] = {first ? low : low + gap, first ? low + gap : low};
    const bool level = s->kind == SCENE_LEFT || s->kind == SCENE_RIGHT;
    a->x = level ? along[0] : across, a->y = level ? across : along[0];
    b->x = level ? along[1] : across + shift, b->y = level ? across + shift : along[1];
}

static void make_second(scene *s, dice *d)
{
    scene_thing *a = &s->thing[0], *b = &s->thing[1];
    a->size = s->kind == SCENE_AROUND ? 2 : 1 + choose(d, 2);
    b->size = s->kind == SCENE_AROUND ? 0 : choose(d, a->size);
    b->shape = choose(d, SCENE_SHAPES);
    b->colour = (a->colour + 1 + choose(d, SCENE_COLOURS - 1)) % SCENE_COLOURS;
    a->radius = radius[a->size], b->radius = radius[b->size];
    if (s->kind == SCENE_AROUND) a->radius = 0.3, b->radius = 0.08;
}

void scene_make(scene *s, uint64_t seed, uint64_t i, int which)
{
    dice d = {rf_key_make(seed, "scene", i), 0};
    scene_thing *a = &s->thing[0];
    *s = (scene){.count = 1};
    do {
        s->kind = choose(&d, SCENE_KINDS);
        a->shape = choose(&d, SCENE_SHAPES), a->colour = choose(&d, SCENE_COLOURS);
    } while (which != SCENE_ALL &&
             scene_held(a->shape, a->colour, s->kind) != (which == SCENE_UNSEEN));
    a->size = choose(&d, SCENE_SIZES);
    a->radius = radius[a->size];
    s->light = within(&d, 0.4, 0.6);
    for (int k = 0; k < 2; k++) s->slope[k] = within(&d, -0.1, 0.1);
    if (relates(s->kind)) {
        s->count = 2;
        make_second(s, &d);
        place_related(s, &d);
        return;
    }
    s->count = 1 + s->kind - SCENE_ONE;
    place_equal(s, &d);
}

/* ---- Telling -------------------------------------------------------------------------------------- */

void scene_tell_en(const scene *s, rf_str *out)
{
    static const char *const counts[] = {"a", "two", "three"};
    const scene_thing *a = &s->thing[0], *b = &s->thing[1];
    const bool many = !relates(s->kind) && s->count > 1;
    rf_str_printf(out, "%s %s %s %s", counts[many ? s->count - 1 : 0], sizes[a->size][0],
                  colours[a->colour][0], many ? shapes[a->shape].many : shapes[a->shape].one);
    if (relates(s->kind))
        rf_str_printf(out, "%sa %s %s %s", between[s->kind][0], sizes[b->size][0],
                      colours[b->colour][0], shapes[b->shape].one);
}

void scene_tell_zh(const scene *s, rf_str *out)
{
    static const char *const counts[] = {"一", "两", "三"};
    const scene_thing *a = &s->thing[0], *b = &s->thing[1];
    rf_str_printf(out, "%s个%s的%s%s", counts[relates(s->kind) ? 0 : s->count - 1],
                  sizes[a->size][1], colours[a->colour][1], shapes[a->shape].zh);
    if (relates(s->kind))
        rf_str_printf(out, "%s一个%s的%s%s%s", between[s->kind][1], sizes[b->size][1],
                      colours[b->colour][1], shapes[b->shape].zh, behind[s->kind]);
}
