/* What Open MPI is told before it begins, where it would choose badly by itself. */
#ifndef DMAP_NET_SETTINGS_H
#define DMAP_NET_SETTINGS_H

/** Sets options of Open MPI in the environment, but for those that the user has set. Before MPI_Init, by a program that
 *  has one thread. library: what dmap__comm_library says; of another MPI: nothing is set. */
void dmap__settings_choose(const char *library);

#endif
