/* The table of options: it makes the parser and the help. */
#ifndef DMAP_APPS_RUN_OPTIONS_TABLE_H
#define DMAP_APPS_RUN_OPTIONS_TABLE_H

#include <stdbool.h>

#include "run/options/options.h"

typedef struct run_option {
    char letter;                                          /* "-k"; 0: none */
    const char *name;                                     /* "--keep-order" */
    const char *value;                                    /* what follows it, for the help; NULL: nothing. "[N]" may be
                                                             left out, and is a number; what is in other [] is any */
    const char *help;                                     /* NULL: another spelling of the option before */
    bool (*set)(run_options *options, const char *value); /* returns false if the value is not valid */
} run_option;

extern const run_option run_option_table[];
extern const int run_option_count;

/** An option of GNU parallel that has nothing to do here ("--color"); NULL: it is none of these. */
const run_option *run_option_ignored(const char *name);
/** What GNU parallel knows and dmap does not: why, if the option ("--sshlogin", "-S") is one of these, else NULL. */
const char *run_option_refused(const char *name);

#endif
