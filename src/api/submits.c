/* Submitted items, from the queue on. Those of one task and the same options share a call inside, whose source is a
 * queue and whose sink gives each result to its handle. The call stays open while the pool is; it is a stream of
 * unknown length.
 *
 * Whoever submits puts its handle in the queue; the pool's thread takes all that is there at once, so items are handed
 * on without a lock. Invariant: a handle is in the queue (of others, or of the pool's thread), or among those that left
 * for a rank, by the index that its item has in the call; or it has ended. `held` counts the first two. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/calls.h"
#include "api/check.h"
#include "api/pool.h"
#include "api/submits.h"
#include "base/clock.h"
#include "base/memory.h"
#include "pool/calls.h"
#include "pool/fd.h"
#include "pool/loop.h"

void dmap__handle_put(dmap__handle_list *l, dmap__handle *handle) {
    handle->next = NULL;
    *(l->first ? &l->last->next : &l->first) = handle;
    l->last = handle;
}

static dmap__handle *take(dmap__handle_list *l) {
    dmap__handle *handle = l->first;
    if (handle)
        l->first = handle->next;
    return handle;
}

/* ---- ends of items ---- */

static void end_item(dmap__handle *handle, dmap_status status, const char *why) {
    if (atomic_load(&handle->is_dropped)) {
        handle->pool->n_ended++;
        dmap__handle_free(handle);
        return;
    }
    if (status != DMAP_OK) {
        dmap__handle_room(handle, 0);
        handle->error = why ? strdup(why) : NULL;
    }
    dmap__handle_end(handle, status);
}

static void let_in(dmap__submits *s, const dmap__handle *handle) {
    atomic_fetch_sub(&s->held, 1);
    atomic_fetch_sub(&s->bytes, handle->size);
    if (!atomic_load(&s->waiting))
        return;
    pthread_mutex_lock(&s->lock);
    pthread_cond_broadcast(&s->room);
    pthread_mutex_unlock(&s->lock);
}

/* Ended before it left. */
static void drop_item(dmap__submits *s, dmap__handle *handle, dmap_status status, const char *why) {
    let_in(s, handle);
    end_item(handle, status, why);
}

static bool is_late(const dmap__submits *s, const dmap__handle *handle) {
    return s->options.timeout_s > 0 && dmap__clock_now() - handle->submitted_s > s->options.timeout_s;
}

/* ---- the call inside ---- */

static dmap__handle *next_item(dmap__submits *s) {
    if (!s->own.first && atomic_load(&s->has_theirs)) {
        pthread_mutex_lock(&s->lock);
        s->own = s->theirs;
        s->theirs = (dmap__handle_list){0};
        atomic_store(&s->has_theirs, false);
        pthread_mutex_unlock(&s->lock);
    }
    return take(&s->own);
}

static bool make_room(dmap__submits *s) {
    if (s->to - s->from < s->capacity)
        return true;
    size_t wider = s->capacity ? 2 * s->capacity : 1024;
    dmap__handle **begun = calloc(wider, sizeof *begun);
    if (!begun)
        return false;
    for (uint64_t i = s->from; i < s->to; i++)
        begun[i % wider] = s->begun[i % s->capacity];
    free(s->begun);
    s->begun = begun;
    s->capacity = wider;
    return true;
}

static bool drop_if_over(dmap__submits *s, dmap__handle *handle) {
    bool is_cancelled = atomic_load(&handle->is_cancelled);
    if (is_cancelled)
        drop_item(s, handle, DMAP_ECANCELLED, "the call was cancelled before its item was begun");
    else if (is_late(s, handle))
        drop_item(s, handle, DMAP_ETIMEOUT, "the call was over its time before its item was begun");
    else
        return false;
    return true;
}

/* A dmap_pull_fn. */
static int pull(void *arg, dmap_blob *item) {
    dmap__submits *s = arg;
    dmap__handle *handle;
    while ((handle = next_item(s)))
        if (drop_if_over(s, handle))
            continue;
        else if (!make_room(s))
            drop_item(s, handle, DMAP_ENOMEM, "out of memory for a submitted item");
        else
            break;
    if (!handle)
        return s->pool->submits_end ? DMAP_PULL_END : DMAP_PULL_LATER;
    s->begun[s->to++ % s->capacity] = handle;
    s->running++;
    *item = (dmap_blob){handle->data, handle->size};
    let_in(s, handle);
    return DMAP_PULL_ITEM;
}

/* Stands where an item was that ended before its result came. */
static dmap__handle gone;

/* The call's: items that are granted again once they were gone. */
static bool is_gone(const dmap__call *call, uint64_t index) {
    const dmap__submits *s = call->owner;
    return index >= s->from && index < s->to && s->begun[index % s->capacity] == &gone;
}

/* Items that were cancelled, or are over their time, end now. What is left of them at their rank is told to stop. */
static void sweep(dmap__submits *s) {
    for (uint64_t i = s->from; i < s->to; i++) {
        dmap__handle *handle = s->begun[i % s->capacity];
        bool is_over = handle && handle != &gone && (atomic_load(&handle->is_cancelled) || is_late(s, handle));
        if (!is_over)
            continue;
        s->begun[i % s->capacity] = &gone;
        s->call->is_dropped = is_gone;
        s->n_gone++;
        dmap__calls_cancel_item(s->pool, s->call, i);
        if (atomic_load(&handle->is_cancelled))
            end_item(handle, DMAP_ECANCELLED, "the call was cancelled");
        else
            end_item(handle, DMAP_ETIMEOUT, "the call was over its time");
    }
}

/* Those that wait for a worker to be free end now, too. */
static void sweep_queue(dmap__submits *s) {
    dmap__handle_list kept = {0};
    for (dmap__handle *handle; (handle = next_item(s));)
        if (!drop_if_over(s, handle))
            dmap__handle_put(&kept, handle);
    s->own = kept;
}

/* A dmap_watch_fn, where there is a time to look at. */
static int watch(void *arg, const dmap_progress *progress) {
    (void)progress;
    sweep_queue(arg);
    sweep(arg);
    return 0;
}

static void give_result(dmap__submits *s, dmap__handle *handle, const dmap_item_result *result) {
    if (atomic_load(&handle->is_cancelled)) {
        end_item(handle, DMAP_ECANCELLED, "the call was cancelled");
    } else if (result->status != DMAP_ITEM_OK) {
        end_item(handle, DMAP_EITEM, result->error);
    } else if (is_late(s, handle)) {
        end_item(handle, DMAP_ETIMEOUT, "the call was over its time");
    } else if (!dmap__handle_room(handle, result->size)) {
        end_item(handle, DMAP_ENOMEM, "out of memory for a result");
    } else {
        if (result->size)
            memcpy(handle->data, result->data, result->size);
        dmap__handle_end(handle, DMAP_OK);
    }
}

/* A dmap_each_fn. */
static int each(void *arg, const dmap_item_result *result) {
    dmap__submits *s = arg;
    dmap__handle **place = &s->begun[result->index % s->capacity];
    dmap__handle *handle = *place;
    *place = NULL;
    s->running--;
    while (s->from < s->to && !s->begun[s->from % s->capacity])
        s->from++;
    if (handle != &gone)
        give_result(s, handle, result);
    else if (--s->n_gone == 0)
        s->call->is_dropped = NULL;
    return 0;
}

/* Its call is over: as it was told to, or in trouble, which all of its items then share, also those that wait. */
static void call_has_ended(dmap__call *call) {
    dmap__submits *s = call->owner;
    dmap_status status = call->error.status == DMAP_OK ? DMAP_ECANCELLED : call->error.status;
    for (; s->from < s->to; s->from++) {
        dmap__handle **place = &s->begun[s->from % s->capacity];
        if (*place && *place != &gone)
            end_item(*place, status, call->error.text);
        *place = NULL;
    }
    if (call->trouble.status != DMAP_OK || s->pool->closes)
        for (dmap__handle *handle; (handle = next_item(s));)
            drop_item(s, handle, status, call->error.text);
    s->running = s->n_gone = 0;
    s->from = s->to = 0;
    s->call = NULL;
    call->is_orphan = true;
}

static dmap_status open_call(dmap__submits *s) {
    dmap_map_options options = s->options;
    dmap__call_request request = {
        .task = s->task, .source = dmap_pull(pull, s), .sink = dmap_each(each, s), .options = &options, .rings = true};
    dmap_pool *pool = s->pool;
    if (options.timeout_s > 0) {
        options.on_watch = watch;
        options.on_watch_arg = s;
    }
    options.timeout_s = 0;
    options.unordered = true;
    options.on_error = DMAP_KEEP_GOING;
    options.progress = -1;
    dmap_status status = dmap__check_map(pool, "dmap_submit", s->task, &request.source, &request.sink, &options,
                                         &request.task_id, &pool->error);
    if (status != DMAP_OK)
        return status;
    s->call = dmap__calls_add(pool, &request, true);
    if (!s->call)
        return DMAP_ENOMEM;
    s->call->owner = s;
    s->call->done = call_has_ended;
    return DMAP_OK;
}

void dmap__submits_turn(dmap_pool *pool) {
    bool has_cancels = atomic_exchange(&pool->has_cancelled_items, false);
    for (dmap__submits *s = pool->submits; s; s = s->next) {
        if (has_cancels)
            sweep_queue(s);
        if (has_cancels && s->call)
            sweep(s);
        if (s->call && (s->pool->submits_end || atomic_load(&s->held)))
            s->call->source.later = false;
        if (s->call || !atomic_load(&s->held) || open_call(s) == DMAP_OK)
            continue;
        for (dmap__handle *handle; (handle = next_item(s));)
            drop_item(s, handle, pool->error.status, pool->error.text);
    }
}

/* ---- all of a pool's ---- */

size_t dmap__submits_pending(const dmap_pool *pool) {
    size_t n = 0;
    for (const dmap__submits *s = pool->submits; s; s = s->next)
        n += s->running + atomic_load(&s->held);
    return n;
}

static bool is_idle(const dmap__submits *s) {
    return s->call && !s->running && !atomic_load(&s->held);
}

size_t dmap__submits_idle(const dmap_pool *pool) {
    size_t n = 0;
    for (const dmap__submits *s = pool->submits; s; s = s->next)
        n += is_idle(s);
    return n;
}

void dmap__submits_end(dmap_pool *pool, bool ends) {
    pool->submits_end = ends;
}

void dmap__submits_cancel(dmap_pool *pool) {
    pool->closes = true;
    pool->submits_end = true;
    for (dmap__submits *s = pool->submits; s; s = s->next) {
        if (s->call)
            s->call->has_nothing = is_idle(s);
        pthread_mutex_lock(&s->lock);
        pthread_cond_broadcast(&s->room);
        pthread_mutex_unlock(&s->lock);
        for (dmap__handle *handle; (handle = next_item(s));)
            drop_item(s, handle, DMAP_ECANCELLED, "the pool was closed before the item was begun");
    }
}

void dmap__submits_go_on(dmap_pool *pool) {
    pool->closes = false;
    pool->submits_end = false;
}

/* Threads that waited for room have been told, and may have yet to wake. */
static void wait_for_leaving(dmap__submits *s) {
    pthread_mutex_lock(&s->lock);
    while (atomic_load(&s->waiting))
        pthread_cond_wait(&s->room, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void dmap__submits_destroy(dmap_pool *pool) {
    while (pool->submits) {
        dmap__submits *s = pool->submits;
        wait_for_leaving(s);
        pool->submits = s->next;
        pthread_cond_destroy(&s->room);
        pthread_mutex_destroy(&s->lock);
        free(s->begun);
        free(s);
    }
}
