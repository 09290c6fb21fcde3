/* --retry-failed: the jobs of a joblog that failed, with the commands that it has. */
#ifndef DMAP_APPS_RUN_LOG_FAILED_H
#define DMAP_APPS_RUN_LOG_FAILED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct run_failed_job {
    uint64_t seq;
    size_t line; /* of the log */
    bool failed;
    char *command;
    size_t command_size;
} run_failed_job;

/** In the order of their numbers. Zero is an empty one. */
typedef struct run_failed {
    run_failed_job *jobs;
    size_t count, room;
    size_t passed_over; /* that failed, but whose numbers are other commands' since */
} run_failed;

/** Reads the joblog; of several lines of one job the last counts. Returns false with a sentence. run_failed_free is to
 *  be called in either case. */
bool run_failed_read(run_failed *failed, const char *path, char *error, size_t size);
void run_failed_free(run_failed *failed);

#endif
