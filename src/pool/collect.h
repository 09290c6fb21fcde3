/* Up: what branches send goes to its call. The master's side of the loop. */
#ifndef DMAP_POOL_COLLECT_H
#define DMAP_POOL_COLLECT_H

#include "pool/pool.h"

struct dmap__emission;

void dmap__collect_message(dmap_pool *pool, dmap__message *message);
void dmap__collect_chunk(dmap_pool *pool, dmap__grant *grant);
void dmap__collect_emission(dmap_pool *pool, struct dmap__emission *emission);
/** on_emit did not return: what it was given is taken. */
void dmap__collect_unwind(dmap_pool *pool);
void dmap__collect_break(dmap_pool *pool, const dmap__error *why);
/** Now and then: looks how far the master's own crew is. */
void dmap__collect_progress(dmap_pool *pool, double now);

#endif
