/* Who waits stands in a line, and while there is one nobody passes: so a job that needs much gets it when those that
 * run have ended. Which jobs are to wait here is the master's decision. `lock` guards all.
 *
 * Where several ranks share the node, what their jobs hold is looked at and taken under a lock of the node, which is
 * taken inside this one. Who has his cores, and waits for what the node has, keeps the other ranks' jobs from passing,
 * too; who came first is first. */
#include "run/job/rank_ledger.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run/job/exported.h"
#include "run/job/inherited.h"
#include "run/job/node_holds.h"
#include "run/job/node_memory.h"

enum {
    LOOK_MS = 50, /* how often who waits looks whether the run is stopped, and what other ranks have given back */
    OTHERS = -1   /* who holds a GPU: another rank's job */
};

typedef struct waiter {
    struct waiter *next;
} waiter;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* something was given back, or the line has moved */
    bool is_open;
    run_ledger ledger;
    bool shares; /* the node, with other ranks */
    bool shares_gpus;
    bool has_threads; /* jobs have a number of threads that the user has set: it is left alone */
    run_node_holds node;
    char host[256];
    waiter *first; /* of the line */
} rank = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* A line a core: NUMA node, socket, CPUs. */
static bool read_cores(const char *text) {
    int n = 0;
    for (const char *c = text; *c; c++)
        n += *c == '\n';
    rank.ledger.cores = calloc((size_t)n + 1, sizeof *rank.ledger.cores);
    if (!rank.ledger.cores)
        return false;
    for (; rank.ledger.n_cores < n; rank.ledger.n_cores++, text = strchr(text, '\n') + 1) {
        run_core *core = &rank.ledger.cores[rank.ledger.n_cores];
        int read = 0;
        if (sscanf(text, "%d %d %n", &core->numa, &core->socket, &read) != 2 ||
            !run_cpus_read(text + read, &core->cpus))
            core->cpus = (run_cpus){0};
    }
    return true;
}

/* With a number of GPUs for each task Slurm has shared them out already. */
static void open_ledger(const run_shared *shared) {
    run_ledger *ledger = &rank.ledger;
    ledger->memory = shared->needs[RUN_NEED_MEMORY] ? run_node_memory("") : UINT64_MAX;
    ledger->jobs = shared->node_jobs;
    snprintf(rank.host, sizeof rank.host, "%s", shared->host);
    if (shared->needs[RUN_NEED_GPUS])
        run_gpus_find(&ledger->gpus, "");
    rank.shares = shared->workers < shared->node_workers;
    rank.shares_gpus = rank.shares && !getenv("SLURM_GPUS_PER_TASK");
    run_node_holds_open(&rank.node, shared->id);
    run_ledger_open(ledger);
}

bool run_rank_ledger_open(const run_shared *shared) {
    bool good = true;
    pthread_mutex_lock(&rank.lock);
    if (!rank.is_open) {
        good = read_cores(shared->cores);
        if (good)
            open_ledger(shared);
        rank.has_threads =
            run_inherited_has("OMP_NUM_THREADS") || run_exported_has(shared->exported, "OMP_NUM_THREADS");
        rank.is_open = good;
    }
    pthread_mutex_unlock(&rank.lock);
    return good;
}

static void add_variable(run_share *share, const char *name, const char *value) {
    run_text_add_string(&share->variables, name);
    run_text_add(&share->variables, "=", 1);
    run_text_add(&share->variables, value, strlen(value) + 1);
    share->n_variables++;
}

static void say_gpus(run_share *share) {
    char names[RUN_GPUS * 40];
    const run_gpus *gpus = &rank.ledger.gpus;
    bool has_some = share->hold.needs.gpus > 0;
    for (int v = 0; v < RUN_GPU_VARIABLES; v++)
        if (gpus->tells[v] && (has_some || run_gpu_variable_hides(v)) &&
            run_ledger_name_gpus(&rank.ledger, &share->hold, v, names, sizeof names))
            add_variable(share, run_gpu_variable(v), names);
    if (has_some && gpus->by_bus)
        add_variable(share, "CUDA_DEVICE_ORDER", "PCI_BUS_ID");
}

static void say(run_share *share) {
    char text[4096];
    run_text_clear(&share->variables);
    share->n_variables = 0;
    if (!run_cpus_are_none(&share->hold.cpus)) {
        run_cpus_write(&share->hold.cpus, text, sizeof text);
        add_variable(share, "DMAP_CPUS", text);
    }
    snprintf(text, sizeof text, "%d", share->hold.needs.cores);
    if (share->hold.needs.cores > 0 && !rank.has_threads)
        add_variable(share, "OMP_NUM_THREADS", text);
    say_gpus(share);
}

static void leave(waiter *who) {
    waiter **at = &rank.first;
    while (*at != who)
        at = &(*at)->next;
    *at = who->next;
    pthread_cond_broadcast(&rank.changed);
}

static void enter(waiter *who) {
    waiter **at = &rank.first;
    while (*at)
        at = &(*at)->next;
    *at = who;
}

static void wait_a_moment(void) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_clockwait(&rank.changed, &rank.lock, CLOCK_MONOTONIC, &until);
}

/* What tells a GPU from others: its name in the first variable that has it. */
static const char *name_gpu(int gpu) {
    const run_gpu *of = &rank.ledger.gpus.gpu[gpu];
    int v = 0;
    while (v < RUN_GPU_VARIABLES - 1 && !of->name[v][0])
        v++;
    return of->name[v];
}

static bool is_held(const run_node_held *held, const char *name) {
    for (int i = 0; i < held->n_gpus; i++)
        if (strncmp(held->gpus[i], name, RUN_NODE_GPU - 1) == 0)
            return true;
    return false;
}

static void note_held(const run_node_held *held) {
    run_ledger *ledger = &rank.ledger;
    ledger->memory_held = held->memory;
    ledger->jobs_held = held->jobs;
    for (int g = 0; g < ledger->gpus.n && rank.shares_gpus; g++)
        if (ledger->gpu_holder[g] <= 0)
            ledger->gpu_holder[g] = is_held(held, name_gpu(g)) ? OTHERS : 0;
}

static void give_back(run_share *share) {
    while (share->n_fds > 0)
        close(share->fds[--share->n_fds]);
    run_ledger_give_back(&rank.ledger, &share->hold);
}

static void keep(run_share *share, int fd) {
    if (fd >= 0)
        share->fds[share->n_fds++] = fd;
}

/* Tells the other ranks what was taken, as far as there are descriptors for it. */
static void tell(run_share *share) {
    keep(share, run_node_holds_job(&rank.node, share->hold.needs.memory));
    for (int g = 0; g < rank.ledger.gpus.n && rank.shares_gpus; g++)
        if (rank.ledger.gpu_holder[g] == share->hold.holder)
            keep(share, run_node_holds_gpu(&rank.node, name_gpu(g)));
}

/* Where the others cannot be seen, this rank's own jobs count. waits: since when, in the line of the node; UINT64_MAX:
 * it does not. */
static run_room_found take(const run_needs *needs, int holder, const run_cpus *own, uint64_t waits, run_share *share) {
    run_node_held held = {0};
    run_room_found found = RUN_IS_FULL;
    int lock = rank.shares ? run_node_holds_lock(&rank.node) : -1;
    if (lock >= 0 && run_node_holds_look(&rank.node, &held))
        note_held(&held);
    if (!held.waits || held.waits >= waits)
        found = run_ledger_take(&rank.ledger, needs, holder, own, &share->hold);
    if (lock >= 0 && found == RUN_HAS_ROOM)
        tell(share);
    if (lock >= 0)
        close(lock);
    return found;
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* In the line, up to its head and until there is room. */
static run_room_found take_in_line(dmap_context *ctx, const run_item *item, int holder, const run_cpus *own,
                                   run_share *share) {
    waiter me = {0};
    uint64_t since = UINT64_MAX;
    int place = -1; /* in the node's line */
    run_room_found found = RUN_IS_FULL;
    enter(&me);
    while (found == RUN_IS_FULL && !dmap_cancelled(ctx)) {
        if (rank.first == &me)
            found = take(&item->needs, holder, own, since, share);
        if (found != RUN_IS_FULL)
            break;
        if (rank.first == &me && rank.shares && place < 0 && run_ledger_has_cores(&rank.ledger, item->needs.cores))
            place = run_node_holds_wait(&rank.node, since = now_ns());
        wait_a_moment();
    }
    if (place >= 0)
        close(place);
    leave(&me);
    return found;
}

run_end run_rank_ledger_take(dmap_context *ctx, const run_item *item, const run_cpus *own, run_share *share, char *lack,
                             size_t size) {
    static const run_end ends[] = {
        [RUN_HAS_ROOM] = RUN_ENDED, [RUN_IS_FULL] = RUN_HAS_NO_ROOM, [RUN_NEVER_FITS] = RUN_NEVER_HAS_ROOM};
    int holder = dmap_worker(ctx) + 1;
    pthread_mutex_lock(&rank.lock);
    run_room_found found = run_ledger_can_fit(&rank.ledger, &item->needs) ? RUN_IS_FULL : RUN_NEVER_FITS;
    if (found == RUN_IS_FULL && item->waits)
        found = take_in_line(ctx, item, holder, own, share);
    else if (found == RUN_IS_FULL && !rank.first)
        found = take(&item->needs, holder, own, UINT64_MAX, share);
    if (found == RUN_HAS_ROOM)
        say(share);
    if (found == RUN_NEVER_FITS)
        run_ledger_say_lack(&rank.ledger, &item->needs, rank.host, lack, size);
    pthread_mutex_unlock(&rank.lock);
    return found == RUN_IS_FULL && item->waits ? RUN_CANCELLED : ends[found];
}

void run_rank_ledger_give_back(run_share *share) {
    pthread_mutex_lock(&rank.lock);
    give_back(share);
    pthread_cond_broadcast(&rank.changed);
    pthread_mutex_unlock(&rank.lock);
    share->n_variables = 0;
    run_text_clear(&share->variables);
}
