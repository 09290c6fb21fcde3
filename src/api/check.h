/* What dmap_map and dmap_submit refuse. */
#ifndef DMAP_API_CHECK_H
#define DMAP_API_CHECK_H

#include "pool/pool.h"

/** Checks that the task is one of the program's: its number, or a sentence. */
dmap_status dmap__check_registered(const dmap_pool *pool, const dmap_task *task, uint32_t *id, dmap__error *error);
/** Checks what the task itself says. */
dmap_status dmap__check_task(const dmap_task *task, dmap__error *error);
/** Checks all arguments of a map but the pool: DMAP_OK and the task's number, or a sentence. */
dmap_status dmap__check_map(const dmap_pool *pool, const char *function, const dmap_task *task,
                            const dmap_source *source, const dmap_sink *sink, const dmap_map_options *options,
                            uint32_t *task_id, dmap__error *error);

#endif
