/* Variables that jobs of all ranks are to have as the master's caller has them (--env): "NAME=value" each, ended by a
 * NUL, all by one more. */
#ifndef DMAP_APPS_RUN_JOB_EXPORTED_H
#define DMAP_APPS_RUN_JOB_EXPORTED_H

#include <stdbool.h>
#include <stddef.h>

#include "run/base/text.h"
#include "run/options/options.h"

/** On the master. A name that is not set there, nor a shell's function, is none of them. Returns false with a
 *  sentence. */
bool run_exported_gather(const run_options *options, run_text *exported, char *error, size_t size);
/** With the last NUL. */
size_t run_exported_size(const char *exported);
/** variable: its name, or "NAME=value". */
bool run_exported_has(const char *exported, const char *variable);

#endif
