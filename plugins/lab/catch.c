/* lab/catch.c -- see catch.h. */
#include "catch.h"

#include <math.h>
#include <string.h>

#define BALL    13.0
#define SIGHT   220.0
#define FAN     (3.14159265358979323846 / 6)
#define OFFSET  50.0 /* of a ball's start, at most, to either side */
#define SLOWEST 3.0
#define FASTEST 4.0
#define CONTACT (LAB_CATCH_REACH + BALL)
#define TURNS   20 /* steps between two changes of a wanderer's velocity */

lab_ball lab_ball_drawn(rf_key key, uint64_t i, double drift)
{
    return (lab_ball){.x = OFFSET * (2 * rf_uniform(key, 3 * i) - 1),
                      .vx = drift * (2 * rf_uniform(key, 3 * i + 1) - 1),
                      .vy = SLOWEST + (FASTEST - SLOWEST) * rf_uniform(key, 3 * i + 2)};
}

/* What a ray in direction (sx, sy) tells of a ball at (x, y), seen from the agent. */
static double ray(double sx, double sy, double x, double y)
{
    const double along = x * sx + y * sy;
    const double half = BALL * BALL - (x * x + y * y - along * along);
    if (half <= 0 || along <= 0) return 0;
    const double distance = fmax(along - sqrt(half), 0);
    return distance < SIGHT ? 1 - distance / SIGHT : 0;
}

static void look(const lab_catch_view *v, rf_real *sense)
{
    for (int k = 0; k < LAB_RAYS; k++) {
        const double angle = FAN * (2.0 * k / (LAB_RAYS - 1) - 1), sx = sin(angle), sy = cos(angle);
        for (size_t i = 0; i < v->count; i++)
            sense[i * LAB_RAYS + (size_t)k] =
                v->landed[i] ? 0 : (rf_real)ray(sx, sy, v->x[i] - v->agent[i], v->height[i]);
    }
}

/* One step of ball and agent i; the last one is cut short where the ball lands. */
static void move(const lab_ball *b, double velocity, double *agent, double *x, double *height,
                 bool *landed)
{
    const double dt = fmin(LAB_CATCH_DT, (*height - CONTACT) / b->vy);
    const double v = fmin(fmax(velocity, -LAB_CATCH_SPEED), LAB_CATCH_SPEED);
    *agent += dt * v;
    *x += dt * b->vx;
    *height -= dt * b->vy;
    *landed = dt < LAB_CATCH_DT;
}

void lab_catch(const lab_policy *p, const lab_ball *balls, size_t count, double *miss,
               lab_catch_watch watch, void *ctx)
{
    double agent[LAB_CATCH_MOST] = {0}, x[LAB_CATCH_MOST], height[LAB_CATCH_MOST];
    double velocity[LAB_CATCH_MOST] = {0};
    bool landed[LAB_CATCH_MOST] = {0};
    rf_real sense[LAB_CATCH_MOST * LAB_RAYS];
    lab_catch_view v = {count, 0, agent, x, height, landed};
    size_t falling = count;
    for (size_t i = 0; i < count; i++) x[i] = balls[i].x, height[i] = LAB_CATCH_HEIGHT;
    p->begin(p->self, count);
    for (; falling; v.time += LAB_CATCH_DT) {
        if (watch) watch(ctx, &v);
        look(&v, sense);
        p->act(p->self, sense, velocity);
        for (size_t i = 0; i < count; i++) {
            if (landed[i]) continue;
            move(&balls[i], velocity[i], &agent[i], &x[i], &height[i], &landed[i]);
            falling -= landed[i];
        }
    }
    if (watch) watch(ctx, &v);
    for (size_t i = 0; i < count; i++) miss[i] = x[i] - agent[i];
}

/* ---- Agents that see nothing ------------------------------------------------------------------- */

static void begin_still(void *self, size_t count)
{
    (void)self;
    (void)count;
}

static void act_still(void *self, const rf_real *sense, double *velocity)
{
    (void)self;
    (void)sense;
    (void)velocity; /* 0 from the start */
}

lab_policy lab_policy_still(void) { return (lab_policy){NULL, begin_still, act_still}; }

static void begin_wander(void *self, size_t count)
{
    lab_wanderer *w = self;
    w->count = count;
    w->key.step++; /* another path for each call */
    w->steps = 0;
}

static void act_wander(void *self, const rf_real *sense, double *velocity)
{
    lab_wanderer *w = self;
    (void)sense;
    if (w->steps % TURNS == 0)
        for (size_t i = 0; i < w->count; i++)
            velocity[i] =
                LAB_CATCH_SPEED * (2 * rf_uniform(w->key, w->steps / TURNS * w->count + i) - 1);
    w->steps++;
}

lab_policy lab_policy_wander(lab_wanderer *w) { return (lab_policy){w, begin_wander, act_wander}; }
