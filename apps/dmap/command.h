/* A sub-command of dmap: one line in dmap.c's table. */
#ifndef DMAP_APPS_COMMAND_H
#define DMAP_APPS_COMMAND_H

#include <dmap/dmap.h>

enum { EXIT_BAD_USAGE = 255 }; /* the command line, or the environment, is not valid: nothing was done */

/** A whole program, on every rank: it calls dmap_run. argv is that of main: argv[1] is the sub-command's name.
 *  Returns the exit status */
typedef int command_fn(int argc, char **argv);

/** For what needs no workers: everything is set, so that no variable of the environment has a say. */
extern const dmap_options command_smallest_pool;

command_fn info_command, run_command, journal_command, bench_command, report_command, supervise_command;

#endif
