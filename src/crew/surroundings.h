/* What a process has of its program besides memory: a worker's process takes it over, as a thread has it by itself. */
#ifndef DMAP_CREW_SURROUNDINGS_H
#define DMAP_CREW_SURROUNDINGS_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

typedef struct dmap__surroundings {
    sigset_t mask;    /* signals that are blocked while a task runs */
    sigset_t ignored; /* and that the program ignores; those that it handles are the default in a process */
    mode_t umask;
    int niceness;
    struct rlimit limits[RLIMIT_NLIMITS];
} dmap__surroundings;

/** This process's, and the calling thread's niceness.
 *  mask: what tasks are to find blocked; NULL: nothing */
void dmap__surroundings_get(dmap__surroundings *surroundings, const sigset_t *mask);
/** Makes them this process's own, as far as the system lets it. */
void dmap__surroundings_enter(const dmap__surroundings *surroundings);

#endif
