/* Geometric Brownian motion, step by step, from counter-based random numbers: Philox turns (path, draw) under the key
 * (seed) into four uniform numbers, so no path needs to know what was drawn for another.
 *
 * Between two steps the price is not known, but the chance that it stayed above the barrier is (a Brownian bridge): the
 * barrier option's payoff is weighted by it, so it is priced as watched all the time, without error from the steps. */
#include "paths.h"

#include <math.h>

#include <Random123/philox.h>
#include <Random123/u01fixedpt.h>

enum { DRAWN = 4 };

/* Four standard normal numbers, by Box and Muller. */
static void draw_normals(const contract *c, uint64_t path, uint32_t draw, double normal[DRAWN]) {
    philox4x32_ctr_t counter = {{(uint32_t)path, (uint32_t)(path >> 32), draw, 0}};
    philox4x32_key_t key = {{(uint32_t)c->seed, (uint32_t)(c->seed >> 32)}};
    philox4x32_ctr_t random = philox4x32(counter, key);
    for (int i = 0; i < DRAWN; i += 2) {
        double radius = sqrt(-2.0 * log(u01fixedpt_open_open_32_double(random.v[i])));
        double angle = 6.283185307179586 * u01fixedpt_open_open_32_double(random.v[i + 1]);
        normal[i] = radius * cos(angle);
        normal[i + 1] = radius * sin(angle);
    }
}

/* What a path was. Prices are logarithms, relative to the spot. */
typedef struct path {
    double price;
    double sum, sum_of_logs; /* over the steps */
    double survival;         /* the chance that it has stayed above the barrier */
} path;

typedef struct motion {
    double drift, deviation, variance; /* of a step */
    double barrier;
} motion;

static void step(path *p, const motion *m, double normal) {
    double above = p->price - m->barrier;
    p->price += m->drift + m->deviation * normal;
    p->sum_of_logs += p->price;
    p->sum += exp(p->price);
    if (p->survival > 0.0) {
        double still = p->price - m->barrier;
        p->survival *= still > 0.0 ? 1.0 - exp(-2.0 * above * still / m->variance) : 0.0;
    }
}

static path draw_path(const contract *c, const motion *m, uint64_t index) {
    path p = {.survival = 1.0};
    double normal[DRAWN];
    for (uint32_t i = 0; i < c->steps; i++) {
        if (i % DRAWN == 0)
            draw_normals(c, index, i / DRAWN, normal);
        step(&p, m, normal[i % DRAWN]);
    }
    return p;
}

moments paths_draw(const contract *c, uint64_t begin, uint64_t end) {
    double dt = c->years / c->steps, variance = c->volatility * c->volatility, discount = exp(-c->rate * c->years);
    motion m = {.drift = (c->rate - 0.5 * variance) * dt,
                .deviation = c->volatility * sqrt(dt),
                .variance = variance * dt,
                .barrier = log(c->barrier / c->spot)};
    moments sum = {0};
    for (uint64_t i = begin; i < end; i++) {
        path p = draw_path(c, &m, i);
        double payoff[PAYOFFS] = {
            [GEOMETRIC] = discount * fmax(c->spot * exp(p.sum_of_logs / c->steps) - c->strike, 0.0),
            [ARITHMETIC] = discount * fmax(c->spot * p.sum / c->steps - c->strike, 0.0),
            [BARRIER] = discount * fmax(c->spot * exp(p.price) - c->strike, 0.0) * p.survival,
        };
        moments_add(&sum, payoff);
    }
    return sum;
}
