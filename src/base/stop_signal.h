/* SIGINT and SIGTERM, as a run is told by them to stop. Batch systems and terminals send them to all processes of a run
 * at once: what dies of the very signal was cut off by the stop, and has not failed.
 *
 * While nothing is in flight they do what they do without this: they end the process. */
#ifndef DMAP_BASE_STOP_SIGNAL_H
#define DMAP_BASE_STOP_SIGNAL_H

#include <stdbool.h>

#include "base/bell.h"

/** What came. */
typedef struct dmap__stop {
    int signal;  /* the first; 0: none came */
    int count;   /* of all that came */
    double at_s; /* the first came, by dmap__clock_now */
} dmap__stop;

/** From now on the two are noted, each if it has its default action. A program has at most one of these open. */
void dmap__stop_signal_open(void);
/** They end the process again, where the program has put nothing else in their place. What came is kept. */
void dmap__stop_signal_close(void);
/** Whether there is something in flight that can be stopped. Any thread.
 *  bell: is rung when one comes; as long as it is armed with one */
void dmap__stop_signal_arm(dmap__bell *bell);
void dmap__stop_signal_disarm(void);

/** What came so far. Any thread. */
dmap__stop dmap__stop_signal_get(void);
/** A process died of this signal: whether it was cut off, as the run is being stopped. The run's own may come a little
 *  later: it is waited for, if it is one of the two. */
bool dmap__stop_signal_await(int signal);
/** The same, without waiting. */
bool dmap__stop_signal_is(int signal);
/** Ends this process by the signal that came, as if it had not been noted. */
void dmap__stop_signal_obey(void);

#endif
