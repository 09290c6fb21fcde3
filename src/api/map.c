/* dmap_map and what a program makes its arguments with. */
#include <dmap/dmap.h>

#include "api/check.h"
#include "api/pool.h"
#include "job/job.h"
#include "job/share.h"
#include "job/source_kind.h"

dmap_source dmap_array(const void *items, size_t count) {
    return (dmap_source){.kind = DMAP__SOURCE_ARRAY, .data = items, .end = count};
}

dmap_source dmap_blobs(const dmap_blob *items, size_t count) {
    return (dmap_source){.kind = DMAP__SOURCE_BLOBS, .data = items, .end = count};
}

dmap_source dmap_range(uint64_t begin, uint64_t end) {
    return (dmap_source){.kind = DMAP__SOURCE_RANGE, .begin = begin, .end = end};
}

dmap_source dmap_pull(dmap_pull_fn *next, void *arg) {
    return (dmap_source){.kind = DMAP__SOURCE_PULL, .next = next, .arg = arg};
}

dmap_sink dmap_into(void *results) {
    return (dmap_sink){.kind = DMAP__SINK_INTO, .data = results};
}

dmap_sink dmap_collect(dmap_results **results) {
    return (dmap_sink){.kind = DMAP__SINK_COLLECT, .results = results};
}

dmap_sink dmap_each(dmap_each_fn *fn, void *arg) {
    return (dmap_sink){.kind = DMAP__SINK_EACH, .each = fn, .arg = arg};
}

dmap_sink dmap_fold(void *accumulator) {
    return (dmap_sink){.kind = DMAP__SINK_FOLD, .data = accumulator};
}

dmap_sink dmap_fold_blob(void **data, size_t *size) {
    return (dmap_sink){.kind = DMAP__SINK_FOLD_BLOB, .data = data, .arg = size};
}

dmap_sink dmap_discard(void) {
    return (dmap_sink){.kind = DMAP__SINK_DISCARD};
}

/* The pool may be used, and has not broken. */
static dmap_status enter(dmap_pool *pool, const char *function) {
    dmap_status status = dmap__pool_check(pool, function);
    if (status != DMAP_OK)
        return status;
    if (pool->broken != DMAP_OK)
        return pool->broken;
    dmap__error_clear(&pool->error);
    return DMAP_OK;
}

dmap_status dmap_map(dmap_pool *pool, const dmap_task *task, dmap_source source, dmap_sink sink,
                     const dmap_map_options *options) {
    static const dmap_map_options defaults;
    uint32_t task_id;
    if (sink.kind == DMAP__SINK_COLLECT && sink.results)
        *sink.results = NULL;
    dmap_status status = enter(pool, "dmap_map");
    if (status != DMAP_OK)
        return status;
    options = options ? options : &defaults;
    status = dmap__check_map(pool, task, &source, &sink, options, &task_id, &pool->error);
    return status == DMAP_OK ? dmap__job_run(pool, task_id, source, sink, options) : status;
}

dmap_status dmap_share(dmap_pool *pool, const void *data, size_t size) {
    dmap_status status = enter(pool, "dmap_share");
    if (status != DMAP_OK)
        return status;
    if (!data && size)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_share: %zu bytes at NULL", size);
    return dmap__share_give(pool, data, size);
}

dmap_status dmap_drain(dmap_pool *pool) {
    dmap_status status = dmap__pool_check_calling(pool, "dmap_drain");
    if (status == DMAP_OK)
        dmap__job_drain(pool->current);
    return status;
}

static dmap_status not_yet(dmap_pool *pool, const char *function) {
    dmap_status status = enter(pool, function);
    if (status != DMAP_OK)
        return status;
    return dmap__fail(&pool->error, DMAP_EUNSUPPORTED, "%s: calls in flight are not in this version: use dmap_map",
                      function);
}

dmap_status dmap_map_async(dmap_pool *pool, const dmap_task *task, dmap_source source, dmap_sink sink,
                           const dmap_map_options *options, dmap_call **call) {
    (void)task, (void)source, (void)sink, (void)options, (void)call;
    return not_yet(pool, "dmap_map_async");
}

dmap_status dmap_submit(dmap_pool *pool, const dmap_task *task, const void *item, size_t size, dmap_call **call) {
    (void)task, (void)item, (void)size, (void)call;
    return not_yet(pool, "dmap_submit");
}

dmap_status dmap_stream_open(dmap_pool *pool, const dmap_task *task, dmap_source source,
                             const dmap_map_options *options, dmap_stream **stream) {
    (void)task, (void)source, (void)options, (void)stream;
    return not_yet(pool, "dmap_stream_open");
}
