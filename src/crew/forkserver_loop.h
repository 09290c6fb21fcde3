/* The server's side. */
#ifndef DMAP_CREW_FORKSERVER_LOOP_H
#define DMAP_CREW_FORKSERVER_LOOP_H

/** Becomes the fork server, in a process just forked with all signals blocked, and leaves when the program has ended or
 *  closed its end.
 *  socket, program:  to the program, and its pidfd */
_Noreturn void dmap__forkserver_live(int socket, int program, char **program_argv);

#endif
