/* The tasks of the program, as DMAP_TASK registered them before main. */
#ifndef DMAP_API_REGISTRY_H
#define DMAP_API_REGISTRY_H

#include "base/error.h"
#include "pool/pool.h"

/** The tasks that are registered now, sorted by name: those of a library that is loaded later are not among them.
 *  Returns DMAP_OK; DMAP_EINVAL for what was wrong with a registration; DMAP_ENOMEM. Goes with dmap__registry_drop. */
dmap_status dmap__registry_get(dmap__registry *registry, dmap__error *error);
void dmap__registry_drop(dmap__registry *registry);
/** True if a task is registered, be it later than any registry. */
bool dmap__registry_is_known(const dmap_task *task);

/** Its names and sizes as text, a line a task, to be compared with another rank's; free() it. NULL if memory is out. */
char *dmap__registry_describe(const dmap__registry *registry);
/** Compares two descriptions; returns false and writes what differs first ("task \"x\": …") if they are not the
 *  same. */
bool dmap__registry_compare(const char *mine, const char *masters, char *difference, size_t size);

#endif
