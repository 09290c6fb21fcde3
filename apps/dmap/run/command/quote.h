/* Quoting for the shell, byte for byte as GNU parallel has it. */
#ifndef DMAP_APPS_RUN_COMMAND_QUOTE_H
#define DMAP_APPS_RUN_COMMAND_QUOTE_H

#include <stddef.h>

#include "run/base/text.h"

/** Appends a value so that a POSIX shell reads it as one word of the very same bytes. */
void run_quote(run_text *text, const char *value, size_t size);

#endif
