/* Calls that have ended: on_done functions are told, one after the other, and may make and free calls. */
#include "api/calls.h"
#include "proc/copy.h"

void dmap__handle_end(dmap__handle *handle, dmap_status status) {
    dmap_pool *pool = handle->pool;
    if (handle->on_done) {
        handle->is_due = true;
        handle->next = NULL;
        handle->previous = pool->due_last;
        *(pool->due_last ? &pool->due_last->next : &pool->due_first) = handle;
        pool->due_last = handle;
    }
    pool->n_ended++;
    atomic_store_explicit(&handle->status, (uint32_t)status, memory_order_release);
}

void dmap__handle_untell(dmap__handle *handle) {
    dmap_pool *pool = handle->pool;
    if (!handle->is_due)
        return;
    handle->is_due = false;
    *(handle->previous ? &handle->previous->next : &pool->due_first) = handle->next;
    *(handle->next ? &handle->next->previous : &pool->due_last) = handle->previous;
    handle->next = handle->previous = NULL;
}

static void has_told(dmap_pool **pool) {
    (*pool)->is_telling = false;
}

/* Also if the function throws an exception. */
static void tell(dmap_pool *pool, dmap__handle *handle) {
    __attribute__((cleanup(has_told))) dmap_pool *telling = pool;
    telling->is_telling = true;
    handle->on_done(handle->on_done_arg, dmap__handle_name(handle));
    dmap__copy_leave();
}

void dmap__handles_tell(dmap_pool *pool) {
    while (pool->due_first && !pool->is_telling) {
        dmap__handle *handle = pool->due_first;
        dmap__handle_untell(handle);
        tell(pool, handle);
    }
}
