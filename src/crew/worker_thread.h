/* Those who work in a crew: each worker's thread, or, with DMAP_SERIAL, the manager's own. And the crew, which they
 * look at. For crew.c and worker_thread.c alone. */
#ifndef DMAP_CREW_WORKER_THREAD_H
#define DMAP_CREW_WORKER_THREAD_H

#include <pthread.h>

#include "crew/crash.h"
#include "crew/crew.h"
#include "crew/worker.h"

typedef struct dmap__worker_thread {
    dmap__crew *crew;
    int number;
    dmap__worker *worker;
    dmap__place place;
    pthread_t thread;
    bool started;
    bool did; /* something in its last step: DMAP_SERIAL */
} dmap__worker_thread;

struct dmap__crew {
    dmap__crew_state state;
    dmap_backend backend;
    const dmap__topology *topology;
    dmap__nested_threads inner;
    int workers;
    bool spins;
    dmap__bell *bell;              /* of the manager */
    struct dmap__watcher *watcher; /* of their processes */
    dmap__worker_thread *threads;
    bool watches_crashes;
    dmap__crash_watch crash_watch;
    void *own_stack; /* for signal handlers, of the manager's thread: DMAP_SERIAL */
    _Alignas(DMAP__CACHE_LINE) _Atomic uint32_t epoch;
    _Atomic uint32_t sleepers; /* workers that have nothing to do */
    _Atomic uint32_t lookers;  /* of them: that nobody counts on */
    _Atomic uint32_t ready;    /* threads whose memory is where it belongs */
    _Atomic bool quit;
};

/** Starts its thread. Returns 0, or an error number. */
int dmap__worker_thread_start(dmap__worker_thread *thread, size_t stack_size);
/** Runs tear-downs, and ends its thread, if it has one. After quit was set, and all were woken. */
void dmap__worker_thread_end(dmap__worker_thread *thread);
/** DMAP_SERIAL: runs a batch in the calling thread. Returns false if there was nothing to run. */
bool dmap__worker_thread_step(dmap__worker_thread *thread);

/** Wakes the manager. state.tell, with the crew. */
void dmap__worker_thread_tell(void *crew);
/** Has as many look for work as the one that calls has items that others may take. state.share. */
void dmap__worker_thread_share(void *crew, uint64_t items);
/** Has up to `want` that sleep look for work. */
void dmap__worker_thread_wake(dmap__crew *crew, uint32_t want);

#endif
