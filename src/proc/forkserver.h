/* The fork server: a small process, made before MPI and before the program's memory grows, that forks the children. */
#ifndef DMAP_PROC_FORKSERVER_H
#define DMAP_PROC_FORKSERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "proc/child.h"
#include "proc/forkserver_client.h"

/** Makes this process's server; does nothing if it has one. First thing in main: children start from the memory that
 *  the program has now. All output streams are flushed.
 *  argv:     the program's, borrowed for ever, for fresh copies; may be NULL, which refuses them
 *  Returns:  DMAP_OK, DMAP_ENOMEM, DMAP_EIO, DMAP_EUNSUPPORTED; the process goes on without a server then */
dmap_status dmap__forkserver_open(char **argv, dmap__error *error);
/** True if this process has a server, or can make one when it is needed (as a child can). */
bool dmap__forkserver_is_open(void);

/** DMAP_OK if dmap__forkserver_is_open, else why not: there is none (DMAP_EINVAL), it could not be made (the status of
 *  that), it was killed (DMAP_ELOST). */
dmap_status dmap__forkserver_check(dmap__error *error);

/** Has the server fork a child. Any thread; one at a time is served.
 *  birth:    fds are borrowed for the call
 *  report:   the writing end of a pipe, borrowed: gets the exit code (int: n, or -signal) when the child has been
 *            reaped; nothing if the server is killed first
 *  timeout_s: for its answer: a server that gives none is killed
 *  pidfd:    of the child, close-on-exec; untouched where the system has none: the report says the same then
 *  Returns:  DMAP_OK; DMAP_EINVAL (no server, or no argv for a fresh copy); DMAP_ELOST (the server was killed);
 *            DMAP_ENOMEM, DMAP_EIO (it could not fork) */
dmap_status dmap__forkserver_start(const dmap__spawn_request *birth, int report, double timeout_s, pid_t *pid,
                                   int *pidfd, dmap__error *error);

/** Waits until what the server writes to is readable or at its end; a server that was stopped (SIGSTOP) is told to go
 *  on meanwhile. timeout_s < 0: no limit. Returns false when the time is over. Any thread. */
bool dmap__forkserver_wait(int descriptor, double timeout_s);
/** A server that was stopped is told to go on. Never blocks. Any thread. */
void dmap__forkserver_nudge(void);

#endif
