/* The environment of a child: the program's, without what a launcher told this one rank. */
#ifndef DMAP_CREW_PROCESS_ENVIRONMENT_H
#define DMAP_CREW_PROCESS_ENVIRONMENT_H

#include <stddef.h>

/** Leaves out the variables by which a launcher or its job step speaks to one rank: a program that inherits them may
 *  take itself for that rank.
 *  Writes to kept (room for as many as environment has, and NULL) the variables that a child gets, in their order: all
 *  of them, if the environment is neither a rank's nor that of a step of Slurm. Returns their number. */
size_t dmap__environment_for_child(const char *const *environment, const char **kept);

#endif
