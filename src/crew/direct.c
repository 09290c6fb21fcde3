/* Items and results that go straight between a worker and the memory of the process that has given the chunk. Results
 * are written while they are in the worker's cache, items read shortly before they are to be there; the rank's own
 * thread has neither to receive nor to send.
 *
 * Invariant: of a chunk all results have passed, or all lie in the chunk's own memory, to be sent; the first batch that
 * ends says which. So a batch is run in scratch until the chunk's way is known to be the other. It is the other where a
 * system call a batch would cost more than a message a chunk, and where the first write fails: the memory may be of a
 * kind that only its own process can reach. A write that fails later ends the call.
 *
 * Small items are read ahead, as a worker takes its batches one after the other from a deque. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crew/batch.h"

#define AHEAD_BYTES ((size_t)64 * 1024) /* of items read at a time, at the least */

static void end_call(dmap__worker *worker, dmap__batch *b, const char *what, int code) {
    dmap__trouble_set(&b->log->trouble, code == ENOMEM ? DMAP_ENOMEM : DMAP_EIO, "%s: %s", what, strerror(code));
    dmap__crew_lower_limit(worker->crew, worker->context.call, 0);
}

/* ---- items ---- */

static bool make_room(dmap__fetched *fetched, size_t needed) {
    fetched->ticket = 0;
    if (needed <= fetched->size)
        return true;
    free(fetched->items);
    fetched->items = malloc(needed);
    fetched->size = fetched->items ? needed : 0;
    return fetched->items;
}

bool dmap__batch_read(dmap__worker *worker, dmap__batch *b, uint32_t first, uint64_t n, void *items) {
    const dmap__grant *grant = b->grant;
    size_t size = worker->context.call->task->item_size;
    int code = dmap__cross_memory_read(grant->reach, grant->items_at + first * size, items, (size_t)n * size);
    if (code)
        end_call(worker, b, "items cannot be read from the master's memory", code);
    return !code;
}

static bool read_ahead(dmap__worker *worker, dmap__batch *b, uint64_t ticket, size_t size) {
    dmap__fetched *fetched = &worker->fetched;
    const dmap__grant *grant = b->grant;
    uint64_t n = AHEAD_BYTES / size, most = grant->end - grant->begin - b->begin;
    n = n < most ? n : most;
    n = n > b->end - b->begin ? n : b->end - b->begin;
    if (!make_room(fetched, (size_t)n * size)) {
        dmap__batch_fail_memory(worker, b, "items");
        return false;
    }
    if (!dmap__batch_read(worker, b, b->begin, n, fetched->items))
        return false;
    fetched->ticket = ticket;
    fetched->begin = b->begin;
    fetched->end = b->begin + (uint32_t)n;
    return true;
}

bool dmap__batch_fetch(dmap__worker *worker, dmap__batch *b) {
    const dmap__grant *grant = b->grant;
    const dmap__fetched *fetched = &worker->fetched;
    size_t size = worker->context.call->task->item_size;
    if (grant->layout != DMAP__LAYOUT_ARRAY)
        return true;
    if (!grant->items_at) {
        b->items = (const unsigned char *)grant->items + (size_t)b->begin * size;
        return true;
    }
    if (worker->proc)
        return true;
    uint64_t ticket = atomic_load_explicit(&b->slot->ticket, memory_order_relaxed);
    bool is_there = fetched->ticket == ticket && fetched->begin <= b->begin && b->end <= fetched->end;
    if (!is_there && !read_ahead(worker, b, ticket, size))
        return false;
    b->items = fetched->items + (size_t)(b->begin - fetched->begin) * size;
    return true;
}

/* ---- results ---- */

static bool say(dmap__grant *grant, dmap__direct_way way) {
    uint32_t was = DMAP__DIRECT_WAY_OPEN;
    return atomic_compare_exchange_strong(&grant->direct_way, &was, way) || was == (uint32_t)way;
}

bool dmap__batch_may_write_direct(const dmap__batch *b) {
    const dmap__grant *grant = b->slot->grant;
    return grant->place && atomic_load_explicit(&grant->direct_way, memory_order_relaxed) != DMAP__DIRECT_WAY_NONE;
}

static void keep(const dmap__batch *b, size_t size) {
    unsigned char *place = b->grant->outcome.fixed + (size_t)b->begin * b->result_step;
    if (b->results != place)
        memcpy(place, b->results, size);
}

void dmap__batch_write_direct(dmap__worker *worker, dmap__batch *b) {
    dmap__grant *grant = b->slot->grant;
    size_t before = (size_t)b->begin * b->result_step, size = (size_t)(b->done - b->begin) * b->result_step;
    if (!b->is_direct || !size)
        return;
    if (size < DMAP__DIRECT_BATCH && say(grant, DMAP__DIRECT_WAY_NONE)) {
        keep(b, size);
        return;
    }
    int code = dmap__cross_memory_write(grant->reach, grant->place + before, b->results, size);
    if (say(grant, code ? DMAP__DIRECT_WAY_NONE : DMAP__DIRECT_WAY_ALL)) {
        if (code)
            keep(b, size);
    } else if (code) {
        end_call(worker, b, "results cannot be written to the master's memory", code);
    } else {
        keep(b, size);
    }
}
