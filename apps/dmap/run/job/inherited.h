/* What the caller of dmap gave it, as jobs are to have it: the environment, before MPI and dmap added to it;
 * descriptors beyond the standard ones; the soft limit on open files, which dmap raises for itself. */
#ifndef DMAP_APPS_RUN_JOB_INHERITED_H
#define DMAP_APPS_RUN_JOB_INHERITED_H

#include <stdbool.h>

#include "run/job/spawner_wire.h"

/** On every rank, before anything else is opened or set. */
void run_inherited_note(void);
/** Before there are threads: from now on the variable has this value, for jobs too. One may be changed; name stays. */
void run_inherited_change(const char *name, const char *value);
/** True if the caller has set the variable to something. */
bool run_inherited_has(const char *name);
/** The variables that the caller has set, "NAME=value", ended by NULL. */
char *const *run_inherited_variables(void);
/** Tells it to a spawner. */
void run_inherited_describe(spawner_birth *birth);

#endif
