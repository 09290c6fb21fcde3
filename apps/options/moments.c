/* Welford's update for one path, and Chan's for two sets of paths: the tree of dmap_fold is made of the second. */
#include "moments.h"

#include <math.h>

void moments_add(moments *m, const double payoff[PAYOFFS]) {
    double before[PAYOFFS];
    m->count += 1.0;
    for (int i = 0; i < PAYOFFS; i++) {
        before[i] = payoff[i] - m->mean[i];
        m->mean[i] += before[i] / m->count;
    }
    for (int i = 0; i < PAYOFFS; i++)
        for (int j = 0; j < PAYOFFS; j++)
            m->spread[i][j] += before[i] * (payoff[j] - m->mean[j]);
}

void moments_combine(moments *into, const moments *from) {
    double count = into->count + from->count, apart[PAYOFFS];
    if (count <= 0.0)
        return;
    for (int i = 0; i < PAYOFFS; i++)
        apart[i] = from->mean[i] - into->mean[i];
    for (int i = 0; i < PAYOFFS; i++) {
        for (int j = 0; j < PAYOFFS; j++)
            into->spread[i][j] += from->spread[i][j] + apart[i] * apart[j] * into->count * from->count / count;
        into->mean[i] += apart[i] * from->count / count;
    }
    into->count = count;
}

estimate moments_mean(const moments *m, int payoff) {
    return (estimate){m->mean[payoff], sqrt(m->spread[payoff][payoff] / (m->count - 1.0) / m->count)};
}

estimate moments_controlled(const moments *m, int payoff, int control, double expectation) {
    double variance = m->spread[control][control], covariance = m->spread[payoff][control];
    double slope = variance > 0.0 ? covariance / variance : 0.0;
    double left = m->spread[payoff][payoff] - slope * covariance;
    return (estimate){m->mean[payoff] - slope * (m->mean[control] - expectation),
                      sqrt(fmax(left, 0.0) / (m->count - 2.0) / m->count)};
}
