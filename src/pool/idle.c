#include "pool/idle.h"

#define SPIN_S  50e-6
#define LEAST_S 20e-6

void dmap__idle_reset(dmap__idle *idle) {
    idle->since_s = 0;
}

double dmap__idle_next(dmap__idle *idle, double now) {
    if (idle->since_s <= 0)
        idle->since_s = now;
    double idle_s = now - idle->since_s;
    if (idle->spins && idle_s < SPIN_S)
        return 0;
    double sleep_s = idle->is_rung ? 4 * idle_s : idle_s / 8;
    if (sleep_s < LEAST_S)
        sleep_s = LEAST_S;
    return sleep_s < idle->most_s ? sleep_s : idle->most_s;
}
