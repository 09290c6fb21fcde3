/* Which process this is, without asking the system each time. */
#ifndef DMAP_BASE_OWN_PROCESS_H
#define DMAP_BASE_OWN_PROCESS_H

#include <sys/types.h>

/** What getpid says, also in a process that was forked from one that has asked before. Any thread. */
pid_t dmap__own_process(void);

#endif
