/* The list of all peers, in the order in which tables show them. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "peer.h"

extern const bench_peer bench_bare_loop, bench_ideal_split, bench_one_queue, bench_one_copy, bench_memcpy;
extern const bench_peer bench_omp_static, bench_omp_dynamic_1, bench_omp_dynamic_100;
extern const bench_peer bench_scatter_gather, bench_manager_1, bench_manager_100, bench_ping_pong, bench_waiting_ranks;
extern const bench_peer bench_dmap_threads, bench_dmap_threads_each, bench_dmap_threads_collect,
    bench_dmap_threads_explained, bench_dmap_threads_first, bench_dmap_threads_idle;
extern const bench_peer bench_dmap_processes, bench_dmap_processes_first, bench_dmap_processes_idle;
extern const bench_peer bench_dmap_ranks, bench_dmap_ranks_each, bench_dmap_ranks_collect, bench_dmap_ranks_explained,
    bench_dmap_ranks_first, bench_dmap_ranks_idle;
extern const bench_peer bench_dmap_ranks_processes;
extern const bench_peer bench_flight_threads, bench_flight_spare, bench_flight_ranks, bench_flight_master,
    bench_flight_ping;
extern const bench_peer bench_executor, bench_futures;
extern const bench_peer bench_pool_imap, bench_pool_map, bench_futures_1, bench_futures_100, bench_mapreduce;

extern const bench_peer *const bench_peers[]; /* the last is NULL */

#endif
