/* Reading the value of --halt. */
#ifndef DMAP_APPS_RUN_OPTIONS_HALT_RULE_H
#define DMAP_APPS_RUN_OPTIONS_HALT_RULE_H

#include <stdbool.h>

#include "run/options/options.h"

/** "never", "now,fail=1", "soon,done=30%", and GNU parallel's old 0, 1, 2, -1, -2, N%. Returns false if it is none. */
bool run_halt_parse(const char *text, run_halt_rule *rule);

#endif
