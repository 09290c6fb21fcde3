/* The command line of `dmap info`. */
#ifndef DMAP_APPS_INFO_OPTIONS_H
#define DMAP_APPS_INFO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <dmap/dmap.h>

typedef struct info_options {
    dmap_options pool;
    const char *topology; /* NULL: this machine */
    int ranks;            /* 0: not given */
    bool json, help;
} info_options;

/** Reads argv from [2] on. Returns false, with a sentence, if it is not valid. */
bool info_options_parse(int argc, char **argv, info_options *options, char *error, size_t error_size);
void info_options_print_help(void);

#endif
