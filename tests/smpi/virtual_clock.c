/* The clock room under SimGrid. A yield has to let time pass, or a loop that waits for another rank would wait for
 * ever. */
#include <simgrid/actor.h>
#include <simgrid/engine.h>

#include "base/clock.h"
#include "virtual.h"

#define YIELD_S   1e-6
#define MOST_PIDS 65536

static virtual_rank ranks[MOST_PIDS]; /* by the number of a rank's actor */

virtual_rank *virtual_me(void) {
    return &ranks[sg_actor_self_get_pid() % MOST_PIDS];
}

double dmap__clock_now(void) {
    return simgrid_get_clock();
}

void dmap__clock_sleep(double seconds) {
    virtual_me()->slept_s += seconds;
    sg_actor_sleep_for(seconds);
}

void dmap__clock_yield(void) {
    dmap__clock_sleep(YIELD_S);
}

long dmap__clock_sharpen(void) {
    return 0;
}

void dmap__clock_blunt(long slack) {
    (void)slack;
}
