/* All presences of this process are in a list, which is whole when the process is copied: who changes it has the lock,
 * and so does a fork. */
#include "proc/presence.h"

#include <pthread.h>
#include <stddef.h>

#include "proc/process_system.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static dmap__presence *first;

static void before_fork(void) {
    pthread_mutex_lock(&lock);
}

static void in_parent(void) {
    pthread_mutex_unlock(&lock);
}

static void in_copy(void) {
    for (; first; first = first->next)
        dmap__close_one(&first->descriptor);
    pthread_mutex_unlock(&lock);
}

static void watch_forks(void) {
    pthread_atfork(before_fork, in_parent, in_copy);
}

int dmap__presence_open(dmap__presence *presence, const dmap__shared_object *object) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&lock);
    *presence = (dmap__presence){.descriptor = dmap__shared_reopen(object, 0), .next = first};
    if (presence->descriptor >= 0) {
        if (first)
            first->before = presence;
        first = presence;
    }
    pthread_mutex_unlock(&lock);
    return presence->descriptor;
}

void dmap__presence_close(dmap__presence *presence) {
    pthread_mutex_lock(&lock);
    if (presence->descriptor >= 0) {
        *(presence->before ? &presence->before->next : &first) = presence->next;
        if (presence->next)
            presence->next->before = presence->before;
        dmap__close_one(&presence->descriptor);
    }
    pthread_mutex_unlock(&lock);
}
