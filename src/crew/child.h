/* What a child does from its birth to its end. */
#ifndef DMAP_CREW_CHILD_H
#define DMAP_CREW_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <dmap/process.h>

typedef enum dmap__child_kind {
    DMAP__CHILD_FUNCTION = 1, /* runs a function of this image */
    DMAP__CHILD_COPY = 2,     /* becomes a fresh copy of the program, which runs a function by its name */
    DMAP__CHILD_COMMAND = 3   /* becomes another program */
} dmap__child_kind;

/* The descriptors of a birth, in this order; those given by the user follow. */
enum {
    DMAP__FD_BODY,  /* process_body.h */
    DMAP__FD_READY, /* closed when the child runs. A dmap__child_trouble comes before: from a command, if it cannot */
    DMAP__FD_DIRECTORY,
    DMAP__FD_INPUT,
    DMAP__FD_OUTPUT,
    DMAP__FD_ERROR,
    DMAP__FD_GIVEN,
    DMAP__FDS_MOST = DMAP__FD_GIVEN + DMAP_FDS_MOST
};

typedef struct dmap__birth {
    int32_t kind; /* dmap__child_kind */
    int32_t is_daemon;
    int32_t is_direct;    /* forked by the program itself, not by its fork server */
    int32_t lifeline;     /* of a daemon that is no command: a pipe's end, hung up when the parent dies; else -1 */
    int32_t n_fds;        /* DMAP__FD_GIVEN and the user's */
    dmap_process_fn *run; /* DMAP__CHILD_FUNCTION */
    int fds[DMAP__FDS_MOST + 1]; /* and, on its way to the server, the report pipe */
} dmap__birth;

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

/** Becomes the child, right after fork() with all signals blocked, in whatever process that was: nothing of it stays
 *  but its memory.
 *  parent:       of this process
 *  program_argv: the program's own, for a fresh copy */
_Noreturn void dmap__child_live(const dmap__birth *birth, pid_t parent, char **program_argv);

/** In a fresh copy of the program that is a child: does not return. In any other process: does nothing. */
void dmap__child_enter(char **program_argv);

/** Default handlers for all signals. The mask is left as it is. */
void dmap__child_reset_signals(void);
/** An empty mask. */
void dmap__child_unblock_signals(void);
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
