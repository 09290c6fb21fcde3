/* What the tests of processes see from outside: the process table, descriptors, conditions that come true in time. */
#ifndef DMAP_PROCESS_LOOK_H
#define DMAP_PROCESS_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include <dmap/process.h>

/** Open descriptors of this process, or of another. */
int look_descriptors(void);
int look_descriptors_of(int pid);
/** State letter ('R', 'S', 'Z', …) of a process, its parent and its group; false if there is none. Any may be NULL. */
bool look_process(int pid, char *state, int *parent, int *group);
/** True if there is no such process, not even a zombie. */
bool look_gone(int pid);
/** Stops a process (SIGSTOP), and waits until it is; false if there is none. */
bool look_stop(int pid);
/** Children of this process, zombies too. */
int look_children(void);

/** Waits until so many processes of a group live; false when timeout_s is over. */
bool look_wait_group(int group, int count, double timeout_s);

/** Waits until every one of the processes is gone (a zombie that is nobody's of ours counts as gone); false when
 *  timeout_s is over. */
bool look_wait_gone(const int *pids, size_t count, double timeout_s);

/** Opens and starts; NULL (and a failed assertion, with its sentence printed) if that does not work. */
dmap_process *look_start(const dmap_process_options *options);
/** Joins, closes and returns the exit code; -1000 if that does not work. */
int look_end(dmap_process *process);
/** Reads from a descriptor to its end, or to size - 1 bytes; ends text with a zero. */
void look_read(int descriptor, char *text, size_t size);

/** Starts a child that is given a number, and these descriptors. */
dmap_process *look_start_with(dmap_process_fn *run, dmap_start how, int number, const int *fds, int n);
/** The status is DMAP_EINVAL, and the sentence has that word. */
void look_refused(dmap_status status, const char *word);

#endif
