/* The conductor. Invariants: rank 0 decides everything, the others do what its commands say, so that every rank opens,
 * runs and closes the same peers in the same order; between commands nobody but rank 0 uses a core. A rate is not given
 * before every result of the run was looked at. */
#include "drive.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "peers.h"

enum { TAG_COMMAND = 77 };

#define NAP_S    200e-6 /* of a rank that waits for a command */
#define SETTLE_S 30e-3  /* until the threads of a peer that spins have gone to sleep */

typedef struct command {
    bench_work work;
    int peer; /* its place in bench_peers; -1: the end */
    int runs, cores;
} command;

static void send_command(const bench_drive *drive, const command *c) {
    for (int rank = 1; rank < drive->ranks; rank++)
        MPI_Send(c, sizeof *c, MPI_BYTE, rank, TAG_COMMAND, MPI_COMM_WORLD);
}

bool bench_drive_init(bench_drive *drive, uint64_t most_tasks, int runs) {
    *drive = (bench_drive){.most_tasks = most_tasks, .runs = runs};
    MPI_Comm_size(MPI_COMM_WORLD, &drive->ranks);
    drive->cores = drive->ranks > 1 ? drive->ranks : bench_pin_cores();
    drive->items = malloc((size_t)most_tasks * sizeof(bench_pair));
    drive->results = malloc((size_t)most_tasks * sizeof(bench_pair));
    return drive->items && drive->results;
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
        if (c.peer >= 0)
            follow(&c);
    }
}

static double refuse(bench_drive *drive, const bench_peer *peer, const char *why) {
    fprintf(stderr, "bench: %s (%s): %s\n", peer->name, peer->ranks ? "ranks" : "threads", why);
    drive->failed = true;
    return -1;
}

static double run_all(const bench_drive *drive, const bench_peer *peer, const bench_task *task, void *state) {
    double best = 1e300;
    bool right = true;
    for (int i = 0; i <= drive->runs; i++) {
        bench_spoil(&task->work, task->results);
        double seconds = peer->run(state, task);
        right = right && seconds >= 0 && bench_check(&task->work, task->results);
        if (i > 0 && seconds < best)
            best = seconds;
    }
    return right ? best : -1;
}

double bench_drive_run(bench_drive *drive, const bench_peer *peer, bench_work *work) {
    work->tasks = work->tasks > peer->divisor ? work->tasks / peer->divisor : 1;
    bench_task task = {.work = *work, .cores = drive->cores, .items = drive->items, .results = drive->results};
    command c = {.work = *work, .runs = drive->runs + 1, .cores = drive->cores};
    while (bench_peers[c.peer] != peer)
        c.peer++;
    bench_fill(work, drive->items);
    if (peer->ranks)
        send_command(drive, &c);
    void *state = peer->open(&task);
    if (!state)
        return refuse(drive, peer, "could not be opened");
    double best = run_all(drive, peer, &task, state);
    uint64_t sum = peer->close(state);
    if (peer->spins)
        bench_nap(SETTLE_S);
    if (best < 0 || sum != bench_expected_sum(work) * (uint64_t)c.runs)
        return refuse(drive, peer, "failed, or gave a wrong result");
    return best;
}
