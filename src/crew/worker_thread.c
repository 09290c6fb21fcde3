/* A thread's loop. Invariants:
 *  - a worker that found nothing counts itself as a sleeper, reads `epoch`, looks once more, and sleeps only if the
 *    epoch is still that one. Who makes items to be found raises the epoch afterwards: the manager that put a grant
 *    always, a worker that stole more than it can take at once if it sees a sleeper. So nothing is slept through;
 *  - as many are woken as there are items for, and a grant that finds all workers busy wakes none. Of the sleepers,
 *    `lookers` still spin and see the epoch by themselves: who raises it takes those it counts on from that number, and
 *    one that stops looking takes one, if it is not 0. So lookers are at least as many as it says, and no two grants
 *    count on the same one. */
#include "crew/worker_thread.h"

#include "base/clock.h"
#include "base/futex.h"
#include "crew/crash.h"
#include "crew/outlive.h"
#include "crew/signals.h"
#include "crew/stack.h"

#define STACK_GUARD ((size_t)256 * 1024)
#define SPIN_S      20e-6

void dmap__worker_thread_tell(void *arg) {
    dmap__crew *crew = arg;
    dmap__bell_ring(crew->bell);
}

/* A manager that does not wait may be in want of the core that this worker has: it woke the worker, which was run at
 * once. So the worker gives way before it begins anything else; one that has nothing to begin sleeps anyway. */
static bool tell_step(dmap__worker_thread *h, int did) {
    if (did == 2 && !dmap__bell_ring(h->crew->bell) && h->crew->backend != DMAP_SERIAL && !h->crew->spins)
        dmap__worker_give_way(h->worker);
    return did != 0;
}

static bool step(dmap__worker_thread *h) {
    return tell_step(h, dmap__worker_step(h->worker));
}

/* Takes up to `want` lookers; returns how many there were. */
static uint32_t take_lookers(dmap__crew *crew, uint32_t want) {
    uint32_t there = atomic_load(&crew->lookers), n;
    do
        n = want < there ? want : there;
    while (n && !atomic_compare_exchange_weak(&crew->lookers, &there, there - n));
    return n;
}

void dmap__worker_thread_wake(dmap__crew *crew, uint32_t want) {
    atomic_fetch_add(&crew->epoch, 1);
    uint32_t sleepers = atomic_load(&crew->sleepers), n = want < sleepers ? want : sleepers;
    n -= n ? take_lookers(crew, n) : 0;
    if (n)
        dmap__futex_wake(&crew->epoch, (int)n);
}

/* A worker stole more than it can take at once. While it moved that from the other's deque to its own, who looked saw
 * none of it. One alone would not do: who takes one of two items leaves one, and knows of nobody that sleeps beside
 * it. */
void dmap__worker_thread_share(void *arg, uint64_t items) {
    dmap__crew *crew = arg;
    if (atomic_load(&crew->sleepers))
        dmap__worker_thread_wake(crew, items < UINT32_MAX ? (uint32_t)items : UINT32_MAX);
}

static void look_for_a_while(dmap__crew *crew, uint32_t epoch) {
    double until = dmap__clock_now() + SPIN_S;
    atomic_fetch_add(&crew->lookers, 1);
    while (atomic_load(&crew->epoch) == epoch && dmap__clock_now() < until)
        continue;
    take_lookers(crew, 1);
}

/* Looks once more; false if there is no work. The manager is told of the first sleeper, as that makes the crew hungry:
 * while other workers still have items, it may ask for more. Of those that join the first it need not know. */
static bool wait_for_work(dmap__worker_thread *h) {
    dmap__crew *crew = h->crew;
    if (atomic_fetch_add(&crew->sleepers, 1) == 0 && dmap__board_is_used(&crew->state.board))
        dmap__worker_thread_tell(crew);
    uint32_t epoch = atomic_load(&crew->epoch);
    bool found = dmap__board_has_work(&crew->state.board);
    if (!found && !atomic_load(&crew->quit)) {
        if (crew->spins)
            look_for_a_while(crew, epoch);
        if (atomic_load(&crew->epoch) == epoch) {
            dmap__worker_rest(h->worker);
            dmap__futex_wait(&crew->epoch, epoch, -1);
        }
    }
    atomic_fetch_sub(&crew->sleepers, 1);
    return found || !atomic_load(&crew->quit);
}

/* A task that ends its thread (pthread_exit) has failed. */
static bool resume(dmap__worker_thread *h) {
    return tell_step(h, dmap__worker_resume(h->worker, "the task ended its thread (pthread_exit)", true));
}

/* Until the crew quits. */
static void work(void *arg, bool again) {
    dmap__worker_thread *h = arg;
    if (again)
        resume(h);
    while (step(h) || wait_for_work(h))
        continue;
    dmap__worker_leave(h->worker);
}

/* DMAP_SERIAL: the same in the manager's thread, a step at a time. */
static void step_own(void *arg, bool again) {
    dmap__worker_thread *h = arg;
    h->did = again ? resume(h) : step(h);
}

static void leave_own(void *arg, bool again) {
    (void)again; /* a tear-down is not run twice */
    dmap__worker_leave(((dmap__worker_thread *)arg)->worker);
}

static void *start(void *arg) {
    dmap__worker_thread *h = arg;
    void *stack = dmap__crash_stack();
    if (h->crew->topology)
        dmap__topology_bind(h->crew->topology, &h->place);
    dmap__nested_threads_enter(h->crew->inner);
    dmap__board_touch(&h->crew->state.board, h->number);
    atomic_fetch_add(&h->crew->ready, 1);
    dmap__futex_wake(&h->crew->ready, 1);
    dmap__outlive(work, h);
    dmap__crash_stack_drop(stack);
    return NULL;
}

/* Until it has work it takes no signals. Its stack (on which tasks run, also in processes that were forked
 * from here) ends with a guard that large frames do not step over: below it may lie memory that is shared. */
int dmap__worker_thread_start(dmap__worker_thread *h, size_t stack_size) {
    sigset_t before;
    pthread_attr_t attributes;
    int code = pthread_attr_init(&attributes);
    if (code)
        return code;
    pthread_attr_setguardsize(&attributes, STACK_GUARD);
    pthread_attr_setstacksize(&attributes, dmap__stack_round(stack_size));
    dmap__signals_rest(&before);
    code = pthread_create(&h->thread, &attributes, start, h);
    dmap__signals_set(&before);
    pthread_attr_destroy(&attributes);
    h->started = code == 0;
    return code;
}

void dmap__worker_thread_end(dmap__worker_thread *h) {
    if (h->started)
        pthread_join(h->thread, NULL);
    else if (h->worker)
        dmap__outlive_own(leave_own, h);
}

bool dmap__worker_thread_step(dmap__worker_thread *h) {
    dmap__outlive_own(step_own, h);
    return h->did;
}
