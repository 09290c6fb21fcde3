/* The set of open processes, of this process. A child that was forked while a thread was in here, or in the midst of a
 * start, finds the locks held by nobody: so it makes new ones before anything else. */
#include "proc/process_live.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

static struct {
    pthread_mutex_t lock; /* guards the set */
    const dmap_process **processes;
    size_t count, capacity;
    pthread_mutex_t start;
} live = {.lock = PTHREAD_MUTEX_INITIALIZER, .start = PTHREAD_MUTEX_INITIALIZER};

bool dmap__process_live_add(const dmap_process *process) {
    pthread_mutex_lock(&live.lock);
    bool added = dmap__memory_grow(&live.processes, &live.capacity, live.count + 1, sizeof(const dmap_process *));
    if (added)
        live.processes[live.count++] = process;
    pthread_mutex_unlock(&live.lock);
    return added;
}

void dmap__process_live_remove(const dmap_process *process) {
    pthread_mutex_lock(&live.lock);
    for (size_t i = 0; i < live.count; i++)
        if (live.processes[i] == process)
            live.processes[i--] = live.processes[--live.count];
    if (!live.count) {
        free(live.processes);
        live.processes = NULL;
        live.capacity = 0;
    }
    pthread_mutex_unlock(&live.lock);
}

bool dmap__process_live_has(const dmap_process *process) {
    bool found = false;
    pthread_mutex_lock(&live.lock);
    for (size_t i = 0; i < live.count && !found; i++)
        found = live.processes[i] == process;
    pthread_mutex_unlock(&live.lock);
    return found;
}

void dmap__process_live_begin_start(void) {
    pthread_mutex_lock(&live.start);
}

void dmap__process_live_end_start(void) {
    pthread_mutex_unlock(&live.start);
}

void dmap__process_live_forget(void) {
    pthread_mutex_init(&live.lock, NULL);
    pthread_mutex_init(&live.start, NULL);
    live.processes = NULL;
    live.count = live.capacity = 0;
}
