/* How long to sleep when there is nothing to do: the longer nothing has happened, the longer, so that a busy pool
 * answers at once and an idle one costs nothing. MPI cannot wake a sleeper, so a rank that waits for a message looks
 * again and again; less often where its bell rings for one, as then it is only the rest of a message that can come
 * unheard. */
#ifndef DMAP_POOL_IDLE_H
#define DMAP_POOL_IDLE_H

#include <stdbool.h>

typedef struct dmap__idle {
    bool is_rung;   /* messages are heard */
    bool spins;     /* there are cores to spare: look again at once for SPIN_S */
    double most_s;  /* longest sleep */
    double since_s; /* nothing has happened since; 0: something just did */
} dmap__idle;

/** Something happened. */
void dmap__idle_reset(dmap__idle *idle);
/** Seconds to sleep now; 0: look again at once. */
double dmap__idle_next(dmap__idle *idle, double now);

#endif
