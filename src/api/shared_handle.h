/* What the public functions of dmap/channel.h check first. */
#ifndef DMAP_API_SHARED_HANDLE_H
#define DMAP_API_SHARED_HANDLE_H

#include "api/pool.h"
#include "proc/shared_object.h"

/** DMAP_OK if handle (one of dmap/channel.h, whose first field is its object) is this process's; else DMAP_EINVAL and a
 *  sentence in dmap_error(NULL). */
dmap_status dmap__shared_check(const void *handle, const char *function);
/** The same for what waits. */
dmap_status dmap__shared_check_wait(const void *handle, double timeout_s, const char *function);
/** The same for the place where a new handle goes. */
dmap_status dmap__shared_check_place(const void *place, const char *function);
/** Its descriptor, or -1. */
int dmap__shared_descriptor(const void *handle, const char *function);
/** True if it may be closed here. */
bool dmap__shared_may_close(const void *handle, const char *function);

#endif
