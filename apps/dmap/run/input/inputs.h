/* Where jobs come from: sources crossed, linked, split into columns, taken N at a time, shuffled; read as a stream, so
 * that 100 million lines need no more memory than one (but for --shuf, and for all sources but the first of a cross
 * product, which are gone through again and again and so are kept). Where there are several sources, an empty one
 * counts as one empty value, as in GNU parallel. */
#ifndef DMAP_APPS_RUN_INPUT_INPUTS_H
#define DMAP_APPS_RUN_INPUT_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#include "run/input/pack.h"
#include "run/input/values.h"
#include "run/options/options.h"

typedef struct run_inputs run_inputs;

/** Opens all files. Returns NULL with a sentence if one cannot be read, or standard input is asked for twice. */
run_inputs *run_inputs_open(const run_options *options, char *error, size_t size);
void run_inputs_close(run_inputs *inputs);

/** For -X, -m and --xargs: how long a command line becomes, and over how many slots the last values are spread. To be
 *  told before the first run_inputs_next. */
void run_inputs_measure_by(run_inputs *inputs, run_measure_fn *measure, void *arg, int slots);

/** The next job's values, valid until the next call. Returns one of RUN_INPUT_; never blocks. */
int run_inputs_next(run_inputs *inputs, run_values *values, char *error, size_t size);
/** Jobs in all, if that can be found out: words are counted, regular files are read for it (once; a few seconds for
 *  100 million lines); else UINT64_MAX. Asked for first after run_inputs_next it is UINT64_MAX. */
uint64_t run_inputs_total(run_inputs *inputs);
/** Names of the columns (--header :), NULL-ended, or NULL. Known after the first run_inputs_next that gave a job, and
 *  then the same until run_inputs_close. */
const char *const *run_inputs_names(run_inputs *inputs);

#endif
