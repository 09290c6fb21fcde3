/* The conductor. Invariants: rank 0 decides everything, the others do what its commands say, so that every rank opens,
 * runs and closes the same peers in the same order; between commands nobody but rank 0 uses a core. A rate is not given
 * before every result of the run was looked at. */
#include "drive.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "peers.h"
#include "spread.h"

enum { TAG_COMMAND = 77, TAG_HERE = 78 };

/* Of a rank that waits for a command. To look takes a core that rank 0 uses: every 200 us, that was 3 to 5 % of it. */
#define NAP_S    5e-3
#define SETTLE_S 30e-3 /* until the threads of a peer that spins have gone to sleep */

typedef struct command {
    bench_work work;
    int peer; /* its place in bench_peers; -1: the end */
    int runs, cores;
} command;

/* Returns when all have it, so that no time is taken while one naps. */
static void send_command(const bench_drive *drive, const command *c) {
    for (int rank = 1; rank < drive->ranks; rank++)
        MPI_Send(c, sizeof *c, MPI_BYTE, rank, TAG_COMMAND, MPI_COMM_WORLD);
    for (int rank = 1; rank < drive->ranks; rank++)
        MPI_Recv(NULL, 0, MPI_BYTE, rank, TAG_HERE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

void bench_drive_init(bench_drive *drive) {
    *drive = (bench_drive){.runs = 1};
    MPI_Comm_size(MPI_COMM_WORLD, &drive->ranks);
    drive->cores = drive->ranks > 1 ? drive->ranks : bench_pin_cores();
}

void bench_drive_fini(bench_drive *drive) {
    send_command(drive, &(command){.peer = -1});
    free(drive->items);
    free(drive->results);
}

static void follow(const command *c) {
    const bench_peer *peer = bench_peers[c->peer];
    bench_task task = {.work = c->work, .cores = c->cores};
    void *state = peer->open(&task);
    if (!state)
        return;
    for (int i = 0; i < c->runs; i++)
        peer->run(state, &task);
    peer->close(state);
}

void bench_drive_follow(void) {
    command c = {0};
    while (c.peer >= 0) {
        MPI_Request request;
        int come = 0;
        MPI_Irecv(&c, sizeof c, MPI_BYTE, 0, TAG_COMMAND, MPI_COMM_WORLD, &request);
        while (MPI_Test(&request, &come, MPI_STATUS_IGNORE) == MPI_SUCCESS && !come)
            bench_nap(NAP_S);
        MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_HERE, MPI_COMM_WORLD);
        if (c.peer >= 0)
            follow(&c);
    }
}

static bool refuse(const bench_peer *peer, const char *why) {
    fprintf(stderr, "bench: %s: %s\n", peer->name, why);
    return false;
}

/* Room for so many bytes; what was there is lost. */
static bool make_room(void **memory, size_t *size, uint64_t want) {
    if (*size > want)
        return true;
    free(*memory);
    *size = (size_t)want + 1;
    *memory = malloc(*size);
    if (!*memory)
        *size = 0;
    return *memory != NULL;
}

static bool prepare(bench_drive *drive, const bench_work *work) {
    if (!make_room(&drive->items, &drive->items_size, work->tasks * bench_item_size(work)) ||
        !make_room(&drive->results, &drive->results_size, work->tasks * bench_result_size(work)))
        return false;
    bench_fill(work, drive->items);
    return true;
}

/* The first of them is over before `opened` is looked at. */
static bool run_all(const bench_peer *peer, const bench_task *task, void *state, int warmups, int runs,
                    bench_timing *timing) {
    static double all[BENCH_MOST_RUNS];
    bool right = true;
    for (int i = 0; i < warmups + runs; i++) {
        bench_spoil(&task->work, task->results);
        double seconds = peer->run(state, task);
        right = right && seconds >= 0 && bench_check(&task->work, task->results);
        if (i >= warmups)
            all[i - warmups] = seconds;
        if (i == 0)
            timing->open += seconds;
    }
    bench_spread s = bench_spread_of(all, runs);
    timing->best = s.least;
    timing->median = s.median;
    return right;
}

bool bench_drive_run(bench_drive *drive, const bench_peer *peer, bench_work *work, bench_timing *timing) {
    if (work->shape != BENCH_FIRST)
        work->tasks = work->tasks > peer->divisor ? work->tasks / peer->divisor : 1;
    int runs = peer->command ? 1 : drive->runs, warmups = peer->command ? 0 : drive->warmups;
    command c = {.work = *work, .runs = runs + warmups, .cores = drive->cores};
    while (bench_peers[c.peer] != peer)
        c.peer++;
    if (!prepare(drive, work))
        return refuse(peer, "out of memory");
    bench_task task = {.work = *work, .cores = drive->cores, .items = drive->items, .results = drive->results};
    if (peer->ranks)
        send_command(drive, &c);
    double began = bench_now();
    void *state = peer->open(&task);
    if (!state)
        return refuse(peer, "could not be opened");
    timing->open = bench_now() - began;
    bool right = run_all(peer, &task, state, warmups, runs, timing);
    began = bench_now();
    uint64_t sum = peer->close(state);
    timing->close = bench_now() - began;
    if (peer->command) /* what it says of itself, not what its start takes */
        timing->open = timing->close = timing->best;
    if (peer->spins)
        bench_nap(SETTLE_S);
    if (!right || sum != bench_expected_sum(work) * (uint64_t)c.runs)
        return refuse(peer, "failed, or gave a wrong result");
    return true;
}
