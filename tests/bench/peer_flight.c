/* Submitted items: null items go out one by one, with up to IN_FLIGHT of them in flight, and results are taken in the
 * order of the items. dmap in one rank, with a worker on each core and with one core less, and on all ranks, with a
 * master that works and with one that does not; and a ping-pong. */
#include <dmap/call.h>
#include <dmap/mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "peer_dmap.h"
#include "peers.h"

enum { IN_FLIGHT = 1000, TAG_PING = 3 };

typedef struct state {
    dmap_pool *pool; /* NULL on the other ranks */
    dmap_call *calls[IN_FLIGHT];
} state;

static void *open_on(MPI_Comm comm, const dmap_options *options) {
    state *s = calloc(1, sizeof *s);
    if (dmap_open(comm, options, &s->pool) == DMAP_OK)
        return s;
    fprintf(stderr, "bench: %s\n", dmap_error(NULL));
    free(s);
    return NULL;
}

static void *open_threads(const bench_task *task) {
    return open_on(MPI_COMM_SELF, &(dmap_options){.workers = task->cores, .backend = DMAP_THREADS});
}

static void *open_spare(const bench_task *task) {
    return open_on(MPI_COMM_SELF, &(dmap_options){.workers = task->cores - 1, .backend = DMAP_THREADS});
}

static void *open_ranks(const bench_task *task) {
    (void)task;
    return open_on(MPI_COMM_WORLD, &(dmap_options){.workers = 1, .backend = DMAP_THREADS, .master_works = 1});
}

static void *open_idle_master(const bench_task *task) {
    (void)task;
    return open_on(MPI_COMM_WORLD, &(dmap_options){.workers = 1, .backend = DMAP_THREADS, .master_works = -1});
}

static uint64_t close_dmap(void *arg) {
    state *s = arg;
    if (s->pool)
        dmap_close(s->pool);
    free(s);
    return 0;
}

/* A nap of no time would take 50 us. */
static void rest(const bench_task *task) {
    if (task->work.mean_ns)
        bench_nap(1e-9 * (double)task->work.mean_ns);
}

static bool take(dmap_call *call, uint64_t *result) {
    if (dmap_wait(call, -1) != DMAP_OK)
        return false;
    *result = *(const uint64_t *)dmap_call_result(call, NULL);
    dmap_call_free(call);
    return true;
}

static bool submit_all(state *s, const bench_task *task) {
    const uint64_t *items = task->items, n = task->work.tasks;
    uint64_t *results = task->results, taken = 0;
    bool good = true;
    for (uint64_t i = 0; i < n && good; i++) {
        dmap_call **call = &s->calls[i % IN_FLIGHT];
        if (i >= IN_FLIGHT)
            good = take(*call, &results[taken++]);
        good = good && dmap_submit(s->pool, &bench_null, &items[i], sizeof *items, NULL, call) == DMAP_OK;
    }
    for (; taken < n && good; taken++)
        good = take(s->calls[taken % IN_FLIGHT], &results[taken]);
    return good;
}

static double run_submit(void *arg, const bench_task *task) {
    state *s = arg;
    if (!s->pool)
        return 0;
    rest(task);
    double began = bench_now();
    bool good = submit_all(s, task);
    double seconds = bench_now() - began;
    if (good)
        return seconds;
    fprintf(stderr, "bench: %s\n", dmap_error(s->pool));
    return -1;
}

/* ---- ping-pong: an item there, its result back, one after the other ---- */

static void *open_ping(const bench_task *task) {
    int *rank = malloc(sizeof *rank);
    (void)task;
    MPI_Comm_rank(MPI_COMM_WORLD, rank);
    bench_pin(*rank);
    return rank;
}

static uint64_t close_ping(void *arg) {
    free(arg);
    bench_unpin();
    return 0;
}

static double run_ping(void *arg, const bench_task *task) {
    const int rank = *(const int *)arg;
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        rest(task);
    double began = bench_now();
    for (uint64_t i = 0; i < task->work.tasks && rank < 2; i++) {
        uint64_t word = rank == 0 ? ((const uint64_t *)task->items)[i] : 0;
        if (rank == 0)
            MPI_Send(&word, 1, MPI_UINT64_T, 1, TAG_PING, MPI_COMM_WORLD);
        MPI_Recv(&word, 1, MPI_UINT64_T, 1 - rank, TAG_PING, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (rank == 0) {
            ((uint64_t *)task->results)[i] = word;
        } else {
            word = bench_null_task(word);
            MPI_Send(&word, 1, MPI_UINT64_T, 0, TAG_PING, MPI_COMM_WORLD);
        }
    }
    return bench_now() - began;
}

#define FLIGHT_PEER(text, where, what, opened)                                                                         \
    {                                                                                                                  \
        .name = text, .place = where, .role = what, .ranks = (where) == BENCH_RANKS,                                   \
        .shapes = BENCH_BIT(BENCH_SUBMIT), .divisor = 1, .open = opened, .run = run_submit, .close = close_dmap        \
    }

const bench_peer bench_flight_threads = FLIGHT_PEER("dmap", BENCH_THREADS, BENCH_BASE, open_threads);
const bench_peer bench_flight_spare = FLIGHT_PEER("dmap, a core to spare", BENCH_THREADS, BENCH_FORM, open_spare);
const bench_peer bench_flight_ranks = FLIGHT_PEER("dmap", BENCH_RANKS, BENCH_BASE, open_ranks);
const bench_peer bench_flight_master =
    FLIGHT_PEER("dmap, the master does not work", BENCH_RANKS, BENCH_FORM, open_idle_master);
const bench_peer bench_flight_ping = {.name = "MPI ping-pong",
                                      .place = BENCH_RANKS,
                                      .role = BENCH_OTHER,
                                      .ranks = true,
                                      .shapes = BENCH_BIT(BENCH_SUBMIT),
                                      .divisor = 1,
                                      .open = open_ping,
                                      .run = run_ping,
                                      .close = close_ping};
