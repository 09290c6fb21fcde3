/* What a child does from its birth to its end. */
#ifndef DMAP_CREW_CHILD_H
#define DMAP_CREW_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <dmap/process.h>

#include "crew/child_end.h"

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

/** Becomes the child, right after fork() with all signals blocked, in whatever process that was: nothing of it stays
 *  but its memory.
 *  parent:       of this process
 *  program_argv: the program's own, for a fresh copy */
_Noreturn void dmap__child_live(const dmap__birth *birth, pid_t parent, char **program_argv);

/** In a fresh copy of the program that is a child: does not return. In any other process: does nothing. */
void dmap__child_enter(char **program_argv);

#endif
