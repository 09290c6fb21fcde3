/* Which ranks share a host, from the names of their hosts. */
#ifndef DMAP_NET_HOSTS_H
#define DMAP_NET_HOSTS_H

#include <stdbool.h>

#define DMAP__HOST_BYTES 256 /* a host's name and its end */

/** A rank's place among the ranks of its host. */
typedef struct dmap__host_place {
    int rank;   /* among them, from 0 */
    int size;   /* how many they are */
    int leader; /* the lowest of them */
} dmap__host_place;

/** names: of each rank. Fills places[n_ranks]. False: out of memory. Cost: O(n log n). */
bool dmap__hosts_place(const char (*names)[DMAP__HOST_BYTES], int n_ranks, dmap__host_place *places);

#endif
