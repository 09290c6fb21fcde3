/* The command line of `dmap bench`. */
#ifndef DMAP_APPS_BENCH_OPTIONS_H
#define DMAP_APPS_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <dmap/dmap.h>

typedef struct bench_options {
    dmap_options pool;
    double seconds;   /* for all of it, about */
    const char *cpus; /* "0-3,8": that the process is to keep to; NULL: as it is */
    bool json, plain, help;
} bench_options;

/** Reads argv from [2] on. Returns false, with a sentence, if it is not valid. */
bool bench_options_parse(int argc, char **argv, bench_options *options, char *error, size_t error_size);
void bench_options_print_help(void);

#endif
