/* test_scenes.c -- scenes that are made up: what is held out, where things are, how they look and are
 * told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/caption/scene.h"
#include "../suite.h"

enum { MANY = 4000 };

static void held_out(void)
{
    int held = 0, pairs[3] = {0};
    bool seen[3][SCENE_COLOURS * SCENE_KINDS + SCENE_SHAPES * SCENE_KINDS] = {{0}};
    for (int s = 0; s < SCENE_SHAPES; s++)
        for (int c = 0; c < SCENE_COLOURS; c++)
            for (int k = 0; k < SCENE_KINDS; k++) {
                held += scene_held(s, c, k);
                if (scene_held(s, c, k)) continue;
                seen[0][s * SCENE_COLOURS + c] = seen[1][s * SCENE_KINDS + k] = true;
                seen[2][c * SCENE_KINDS + k] = true;
            }
    for (int p = 0; p < 3; p++)
        for (size_t i = 0; i < sizeof seen[p]; i++) pairs[p] += seen[p][i];
    CU_ASSERT(held * 5 >= SCENE_SHAPES * SCENE_COLOURS * SCENE_KINDS);
    CU_ASSERT_EQUAL(pairs[0], SCENE_SHAPES * SCENE_COLOURS);
    CU_ASSERT_EQUAL(pairs[1], SCENE_SHAPES * SCENE_KINDS);
    CU_ASSERT_EQUAL(pairs[2], SCENE_COLOURS * SCENE_KINDS);
}

static void splits(void)
{
    int kinds[SCENE_KINDS] = {0};
    for (uint64_t i = 0; i < MANY; i++)
        for (int which = SCENE_SEEN; which <= SCENE_UNSEEN; which++) {
            scene s;
            scene_make(&s, 5, i, which);
            const bool held = scene_held(s.thing[0].shape, s.thing[0].colour, s.kind);
            CU_ASSERT_EQUAL(held, which == SCENE_UNSEEN);
            kinds[s.kind]++;
        }
    for (int k = 0; k < SCENE_KINDS; k++) CU_ASSERT(kinds[k] > MANY / SCENE_KINDS);
}

/* Things lie within the picture, apart from each other, and as their relation says. */
static void places(void)
{
    for (uint64_t i = 0; i < MANY; i++) {
        scene s;
        scene_make(&s, 6, i, SCENE_ALL);
        const scene_thing *a = &s.thing[0], *b = &s.thing[1];
        for (int k = 0; k < s.count; k++) {
            const scene_thing *t = &s.thing[k];
            CU_ASSERT(t->x >= t->radius && t->x <= 1 - t->radius);
            CU_ASSERT(t->y >= t->radius && t->y <= 1 - t->radius);
            for (int j = 0; j < k && s.kind != SCENE_AROUND; j++)
                CU_ASSERT(fmax(fabs(t->x - s.thing[j].x), fabs(t->y - s.thing[j].y)) >=
                          t->radius + s.thing[j].radius);
        }
        if (s.kind >= SCENE_LEFT) CU_ASSERT(a->size > b->size && a->colour != b->colour);
        if (s.kind == SCENE_LEFT) CU_ASSERT(a->x < b->x && fabs(a->y - b->y) < b->x - a->x);
        if (s.kind == SCENE_RIGHT) CU_ASSERT(a->x > b->x && fabs(a->y - b->y) < a->x - b->x);
        if (s.kind == SCENE_ABOVE) CU_ASSERT(a->y < b->y && fabs(a->x - b->x) < b->y - a->y);
        if (s.kind == SCENE_BELOW) CU_ASSERT(a->y > b->y && fabs(a->x - b->x) < a->y - b->y);
        if (s.kind == SCENE_AROUND) CU_ASSERT(hypot(a->x - b->x, a->y - b->y) < a->radius);
    }
}

static void captions(void)
{
    rf_str out = {0};
    scene s = {.kind = SCENE_THREE, .count = 3, .thing = {{5, 1, 0, 0, 0, 0}}};
    scene_tell_en(&s, &out);
    CU_ASSERT_STRING_EQUAL(out.s, "three small orange crosses");
    rf_str_clear(&out);
    scene_tell_zh(&s, &out);
    CU_ASSERT_STRING_EQUAL(out.s, "三个小的橙色十字");
    rf_str_clear(&out);
    s = (scene){.kind = SCENE_BELOW, .count = 2, .thing = {{0, 0, 2, 0, 0, 0}, {4, 4, 1, 0, 0, 0}}};
    scene_tell_en(&s, &out);
    CU_ASSERT_STRING_EQUAL(out.s, "a large red circle is below a medium blue star");
    rf_str_clear(&out);
    scene_tell_zh(&s, &out);
    CU_ASSERT_STRING_EQUAL(out.s, "一个大的红色圆形在一个中等的蓝色星形的下方");
    rf_str_free(&out);
}

/* Parts of a large red thing's picture that are red, of every shape: none looks like another. */
static void looks(void)
{
    double part[SCENE_SHAPES];
    cap_image im;
    CU_ASSERT_EQUAL_FATAL(cap_image_new(&im, 64, 64, NULL), RF_OK);
    for (int k = 0; k < SCENE_SHAPES; k++) {
        const scene s = {.count = 1, .thing = {{k, 0, 2, 0.5, 0.5, 0.4}}, .light = 0.5};
        int red = 0, edge = 0;
        scene_draw(&s, rf_key_make(1, "noise", 0), 0, &im);
        for (int i = 0; i < 64 * 64; i++) {
            red += im.rgb[3 * i] > 210;
            edge += im.rgb[3 * i] > 130 && im.rgb[3 * i] <= 210;
        }
        part[k] = red / 4096.0;
        CU_ASSERT(part[k] > 0.05 && part[k] < 0.5 && edge > 10);
        for (int j = 0; j < k; j++) CU_ASSERT(fabs(part[k] - part[j]) > 0.004);
    }
    cap_image_free(&im);
}

int main(void)
{
    CU_TestInfo tests[] = {{"held-out combinations", held_out},
                           {"splits", splits},
                           {"places", places},
                           {"captions", captions},
                           {"looks", looks},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "scenes", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
