/* Running a peer once: rank 0 leads, the others follow its commands and sleep in between. */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include "peer.h"

typedef struct bench_drive {
    int ranks, cores;
    int runs, warmups;     /* of a point: timed, and not timed before these */
    void *items, *results; /* rank 0's */
    size_t items_size, results_size;
    bool failed; /* a peer failed, or gave a wrong result: no figure can be trusted */
} bench_drive;

/** Seconds of a point's runs, of opening the peer up to the end of its first run, and of closing it. */
typedef struct bench_timing {
    double best, median, open, close;
} bench_timing;

enum { BENCH_MOST_RUNS = 1000 };

/** Rank 0. */
void bench_drive_init(bench_drive *drive);
/** Rank 0: the other ranks return from bench_drive_follow. */
void bench_drive_fini(bench_drive *drive);
/** The other ranks: until rank 0 is done. */
void bench_drive_follow(void);

/** Rank 0: runs a point: opens the peer, runs it drive->warmups times and then drive->runs times, and checks every
 *  result. Of a command one run is all.
 *  work:     its tasks are divided by the peer's divisor
 *  Returns:  true; false, with a sentence on stderr, if it cannot be trusted */
bool bench_drive_run(bench_drive *drive, const bench_peer *peer, bench_work *work, bench_timing *timing);

/** A process that burns the last core until it is ended: what it shares the core with has half of it. */
struct dmap_process *bench_hog_start(int core);
void bench_hog_end(struct dmap_process *hog);

#endif
