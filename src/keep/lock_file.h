/* The lock of a journal, that also holds where a file system has none: a file beside it, which names host and process.
 * One of a process of this host that is gone is taken over at once; one of another host when its time has not been
 * renewed for DMAP__LOCK_STALE_S. Made by link(2) and replaced by rename(2), which are atomic on network file systems
 * too. */
#ifndef DMAP_KEEP_LOCK_FILE_H
#define DMAP_KEEP_LOCK_FILE_H

#include <stdbool.h>

#include "base/error.h"

#define DMAP__LOCK_RENEW_S 10.0 /* renew it that often */
#define DMAP__LOCK_STALE_S 60.0

typedef struct dmap__lock_file {
    char *path;     /* NULL: not held */
    char text[512]; /* that is in it: host, process, and what tells two of those apart */
} dmap__lock_file;

/** Takes the lock of a file. Returns DMAP_OK; DMAP_EIO with a sentence that names its holder; DMAP_ENOMEM. */
dmap_status dmap__lock_file_take(dmap__lock_file *lock, const char *file, dmap__error *error);
/** Says that its holder lives. Returns false if another process has taken it over, as this one was stopped. */
bool dmap__lock_file_renew(dmap__lock_file *lock);
/** Gives it back; does nothing if it is not held. */
void dmap__lock_file_drop(dmap__lock_file *lock);

#endif
