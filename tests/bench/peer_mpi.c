/* What an MPI user writes: MPI_Scatterv, a loop, MPI_Gatherv; and the textbook manager/worker, in which rank 0 hands
 * out 1 or 100 items a message and gets as many results back; a ping-pong; and ranks that wait. A rank a core,
 * pinned. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"

enum { MOST = 100, TAG_WORK = 1, TAG_STOP = 2 };

/* How bytes are cut among the ranks. */
typedef struct cut {
    int *counts, *places;
} cut;

typedef struct state {
    int rank, ranks;
    uint64_t sum;
    cut in, out;
    char *items, *results; /* this rank's part; of run_ping_pong all that rank 1 sends */
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
    free(s->in.counts);
    free(s->in.places);
    free(s->out.counts);
    free(s->out.places);
    free(s);
    bench_unpin();
    return all;
}

static char *zeros(size_t size) {
    char *memory = malloc(size + 1);
    memset(memory, 0, size + 1);
    return memory;
}

/* Returns this rank's part, warm. */
static char *make_cut(const state *s, cut *c, uint64_t tasks, uint64_t size) {
    uint64_t n = (uint64_t)s->ranks;
    c->counts = calloc(n, sizeof *c->counts);
    c->places = calloc(n, sizeof *c->places);
    for (uint64_t r = 0; r < n; r++) {
        c->places[r] = (int)(tasks * r / n * size);
        c->counts[r] = (int)(tasks * (r + 1) / n * size) - c->places[r];
    }
    return zeros((size_t)c->counts[s->rank]);
}

static state *open_rank(void) {
    state *s = calloc(1, sizeof *s);
    MPI_Comm_rank(MPI_COMM_WORLD, &s->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &s->ranks);
    bench_pin(s->rank);
    return s;
}

static void *open_mpi(const bench_task *task) {
    state *s = open_rank();
    s->items = make_cut(s, &s->in, task->work.tasks, bench_item_size(&task->work));
    s->results = make_cut(s, &s->out, task->work.tasks, bench_result_size(&task->work));
    return s;
}

static double run_scatter(void *arg, const bench_task *task) {
    state *s = arg;
    const bench_work *work = &task->work;
    uint64_t n = work->tasks, r = (uint64_t)s->rank, ranks = (uint64_t)s->ranks;
    MPI_Barrier(MPI_COMM_WORLD);
    double began = bench_now();
    if (bench_item_size(work))
        MPI_Scatterv(task->items, s->in.counts, s->in.places, MPI_BYTE, s->items, s->in.counts[s->rank], MPI_BYTE, 0,
                     MPI_COMM_WORLD);
    uint64_t sum = bench_loop(work, n * r / ranks, n * (r + 1) / ranks, s->items, s->results), all;
    if (bench_result_size(work))
        MPI_Gatherv(s->results, s->out.counts[s->rank], MPI_BYTE, task->results, s->out.counts, s->out.places, MPI_BYTE,
                    0, MPI_COMM_WORLD);
    else
        MPI_Reduce(&sum, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    s->sum += sum;
    return bench_now() - began;
}

/* ---- ping-pong: an index there, a result back, one after the other ---- */

static void *open_ping_pong(const bench_task *task) {
    state *s = open_rank();
    if (s->rank == 1) {
        s->results = zeros((size_t)(task->work.tasks * task->work.size));
        bench_loop(&task->work, 0, task->work.tasks, NULL, s->results);
    }
    return s;
}

static double run_ping_pong(void *arg, const bench_task *task) {
    const state *s = arg;
    const uint64_t n = task->work.tasks, size = task->work.size;
    MPI_Barrier(MPI_COMM_WORLD);
    double began = bench_now();
    for (uint64_t i = 0, index = 0; i < n && s->rank < 2; i++) {
        if (s->rank == 0) {
            MPI_Send(&i, 1, MPI_UINT64_T, 1, TAG_WORK, MPI_COMM_WORLD);
            MPI_Recv((char *)task->results + i * size, (int)size, MPI_BYTE, 1, TAG_WORK, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        } else {
            MPI_Recv(&index, 1, MPI_UINT64_T, 0, TAG_WORK, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(s->results + index * size, (int)size, MPI_BYTE, 0, TAG_WORK, MPI_COMM_WORLD);
        }
    }
    return bench_now() - began;
}

/* Ranks that wait as MPI lets them: in a receive. */
static double run_waiting(void *arg, const bench_task *task) {
    const state *s = arg;
    MPI_Barrier(MPI_COMM_WORLD);
    if (s->rank > 0) {
        MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_STOP, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        return 0;
    }
    double before = bench_cpu_of_all(true);
    bench_nap(1e-9 * (double)task->work.mean_ns);
    double burnt = bench_cpu_of_all(true) - before;
    for (int rank = 1; rank < s->ranks; rank++)
        MPI_Send(NULL, 0, MPI_BYTE, rank, TAG_STOP, MPI_COMM_WORLD);
    bench_loop(&task->work, 0, task->work.tasks, task->items, task->results);
    return burnt;
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
    uint64_t size = bench_item_size(&task->work), left = task->work.tasks - *next;
    packet p;
    p.begin = *next;
    p.n = left < most ? left : most;
    memcpy(p.data, (const char *)task->items + p.begin * size, (size_t)(p.n * size));
    MPI_Send(&p, packet_size(&p, size), MPI_BYTE, to, p.n ? TAG_WORK : TAG_STOP, MPI_COMM_WORLD);
    *next += p.n;
    return p.n > 0;
}

static void manage(const state *s, const bench_task *task, uint64_t most) {
    uint64_t next = 0, size = bench_item_size(&task->work);
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
    uint64_t size = bench_item_size(&task->work);
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

#define MPI_PEER(text, kinds, opened, function, idle, part)                                                            \
    {                                                                                                                  \
        .name = text, .place = BENCH_RANKS, .role = BENCH_OTHER, .ranks = true, .shapes = kinds, .divisor = part,      \
        .idle_cores = idle, .open = opened, .run = function, .close = close_mpi                                        \
    }
#define SHORT (BENCH_BIT(BENCH_NULL) | BENCH_BIT(BENCH_RANGE) | BENCH_BIT(BENCH_PAIR))

const bench_peer bench_scatter_gather = MPI_PEER("Scatterv+Gatherv", BENCH_MAPS, open_mpi, run_scatter, 0, 1);
const bench_peer bench_manager_1 = MPI_PEER("manager/worker, 1", SHORT, open_mpi, run_manager_1, 1, 100);
const bench_peer bench_manager_100 = MPI_PEER("manager/worker, 100", SHORT, open_mpi, run_manager_100, 1, 1);
const bench_peer bench_ping_pong =
    MPI_PEER("MPI ping-pong", BENCH_BIT(BENCH_GATHER), open_ping_pong, run_ping_pong, 1, 1);
const bench_peer bench_waiting_ranks = MPI_PEER("MPI_Recv", BENCH_BIT(BENCH_IDLE), open_mpi, run_waiting, 0, 1);
