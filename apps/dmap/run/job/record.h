/* How a job ended, as the logs and the tables of --results have it. */
#ifndef DMAP_APPS_RUN_JOB_RECORD_H
#define DMAP_APPS_RUN_JOB_RECORD_H

#include <stddef.h>
#include <stdint.h>

typedef struct run_record {
    uint64_t seq;
    int attempt; /* from 1 */
    const char *host;
    double started; /* seconds since the epoch */
    double seconds;
    double user_s, system_s; /* of processors */
    uint64_t peak_kib;       /* most memory of a process of it */
    uint64_t sent, received; /* bytes */
    int exit_code;           /* -1: timed out */
    int signal;              /* that ended it, or 0 */
    const char *command;
    size_t command_size;
} run_record;

#endif
