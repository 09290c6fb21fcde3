/* What --plus does to a value, as bash has it: {%.gz} {#pre} {/a/b} {:2:3} {^a} {:-default}. */
#ifndef DMAP_APPS_RUN_COMMAND_EDIT_H
#define DMAP_APPS_RUN_COMMAND_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "run/base/text.h"

typedef struct run_edit run_edit;

/** A substitution by a Perl regular expression; bytes are borrowed for the call. */
typedef struct run_substitution {
    const char *expression, *replacement;
    size_t size, replacement_size;
    bool global, any_case;
} run_substitution;

/** True if what stands in braces, behind a position if there is one, is an edit. */
bool run_edit_is_meant(const char *text, size_t size);
/** Returns NULL with a sentence: its regular expression is not valid, or memory is out. */
run_edit *run_edit_create(const char *text, size_t size, char *error, size_t error_size);
/** Appends one that is made of what the others have made. *edit: NULL, or the first. Returns false with a sentence. */
bool run_edit_add(run_edit **edit, const run_substitution *by, char *error, size_t error_size);
void run_edit_free(run_edit *edit);
/** Appends the value as the edit makes it. */
void run_edit_apply(const run_edit *edit, const char *value, size_t size, run_text *to);

#endif
