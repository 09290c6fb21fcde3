/* The list of all peers. */
#include "peers.h"

const bench_peer *const bench_peers[] = {&bench_bare_loop,       &bench_omp_static,      &bench_omp_dynamic_1,
                                         &bench_omp_dynamic_100, &bench_dmap_threads,    &bench_dmap_threads_each,
                                         &bench_scatter_gather,  &bench_manager_1,       &bench_manager_100,
                                         &bench_dmap_ranks,      &bench_dmap_ranks_each, 0};
