/* The processes of the other ranks on this host: that one has ended is seen without a message. Where the kernel has
 * descriptors of processes (Linux 5.3), each takes one; else they are asked for by number. */
#ifndef DMAP_NET_PEER_WATCH_H
#define DMAP_NET_PEER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dmap__peer_watch {
    struct dmap__peer *peers;
    int n;
    double looked_s; /* last */
} dmap__peer_watch;

/** Room for so many. False: out of memory; zeroed is fine for all functions. */
bool dmap__peer_watch_init(dmap__peer_watch *watch, int n);
void dmap__peer_watch_fini(dmap__peer_watch *watch);
/** Watches a process from here on. */
void dmap__peer_watch_add(dmap__peer_watch *watch, int rank, int64_t process);
/** The rank of one that has ended, once; -1: none has, or one looked a few milliseconds ago. */
int dmap__peer_watch_next(dmap__peer_watch *watch, double now);
/** Ends the rank's process, if it is still there, and waits until it is gone, for timeout_s at most. It is not told by
 *  dmap__peer_watch_next then. */
void dmap__peer_watch_kill(dmap__peer_watch *watch, int rank, double timeout_s);

#endif
