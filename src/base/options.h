/* Options of a pool and of a call: what is legal, what the environment says, what holds in the end. */
#ifndef DMAP_BASE_OPTIONS_H
#define DMAP_BASE_OPTIONS_H

#include <dmap/dmap.h>

#include "base/error.h"

#define DMAP__START_TIMEOUT_S 30.0 /* for a process to come up */
#define DMAP__CLOSE_S         60.0 /* for calls in flight to end when a pool is closed */

/** Fills *resolved: a field of *given that is not zero holds; one that is zero takes its environment variable (an empty
 *  one counts as unset), else the default. Of workers and node_workers the program sets either: no variable is looked
 *  at for the other then. Afterwards no field is zero but workers, node_workers, stack_size and master_works, where
 *  zero means "the library decides".
 *  given:    NULL: all zero; may be the same as resolved
 *  Returns:  DMAP_OK, or DMAP_EINVAL with a sentence that names the field, or variable and value, and what is legal (or
 *            which variable was meant by a misspelt one): *resolved is untouched then */
dmap_status dmap__options_resolve(const dmap_options *given, dmap_options *resolved, dmap__error *error);

/** True if dmap__options_resolve would leave `helper` set: known before the other ranks are. given may be NULL. */
bool dmap__options_want_helper(const dmap_options *given);

/** What the environment says of looking on. */
typedef struct dmap__monitor_options {
    char report[1024]; /* DMAP_REPORT: "1": a table on stderr; else a file. "": none */
    char trace[1024];  /* DMAP_TRACE, DMAP_METRICS: a file. "": none */
    char metrics[1024];
} dmap__monitor_options;

/** Fills *resolved from the environment; "0" counts as unset. Returns DMAP_OK, or DMAP_EINVAL with a sentence. */
dmap_status dmap__monitor_options_resolve(dmap__monitor_options *resolved, dmap__error *error);
/** True if what such a variable says is the name of a file. */
bool dmap__monitor_is_file(const char *text);

/** Checks what dmap.h says of each field.
 *  options:  NULL is fine: defaults
 *  Returns:  DMAP_OK; DMAP_EINVAL with a sentence that names the field */
dmap_status dmap__map_options_check(const dmap_map_options *options, dmap__error *error);

/** The part of that which is about signs of life. */
dmap_status dmap__options_resolve_beat(dmap_options *resolved, dmap__error *error);

#endif
