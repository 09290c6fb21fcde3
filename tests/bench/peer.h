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

/** What runs the tasks: systems are compared with dmap in the same place. */
typedef enum bench_place { BENCH_THREADS = 0, BENCH_PROCESSES = 1, BENCH_RANKS = 2, BENCH_PLACES } bench_place;

/** What a line is to the reader: dmap as others are compared with it; dmap in another form; something else; a bound. */
typedef enum bench_role { BENCH_BASE = 0, BENCH_FORM = 1, BENCH_OTHER = 2, BENCH_LIMIT = 3 } bench_role;

/** Every rank calls open, run (so many times) and close, if `ranks`; else rank 0 alone does. */
typedef struct bench_peer {
    const char *name;
    bench_place place;
    bench_role role;
    bool ranks;                   /* runs on all ranks, a core each; else on rank 0, which uses all cores */
    bool spins;                   /* its threads go on burning their cores for a while when they have nothing to do */
    bool command;                 /* a program of its own, which warms up and repeats by itself */
    unsigned shapes;              /* bit (1 << shape): it can do that */
    unsigned divisor;             /* of the number of tasks, but of BENCH_FIRST: a slow peer gets fewer */
    int idle_cores;               /* that do no work by the peer's nature: a note for the reader */
    const char *(*missing)(void); /* NULL, or says why it cannot run here: NULL, or the reason */
    void *(*open)(const bench_task *task);              /* NULL: failed, or nothing to keep (see close) */
    double (*run)(void *state, const bench_task *task); /* seconds, on rank 0; < 0: failed */
    uint64_t (*close)(void *state); /* the sum over all runs and ranks, on rank 0; 0 unless BENCH_RANGE */
} bench_peer;

#define BENCH_BIT(shape) (1u << (shape))
/** What every loop can do. */
#define BENCH_MAPS                                                                                                     \
    (BENCH_BIT(BENCH_NULL) | BENCH_BIT(BENCH_RANGE) | BENCH_BIT(BENCH_PAIR) | BENCH_BIT(BENCH_GATHER) |                \
     BENCH_BIT(BENCH_SCATTER) | BENCH_BIT(BENCH_SPIN) | BENCH_BIT(BENCH_BATCH))

/** Before MPI, and before the fork server, as its processes share what this makes. False if memory is out. */
bool bench_dmap_init(void);

/** The n-th of the cores that this process could use when it started; bench_unpin: all of them. */
void bench_pin_init(void);
int bench_pin_cores(void);
void bench_pin(int core);
void bench_unpin(void);

double bench_now(void);
void bench_nap(double seconds);
/** CPU seconds that this process and all its descendants have used so far; with the launcher those of all ranks. */
double bench_cpu_of_all(bool with_launcher);

#endif
