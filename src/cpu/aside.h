/* Getting a thread out of the way of workers that are bound to their cores. */
#ifndef DMAP_CPU_ASIDE_H
#define DMAP_CPU_ASIDE_H

#include <sched.h>

#include "cpu/topology.h"

/** The CPUs of workers. */
typedef struct dmap__aside {
    cpu_set_t taken; /* none: it is not known which, or they are not bound */
} dmap__aside;

void dmap__aside_init(dmap__aside *aside, const dmap__place *places, int workers);
/** Moves the calling thread to another CPU that it may use, if it is on one of these now and there is any. Its binding
 *  stays as it is. Costs nothing much where it is on another, else some 10 us. */
void dmap__aside_step(const dmap__aside *aside);

#endif
