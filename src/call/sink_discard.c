/* dmap_discard: results are made for nobody. */
#include "call/sink.h"

static dmap_status check(const dmap_task *task, const dmap_sink *given, uint64_t count, dmap__error *error) {
    (void)task, (void)given, (void)count, (void)error;
    return DMAP_OK;
}

const dmap__sink_ops dmap__sink_discard = {.want = DMAP__WANT_NOTHING, .check = check};

dmap_sink dmap_discard(void) {
    return (dmap_sink){.kind = DMAP__SINK_DISCARD};
}
