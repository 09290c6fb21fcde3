/* What a rank's own thread sleeps on: its workers ring when there is something to take from them, and the ranks of its
 * host when they have sent it a message. MPI itself wakes nobody. */
#ifndef DMAP_BASE_BELL_H
#define DMAP_BASE_BELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct dmap__bell {
    _Atomic uint32_t state; /* twice the rings so far; 1 more while somebody waits for the next */
    bool is_shared;         /* it lies in memory that other processes map too */
    char line[59];          /* side by side, bells share no line of a cache */
} dmap__bell;

_Static_assert(sizeof(dmap__bell) == 64, "a bell fills a line of a cache");

void dmap__bell_init(dmap__bell *bell, bool is_shared);
/** Wakes who waits. Any thread, any process that maps it; a system call only if somebody does wait, or did: returns
 *  whether. */
bool dmap__bell_ring(dmap__bell *bell);
/** Rings so far: to be asked before one looks for what there is to do, and handed to dmap__bell_wait. */
uint32_t dmap__bell_heard(dmap__bell *bell);
/** Sleeps until the bell has rung since `heard`, but no longer than timeout_s. Several threads may. Returns true if it
 *  has. */
bool dmap__bell_wait(dmap__bell *bell, uint32_t heard, double timeout_s);

#endif
