/* What every child does, whatever it is: lets go of what is its parent's, and ends. */
#ifndef DMAP_CREW_CHILD_END_H
#define DMAP_CREW_CHILD_END_H

#include <stdbool.h>
#include <stdint.h>

#include <dmap/process.h>

/** What a child says on DMAP__FD_READY: that its function is about to run, or why it could not. */
typedef struct dmap__child_trouble {
    int32_t step; /* dmap__child_step */
    int32_t number;
} dmap__child_trouble;

typedef enum dmap__child_step {
    DMAP__STEP_NONE = 0, /* there is no trouble */
    DMAP__STEP_DESCRIPTORS = 1,
    DMAP__STEP_BODY = 2,
    DMAP__STEP_DIRECTORY = 3,
    DMAP__STEP_EXEC = 4,
    DMAP__STEP_FIND = 5, /* a fresh copy has no such function */
    DMAP__STEP_WATCH = 6 /* over the parent */
} dmap__child_step;

/** Default handlers for all signals. The mask is left as it is. */
void dmap__child_reset_signals(void);
/** An empty mask. */
void dmap__child_unblock_signals(void);
/** Drops what the standard streams hold: it is the parent's, to be written or read by it. */
void dmap__child_forget_streams(void);
/** Runs a child's function, then leaves.
 *  owns_streams:  false: streams other than the standard ones may hold bytes that are the parent's to write */
_Noreturn void dmap__child_run(dmap_process_fn *run, void *argument, size_t size, bool owns_streams);
/** Ends the process at once: no handlers of atexit, no streams. */
_Noreturn void dmap__child_leave(int code);
/** Says on ready that the function is about to run, and closes it. */
void dmap__child_say_ready(int ready);
/** Writes a trouble to ready, then leaves. */
_Noreturn void dmap__child_give_up(int ready, dmap__child_step step, int number);

#endif
