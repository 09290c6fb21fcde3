/* --pipe: standard input or a file, cut at the ends of records into blocks, one for each job. */
#ifndef DMAP_APPS_RUN_PIPE_H
#define DMAP_APPS_RUN_PIPE_H

#include "options.h"

typedef struct run_pipe run_pipe;

/** Returns NULL with a sentence. options: borrowed until run_pipe_close. */
run_pipe *run_pipe_open(const run_options *options, char *error, size_t size);
void run_pipe_close(run_pipe *pipe);
/** The next block, valid until the next call. Returns as run_inputs_next does; never blocks. */
int run_pipe_next(run_pipe *pipe, const char **block, size_t *size_out, char *error, size_t size);

#endif
