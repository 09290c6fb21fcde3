/* What passes between a program and its fork server: one request, one answer, each with descriptors. */
#ifndef DMAP_CREW_FORKSERVER_WIRE_H
#define DMAP_CREW_FORKSERVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DMAP__WIRE_FDS = 250 }; /* in a message; the kernel takes 253 */

typedef struct dmap__answer {
    int32_t error; /* errno of what failed, or 0: then the child's pidfd comes with it, where there are any */
    int32_t pid;
} dmap__answer;

/** Sends a message whole. Returns false, with errno, if it could not. No signal is raised. */
bool dmap__wire_put(int socket, const void *data, size_t size, const int *fds, int n_fds);
/** Takes a message of `size` bytes. Descriptors (close-on-exec) go to fds, their number to *n_fds, which holds their
 *  most on entry. Returns 1; 0 if the other side is gone; -1, with errno, if the message could not be taken whole: its
 *  descriptors are closed then. */
int dmap__wire_take(int socket, void *data, size_t size, int *fds, int *n_fds);

#endif
