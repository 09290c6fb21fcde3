/* The master's side of the loop: the turns of the calls in flight. */
#ifndef DMAP_POOL_MASTER_H
#define DMAP_POOL_MASTER_H

struct dmap__side;

extern const struct dmap__side dmap__master_side;

#endif
