/* Sets of CPUs, by the operating system's numbers. */
#ifndef DMAP_APPS_RUN_BASE_CPUS_H
#define DMAP_APPS_RUN_BASE_CPUS_H

#include <stdbool.h>
#include <stddef.h>

enum { RUN_CPUS = 8192 }; /* numbers are below this */

/** As sched_setaffinity has them. */
typedef struct run_cpus {
    unsigned char mask[RUN_CPUS / 8];
} run_cpus;

bool run_cpus_are_none(const run_cpus *cpus);
void run_cpus_add(run_cpus *cpus, const run_cpus *more);
bool run_cpus_meet(const run_cpus *a, const run_cpus *b);
/** "0-3,8", as Linux writes it; a newline may follow. What comes behind an error ("0-3,...") is left out.
 *  Returns false if there was one. */
bool run_cpus_read(const char *text, run_cpus *cpus);
/** What does not fit is left out. */
void run_cpus_write(const run_cpus *cpus, char *text, size_t size);

#endif
