#include "theory.h"

#include <math.h>
#include <stdio.h>

static const double too_near = 0.02, near = 0.05; /* of b to the line */
static const double most_steep = 7.0;             /* b / a, a hundredth of which is a small push */
static const double allowed = 0.1;                /* of a time to be off */

/* In which a small push dies down to 1/e: by the slower of the two motions around the point of rest. */
static double time_of_rest(point p) {
    double mean = 0.5 * (p.b - 1.0 - p.a * p.a), root = mean * mean - p.a * p.a;
    return -1.0 / (mean + sqrt(fmax(root, 0.0)));
}

/* Asks about one point. Returns 1: it is right, 0: too near to say, -1: it cannot be so. */
static int judge(point p, const orbit *o) {
    double beyond = p.b - (1.0 + p.a * p.a);
    if (fabs(beyond) < too_near)
        return 0;
    if (o->fate != (beyond < 0.0 ? FATE_REST : FATE_CYCLE))
        return -1;
    if (beyond > near * fmin(p.a, 1.0) || p.b > most_steep * p.a) /* no harmonic cycle; or no small push */
        return 1;
    double time = beyond < 0.0 ? time_of_rest(p) : 6.283185307179586 / p.a;
    return fabs(o->time - time) > allowed * time ? -1 : 1;
}

bool theory_agrees(const grid *g, const orbit *orbits, char *text, size_t size) {
    size_t right = 0;
    for (size_t i = 0; i < g->count; i++) {
        int judged = judge(g->points[i], &orbits[i]);
        if (judged < 0) {
            snprintf(text, size, "at a = %g, b = %g it cannot be so", g->points[i].a, g->points[i].b);
            return false;
        }
        right += judged > 0;
    }
    snprintf(text, size, "%zu points as theory says, %zu too near the line b = 1 + a * a to say", right,
             g->count - right);
    return true;
}
