/* lab/catch.h -- a world of minimal cognition: balls fall, and an agent on the ground moves to catch
 * them, seeing them by the lengths of seven rays only.
 *
 * The agent is a circle of radius 15 at height 0, a ball one of radius 13.  It starts at a height of
 * 275 within 50 to either side of the agent, drifts sideways (in the papers by up to 2) and falls by 3
 * to 4 in a unit of time.  Rays leave the agent's centre evenly within 30 degrees of the vertical and reach 220; a
 * ray that meets the ball tells 1 - distance/220, others 0.  The agent moves sideways by at most 5 in
 * a unit of time.  A ball lands when its centre is as high as the two radii; it is caught if then it
 * is above the agent, no further from its centre than the agent's radius.
 * Source: Beer, "Toward the evolution of dynamical neural networks for minimally cognitive behavior",
 * SAB 1996; Slocum, Downey & Beer, "Further experiments in the evolution of minimally cognitive
 * behavior", SAB 2000. */
#ifndef LAB_CATCH_H
#define LAB_CATCH_H

#include <refrain/tensor.h>

enum { LAB_RAYS = 7 };
#define LAB_CATCH_DT     0.25 /* of the world and of its agents */
#define LAB_CATCH_HEIGHT 275.0
#define LAB_CATCH_SPEED  5.0
#define LAB_CATCH_REACH  15.0 /* the radius of the agent */

/* How a ball starts; the agent starts at 0. */
typedef struct lab_ball {
    double x;      /* sideways */
    double vx, vy; /* sideways; downwards, > 0 */
} lab_ball;

/* Ball i of the key's, which drifts by at most so much to either side. */
lab_ball lab_ball_drawn(rf_key key, uint64_t i, double drift);

/* Who moves agents, each in a world of its own.  `act` makes of what they see their velocities, which
 * are cut off at the limit. */
typedef struct lab_policy {
    void *self;
    void (*begin)(void *self, size_t count);
    void (*act)(void *self, const rf_real *sense /* [count,LAB_RAYS] */,
                double *velocity /* [count] */);
} lab_policy;

/* Who watches: all positions before each step. */
typedef struct lab_catch_view {
    size_t count;
    double time;
    const double *agent, *x, *height; /* [count] each; of a ball that has landed, where it did */
    const bool *landed;               /* [count] */
} lab_catch_view;
typedef void (*lab_catch_watch)(void *ctx, const lab_catch_view *view);

enum { LAB_CATCH_MOST = 64 };
/* Let `count` balls fall, at most LAB_CATCH_MOST: miss [count] is where each landed, seen from its
 * agent.  `watch` may be NULL. */
void lab_catch(const lab_policy *p, const lab_ball *balls, size_t count, double *miss,
               lab_catch_watch watch, void *ctx);

/* Agents that see nothing: one stays where it is; one goes to and fro at random. */
lab_policy lab_policy_still(void);
typedef struct lab_wanderer {
    rf_key key;
    size_t count;
    uint64_t steps;
} lab_wanderer;
lab_policy lab_policy_wander(lab_wanderer *w);

#endif
