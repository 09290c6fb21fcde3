/* One child process: what dmap/process.h is made of, and the process workers too. The same functions, with the sentence
 * in *error (never NULL); a process must be open. */
#ifndef DMAP_CREW_PROCESS_H
#define DMAP_CREW_PROCESS_H

#include <dmap/process.h>

#include "base/error.h"

dmap_status dmap__process_open(const dmap_process_options *options, dmap_process **process, dmap__error *error);
dmap_status dmap__process_start(dmap_process *process, dmap__error *error);
/** True if the last start failed as the child died, or was killed for being late: another may do better. */
bool dmap__process_is_stillborn(const dmap_process *process);
dmap_status dmap__process_join(dmap_process *process, double timeout_s, dmap__error *error);
bool dmap__process_is_alive(const dmap_process *process);
dmap_status dmap__process_exit_code(dmap_process *process, int *code, dmap__error *error);
/** whole_group: all that the process left in its group gets it too. */
dmap_status dmap__process_signal(dmap_process *process, int signal, bool whole_group, dmap__error *error);
const char *dmap__process_name(const dmap_process *process);
int dmap__process_pid(const dmap_process *process);
int dmap__process_fd(const dmap_process *process);
dmap_status dmap__process_close(dmap_process *process, dmap__error *error);

#endif
