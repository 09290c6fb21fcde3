/* The bound that the workers of a call share: the least value that any of them has offered. As a key, a 64-bit number
 * that orders as the values do, it is lowered as a limit is. */
#ifndef DMAP_CREW_BEST_H
#define DMAP_CREW_BEST_H

#include "crew/crew_state.h"

#define DMAP__BEST_NONE UINT64_MAX /* no value was offered yet */

/** Lowers that of a call, here and in the workers' processes; returns true if it was higher. Any thread. */
bool dmap__crew_lower_best(dmap__crew_state *crew, dmap__crew_call *call, uint64_t key);

#endif
