/* What programs share whose tests open pools of their own: rank 0 runs the tests, the others serve what it opens. */
#ifndef DMAP_TESTS_POOLS_H
#define DMAP_TESTS_POOLS_H

#include <stdbool.h>

#include <CUnit/CUnit.h>

#include <dmap/call.h>

/** The back end, and its workers, of the command line: "serial", "threads N", "processes N". */
extern dmap_options pools_back_end;

/** Tasks: a number's square; an item that ends once it is asked to stop. */
extern const dmap_task pools_square, pools_held;

/** Opens a pool of all ranks. wanted: other statuses than DMAP_OK are refusals of every rank; then NULL */
dmap_pool *pools_open(const dmap_options *options, dmap_status wanted);
/** The same of ranks 0 and `other` alone. */
dmap_pool *pools_open_with(int other, const dmap_options *options, dmap_status wanted);
int pools_ranks(void);
/** True if MPI has MPI_THREAD_MULTIPLE, whatever it was asked for. */
bool pools_is_multiple(void);

/** main. threads: MPI is started with MPI_THREAD_SERIALIZED, else with MPI_THREAD_FUNNELED. Returns the exit code. */
int pools_run(int argc, char **argv, bool threads, void (*add_tests)(void));

#endif
