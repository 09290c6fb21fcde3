/* Tasks whose items or results are large, one of each size. */
#ifndef BENCH_PEER_DMAP_H
#define BENCH_PEER_DMAP_H

#include <dmap/dmap.h>

#include "work.h"

/** Null items. */
extern const dmap_task bench_null;

/** The task of BENCH_GATHER or BENCH_SCATTER for work->size; NULL if there is none of that size. */
const dmap_task *bench_bulk_task(const bench_work *work);

#endif
