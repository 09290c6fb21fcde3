/* What a job needs of its node while it runs: --cores, --mem and --gpus. */
#ifndef DMAP_APPS_RUN_OPTIONS_NEEDS_H
#define DMAP_APPS_RUN_OPTIONS_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/options/options.h"

typedef struct run_needs {
    uint64_t memory; /* bytes */
    int32_t cores;   /* of its own; 0: it has its slot's */
    int32_t gpus;    /* of its own */
} run_needs;

/** True if jobs need something. */
bool run_needs_are_asked(const run_options *options);
/** True if it is said and has placeholders, so that it is another for each job. */
bool run_need_varies(const run_options *options, run_need need);
/** False, with a sentence, if one has no placeholder and is no such number. */
bool run_needs_check(const run_options *options, char *error, size_t size);
/** Reads one of them. Returns false, with a sentence, if that is no such number. */
bool run_need_read(run_need need, const char *text, run_needs *needs, char *error, size_t size);

#endif
