/* How many jobs may run at a time on this node. */
#ifndef DMAP_APPS_RUN_JOB_SLOTS_H
#define DMAP_APPS_RUN_JOB_SLOTS_H

#include <stddef.h>
#include <stdint.h>

/** What this process may still take of what each slot needs; UINT64_MAX: as much as it likes. */
typedef struct run_room {
    uint64_t files;  /* descriptors: the soft limit, less what is open */
    uint64_t tasks;  /* processes and threads: of the user, of the cgroups, of the machine */
    uint64_t memory; /* bytes */
} run_room;

run_room run_room_here(void);
/** As many of these slots as there is room for, 1 or more. If there are fewer, what is short is said in short_of; else
 *  that is empty. Pure. */
int run_slots_fit(int slots, const run_room *room, char *short_of, size_t size);

#endif
