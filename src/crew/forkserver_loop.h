/* The server's side. */
#ifndef DMAP_CREW_FORKSERVER_LOOP_H
#define DMAP_CREW_FORKSERVER_LOOP_H

#include <sys/types.h>

/** Becomes the fork server, in a process just forked with all signals blocked, and leaves when the program has ended or
 *  closed its end.
 *  socket, program:  to the program, and its pidfd; -1: the system has none
 *  parent:           the program */
_Noreturn void dmap__forkserver_live(int socket, int program, pid_t parent, char **program_argv);

#endif
