/* The limit of a call, in one place for threads and one more for each process, and which threads are inside a task. */
#include "crew/crew_state.h"

#include "base/futex.h"
#include "crew/context.h"

static _Thread_local dmap_context *inside_of;

const dmap_context *dmap__worker_inside(void) {
    return inside_of;
}

void dmap__worker_mark(dmap_context *inside) {
    if (inside_of)
        atomic_store_explicit(&inside_of->is_inside, false, memory_order_relaxed);
    if (inside)
        atomic_store_explicit(&inside->is_inside, true, memory_order_relaxed);
    inside_of = inside;
}

bool dmap__limit_lower(_Atomic uint64_t *limit, uint64_t value) {
    uint64_t old = atomic_load(limit);
    while (value < old)
        if (atomic_compare_exchange_weak(limit, &old, value))
            return true;
    return false;
}

/* A worker's process has the limit of the call that it is at on its channel. Its worker writes the call's number there
 * before it reads the limit, and here it is read after the limit was lowered: so one of the two sees the other. A limit
 * that comes to the channel when its worker has turned to another call makes the process stop early, and be asked
 * again. */
bool dmap__crew_lower_limit(dmap__crew_state *crew, dmap__crew_call *call, uint64_t limit) {
    if (!dmap__limit_lower(&call->limit, limit))
        return false;
    for (int i = 0; i < crew->n_channels; i++)
        if (atomic_load(&crew->channels[i]->call) == call->id)
            dmap__limit_lower(&crew->channels[i]->limit, limit);
    return true;
}

/* A worker waits for the turn to come back, and looks around as often as it wakes. One that looked just before goes to
 * sleep all the same, until it looks the next time. */
void dmap__crew_look_up(const dmap__crew_state *crew, const dmap__crew_call *call) {
    for (int i = 0; i < crew->n_channels; i++) {
        dmap__shm_channel_head *head = crew->channels[i];
        if (atomic_load(&head->call) == call->id && atomic_load(&head->owner) == (uint32_t)DMAP__OWNER_PROCESS)
            dmap__futex_wake_shared(&head->owner, 1);
    }
}
