/* What is said at the end of every run: how many jobs, where, how long, how busy the slots were. */
#ifndef DMAP_APPS_RUN_LOG_REPORT_H
#define DMAP_APPS_RUN_LOG_REPORT_H

#include <stdint.h>

#include <dmap/dmap.h>

/** One line on standard error; of several nodes, one for each (of the first twenty), too. */
void run_report_print(const dmap_pool *pool, uint64_t ended, uint64_t failed);

#endif
