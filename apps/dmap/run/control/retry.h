/* How long a job that failed waits before it is tried again. Pure. */
#ifndef DMAP_APPS_RUN_CONTROL_RETRY_H
#define DMAP_APPS_RUN_CONTROL_RETRY_H

#include "run/options/options.h"

/** Seconds after attempt number `attempt`, the first of which is 1. */
double run_retry_wait(const run_retry_rule *rule, int attempt);

#endif
