#include "crew/copy.h"

#include <pthread.h>
#include <stdatomic.h>

bool dmap__copy_is_here;

static void note(void) {
    dmap__copy_is_here = true;
}

/* A copy inherits the handler with the rest: it is asked for once. */
bool dmap__copy_watch(void) {
    static _Atomic bool watches;
    dmap__copy_is_here = false;
    if (!atomic_exchange(&watches, true) && pthread_atfork(NULL, NULL, note))
        atomic_store(&watches, false);
    return atomic_load(&watches);
}
