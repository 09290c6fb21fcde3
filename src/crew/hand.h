/* Those who work in a crew: each worker's thread, or, with DMAP_SERIAL, the manager's own. And the crew, which they
 * look at. For crew.c and hand.c alone. */
#ifndef DMAP_CREW_HAND_H
#define DMAP_CREW_HAND_H

#include <pthread.h>

#include "crew/crew.h"
#include "crew/worker.h"

typedef struct dmap__hand {
    dmap__crew *crew;
    int number;
    dmap__worker *worker;
    dmap__place place;
    pthread_t thread;
    bool started;
    bool did; /* something in its last step: DMAP_SERIAL */
} dmap__hand;

struct dmap__crew {
    dmap__crew_state state;
    dmap_backend backend;
    const dmap__topology *topology;
    dmap__inner inner;
    int workers;
    bool spins;
    dmap__bell *bell;              /* of the manager */
    struct dmap__watcher *watcher; /* of their processes */
    dmap__hand *hands;
    bool watches_crashes;
    void *own_stack; /* for signal handlers, of the manager's thread: DMAP_SERIAL */
    _Alignas(DMAP__CACHE_LINE) _Atomic uint32_t epoch;
    _Atomic uint32_t sleepers; /* workers that have nothing to do */
    _Atomic uint32_t lookers;  /* of them: that nobody counts on */
    _Atomic uint32_t ready;    /* threads whose memory is where it belongs */
    _Atomic bool quit;
};

/** Starts its thread. Returns 0, or an error number. */
int dmap__hand_start(dmap__hand *hand, size_t stack_size);
/** Runs tear-downs, and ends its thread, if it has one. After quit was set, and all were woken. */
void dmap__hand_end(dmap__hand *hand);
/** DMAP_SERIAL: runs a batch in the calling thread. Returns false if there was nothing to run. */
bool dmap__hand_step(dmap__hand *hand);

/** Wakes the manager. state.tell, with the crew. */
void dmap__hand_tell(void *crew);
/** Has one more look for work: the one that calls has stolen more than it can take at once. state.share. */
void dmap__hand_share(void *crew);
/** Has up to `want` that sleep look for work. */
void dmap__hand_wake(dmap__crew *crew, uint32_t want);

#endif
