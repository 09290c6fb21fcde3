/* Options of a pool and of a call: what is legal, what the environment says, what holds in the end. */
#ifndef DMAP_BASE_OPTIONS_H
#define DMAP_BASE_OPTIONS_H

#include <stddef.h>

#include <dmap/dmap.h>

#include "base/error.h"

#define DMAP__OPTIONS_LINE 160 /* bytes that a description needs at most, with its '\0' */

/** Fills *resolved: a field of *given that is not zero holds; one that is zero takes its environment variable (an empty
 *  one counts as unset), else the default. Afterwards no field is zero but workers, node_workers, stack_size and
 * master_works, where zero means "the library decides". given:    NULL: all zero; may be the same as resolved Returns:
 * DMAP_OK, or DMAP_EINVAL with a sentence that names the field, or variable and value, and what is legal: *resolved is
 * untouched then */
dmap_status dmap__options_resolve(const dmap_options *given, dmap_options *resolved, dmap__error *error);

/** Writes the options on one line, as "workers=auto backend=threads …", cut off at size. */
void dmap__options_describe(const dmap_options *options, char *text, size_t size);

/** Checks what dmap.h says of each field.
 *  options:  NULL is fine: defaults
 *  Returns:  DMAP_OK; DMAP_EINVAL with a sentence that names the field; DMAP_EUNSUPPORTED (journal) */
dmap_status dmap__map_options_check(const dmap_map_options *options, dmap__error *error);

#endif
