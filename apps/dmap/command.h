/* A sub-command of dmap: one line in dmap.c's table. */
#ifndef DMAP_APPS_COMMAND_H
#define DMAP_APPS_COMMAND_H

#include <dmap/dmap.h>

enum { EXIT_BAD_USAGE = 255 }; /* the command line, or the environment, is not valid: nothing was done */

/** A whole program, on every rank: it calls dmap_run. argv is that of main: argv[1] is the sub-command's name.
 *  Returns the exit status */
typedef int command_fn(int argc, char **argv);

/** For what maps nothing: takes the variables out of the environment that have a pool write files. Else the trace that
 *  is to be shown would be written over. */
void command_watch_nothing(void);
/** dmap_run for what needs no workers: in the smallest pool there is, in which the environment has no say. */
int command_run_small(dmap_main_fn *main_fn, int argc, char **argv);

command_fn info_command, run_command, journal_command, bench_command, report_command, supervise_command;

#endif
