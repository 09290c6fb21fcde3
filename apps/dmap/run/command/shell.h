/* Which shell runs the commands. */
#ifndef DMAP_APPS_RUN_COMMAND_SHELL_H
#define DMAP_APPS_RUN_COMMAND_SHELL_H

/** $PARALLEL_SHELL, else the shell that this command was typed into, else $SHELL, else /bin/sh, as GNU parallel has it.
 *  Returns a path to be freed; NULL if memory is out. */
char *run_shell(void);

#endif
