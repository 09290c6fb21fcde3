/* Running a peer once: rank 0 leads, the others follow its commands and sleep in between. */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include "peer.h"

typedef struct bench_drive {
    int ranks, cores;
    uint64_t most_tasks;   /* the memory below has room for */
    int runs;              /* timed, of a point: the best counts */
    void *items, *results; /* rank 0's */
    bool failed;           /* a peer failed, or gave a wrong result: no figure can be trusted */
} bench_drive;

/** Rank 0. Returns false if memory is out. */
bool bench_drive_init(bench_drive *drive, uint64_t most_tasks, int runs);
/** Rank 0: the other ranks return from bench_drive_follow. */
void bench_drive_fini(bench_drive *drive);
/** The other ranks: until rank 0 is done. */
void bench_drive_follow(void);

/** Rank 0: runs a point: opens the peer, runs it once to warm up, then drive->runs times, and checks every result.
 *  work:     its tasks are divided by the peer's divisor
 *  Returns:  seconds of the best run; < 0 (and drive->failed, with a sentence on stderr) if it cannot be trusted */
double bench_drive_run(bench_drive *drive, const bench_peer *peer, bench_work *work);

#endif
