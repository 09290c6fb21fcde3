/* The few calls of Linux that processes need and libc does not have everywhere. Errors are in errno. */
#ifndef DMAP_CREW_PROCESS_SYSTEM_H
#define DMAP_CREW_PROCESS_SYSTEM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/** A descriptor (close-on-exec) that is readable once the process has ended; -1 on failure. */
int dmap__pidfd_open(pid_t pid);
/** Sends a signal to the process of a pidfd, never to another that got its number. -1 on failure. */
int dmap__pidfd_signal(int pidfd, int signal);
/** waitid() for a child by its pidfd; where the system has no such thing, by its number. */
int dmap__pidfd_wait(int pidfd, pid_t pid, siginfo_t *info, int options);
/** Waits until descriptor is readable or at its end. timeout_s < 0: no limit. Returns false when the time is over. */
bool dmap__readable(int descriptor, double timeout_s);

/** The same, but time in which this process did not run (it was stopped, the machine is busy) hardly counts. */
bool dmap__readable_patiently(int descriptor, double timeout_s);

/** Closes all descriptors from first on. Takes no memory. */
void dmap__close_from(int first);
/** Closes *descriptor, if it is not negative, and makes it -1. Errno is kept. */
void dmap__close_one(int *descriptor);

/** read() and write() of all bytes, whatever comes between; false on failure or an early end. */
bool dmap__read_all(int descriptor, void *data, size_t size);
bool dmap__write_all(int descriptor, const void *data, size_t size);

#endif
