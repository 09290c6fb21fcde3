/* How a program of dmap_run ends when a rank was lost. */
#ifndef DMAP_API_LEAVE_H
#define DMAP_API_LEAVE_H

/** Flushes the program's streams and ends the process. MPI, and what is run at exit, may wait for the rank for ever. */
_Noreturn void dmap__leave(int value);

#endif
