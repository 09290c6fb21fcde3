/* The lock is fair to the owner: who wants in says so first, and the helper does not take the lock again before that
 * one has had it. Between its rounds the helper sleeps as the owner would, on the bell; while no call is in flight,
 * until that rings. So who makes a call rings, if the helper sleeps; not whoever leaves the pool, as the descriptor of
 * dmap_fd hears every ring. */
#include "pool/helper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crew/signals.h"
#include "pool/fd.h"
#include "pool/idle.h"
#include "pool/loop.h"

struct dmap__helper {
    pthread_t thread;
    pthread_mutex_t lock;
    _Atomic bool is_wanted; /* the lock, by the owner */
    _Atomic bool sleeps, ends;
    unsigned depth; /* the owner's: how often it has come in */
    dmap__error told;
};

_Atomic size_t dmap__helpers;

/* What items emit is taken by a function of the program's, before their ends are. */
static bool is_owners_turn(const dmap_pool *pool) {
    for (size_t i = 0; i < pool->calls.n_running; i++)
        if (pool->calls.running[i]->options.on_emit)
            return true;
    return false;
}

static bool has_calls(const dmap_pool *pool) {
    return pool->calls.n_running + pool->calls.n_waiting > pool->calls.count_idle(pool);
}

/* The owner may have something to do: to be told of an end, or to go on with what waits for it. Late words of calls
 * that have ended, and were told of, are none of its business: its descriptor is to be silent then. */
static void tell_owner(dmap_pool *pool) {
    if (has_calls(pool) || pool->n_ended != pool->n_told)
        dmap__fd_touch(pool);
}

/* Seconds to sleep after it; < 0: until the bell rings. */
static double take_round(dmap_pool *pool, dmap__idle *idle) {
    if (is_owners_turn(pool))
        return -1;
    if (dmap__loop_help(pool, has_calls(pool))) { /* MPI is the program's while none is in flight */
        tell_owner(pool);
        dmap__idle_reset(idle);
        return 0;
    }
    return has_calls(pool) ? dmap__loop_until_look(pool, idle, dmap__clock_now()) : -1;
}

static void *help(void *arg) {
    dmap_pool *pool = arg;
    dmap__helper *h = pool->helper;
    dmap__idle idle = {0};
    dmap__clock_sharpen();
    pthread_mutex_lock(&h->lock);
    while (!atomic_load(&h->ends)) {
        uint32_t heard = dmap__bell_heard(pool->bell);
        double sleep_s = take_round(pool, &idle);
        atomic_store(&h->sleeps, true);
        pthread_mutex_unlock(&h->lock);
        while (atomic_load(&h->is_wanted))
            dmap__clock_yield();
        if ((sleep_s < 0 || sleep_s > 0) && dmap__bell_wait(pool->bell, heard, sleep_s))
            dmap__idle_reset(&idle);
        pthread_mutex_lock(&h->lock);
        atomic_store(&h->sleeps, false);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

dmap_status dmap__helper_open(dmap_pool *pool, dmap__error *error) {
    sigset_t before;
    if (!pool->options.helper)
        return DMAP_OK;
    pool->helper = calloc(1, sizeof *pool->helper);
    if (!pool->helper)
        return dmap__fail_memory(error, sizeof *pool->helper, "a helper");
    pthread_mutex_init(&pool->helper->lock, NULL);
    dmap__helper_enter(pool->helper);
    dmap__signals_rest(&before);
    int code = pthread_create(&pool->helper->thread, NULL, help, pool);
    dmap__signals_set(&before);
    if (code) {
        pthread_mutex_unlock(&pool->helper->lock);
        pthread_mutex_destroy(&pool->helper->lock);
        free(pool->helper);
        pool->helper = NULL;
        return dmap__fail_system(error, code, "start the helper");
    }
    atomic_fetch_add(&dmap__helpers, 1);
    return DMAP_OK;
}

void dmap__helper_close(dmap_pool *pool) {
    dmap__helper *h = pool->helper;
    if (!h)
        return;
    atomic_store(&h->ends, true);
    if (h->depth)
        pthread_mutex_unlock(&h->lock);
    dmap__bell_ring(pool->bell);
    pthread_join(h->thread, NULL);
    pthread_mutex_destroy(&h->lock);
    free(h);
    pool->helper = NULL;
    atomic_fetch_sub(&dmap__helpers, 1);
}

void dmap__helper_enter(dmap__helper *helper) {
    if (helper->depth++)
        return;
    atomic_store(&helper->is_wanted, true);
    pthread_mutex_lock(&helper->lock);
    atomic_store(&helper->is_wanted, false);
}

void dmap__helper_leave(dmap_pool *pool) {
    dmap__helper *h = pool->helper;
    if (--h->depth)
        return;
    pthread_mutex_unlock(&h->lock);
}

void dmap__helper_wake(dmap_pool *pool) {
    if (pool->helper && atomic_exchange(&pool->helper->sleeps, false))
        dmap__bell_ring(pool->bell);
}

const char *dmap__helper_tell(dmap__helper *helper, const dmap__error *error) {
    helper->told = *error;
    return helper->told.text;
}
