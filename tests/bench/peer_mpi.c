/* What an MPI user writes: MPI_Scatterv, a loop, MPI_Gatherv; and the textbook manager/worker, in which rank 0 hands
 * out 1 or 100 items a message and gets as many results back. A rank a core, pinned. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum { MOST = 100, TAG_WORK = 1, TAG_STOP = 2 };

typedef struct state {
    int rank, ranks;
    uint64_t sum;
    char *items, *results; /* this rank's part */
    int *counts, *places;  /* bytes by rank */
} state;

/* A message of the manager, and the worker's answer. */
typedef struct packet {
    uint64_t begin, n;
    bench_pair data[MOST];
} packet;

static uint64_t close_mpi(void *arg) {
    state *s = arg;
    uint64_t sum = s->sum, all = 0;
    MPI_Reduce(&sum, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    free(s->items);
    free(s->results);
    free(s->counts);
    free(s->places);
    free(s);
    bench_unpin();
    return all;
}

static void *open_mpi(const bench_task *task) {
    state *s = calloc(1, sizeof *s);
    MPI_Comm_rank(MPI_COMM_WORLD, &s->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &s->ranks);
    bench_pin(s->rank);
    uint64_t n = (uint64_t)s->ranks, tasks = task->work.tasks, size = bench_item_size(task->work.shape);
    s->counts = calloc(n, sizeof *s->counts);
    s->places = calloc(n, sizeof *s->places);
    for (uint64_t r = 0; r < n; r++) {
        s->places[r] = (int)(tasks * r / n * size);
        s->counts[r] = (int)(tasks * (r + 1) / n * size) - s->places[r];
    }
    size_t mine = (size_t)s->counts[s->rank] + 1;
    s->items = malloc(mine);
    s->results = malloc(mine);
    memset(s->items, 0, mine);
    memset(s->results, 0, mine);
    return s;
}

static double run_scatter(void *arg, const bench_task *task) {
    state *s = arg;
    uint64_t n = task->work.tasks, r = (uint64_t)s->rank, ranks = (uint64_t)s->ranks;
    const bool data = task->work.shape != BENCH_RANGE;
    const int mine = s->counts[s->rank];
    MPI_Barrier(MPI_COMM_WORLD);
    double began = bench_now();
    if (data)
        MPI_Scatterv(task->items, s->counts, s->places, MPI_BYTE, s->items, mine, MPI_BYTE, 0, MPI_COMM_WORLD);
    uint64_t sum = bench_loop(&task->work, n * r / ranks, n * (r + 1) / ranks, s->items, s->results), all;
    if (data)
        MPI_Gatherv(s->results, mine, MPI_BYTE, task->results, s->counts, s->places, MPI_BYTE, 0, MPI_COMM_WORLD);
    else
        MPI_Reduce(&sum, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    s->sum += sum;
    return bench_now() - began;
}

/* ---- manager and workers ---- */

static size_t head_size(void) {
    return offsetof(packet, data);
}

static int packet_size(const packet *p, uint64_t item_size) {
    return (int)(head_size() + p->n * item_size);
}

/* Hands the next items to a worker, or tells it to stop. */
static bool hand_out(const bench_task *task, int to, uint64_t *next, uint64_t most) {
    uint64_t size = bench_item_size(task->work.shape), left = task->work.tasks - *next;
    packet p;
    p.begin = *next;
    p.n = left < most ? left : most;
    memcpy(p.data, (const char *)task->items + p.begin * size, (size_t)(p.n * size));
    MPI_Send(&p, packet_size(&p, size), MPI_BYTE, to, p.n ? TAG_WORK : TAG_STOP, MPI_COMM_WORLD);
    *next += p.n;
    return p.n > 0;
}

static void manage(const state *s, const bench_task *task, uint64_t most) {
    uint64_t next = 0, size = bench_item_size(task->work.shape);
    int busy = 0;
    for (int rank = 1; rank < s->ranks; rank++)
        busy += hand_out(task, rank, &next, most);
    while (busy) {
        packet p;
        MPI_Status status;
        MPI_Recv(&p, sizeof p, MPI_BYTE, MPI_ANY_SOURCE, TAG_WORK, MPI_COMM_WORLD, &status);
        memcpy((char *)task->results + p.begin * size, p.data, (size_t)(p.n * size));
        busy -= !hand_out(task, status.MPI_SOURCE, &next, most);
    }
}

static void serve(state *s, const bench_task *task) {
    uint64_t size = bench_item_size(task->work.shape);
    packet p, answer;
    MPI_Status status;
    for (;;) {
        MPI_Recv(&p, sizeof p, MPI_BYTE, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        if (status.MPI_TAG == TAG_STOP)
            return;
        answer.begin = p.begin;
        answer.n = p.n;
        s->sum += bench_loop(&task->work, p.begin, p.begin + p.n, p.data, answer.data);
        MPI_Send(&answer, packet_size(&answer, size), MPI_BYTE, 0, TAG_WORK, MPI_COMM_WORLD);
    }
}

static double run_manager(state *s, const bench_task *task, uint64_t most) {
    MPI_Barrier(MPI_COMM_WORLD);
    double began = bench_now();
    if (s->rank == 0)
        manage(s, task, most);
    else
        serve(s, task);
    return bench_now() - began;
}

static double run_manager_1(void *arg, const bench_task *task) {
    return run_manager(arg, task, 1);
}

static double run_manager_100(void *arg, const bench_task *task) {
    return run_manager(arg, task, MOST);
}

#define MPI_PEER(text, function, idle, part)                                                                           \
    {                                                                                                                  \
        .name = text, .ranks = true, .shapes = BENCH_ALL_SHAPES, .divisor = part, .idle_cores = idle,                  \
        .open = open_mpi, .run = function, .close = close_mpi                                                          \
    }

const bench_peer bench_scatter_gather = MPI_PEER("Scatterv+Gatherv", run_scatter, 0, 1);
const bench_peer bench_manager_1 = MPI_PEER("manager/worker, 1", run_manager_1, 1, 100);
const bench_peer bench_manager_100 = MPI_PEER("manager/worker, 100", run_manager_100, 1, 1);
