#include "contract.h"

#include <math.h>

static double normal_below(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* What a call is worth today if the logarithm of the price at the end is normal, with this mean and deviation. */
static double lognormal_call(const contract *c, double mean, double deviation) {
    double d2 = (mean - log(c->strike)) / deviation;
    double expected = exp(mean + 0.5 * deviation * deviation) * normal_below(d2 + deviation);
    return exp(-c->rate * c->years) * (expected - c->strike * normal_below(d2));
}

double contract_geometric_asian(const contract *c) {
    double n = c->steps, variance = c->volatility * c->volatility;
    double mean = log(c->spot) + (c->rate - 0.5 * variance) * c->years * (n + 1.0) / (2.0 * n);
    return lognormal_call(c, mean, sqrt(variance * c->years * (n + 1.0) * (2.0 * n + 1.0) / (6.0 * n * n)));
}

/* The plain call, less what the paths that touch the barrier are worth: these count like paths from the spot's mirror
 * image behind it. */
double contract_down_and_out(const contract *c) {
    double variance = c->volatility * c->volatility, deviation = c->volatility * sqrt(c->years);
    double drift = (c->rate - 0.5 * variance) * c->years;
    double plain = lognormal_call(c, log(c->spot) + drift, deviation);
    double mirror = log(c->barrier * c->barrier / c->spot) + drift;
    double weight = pow(c->barrier / c->spot, 2.0 * c->rate / variance - 1.0);
    return plain - weight * lognormal_call(c, mirror, deviation);
}
