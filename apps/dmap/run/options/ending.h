/* Reading the value of --termseq. */
#ifndef DMAP_APPS_RUN_OPTIONS_ENDING_H
#define DMAP_APPS_RUN_OPTIONS_ENDING_H

#include <stdbool.h>

#include "run/options/options.h"

extern const char run_ending_usual[];
/** "TERM,200,KILL,25": signals by name or number, and milliseconds. SIGKILL is added if it is not the last. Returns
 *  false if it is none. */
bool run_ending_parse(const char *text, run_ending *ending);

#endif
