/* Running command lines of the shell, one at a time, each to its end. */
#ifndef BENCH_COMMAND_RUN_H
#define BENCH_COMMAND_RUN_H

#include <stdbool.h>

bool command_succeeds(const char *line);
/** From its start to its end; NAN if it fails. */
double command_seconds(const char *line);
/** The number that it prints; NAN if it fails, or prints none. */
double command_number(const char *line);

#endif
