/* ::: and its kin. */
#ifndef DMAP_APPS_RUN_OPTIONS_SOURCES_H
#define DMAP_APPS_RUN_OPTIONS_SOURCES_H

#include <stdbool.h>

#include "run/options/options.h"

/** True for ":::", "::::", ":::+", "::::+". */
bool run_is_separator(const char *word);
/** Adds a source. Returns false if memory is out. */
bool run_add_source(run_options *options, run_source source);
/** Reads what follows the command: argv[0] is a separator. Returns false if memory is out. */
bool run_add_sources(run_options *options, int argc, char **argv);

#endif
