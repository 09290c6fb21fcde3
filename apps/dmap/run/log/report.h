/* What is said at the end of every run: how many jobs, where, how long, how busy the slots were. */
#ifndef DMAP_APPS_RUN_LOG_REPORT_H
#define DMAP_APPS_RUN_LOG_REPORT_H

#include <stdint.h>

#include <dmap/dmap.h>

/** What a rank has done, where the pool's own account has jobs that it sent back in it, and one core for each. */
typedef struct run_use {
    uint64_t jobs;
    double busy_s; /* summed over cores */
} run_use;

typedef struct run_facts {
    uint64_t ended, failed;
    uint64_t peak_kib, peak_seq; /* the most memory that a job took, and which did; 0: not to be said */
    const run_use *uses;         /* of each rank; NULL: as the pool has it */
} run_facts;

/** One line on standard error; of several nodes, one for each (of the first twenty), too. */
void run_report_print(const dmap_pool *pool, const run_facts *facts);

#endif
