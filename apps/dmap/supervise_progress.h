/* How far a run has come, as its journal or joblog shows it. */
#ifndef DMAP_APPS_SUPERVISE_PROGRESS_H
#define DMAP_APPS_SUPERVISE_PROGRESS_H

#include <stdint.h>

/** The file that the command names behind --journal or --joblog; NULL: none. Borrowed from argv. */
const char *supervise_progress_file(char **argv);
/** A number that is another one after each write to the file. */
uint64_t supervise_progress_stamp(const char *file);
/** What is done: items of a journal that have ended well, bytes of any other file; 0 if it is not there. For between
 *  runs, as a journal that is being written may be locked. */
uint64_t supervise_progress_done(const char *file);
/** For how many seconds the next run would find the journal in use: by a process of this host that still ends, or, as
 *  far as its lock tells, by one of another host, whose lock is taken over when it is old. 0: not any more. */
double supervise_progress_held_s(const char *file);

#endif
