/* {= s/a/b/; s/c/d/g =}: the little of Perl that the command lines of GNU parallel have. */
#ifndef DMAP_APPS_RUN_COMMAND_PERL_H
#define DMAP_APPS_RUN_COMMAND_PERL_H

#include "run/command/edit.h"

/** text: what stands between {= and =}, behind a position if there is one.
 *  Returns:  NULL with a sentence, if it is more than that, or nothing, or an expression is not valid */
run_edit *run_perl_create(const char *text, size_t size, char *error, size_t error_size);

#endif
