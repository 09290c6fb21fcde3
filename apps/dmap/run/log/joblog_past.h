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

/** What makes a job one of the log. */
typedef enum run_match {
    RUN_MATCH_NUMBER, /* its number */
    RUN_MATCH_BOTH,   /* its number and its command */
    RUN_MATCH_COMMAND /* these, or its command alone */
} run_match;

/** Where lines are found by what they have; places: their numbers from 1, 0 where there is none. */
typedef struct run_line_index {
    uint32_t *places;
    size_t room; /* a power of two, or 0 */
} run_line_index;

/** The lines of a log, of commands their hashes: 56 to 112 bytes a line. Of two that match by number, or number and
 *  command, the last one counts. Zero is an empty one, once its match and failed_again are set. */
typedef struct run_past {
    run_match match;
    bool failed_again; /* what failed is to run again */
    struct run_line *lines;
    size_t count, room;
    run_line_index exact, by_seq, by_hash;
} run_past;

typedef enum run_verdict {
    RUN_IT,     /* it failed and such are to run again, or it timed out; or in its stead one that had its line before */
    RUN_DONE,   /* it is in the log */
    RUN_UNKNOWN /* no line of the log, that is not another job's already, is its own */
} run_verdict;

/** Returns false if memory is out. seq: 1 to RUN_MOST_SEQ. */
bool run_past_put(run_past *past, const run_ended *ended);
/** After the last line, before the first look. Returns false if memory is out. */
bool run_past_settle(run_past *past);
void run_past_free(run_past *past);
#define RUN_MOST_SEQ (UINT64_MAX >> 16)

/** Finds the line with this number, and command if that counts. It is the job's then, even if another job with that
 *  command has it by now: that one is given another line; if there is none, it is to be run after all: RUN_IT, with its
 *  number in *seq. */
run_verdict run_past_find(run_past *past, uint64_t *seq, uint64_t hash);
/** Finds a line with this command that no job has, whatever its number, first among those that need not run again: it
 *  is the job's then. RUN_UNKNOWN if the command alone does not count. */
run_verdict run_past_find_command(run_past *past, uint64_t seq, uint64_t hash);
/** Where nothing is found: true if the log has the number with another command, which is not another job's already. */
bool run_past_has_changed(const run_past *past, uint64_t seq);
/** True if there is a line with this number and command, or this command alone; it stays whose it is. */
bool run_past_has(const run_past *past, uint64_t seq, uint64_t hash);

/** The hash of a command; a newline counts as the NUL that the joblog has in its place. */
uint64_t run_hash_command(const char *command, size_t size);

extern const char run_joblog_header[];

typedef enum run_look { RUN_LOOK_FINE, RUN_LOOK_NO_JOBLOG, RUN_LOOK_UNREADABLE, RUN_LOOK_NO_MEMORY } run_look;
/** Reads all of an open joblog from its beginning, and settles. *damaged: lines that were none, the last one too if it
 *  has no end. *whole: bytes up to the end of the last whole line. */
run_look run_past_read(run_past *past, int fd, size_t *damaged, uint64_t *whole);

#endif
