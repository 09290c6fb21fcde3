/* dmap_each: a function of the caller's is called with each result, in the caller's thread, for at most about SLICE_S
 * at a time, so that a slow one does not keep the ranks from being fed. A call by hand takes its results here, too. */
#include "base/clock.h"
#include "call/sink.h"
#include "proc/copy.h"

#define SLICE_S 500e-6

static dmap_status check(const dmap_task *task, const dmap_sink *given, uint64_t count, dmap__error *error) {
    (void)count;
    return given->each ? DMAP_OK : dmap__fail_task(error, task->name, "dmap_each: the function is NULL");
}

void dmap__sink_next(const dmap__sink *sink, dmap__segment *part, char *text, dmap_item_result *r) {
    const dmap__failure *failure;
    dmap_blob result;
    *r = (dmap_item_result){
        .index = dmap__sink_index(sink, part->next), .rank = part->buffer->rank, .attempt = part->buffer->attempt};
    dmap__segment_step(part, sink->task->result_size, &result, &failure, &r->seconds);
    r->data = result.data;
    r->size = result.size;
    if (failure) {
        sink->describe(sink->arg, r->rank, r->index, failure, text, DMAP__SINK_TEXT);
        r->error = text;
        r->status = (dmap_item_status)failure->status;
        r->code = failure->code;
        r->signal = failure->signal;
        r->attempt = failure->attempt;
        r->seconds = failure->seconds;
    }
}

/* Hands the item at part->next to the user's function. */
static int call_each(const dmap__sink *sink, dmap__segment *part) {
    char text[DMAP__SINK_TEXT];
    dmap_item_result result;
    dmap__sink_next(sink, part, text, &result);
    int code = sink->given.each(sink->given.arg, &result);
    dmap__copy_leave();
    return code;
}

static bool time_is_over(dmap__sink *sink, double began_s, double *last_s) {
    double now = dmap__clock_now(), took = now - *last_s;
    if (took < 20e-6 && sink->pace < 4096)
        sink->pace *= 2;
    else if (took > 100e-6)
        sink->pace = sink->pace > 4 ? sink->pace / 4 : 1;
    *last_s = now;
    return now - began_s > SLICE_S;
}

/* Longest first, what lies at or above the crew's limit is among the rest, run or not. */
static bool is_unwanted(const dmap__sink *sink, const dmap__segment *part) {
    return sink->order && dmap__sink_index(sink, part->next) >= part->buffer->outcome.limit;
}

static dmap__sink_said deliver(dmap__sink *sink, dmap__segment *part) {
    double began = dmap__clock_now(), last = began;
    for (uint32_t n = 0; part->next < part->end;) {
        if (is_unwanted(sink, part))
            dmap__segment_seek(part, part->next + 1);
        else if (call_each(sink, part))
            return DMAP__SINK_STOPPED;
        if (++n < sink->pace)
            continue;
        n = 0;
        if (time_is_over(sink, began, &last) && part->next < part->end)
            return DMAP__SINK_MORE;
    }
    return DMAP__SINK_DONE;
}

static dmap__sink_said deliver_one(dmap__sink *sink, dmap__segment *part) {
    return part && call_each(sink, part) ? DMAP__SINK_STOPPED : DMAP__SINK_DONE;
}

const dmap__sink_ops dmap__sink_each = {.want = DMAP__WANT_RESULTS,
                                        .is_ordered = true,
                                        .calls_program = true,
                                        .may_be_unordered = true,
                                        .check = check,
                                        .deliver = deliver,
                                        .deliver_one = deliver_one};

dmap_sink dmap_each(dmap_each_fn *fn, void *arg) {
    return (dmap_sink){.kind = DMAP__SINK_EACH, .each = fn, .arg = arg};
}
