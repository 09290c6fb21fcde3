/* The functions that DMAP_PROCESS registered: found by name in a fresh copy of the program. */
#ifndef DMAP_CREW_PROCESS_CODE_H
#define DMAP_CREW_PROCESS_CODE_H

#include <dmap/process.h>

#include "base/error.h"

/** The name of a function, in *name. Returns DMAP_EINVAL if it has none or another one has the same; DMAP_ENOMEM if
 *  memory was out while they registered. */
dmap_status dmap__process_code_name(dmap_process_fn *function, const char **name, dmap__error *error);
/** The function of a name; NULL if there is none. */
dmap_process_fn *dmap__process_code_find(const char *name);

#endif
