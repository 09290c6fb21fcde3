/* The processes that are open: so that a pointer to one that was closed is refused, not followed. */
#ifndef DMAP_PROC_PROCESS_LIVE_H
#define DMAP_PROC_PROCESS_LIVE_H

#include <dmap/process.h>

/** Returns false if memory is out. Any thread. */
bool dmap__process_live_add(const dmap_process *process);
void dmap__process_live_remove(const dmap_process *process);
bool dmap__process_live_has(const dmap_process *process);

/** Around the part of a start of which only one is under way in the program. Blocks: until no other is. */
void dmap__process_live_begin_start(void);
void dmap__process_live_end_start(void);

/** In a new child: none is open here; those of the parent are the parent's. */
void dmap__process_live_forget(void);

#endif
