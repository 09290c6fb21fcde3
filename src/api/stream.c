/* Streams: a map whose results are taken one by one. */
#include "api/calls.h"
#include "api/pool.h"
#include "base/clock.h"
#include "pool/calls.h"
#include "pool/loop.h"

static int no_each(void *arg, const dmap_item_result *result) {
    (void)arg, (void)result;
    return 0;
}

dmap_status dmap_stream_open(dmap_pool *pool, const dmap_task *task, dmap_source source,
                             const dmap_map_options *options, dmap_stream **stream) {
    dmap__call *made;
    DMAP__ENTER(pool);
    dmap_status status = dmap__pool_check_making(pool, "dmap_stream_open");
    if (status != DMAP_OK)
        return status;
    if (!stream)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_stream_open: the pointer to a stream is NULL");
    if (pool->is_finishing)
        return dmap__fail(&pool->error, DMAP_ECANCELLED, "dmap_stream_open: the pool is being closed");
    if (options && options->cost && !options->unordered)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_stream_open: a cost hint wants `unordered`");
    if (options && options->spawns)
        return dmap__fail(&pool->error, DMAP_EINVAL,
                          "dmap_stream_open: a stream has no items that make items (spawns)");
    dmap__handle *handle = dmap__handle_create(DMAP__HANDLE_STREAM, pool);
    if (!handle)
        return dmap__fail_memory(&pool->error, sizeof *handle, "a stream");
    status = dmap__call_make(pool, "dmap_stream_open", task, source, dmap_each(no_each, NULL), options, true, &made);
    if (status != DMAP_OK) {
        dmap__handle_free(handle);
        return status;
    }
    handle->call = made;
    made->owner = handle;
    *stream = dmap__handle_name(handle);
    dmap__pool_touch(pool);
    return DMAP_OK;
}

static dmap__handle *find(const dmap_stream *stream, const char *function) {
    dmap__handle *handle = dmap__handle_find(stream);
    if (handle && handle->kind == DMAP__HANDLE_STREAM)
        return handle;
    dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: this is no stream, or it was closed", function);
    return NULL;
}

typedef struct asking {
    dmap__call *call;
    dmap_item_result *result;
    bool has_one;
} asking;

static bool has_result_or_ended(void *arg) {
    asking *a = arg;
    a->has_one = a->call->state == DMAP__CALL_RUNS && a->call->plan && dmap__call_next_result(a->call, a->result);
    return a->has_one || a->call->state == DMAP__CALL_ENDED;
}

static dmap_status tell_end(const dmap__call *call, dmap__error *error) {
    *error = call->error;
    return error->status == DMAP_OK ? DMAP_END : error->status;
}

dmap_status dmap_stream_next(dmap_stream *stream, double timeout_s, dmap_item_result *result) {
    dmap__handle *handle = find(stream, "dmap_stream_next");
    if (!handle)
        return DMAP_EINVAL;
    dmap_pool *pool = handle->pool;
    if (!pool)
        return tell_end(handle->call, dmap__thread_error());
    DMAP__ENTER(pool);
    dmap_status status = dmap__pool_check(pool, "dmap_stream_next");
    if (status != DMAP_OK)
        return status;
    if (!result)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_stream_next: the pointer to a result is NULL");
    asking a = {.call = handle->call, .result = result};
    if (!has_result_or_ended(&a))
        dmap__loop_run(pool, has_result_or_ended, &a, timeout_s < 0 ? -1 : dmap__clock_now() + timeout_s);
    dmap__handles_tell(pool);
    if (a.has_one)
        return DMAP_OK;
    if (a.call->state != DMAP__CALL_ENDED)
        return DMAP_PENDING;
    return tell_end(a.call, &pool->error);
}

void dmap_stream_close(dmap_stream *stream) {
    dmap__handle *handle = stream ? find(stream, "dmap_stream_close") : NULL;
    if (!handle)
        return;
    DMAP__ENTER(handle->pool);
    if (handle->pool)
        dmap__calls_forget(handle->pool, handle->call);
    else
        dmap__call_destroy(handle->call);
    dmap__handle_free(handle);
}
