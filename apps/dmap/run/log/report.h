/* What is said at the end of every run: how many jobs, where, how long, how busy the slots were. */
#ifndef DMAP_APPS_RUN_LOG_REPORT_H
#define DMAP_APPS_RUN_LOG_REPORT_H

#include <stdint.h>

#include <dmap/dmap.h>

typedef struct run_facts {
    uint64_t ended, failed;
    uint64_t peak_kib, peak_seq; /* the most memory that a job took, and which did; 0: not to be said */
} run_facts;

/** One line on standard error; of several nodes, one for each (of the first twenty), too. */
void run_report_print(const dmap_pool *pool, const run_facts *facts);

#endif
