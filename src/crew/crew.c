/* The crew. Invariants:
 *  - the state that workers read (shared data) changes only while no grant is out;
 *  - a worker that found nothing sleeps on `epoch`, which is raised after a grant was put: it reads the epoch, looks
 * once more, and sleeps only if the epoch is still that one, so no grant is slept through;
 *  - the manager sleeps on its bell, which a worker rings after what it is about.
 * Workers take no lock, and the manager touches the log of a lane only after the board said that its chunk ended. */
#include "crew/crew.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/futex.h"
#include "base/memory.h"
#include "crew/emission.h"
#include "crew/process_system.h"
#include "crew/puppet.h"
#include "crew/worker.h"

#define STACK_GUARD ((size_t)256 * 1024)
#define SPIN_S      20e-6

_Static_assert(DMAP__CREW_SMALL == DMAP__SMALL_MOST && DMAP__CREW_GRANTS < DMAP__BIG_SLOTS,
               "the board has room for the grants that may be out");

typedef struct hand {
    dmap__crew *crew;
    int number;
    dmap__worker *worker;
    dmap__place place;
    pthread_t thread;
    bool started;
} hand;

struct dmap__crew {
    dmap__crew_state state;
    dmap_backend backend;
    const dmap__topology *topology;
    dmap__inner inner;
    int workers;
    bool spins;
    dmap__bell *bell;       /* of the manager */
    dmap__watcher *watcher; /* of their processes */
    hand *hands;
    _Alignas(DMAP__CACHE_LINE) _Atomic uint32_t epoch;
    _Atomic uint32_t sleepers;
    _Atomic uint32_t ready; /* threads whose memory is where it belongs */
    _Atomic bool quit;
};

static void tell_manager(void *arg) {
    dmap__crew *crew = arg;
    dmap__bell_ring(crew->bell);
}

/* A manager that does not wait may be in want of the core that this worker has, where none is to spare: it woke the
 * worker, which was run at once. So the worker gives way before it begins anything else; one that has nothing to begin
 * sleeps anyway. */
static bool step(hand *h) {
    int did = dmap__worker_step(h->worker);
    if (did == 2 && !dmap__bell_ring(h->crew->bell) && h->crew->backend != DMAP_SERIAL && !h->crew->spins)
        dmap__worker_give_way(h->worker);
    return did != 0;
}

static void look_for_a_while(dmap__crew *crew, uint32_t epoch) {
    double until = dmap__clock_now() + SPIN_S;
    while (atomic_load(&crew->epoch) == epoch && dmap__clock_now() < until)
        continue;
}

/* The manager is told: while other workers still have items, it may ask for more. */
static void sleep_for_work(dmap__crew *crew, uint32_t epoch) {
    atomic_fetch_add(&crew->sleepers, 1);
    if (dmap__board_is_used(&crew->state.board))
        tell_manager(crew);
    if (crew->spins)
        look_for_a_while(crew, epoch);
    dmap__futex_wait(&crew->epoch, epoch, -1);
    atomic_fetch_sub(&crew->sleepers, 1);
}

static void *work(void *arg) {
    hand *h = arg;
    if (h->crew->topology)
        dmap__topology_bind(h->crew->topology, &h->place);
    dmap__inner_enter(h->crew->inner);
    dmap__board_touch(&h->crew->state.board, h->number);
    atomic_fetch_add(&h->crew->ready, 1);
    dmap__futex_wake(&h->crew->ready, 1);
    for (;;) {
        if (step(h))
            continue;
        uint32_t epoch = atomic_load(&h->crew->epoch);
        if (step(h))
            continue;
        if (atomic_load(&h->crew->quit))
            break;
        sleep_for_work(h->crew, epoch);
    }
    dmap__worker_leave(h->worker);
    return NULL;
}

/* Signals are the program's: no worker takes them. Its stack (on which tasks run, also in processes that were forked
 * from here) ends with a guard that large frames do not step over: below it may lie memory that is shared. */
static int start_thread(hand *h) {
    sigset_t all, before;
    pthread_attr_t attributes;
    int code = pthread_attr_init(&attributes);
    if (code)
        return code;
    pthread_attr_setguardsize(&attributes, STACK_GUARD);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&h->thread, &attributes, work, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    h->started = code == 0;
    return code;
}

static void wake_workers(dmap__crew *crew) {
    atomic_fetch_add(&crew->epoch, 1);
    if (atomic_load(&crew->sleepers))
        dmap__futex_wake(&crew->epoch, INT_MAX);
}

/* The process itself is started with its first batch, by the worker's thread. */
static dmap_status hand_over(dmap__crew *crew, int number, const dmap__crew_config *config, dmap__error *error) {
    dmap__puppet_config puppet = {.start = config->start,
                                  .refresh_items = config->refresh_items,
                                  .refresh_memory = config->refresh_memory,
                                  .watcher = crew->watcher,
                                  .inner = crew->inner,
                                  .rank = config->rank,
                                  .worker = number,
                                  .workers = crew->workers};
    dmap__puppet *made = dmap__puppet_create(&puppet);
    if (!made) {
        int reason = errno;
        char what[64];
        snprintf(what, sizeof what, "make worker process %d of %d", number + 1, crew->workers);
        return dmap__fail_system(error, reason, what);
    }
    dmap__worker_hand_over(crew->hands[number].worker, made);
    crew->state.stages[crew->state.n_stages++] = made->stage.head;
    return DMAP_OK;
}

static dmap_status open_processes(dmap__crew *crew, dmap__error *error) {
    size_t n = (size_t)crew->workers;
    if (crew->backend != DMAP_PROCESSES)
        return DMAP_OK;
    crew->state.stages = calloc(n, sizeof(dmap__stage_head *));
    if (!crew->state.stages)
        return dmap__fail_memory(error, n * sizeof(dmap__stage_head *), "a crew");
    crew->watcher = dmap__watcher_open();
    return crew->watcher ? DMAP_OK : dmap__fail_system(error, errno, "watch the workers' processes");
}

static dmap_status open_hand(dmap__crew *crew, int number, const dmap__crew_config *config, dmap__error *error) {
    hand *h = &crew->hands[number];
    h->crew = crew;
    h->number = number;
    h->place.core = -1;
    if (config->places)
        h->place = config->places[number];
    h->worker = dmap__worker_create(&crew->state, number, h->place.core);
    if (!h->worker)
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for worker %d", number);
    dmap_status status = crew->state.stages ? hand_over(crew, number, config, error) : DMAP_OK;
    if (status != DMAP_OK)
        return status;
    if (crew->backend != DMAP_SERIAL && start_thread(h))
        return dmap__fail(error, DMAP_ENOMEM, "rank %d could not start thread %d of %d", config->rank, number + 1,
                          crew->workers);
    return DMAP_OK;
}

/* A grant may be put once every worker has touched its lanes: else they would come from where the manager runs. */
static void wait_for_threads(dmap__crew *crew) {
    uint32_t ready;
    while (crew->backend != DMAP_SERIAL && (ready = atomic_load(&crew->ready)) < (uint32_t)crew->workers)
        dmap__futex_wait(&crew->ready, ready, -1);
}

dmap_status dmap__crew_open(const dmap__crew_config *config, dmap__crew **crew, dmap__error *error) {
    dmap__crew *made = aligned_alloc(DMAP__CACHE_LINE, sizeof *made);
    if (!made)
        return dmap__fail_memory(error, sizeof *made, "a crew");
    memset(made, 0, sizeof *made);
    made->backend = config->backend;
    made->topology = config->places ? config->topology : NULL;
    made->inner = config->inner;
    made->workers = config->workers;
    made->spins = config->spins;
    made->bell = config->bell;
    made->state.rank = config->rank;
    made->state.n_tasks = config->n_tasks;
    made->hands = calloc((size_t)config->workers, sizeof *made->hands);
    dmap_status status = DMAP_OK;
    made->state.tell = tell_manager;
    made->state.tell_arg = made;
    made->state.emissions = dmap__emissions_create(config->backend != DMAP_SERIAL);
    if (!made->hands || !made->state.emissions || !dmap__board_init(&made->state.board, config->workers))
        status = dmap__fail(error, DMAP_ENOMEM, "out of memory for the board of %d workers", config->workers);
    if (status == DMAP_OK)
        status = open_processes(made, error);
    for (int i = 0; i < config->workers && status == DMAP_OK; i++)
        status = open_hand(made, i, config, error);
    if (status != DMAP_OK) {
        dmap__crew_close(made);
        return status;
    }
    wait_for_threads(made);
    *crew = made;
    return DMAP_OK;
}

void dmap__crew_close(dmap__crew *crew) {
    if (!crew)
        return;
    atomic_store(&crew->quit, true);
    wake_workers(crew);
    for (int i = 0; crew->hands && i < crew->workers; i++) {
        hand *h = &crew->hands[i];
        if (h->started)
            pthread_join(h->thread, NULL);
        else if (h->worker)
            dmap__worker_leave(h->worker);
        dmap__worker_destroy(h->worker);
    }
    dmap__watcher_close(crew->watcher);
    dmap__emissions_destroy(crew->state.emissions);
    dmap__board_fini(&crew->state.board);
    free(crew->state.stages);
    free(crew->hands);
    free(crew);
}

int dmap__crew_workers(const dmap__crew *crew) {
    return crew->workers;
}

void dmap__crew_call_init(dmap__crew_call *call, const dmap__call_spec *spec, const dmap_task *task, uint64_t id) {
    *call = (dmap__crew_call){.spec = *spec, .task = task, .id = id, .limit = UINT64_MAX};
}

void dmap__crew_share(dmap__crew *crew, const void *data, size_t size, long process, int descriptor) {
    crew->state.shared = data;
    crew->state.shared_size = size;
    crew->state.shared_generation++;
    crew->state.shared_place = (dmap__shared_place){process, descriptor, size, crew->state.shared_generation};
}

void dmap__crew_submit(dmap__crew *crew, dmap__grant *grant) {
    dmap__board_enter(&crew->state.board, grant->call);
    while (!dmap__board_put(&crew->state.board, grant, dmap__worker_most(&crew->state, grant)))
        sched_yield();
    wake_workers(crew);
}

dmap__grant *dmap__crew_poll(dmap__crew *crew) {
    dmap__slot *slot = dmap__board_ended(&crew->state.board);
    if (!slot)
        return NULL;
    dmap__grant *grant = slot->grant;
    bool whole = true;
    for (int i = 0; i < slot->n_lanes; i++) {
        dmap__outcome *log = &dmap__board_lane(slot, i)->log;
        whole = dmap__outcome_move(&grant->outcome, log) && whole;
        if (!whole)
            dmap__outcome_fini(log);
    }
    uint64_t limit = atomic_load(&grant->call->limit);
    grant->outcome.is_placed = atomic_load(&grant->passing) == DMAP__PASSING_ALL;
    grant->outcome.limit = limit;
    bool cut = !grant->indices && limit < UINT64_MAX; /* the item at the limit itself may be the one that failed */
    whole = dmap__outcome_sort(&grant->outcome, cut ? limit + 1 : UINT64_MAX) && whole;
    if (!whole && grant->outcome.trouble.status == DMAP_OK)
        dmap__fail(&grant->outcome.trouble, DMAP_ENOMEM, "out of memory for the results of a chunk");
    dmap__board_clear(&crew->state.board, slot);
    dmap__board_leave(&crew->state.board, grant->call);
    return grant;
}

dmap__emission *dmap__crew_emission(dmap__crew *crew) {
    return dmap__emissions_take(crew->state.emissions);
}

void dmap__crew_emission_gone(dmap__crew *crew, size_t bytes) {
    dmap__emissions_gone(crew->state.emissions, bytes);
}

int dmap__crew_recall(dmap__crew *crew, const dmap__grant *grant, uint64_t want, uint64_t (*ranges)[2]) {
    return dmap__board_recall(&crew->state.board, grant, want, ranges);
}

bool dmap__crew_is_hungry(const dmap__crew *crew) {
    return atomic_load(&crew->sleepers) > 0 && dmap__board_is_used(&crew->state.board);
}

uint64_t dmap__crew_progress(const dmap__crew *crew, const dmap__grant *grant) {
    return dmap__board_progress(&crew->state.board, grant);
}

void dmap__crew_limit(dmap__crew *crew, dmap__crew_call *call, uint64_t limit) {
    dmap__crew_lower_limit(&crew->state, call, limit);
}

bool dmap__crew_step(dmap__crew *crew) {
    return crew->backend == DMAP_SERIAL && step(&crew->hands[0]);
}

bool dmap__crew_is_inside(void) {
    return dmap__worker_is_inside();
}
