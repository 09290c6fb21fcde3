/* dmap_submit: checks an item and puts it in the queue of its like (submits.c). Whoever finds that full waits. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/calls.h"
#include "api/check.h"
#include "api/pool.h"
#include "api/submits.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/options.h"
#include "pool/calls.h"
#include "pool/loop.h"

#define QUEUE_ITEMS ((size_t)65536)
#define QUEUE_BYTES ((size_t)64 << 20)

static bool is_same(const dmap_map_options *a, const dmap_map_options *b) {
    return a->retries == b->retries && a->lost_limit == b->lost_limit && a->item_timeout_s == b->item_timeout_s &&
           a->timeout_s == b->timeout_s && a->seed == b->seed && a->ahead == b->ahead && a->priority == b->priority &&
           a->queue == b->queue && a->kill == b->kill;
}

/* What is about many items, or about where their results go, is no matter of one. */
static dmap_status check_options(const dmap_map_options *o, dmap__error *error) {
    const struct {
        const char *field;
        bool is_set;
    } others[] = {{"spawns", o->spawns},           {"chunk", o->chunk},
                  {"schedule", o->schedule},       {"unordered", o->unordered},
                  {"window", o->window},           {"on_error", o->on_error},
                  {"journal", o->journal},         {"journal_name", o->journal_name},
                  {"cost", o->cost != NULL},       {"progress", o->progress},
                  {"on_emit", o->on_emit != NULL}, {"on_watch", o->on_watch != NULL}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].is_set)
            return dmap__fail(error, DMAP_EINVAL, "dmap_submit: dmap_map_options.%s does not apply to one item",
                              others[i].field);
    return dmap__map_options_check(o, error);
}

/* What a task that has submits already was found to be. */
static dmap_status check_new(const dmap_pool *pool, const dmap_task *task, dmap__error *error) {
    uint32_t id;
    dmap_status status = dmap__check_registered(pool, task, &id, error);
    return status == DMAP_OK ? dmap__check_task(task, error) : status;
}

static dmap_status check(const dmap_pool *pool, const dmap_task *task, const void *item, size_t size,
                         const dmap_map_options *options, dmap__error *error) {
    if (task->item_size != DMAP_VARIABLE && size != task->item_size)
        return dmap__fail(error, DMAP_EINVAL, "dmap_submit: the item has %zu bytes; task \"%s\" wants %zu", size,
                          task->name ? task->name : "", task->item_size);
    if (!item && size)
        return dmap__fail(error, DMAP_EINVAL, "dmap_submit: an item of %zu bytes at NULL", size);
    if (options && check_options(options, error) != DMAP_OK)
        return error->status;
    return pool->closes ? dmap__fail(error, DMAP_ECANCELLED, "dmap_submit: the pool is being closed") : DMAP_OK;
}

static dmap__submits *create(dmap_pool *pool, const dmap_task *task, const dmap_map_options *options) {
    dmap__submits *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->pool = pool;
    s->task = task;
    s->options = *options;
    s->options.on_done = NULL;
    s->options.on_done_arg = NULL;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->room, NULL);
    s->next = atomic_load(&pool->submits);
    atomic_store(&pool->submits, s);
    return s;
}

static dmap__submits *look_for(dmap_pool *pool, const dmap_task *task, const dmap_map_options *options) {
    dmap__submits *s = atomic_load_explicit(&pool->submits, memory_order_acquire);
    while (s && !(s->task == task && is_same(&s->options, options)))
        s = s->next;
    return s;
}

/* Those of a task that was checked. */
static dmap__submits *make(dmap_pool *pool, const dmap_task *task, const dmap_map_options *options) {
    pthread_mutex_lock(&pool->submits_lock);
    dmap__submits *s = look_for(pool, task, options);
    if (!s)
        s = create(pool, task, options);
    pthread_mutex_unlock(&pool->submits_lock);
    return s;
}

static bool is_full(const dmap__submits *s) {
    size_t held = atomic_load(&s->held);
    if (s->options.queue)
        return held >= s->options.queue;
    return held && (held >= QUEUE_ITEMS || atomic_load(&s->bytes) >= QUEUE_BYTES);
}

static bool has_room(void *arg) {
    return !is_full(arg);
}

/* Another thread sleeps; the pool's own moves calls along, unless it is at that already. */
static dmap_status wait_for_room(dmap__submits *s, bool is_own) {
    dmap_pool *pool = s->pool;
    if (is_own && (pool->calls.in_turn || pool->calls.inside || pool->is_telling))
        return DMAP_OK; /* what it submits from a function of a call is bounded by that */
    if (is_own) {
        dmap__loop_run(pool, has_room, s, -1);
        return DMAP_OK;
    }
    pthread_mutex_lock(&s->lock);
    atomic_fetch_add(&s->waiting, 1);
    while (is_full(s) && !pool->closes)
        pthread_cond_wait(&s->room, &s->lock);
    dmap_status status = pool->closes ? DMAP_ECANCELLED : DMAP_OK;
    if (atomic_fetch_sub(&s->waiting, 1) == 1 && status != DMAP_OK)
        pthread_cond_broadcast(&s->room); /* who closes the pool waits for this thread to leave */
    pthread_mutex_unlock(&s->lock);
    return status;
}

static void enqueue(dmap__submits *s, dmap__handle *handle, bool is_own) {
    atomic_fetch_add(&s->held, 1);
    atomic_fetch_add(&s->bytes, handle->size);
    if (is_own) {
        dmap__handle_put(&s->own, handle);
        dmap__pool_touch(s->pool);
        return;
    }
    pthread_mutex_lock(&s->lock);
    dmap__handle_put(&s->theirs, handle);
    atomic_store(&s->has_theirs, true);
    pthread_mutex_unlock(&s->lock);
    dmap__bell_ring(s->pool->bell);
}

/* Where the item belongs. NULL: it cannot be taken, and the error says why. */
static dmap__submits *find(dmap_pool *pool, const dmap_task *task, const void *item, size_t size,
                           const dmap_map_options *options, dmap__error *error) {
    static const dmap_map_options defaults;
    const dmap_map_options *o = options ? options : &defaults;
    dmap__submits *s = look_for(pool, task, o);
    dmap_status status = s ? DMAP_OK : check_new(pool, task, error);
    if (status == DMAP_OK)
        status = check(pool, task, item, size, options, error);
    if (status != DMAP_OK)
        return NULL;
    if (!s && !(s = make(pool, task, o)))
        dmap__fail_memory(error, sizeof *s, "submitted items");
    return s;
}

static dmap__handle *make_handle(dmap__submits *s, const void *item, size_t size, const dmap_map_options *options) {
    dmap__handle *handle = dmap__handle_create(DMAP__HANDLE_ITEM, s->pool);
    if (!handle || (size && !dmap__handle_room(handle, size))) {
        if (handle)
            dmap__handle_free(handle);
        return NULL;
    }
    if (size)
        memcpy(handle->data, item, size);
    handle->submits = s;
    handle->on_done = options ? options->on_done : NULL;
    handle->on_done_arg = options ? options->on_done_arg : NULL;
    return handle;
}

dmap_status dmap_submit(dmap_pool *pool, const dmap_task *task, const void *item, size_t size,
                        const dmap_map_options *options, dmap_call **call) {
    DMAP__ENTER(pool);
    bool is_own = dmap__pool_is_owners(pool);
    dmap_status status = dmap__pool_check_submitting(pool, "dmap_submit");
    if (status != DMAP_OK)
        return status;
    dmap__error *error = is_own ? &pool->error : dmap__thread_error();
    if (!call || !task)
        return dmap__fail(error, DMAP_EINVAL, "dmap_submit: the %s is NULL", call ? "task" : "pointer to a call");
    if (pool->broken != DMAP_OK)
        return pool->broken;
    dmap__submits *s = find(pool, task, item, size, options, error);
    if (!s)
        return error->status;
    dmap__handle *handle = make_handle(s, item, size, options);
    if (!handle)
        return dmap__fail_memory(error, size, "a submitted item");
    if (is_full(s))
        status = options && options->no_wait ? DMAP_PENDING : wait_for_room(s, is_own);
    if (status != DMAP_OK) {
        dmap__handle_free(handle);
        return status;
    }
    handle->submitted_s = s->options.timeout_s > 0 ? dmap__clock_now() : 0;
    *call = dmap__handle_name(handle);
    enqueue(s, handle, is_own);
    return DMAP_OK;
}
