#include "pool/beat.h"

#include <math.h>

double dmap__beat_until(const dmap_pool *pool, const dmap__beat *beat, double now) {
    double period_s = pool->options.heartbeat_s;
    return period_s > 0 && !beat->is_out ? fmax(beat->at_s + period_s - now, 0) : INFINITY;
}

dmap_status dmap__beat_send(dmap_pool *pool, dmap__beat *beat, double now) {
    dmap__head head = {.type = DMAP__BEAT};
    if (dmap__beat_until(pool, beat, now) > 0)
        return DMAP_OK;
    dmap_status status = dmap__comm_send(pool->comm, 0, &head, NULL, 0, NULL, 0, NULL, NULL, &pool->error);
    *beat = (dmap__beat){.at_s = now, .is_out = status == DMAP_OK};
    return status;
}

void dmap__beat_answered(dmap__beat *beat, double now) {
    *beat = (dmap__beat){.at_s = now};
}
