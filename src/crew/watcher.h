/* The watcher: a thread that sleeps until one of a crew's processes ends, and says so on its channel. */
#ifndef DMAP_CREW_WATCHER_H
#define DMAP_CREW_WATCHER_H

#include "crew/worker_proc.h"

/** descriptor: readable from the process's end on; watch: borrowed until it has ended. Any thread.
 *  Returns false, with errno, if memory is out. */
bool dmap__watcher_add(dmap__watcher *watcher, int descriptor, dmap__watch *watch);
/** Sleeps until it has ended, no longer than about timeout_s (< 0: no limit). Returns true if it has. */
bool dmap__watch_wait(dmap__watch *watch, double timeout_s);

#endif
