/* Opening what a run is made of, and closing it. */
#ifndef DMAP_APPS_RUN_OPEN_H
#define DMAP_APPS_RUN_OPEN_H

#include <stdbool.h>
#include <stddef.h>

#include "run/engine.h"

/** engine: zero, but for options and pool. Returns false with a sentence; run_free is due in either case. */
bool run_open(run_engine *engine, char *error, size_t size);
/** What is still buffered is written; a failure of that counts as one of the run. */
void run_close(run_engine *engine);
void run_free(run_engine *engine);

#endif
