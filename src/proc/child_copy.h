/* A child that is a fresh copy of the program (DMAP_SPAWN). */
#ifndef DMAP_PROC_CHILD_COPY_H
#define DMAP_PROC_CHILD_COPY_H

#include "proc/process_body.h"

/** Executes the program once more, so that dmap__child_enter finds the body. */
_Noreturn void dmap__child_copy(dmap__process_body *body, int place, int ready, char **program_argv);

#endif
