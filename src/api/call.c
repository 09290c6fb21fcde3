/* dmap_map, and calls in flight. */
#include <dmap/call.h>

#include <string.h>

#include "api/calls.h"
#include "api/check.h"
#include "api/pool.h"
#include "base/clock.h"
#include "pool/calls.h"
#include "pool/fd.h"
#include "pool/loop.h"

/* ---- making ---- */

dmap_status dmap__call_make(dmap_pool *pool, const char *function, const dmap_task *task, dmap_source source,
                            dmap_sink sink, const dmap_map_options *options, bool by_hand, dmap__call **call) {
    static const dmap_map_options defaults;
    dmap__call_request request = {
        .task = task, .source = source, .sink = sink, .options = options ? options : &defaults, .by_hand = by_hand};
    if (pool->broken != DMAP_OK)
        return pool->broken;
    dmap__error_clear(&pool->error);
    dmap_status status =
        dmap__check_map(pool, function, task, &source, &sink, request.options, &request.task_id, &pool->error);
    if (status != DMAP_OK)
        return status;
    *call = dmap__calls_add(pool, &request, false);
    return *call ? DMAP_OK : DMAP_ENOMEM;
}

static void map_has_ended(dmap__call *call) {
    dmap__handle_end(call->owner, call->error.status);
}

dmap_status dmap_map_async(dmap_pool *pool, const dmap_task *task, dmap_source source, dmap_sink sink,
                           const dmap_map_options *options, dmap_call **call) {
    dmap__call *made;
    DMAP__ENTER(pool);
    dmap_status status = dmap__pool_check_making(pool, "dmap_map_async");
    if (status != DMAP_OK)
        return status;
    if (!call)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_map_async: the pointer to a call is NULL");
    if (sink.kind == DMAP__SINK_COLLECT && sink.results)
        *sink.results = NULL;
    dmap__handle *handle = dmap__handle_create(DMAP__HANDLE_MAP, pool);
    if (!handle)
        return dmap__fail_memory(&pool->error, sizeof *handle, "a call");
    status = dmap__call_make(pool, "dmap_map_async", task, source, sink, options, false, &made);
    if (status != DMAP_OK) {
        dmap__handle_free(handle);
        return status;
    }
    handle->call = made;
    handle->on_done = options ? options->on_done : NULL;
    handle->on_done_arg = options ? options->on_done_arg : NULL;
    made->owner = handle;
    made->done = map_has_ended;
    *call = dmap__handle_name(handle);
    dmap__pool_touch(pool);
    return DMAP_OK;
}

/* ---- the blocking call ---- */

static bool has_ended(void *call) {
    return ((const dmap__call *)call)->state == DMAP__CALL_ENDED;
}

/* An exception out of a function of the caller's passes through dmap_map: the call's memory is the caller's and may go
 * with it. So what is out is waited for first. */
static void break_off(dmap__call **unfinished) {
    dmap__call *call = *unfinished;
    if (!call)
        return;
    dmap_pool *pool = (dmap_pool *)call->world.arg;
    dmap__call_stop(call);
    dmap__loop_run(pool, has_ended, call, -1);
    pool->error = call->error;
    dmap__call_destroy(call);
}

static dmap_status run(dmap_pool *pool, dmap__call *call) {
    __attribute__((cleanup(break_off))) dmap__call *unfinished = call;
    dmap__loop_run(pool, has_ended, call, -1);
    unfinished = NULL;
    pool->error = call->error;
    dmap__call_destroy(call);
    return pool->error.status;
}

dmap_status dmap_map(dmap_pool *pool, const dmap_task *task, dmap_source source, dmap_sink sink,
                     const dmap_map_options *options) {
    dmap__call *call;
    if (sink.kind == DMAP__SINK_COLLECT && sink.results)
        *sink.results = NULL;
    DMAP__ENTER(pool);
    dmap_status status = dmap__pool_check(pool, "dmap_map");
    if (status == DMAP_OK)
        status = dmap__call_make(pool, "dmap_map", task, source, sink, options, false, &call);
    if (status != DMAP_OK)
        return status;
    status = run(pool, call);
    dmap__handles_tell(pool);
    return status;
}

/* ---- looking ---- */

static dmap_status status_of(const dmap__handle *handle) {
    return (dmap_status)atomic_load_explicit(&handle->status, memory_order_acquire);
}

static dmap_status no_call(const char *function) {
    return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: this is no call, or it was freed", function);
}

static dmap__handle *find(const dmap_call *call) {
    dmap__handle *found = dmap__handle_find(call);
    return found && found->kind != DMAP__HANDLE_STREAM ? found : NULL;
}

static dmap__handle *find_map(const dmap_call *call) {
    dmap__handle *found = dmap__handle_find(call);
    return found && found->kind == DMAP__HANDLE_MAP ? found : NULL;
}

dmap_status dmap_call_status(const dmap_call *call) {
    const dmap__handle *handle = find(call);
    dmap_status status = handle ? status_of(handle) : no_call("dmap_call_status");
    DMAP__ENTER(handle && status != DMAP_PENDING ? handle->pool
                                                 : NULL); /* after the round in which the helper saw it */
    return status;
}

const void *dmap_call_result(const dmap_call *call, size_t *size) {
    const dmap__handle *handle = find(call);
    bool has_one = handle && handle->kind == DMAP__HANDLE_ITEM && status_of(handle) == DMAP_OK;
    if (size)
        *size = has_one ? handle->size : 0;
    return has_one ? handle->data : NULL;
}

const char *dmap_call_error(const dmap_call *call) {
    const dmap__handle *handle = find(call);
    if (!handle || status_of(handle) == DMAP_PENDING)
        return "";
    if (handle->kind == DMAP__HANDLE_MAP)
        return handle->call->error.text;
    return handle->error ? handle->error : "";
}

void dmap_call_report(const dmap_call *call, dmap_report *report) {
    const dmap__handle *handle = find_map(call);
    DMAP__ENTER(handle ? handle->pool : NULL);
    if (handle)
        dmap__call_report_now(handle->call, report);
    else
        memset(report, 0, sizeof *report);
}

/* ---- waiting ---- */

typedef struct any {
    dmap_call *const *calls;
    size_t n, which;
} any;

/* A function of the program's that runs meanwhile may free a call: it is none then. */
static dmap_status status_now(const dmap_call *call) {
    const dmap__handle *handle = find(call);
    return handle ? status_of(handle) : DMAP_EINVAL;
}

static bool one_has_ended(void *arg) {
    any *a = arg;
    for (a->which = 0; a->which < a->n; a->which++)
        if (a->calls[a->which] && status_now(a->calls[a->which]) != DMAP_PENDING)
            return true;
    return false;
}

/* The pool that all calls are of; NULL: they are of several, or one is no call. Those that have ended may be of a pool
 * that was closed. */
static dmap_status find_pool(const any *a, const char *function, dmap_pool **pool) {
    *pool = NULL;
    bool has_call = false;
    for (size_t i = 0; i < a->n; i++) {
        if (!a->calls[i])
            continue;
        const dmap__handle *handle = find(a->calls[i]);
        if (!handle)
            return no_call(function);
        has_call = true;
        if (*pool && handle->pool && handle->pool != *pool)
            return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: the calls are of several pools", function);
        *pool = handle->pool ? handle->pool : *pool;
    }
    return has_call ? DMAP_OK : dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: there is no call", function);
}

static dmap_status wait_any(any *a, double timeout_s, const char *function) {
    dmap_pool *pool;
    dmap_status status = find_pool(a, function, &pool);
    if (status != DMAP_OK)
        return status;
    if (!pool)
        return one_has_ended(a) ? status_now(a->calls[a->which]) : DMAP_PENDING;
    DMAP__ENTER(pool);
    status = dmap__pool_check(pool, function);
    if (status != DMAP_OK)
        return status;
    bool is_over =
        one_has_ended(a) || dmap__loop_run(pool, one_has_ended, a, timeout_s < 0 ? -1 : dmap__clock_now() + timeout_s);
    const dmap__handle *ended = is_over ? find(a->calls[a->which]) : NULL;
    status = ended ? status_of(ended) : is_over ? no_call(function) : DMAP_PENDING;
    dmap__handles_tell(pool);
    return status;
}

dmap_status dmap_wait(dmap_call *call, double timeout_s) {
    any a = {.calls = &call, .n = 1, .which = 1};
    return wait_any(&a, timeout_s, "dmap_wait");
}

dmap_status dmap_wait_any(dmap_call *const *calls, size_t n, double timeout_s, size_t *which) {
    any a = {.calls = calls, .n = n, .which = n};
    if (!which)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_wait_any: the pointer to a place is NULL");
    *which = n;
    if (!calls || !n)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_wait_any: there is no call");
    dmap_status status = wait_any(&a, timeout_s, "dmap_wait_any");
    *which = a.which; /* whatever the status is: that of a call may be one that a refusal has, too */
    return status;
}

typedef struct stepping {
    dmap_pool *pool;
    uint64_t ended; /* calls, before */
} stepping;

/* Calls of the program's own: an open call that waits for submits is none. */
static bool is_any_in_flight(const dmap_pool *pool) {
    return dmap__calls_in_flight(pool) > dmap__submits_idle(pool) || dmap__submits_pending(pool);
}

static bool has_stepped(void *arg) {
    const stepping *s = arg;
    return s->pool->n_ended != s->ended || !is_any_in_flight(s->pool);
}

dmap_status dmap_step(dmap_pool *pool, double timeout_s) {
    DMAP__ENTER(pool);
    dmap_status status = dmap__pool_check(pool, "dmap_step");
    if (status != DMAP_OK)
        return status;
    stepping s = {pool, pool->n_told};
    dmap__fd_begin(pool);
    if (is_any_in_flight(pool))
        dmap__loop_run(pool, has_stepped, &s, timeout_s < 0 ? -1 : dmap__clock_now() + timeout_s);
    bool has_any = pool->n_ended != pool->n_told;
    pool->n_told = pool->n_ended;
    dmap__handles_tell(pool);
    dmap__fd_end(pool, is_any_in_flight(pool));
    if (has_any)
        return DMAP_OK;
    if (pool->broken != DMAP_OK)
        return pool->broken;
    return is_any_in_flight(pool) ? DMAP_PENDING : DMAP_END;
}

int dmap_fd(dmap_pool *pool) {
    DMAP__ENTER(pool);
    return dmap__pool_check_making(pool, "dmap_fd") == DMAP_OK ? dmap__fd_open(pool) : -1;
}

/* ---- ending early ---- */

static void cancel_item(dmap__handle *handle) {
    atomic_store(&handle->is_cancelled, true);
    atomic_store(&handle->pool->has_cancelled_items, true);
}

dmap_status dmap_cancel(dmap_call *call) {
    dmap__handle *handle = find(call);
    if (!handle)
        return no_call("dmap_cancel");
    if (status_of(handle) != DMAP_PENDING || !handle->pool)
        return DMAP_OK;
    if (handle->kind == DMAP__HANDLE_MAP)
        dmap__calls_cancel(handle->pool, handle->call);
    else
        cancel_item(handle);
    dmap__bell_ring(handle->pool->bell);
    return DMAP_OK;
}

static void forget_item(dmap__handle *handle) {
    dmap__handle_hide(handle);
    handle->on_done = NULL;
    atomic_store(&handle->is_dropped, true);
    cancel_item(handle);
}

void dmap_call_free(dmap_call *call) {
    dmap__handle *handle = call ? find(call) : NULL;
    if (!handle) {
        if (call)
            no_call("dmap_call_free");
        return;
    }
    DMAP__ENTER(handle->pool);
    dmap__handle_untell(handle);
    bool is_item = handle->kind == DMAP__HANDLE_ITEM;
    if (is_item && status_of(handle) == DMAP_PENDING) {
        forget_item(handle);
        return;
    }
    if (!is_item && handle->pool)
        dmap__calls_forget(handle->pool, handle->call);
    else if (!is_item)
        dmap__call_destroy(handle->call);
    dmap__handle_free(handle);
}
