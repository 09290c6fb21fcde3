/* What --plus does to a value, as bash has it: {%.gz} {#pre} {/a/b} {:2:3} {^a} {:-default}. */
#ifndef DMAP_APPS_RUN_COMMAND_EDIT_H
#define DMAP_APPS_RUN_COMMAND_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "run/base/text.h"

typedef struct run_edit run_edit;

/** True if what stands in braces, behind a position if there is one, is an edit. */
bool run_edit_is_meant(const char *text, size_t size);
/** Returns NULL with a sentence: its regular expression is not valid, or memory is out. */
run_edit *run_edit_create(const char *text, size_t size, char *error, size_t error_size);
void run_edit_free(run_edit *edit);
/** Appends the value as the edit makes it. */
void run_edit_apply(const run_edit *edit, const char *value, size_t size, run_text *to);

#endif
