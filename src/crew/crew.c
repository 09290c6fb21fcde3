/* The crew. Invariants:
 *  - the state that workers read (shared data, the mask) changes only while no grant is out;
 *  - the manager sleeps on its bell, which a worker rings after what it is about.
 * Workers take no lock, and the manager touches the log of a deque only after the board said that its chunk ended. */
#include "crew/crew.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/futex.h"
#include "base/memory.h"
#include "crew/best.h"
#include "crew/cancel.h"
#include "crew/crash.h"
#include "crew/emission.h"
#include "crew/spawn.h"
#include "crew/stack.h"
#include "crew/worker_proc.h"
#include "crew/worker_thread.h"
#include "proc/process_system.h"

_Static_assert(DMAP__CREW_SMALL == DMAP__SMALL_MOST && DMAP__CREW_GRANTS < DMAP__BIG_SLOTS,
               "the board has room for the grants that may be out");

/* The process itself is started with its first batch, by the worker's thread. */
static dmap_status hand_over(dmap__crew *crew, int number, const dmap__crew_config *config, dmap__error *error) {
    dmap__worker_proc_config proc = {.start = config->start,
                                     .refresh_items = config->refresh_items,
                                     .refresh_memory = config->refresh_memory,
                                     .start_timeout_s = config->start_timeout_s,
                                     .watcher = crew->watcher,
                                     .inner = crew->inner,
                                     .mask = &crew->state.mask,
                                     .rank = config->rank,
                                     .worker = number,
                                     .workers = crew->workers};
    dmap__worker_proc *made = dmap__worker_proc_create(&proc);
    if (!made) {
        int reason = errno;
        char what[64];
        snprintf(what, sizeof what, "make worker process %d of %d", number + 1, crew->workers);
        return dmap__fail_system(error, reason, what);
    }
    dmap__worker_hand_over(crew->threads[number].worker, made);
    crew->state.channels[crew->state.n_channels++] = made->channel.head;
    return DMAP_OK;
}

static dmap_status open_processes(dmap__crew *crew, dmap__error *error) {
    size_t n = (size_t)crew->workers;
    if (crew->backend != DMAP_PROCESSES)
        return DMAP_OK;
    crew->state.channels = calloc(n, sizeof(dmap__shm_channel_head *));
    if (!crew->state.channels)
        return dmap__fail_memory(error, n * sizeof(dmap__shm_channel_head *), "a crew");
    crew->watcher = dmap__watcher_open();
    return crew->watcher ? DMAP_OK : dmap__fail_system(error, errno, "watch the workers' processes");
}

static dmap_status open_thread(dmap__crew *crew, int number, const dmap__crew_config *config, dmap__error *error) {
    dmap__worker_thread *h = &crew->threads[number];
    h->crew = crew;
    h->number = number;
    h->place.core = -1;
    if (config->places)
        h->place = config->places[number];
    h->worker = dmap__worker_create(&crew->state, number, h->place.core);
    if (!h->worker)
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for worker %d", number);
    dmap_status status = crew->state.channels ? hand_over(crew, number, config, error) : DMAP_OK;
    if (status != DMAP_OK)
        return status;
    size_t stack_size = config->stack_size ? config->stack_size : dmap__stack_usual(crew->workers);
    int code = crew->backend == DMAP_SERIAL ? 0 : dmap__worker_thread_start(h, stack_size);
    char reason[128];
    return !code ? DMAP_OK
                 : dmap__fail(error, DMAP_ENOMEM,
                              "rank %d could not start thread %d of %d, with a stack of %zu KiB: %s", config->rank,
                              number + 1, crew->workers, stack_size / 1024, strerror_r(code, reason, sizeof reason));
}

/* A grant may be put once every worker has touched its deques: else they would come from where the manager runs. */
static void wait_for_threads(dmap__crew *crew) {
    uint32_t ready;
    while (crew->backend != DMAP_SERIAL && (ready = atomic_load(&crew->ready)) < (uint32_t)crew->workers)
        dmap__futex_wait(&crew->ready, ready, -1);
}

static const dmap_context *context_of(const void *arg, int worker) {
    const dmap__worker *w = ((const dmap__crew *)arg)->threads[worker].worker;
    return w ? dmap__worker_context(w) : NULL;
}

/* With processes no task runs here. */
static void watch_crashes(dmap__crew *crew) {
    if (crew->backend == DMAP_PROCESSES)
        return;
    crew->crash_watch = (dmap__crash_watch){.workers = crew->workers, .context_of = context_of, .arg = crew};
    dmap__crash_open(&crew->crash_watch);
    crew->watches_crashes = true;
    if (crew->backend == DMAP_SERIAL)
        crew->own_stack = dmap__crash_stack();
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
    made->threads = calloc((size_t)config->workers, sizeof *made->threads);
    dmap_status status = DMAP_OK;
    made->state.tell = dmap__worker_thread_tell;
    made->state.share = dmap__worker_thread_share;
    made->state.tell_arg = made;
    made->state.hear = config->backend == DMAP_SERIAL ? config->hear : NULL;
    made->state.hear_arg = config->hear_arg;
    made->state.emissions = dmap__emissions_create(config->backend != DMAP_SERIAL);
    if (!made->threads || !made->state.emissions || !dmap__board_init(&made->state.board, config->workers))
        status = dmap__fail(error, DMAP_ENOMEM, "out of memory for the board of %d workers", config->workers);
    if (status == DMAP_OK)
        watch_crashes(made);
    if (status == DMAP_OK)
        status = open_processes(made, error);
    for (int i = 0; i < config->workers && status == DMAP_OK; i++)
        status = open_thread(made, i, config, error);
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
    dmap__worker_thread_wake(crew, UINT32_MAX);
    for (int i = 0; crew->threads && i < crew->workers; i++)
        dmap__worker_thread_end(&crew->threads[i]);
    if (crew->watches_crashes)
        dmap__crash_close(&crew->crash_watch);
    for (int i = 0; crew->threads && i < crew->workers; i++)
        dmap__worker_destroy(crew->threads[i].worker);
    dmap__crash_stack_drop(crew->own_stack);
    dmap__watcher_close(crew->watcher);
    dmap__emissions_destroy(crew->state.emissions);
    dmap__board_fini(&crew->state.board);
    free(crew->state.channels);
    free(crew->threads);
    free(crew);
}

int dmap__crew_workers(const dmap__crew *crew) {
    return crew->workers;
}

void dmap__crew_call_init(dmap__crew_call *call, const dmap__call_spec *spec, const dmap_task *task, uint64_t id) {
    *call = (dmap__crew_call){.spec = *spec,
                              .task = task,
                              .id = id,
                              .limit = UINT64_MAX,
                              .best = DMAP__BEST_NONE,
                              .told_best = DMAP__BEST_NONE};
}

void dmap__crew_take_mask(dmap__crew *crew) {
    if (crew->backend != DMAP_SERIAL && !dmap__board_is_used(&crew->state.board))
        dmap__worker_take_mask(&crew->state);
}

void dmap__crew_trim(dmap__crew *crew, size_t bytes) {
    bool is_in_use = dmap__board_is_used(&crew->state.board);
    for (int i = 0; !is_in_use && i < crew->workers; i++)
        dmap__worker_trim(crew->threads[i].worker, bytes / (size_t)crew->workers);
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
    dmap__worker_thread_wake(crew, (uint32_t)(grant->end - grant->begin));
}

dmap__grant *dmap__crew_poll(dmap__crew *crew) {
    dmap__slot *slot = dmap__board_ended(&crew->state.board);
    if (!slot)
        return NULL;
    dmap__grant *grant = slot->grant;
    bool whole = true;
    if (slot->spawns)
        dmap__spawn_collect(slot->work, grant);
    for (int i = 0; i < slot->n_deques; i++) {
        dmap__outcome *log = &dmap__board_deque(slot, i)->log;
        whole = dmap__outcome_move(&grant->outcome, log) && whole;
        if (!whole)
            dmap__outcome_fini(log);
    }
    uint64_t limit = atomic_load(&grant->call->limit);
    grant->outcome.is_placed = atomic_load(&grant->direct_way) == DMAP__DIRECT_WAY_ALL;
    grant->outcome.limit = limit;
    bool cut = !grant->indices && limit < UINT64_MAX; /* the item at the limit itself may be the one that failed */
    whole = dmap__outcome_sort(&grant->outcome, cut ? limit + 1 : UINT64_MAX) && whole;
    if (!whole)
        dmap__trouble_set(&grant->outcome.trouble, DMAP_ENOMEM, "out of memory for the results of a chunk");
    dmap__cancel_forget(grant);
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

bool dmap__crew_is_broken(const dmap__crew *crew) {
    return atomic_load(&crew->state.is_broken);
}

bool dmap__crew_is_starved(const dmap__crew *crew) {
    return atomic_load(&crew->sleepers) > 0 && dmap__board_is_used(&crew->state.board);
}

uint64_t dmap__crew_progress(const dmap__crew *crew, const dmap__grant *grant, uint64_t *undone) {
    return dmap__board_progress(&crew->state.board, grant, undone);
}

void dmap__crew_limit(dmap__crew *crew, dmap__crew_call *call, uint64_t limit) {
    dmap__crew_lower_limit(&crew->state, call, limit);
}

void dmap__crew_cancel(dmap__crew *crew, dmap__grant *grant, uint64_t position, bool kill) {
    dmap__cancel_item(grant, position, kill ? DMAP__CANCEL_KILL : DMAP__CANCEL_ASK);
    dmap__crew_look_up(&crew->state, grant->call);
}

void dmap__crew_break_off(dmap__crew *crew) {
    if (crew->backend == DMAP_SERIAL)
        dmap__worker_resume(crew->threads[0].worker, "the task threw an exception", false);
}

bool dmap__crew_step(dmap__crew *crew) {
    return crew->backend == DMAP_SERIAL && dmap__worker_thread_step(&crew->threads[0]);
}

bool dmap__crew_is_inside(void) {
    return dmap__worker_inside() != NULL;
}

void dmap__crew_best(dmap__crew *crew, dmap__crew_call *call, uint64_t key) {
    if (crew)
        dmap__crew_lower_best(&crew->state, call, key);
    else
        dmap__limit_lower(&call->best, key);
}

bool dmap__crew_has_better(dmap__crew_call *call, uint64_t *key) {
    *key = atomic_load(&call->best);
    bool is_better = *key < call->told_best;
    if (is_better)
        call->told_best = *key;
    return is_better;
}
