/* dmap_collect: all results in a table (results.c), which the caller gets in any case, however the call ended. */
#include "call/results.h"
#include "call/sink.h"

static dmap_status check(const dmap_task *task, const dmap_sink *given, uint64_t count, dmap__error *error) {
    (void)count;
    return given->results ? DMAP_OK : dmap__fail_task(error, task->name, "dmap_collect: the pointer is NULL");
}

static dmap_status open(dmap__sink *sink, uint64_t count) {
    *sink->given.results = dmap__results_create(count, sink->task->result_size);
    return *sink->given.results ? DMAP_OK : DMAP_ENOMEM;
}

static void *place(const dmap__sink *sink, uint64_t begin) {
    return dmap__results_place(*sink->given.results, begin);
}

static const char *sentence(void *arg, const dmap__failure *failure) {
    static _Thread_local char text[DMAP__SINK_TEXT];
    const dmap__segment *part = ((void **)arg)[1];
    const dmap__sink *sink = ((void **)arg)[0];
    sink->describe(sink->arg, part->buffer->rank, dmap__sink_index(sink, failure->position), failure, text,
                   sizeof text);
    return text;
}

static dmap__sink_said deliver(dmap__sink *sink, dmap__segment *part) {
    void *both[2] = {sink, part};
    const uint64_t *indices = sink->order ? sink->order->index_of : NULL;
    return dmap__results_add(*sink->given.results, part, indices, sentence, both) ? DMAP__SINK_DONE
                                                                                  : DMAP__SINK_NO_MEMORY;
}

static bool fail(dmap__sink *sink, uint64_t index, dmap_item_status status, const char *text) {
    return dmap__results_fail(*sink->given.results, index, status, text);
}

static bool finish(dmap__sink *sink, uint64_t count, uint64_t limit) {
    return dmap__results_finish(*sink->given.results, count, limit);
}

const dmap__sink_ops dmap__sink_collect = {.want = DMAP__WANT_RESULTS,
                                           .is_finished_always = true,
                                           .check = check,
                                           .open = open,
                                           .place = place,
                                           .deliver = deliver,
                                           .fail = fail,
                                           .finish = finish};

dmap_sink dmap_collect(dmap_results **results) {
    return (dmap_sink){.kind = DMAP__SINK_COLLECT, .results = results};
}
