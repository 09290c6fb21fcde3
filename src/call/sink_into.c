/* dmap_into: results of fixed size, side by side in the caller's memory. Most are made or received there. */
#include <string.h>

#include "call/sink.h"

static dmap_status check(const dmap_task *task, const dmap_sink *given, uint64_t count, dmap__error *error) {
    if (task->result_size == DMAP_VARIABLE)
        return dmap__fail_task(error, task->name,
                               "dmap_into wants results of fixed size, and result_size is DMAP_VARIABLE: use "
                               "dmap_collect or dmap_each");
    if (!task->result_size)
        return dmap__fail_task(error, task->name,
                               "dmap_into wants a result_size, and it is 0: set it, or use dmap_discard");
    if (!given->data)
        return dmap__fail_task(error, task->name, "dmap_into: the results are NULL");
    if (count > SIZE_MAX / 2 / task->result_size)
        return dmap__fail_task(error, task->name, "dmap_into: more results than memory can hold");
    return DMAP_OK;
}

static void *place(const dmap__sink *sink, uint64_t begin) {
    return (unsigned char *)sink->given.data + (size_t)begin * sink->task->result_size;
}

static dmap__sink_said deliver(dmap__sink *sink, dmap__segment *part) {
    size_t size = sink->task->result_size, n = (size_t)(part->end - part->begin);
    if (!part->fixed || (!sink->order && part->fixed == place(sink, part->begin)))
        return DMAP__SINK_DONE;
    if (!sink->order)
        memcpy(place(sink, part->begin), part->fixed, n * size);
    for (size_t i = 0; sink->order && i < n; i++)
        memcpy(place(sink, dmap__sink_index(sink, part->begin + i)), part->fixed + i * size, size);
    return DMAP__SINK_DONE;
}

const dmap__sink_ops dmap__sink_into = {.want = DMAP__WANT_RESULTS, .check = check, .place = place, .deliver = deliver};

dmap_sink dmap_into(void *results) {
    return (dmap_sink){.kind = DMAP__SINK_INTO, .data = results};
}
