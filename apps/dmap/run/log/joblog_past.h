/* What a joblog says of jobs that ended in earlier runs. */
#ifndef DMAP_APPS_RUN_LOG_JOBLOG_PAST_H
#define DMAP_APPS_RUN_LOG_JOBLOG_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUN_CODE_TIMED_OUT = -1 };

/** How a job ended. */
typedef struct run_ended {
    uint64_t seq;
    uint64_t hash;         /* of the command */
    int exit_code, signal; /* RUN_CODE_TIMED_OUT, or 0 to 255; 0 to 127 */
} run_ended;

/** A hash table of these: 16 bytes a place. Of two of one number the last one counts. Zero is an empty one. */
typedef struct run_past {
    struct run_place *places;
    size_t count, room; /* room: a power of two, or 0 */
} run_past;

/** Returns false if memory is out. seq: 1 to RUN_MOST_SEQ. */
bool run_past_put(run_past *past, const run_ended *ended);
bool run_past_get(const run_past *past, uint64_t seq, run_ended *ended);
void run_past_free(run_past *past);
#define RUN_MOST_SEQ (UINT64_MAX >> 16)

/** The hash of a command; a newline counts as the NUL that the joblog has in its place. */
uint64_t run_hash_command(const char *command, size_t size);

extern const char run_joblog_header[];

typedef enum run_look { RUN_LOOK_FINE, RUN_LOOK_NO_JOBLOG, RUN_LOOK_UNREADABLE, RUN_LOOK_NO_MEMORY } run_look;
/** Reads all of an open joblog from its beginning. *damaged: lines that were none, the last one too if it has no end.
 *  *whole: bytes up to the end of the last whole line. */
run_look run_past_read(run_past *past, int fd, size_t *damaged, uint64_t *whole);

#endif
