/* The limit of a crew, in one place for threads and one more for each process, and which threads are inside a task. */
#include "crew/crew_state.h"

static _Thread_local const dmap_context *inside_of;

const dmap_context *dmap__worker_inside(void) {
    return inside_of;
}

void dmap__worker_mark(const dmap_context *inside) {
    inside_of = inside;
}

static bool lower(_Atomic uint64_t *limit, uint64_t value) {
    uint64_t old = atomic_load(limit);
    while (value < old)
        if (atomic_compare_exchange_weak(limit, &old, value))
            return true;
    return false;
}

bool dmap__crew_lower_limit(dmap__crew_state *crew, uint64_t limit) {
    if (!lower(&crew->limit, limit))
        return false;
    for (int i = 0; i < crew->n_stages; i++)
        lower(&crew->stages[i]->limit, limit);
    return true;
}
