/* The tasks that `dmap bench` maps. */
#ifndef DMAP_APPS_BENCH_TASKS_H
#define DMAP_APPS_BENCH_TASKS_H

#include <dmap/dmap.h>

#define BENCH_WAIT_S  1e-3
#define BENCH_SHARE_S 5e-3

/** What a worker that had something to do all the time got of a core. */
typedef struct bench_share {
    double cpu_s, wall_s;
} bench_share;

extern const dmap_task bench_null_items; /* 8 bytes in and out */
extern const dmap_task bench_steps;      /* the index in: so many steps of arithmetic as the shared uint64_t says */
extern const dmap_task bench_doubles;    /* by batches */
extern const dmap_task bench_waits;      /* the index in, its worker is busy for BENCH_WAIT_S */
extern const dmap_task bench_shares;     /* the index in, its worker is busy for a while: a bench_share */
extern const dmap_task bench_write_64k, bench_write_1m; /* the index in, results of that size */
extern const dmap_task bench_read_1m;                   /* items of that size */

double bench_now(void);

#endif
