/* --pipe: standard input or a file, cut at the ends of records into blocks, one for each job. */
#ifndef DMAP_APPS_RUN_INPUT_BLOCKS_H
#define DMAP_APPS_RUN_INPUT_BLOCKS_H

#include <stddef.h>

#include "run/options/options.h"

typedef struct run_blocks run_blocks;

/** Returns NULL with a sentence. slots: for --block -N. options: borrowed until run_blocks_close. */
run_blocks *run_blocks_open(const run_options *options, int slots, char *error, size_t size);
void run_blocks_close(run_blocks *pipe);
/** The next block, valid until the next call. Returns as run_inputs_next does; never blocks. */
int run_blocks_next(run_blocks *pipe, const char **block, size_t *size_out, char *error, size_t size);
/** --tee: all of it, valid until run_blocks_close. Returns as run_inputs_next does, but never RUN_INPUT_END. */
int run_blocks_whole(run_blocks *pipe, const char **block, size_t *size_out, char *error, size_t size);

#endif
