/* A system under test: dmap in one of its forms, or what a user would pick instead. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stddef.h>

#include "work.h"

/** What a peer works on. items and results are rank 0's; NULL elsewhere. */
typedef struct bench_task {
    bench_work work;
    int cores; /* in use, by threads or by ranks */
    const void *items;
    void *results;
} bench_task;

/** Every rank calls open, run (so many times) and close, if `ranks`; else rank 0 alone does. */
typedef struct bench_peer {
    const char *name;
    bool ranks;       /* runs on all ranks, a core each; else on rank 0 with a thread a core */
    bool is_dmap;     /* others of the same place are compared with it */
    bool spins;       /* its threads go on burning their cores for a while when they have nothing to do */
    unsigned shapes;  /* bit (1 << shape): it can do that */
    unsigned divisor; /* of the number of tasks: a slow peer gets fewer */
    int idle_cores;   /* that do no work by the peer's nature: a note for the reader */
    void *(*open)(const bench_task *task);              /* NULL: failed, or nothing to keep (see close) */
    double (*run)(void *state, const bench_task *task); /* seconds, on rank 0; < 0: failed */
    uint64_t (*close)(void *state); /* the sum over all runs and ranks, on rank 0; 0 unless BENCH_RANGE */
} bench_peer;

#define BENCH_ALL_SHAPES ((1u << BENCH_SHAPES) - 1)

extern const bench_peer bench_bare_loop, bench_omp_static, bench_omp_dynamic_1, bench_omp_dynamic_100;
extern const bench_peer bench_scatter_gather, bench_manager_1, bench_manager_100;
extern const bench_peer bench_dmap_threads, bench_dmap_threads_each, bench_dmap_ranks, bench_dmap_ranks_each;

/** The n-th of the cores that this process could use when it started; bench_unpin: all of them. */
void bench_pin_init(void);
int bench_pin_cores(void);
void bench_pin(int core);
void bench_unpin(void);

double bench_now(void);
void bench_nap(double seconds);

#endif
