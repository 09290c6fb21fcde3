/* Commands that need no shell. */
#ifndef DMAP_APPS_RUN_COMMAND_NO_SHELL_H
#define DMAP_APPS_RUN_COMMAND_NO_SHELL_H

#include <stdbool.h>

/** True if the command needs no shell: words, quotes and backslashes only, no metacharacter, assignment, keyword or
 *  built-in. */
bool run_needs_no_shell(const char *command);
/** True if a shell (its path) has no commands but those that run_needs_no_shell knows: not if it reads a file of
 *  definitions first (zsh, fish, csh; bash with BASH_ENV). */
bool run_shell_is_usual(const char *shell);
/** Splits a simple command into words, in one block to be freed: NULL-ended, or NULL if memory is out. */
char **run_command_split(const char *command);

#endif
