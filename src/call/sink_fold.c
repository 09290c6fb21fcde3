/* dmap_fold and dmap_fold_blob: results become one. Ranks fold what lies side by side; the rest is done here. A fold of
 * what happened to have come would differ from run to run, and nobody could tell what is in it: so it is whole, or
 * there is none. */
#include "call/sink.h"

static dmap_status check(const dmap_task *task, const dmap_sink *given, uint64_t count, dmap__error *error) {
    (void)count;
    if (!task->combine)
        return dmap__fail_task(error, task->name, "dmap_fold wants a combine function, and combine is NULL");
    if (task->result_size == DMAP_VARIABLE)
        return dmap__fail_task(error, task->name,
                               "dmap_fold wants results of fixed size, and result_size is DMAP_VARIABLE: use "
                               "dmap_fold_blob");
    if (!task->result_size)
        return dmap__fail_task(error, task->name, "dmap_fold wants a result_size, and it is 0");
    return given->data ? DMAP_OK : dmap__fail_task(error, task->name, "dmap_fold: the accumulator is NULL");
}

static dmap_status check_blob(const dmap_task *task, const dmap_sink *given, uint64_t count, dmap__error *error) {
    (void)count;
    if (!task->merge)
        return dmap__fail_task(error, task->name, "dmap_fold_blob wants a merge function, and merge is NULL");
    if (task->result_size != DMAP_VARIABLE)
        return dmap__fail_task(error, task->name,
                               "dmap_fold_blob wants results of any size, and result_size is not DMAP_VARIABLE: use "
                               "dmap_fold");
    return given->data && given->arg
               ? DMAP_OK
               : dmap__fail_task(error, task->name, "dmap_fold_blob: the accumulator, or its size, is NULL");
}

/* The result of the item at part->next; NULL if it has none. */
static dmap_blob result_of(const dmap__sink *sink, dmap__segment *part) {
    const dmap__failure *failure;
    dmap_blob result = {NULL, 0};
    double seconds;
    if (part)
        dmap__segment_step(part, sink->task->result_size, &result, &failure, &seconds);
    return result;
}

/* The buffer is ours by now, and its results are looked at once: they may be folded where they lie. */
static dmap__sink_said deliver_one(dmap__sink *sink, dmap__segment *part) {
    dmap_blob result = result_of(sink, part);
    bool kept = result.data ? dmap__fold_push(&sink->fold, (void *)result.data, 1) : dmap__fold_skip(&sink->fold);
    return kept ? DMAP__SINK_DONE : DMAP__SINK_NO_MEMORY;
}

static dmap__sink_said deliver_blob(dmap__sink *sink, dmap__segment *part) {
    dmap_blob result = result_of(sink, part);
    bool kept = result.data ? dmap__fold_push_blob(&sink->fold, result) : dmap__fold_skip(&sink->fold);
    return kept ? DMAP__SINK_DONE : DMAP__SINK_NO_MEMORY;
}

/* Ranks have folded the part; else its results are folded one by one. */
static dmap__sink_said deliver(dmap__sink *sink, dmap__segment *part) {
    dmap__sink_said said = DMAP__SINK_DONE;
    if (part->fold)
        return dmap__fold_append(&sink->fold, part->fold) ? DMAP__SINK_DONE : DMAP__SINK_NO_MEMORY;
    while (part->next < part->end && said == DMAP__SINK_DONE)
        said = sink->ops->deliver_one(sink, part);
    return said;
}

static bool finish(dmap__sink *sink, uint64_t count, uint64_t limit) {
    (void)count, (void)limit;
    dmap__fold_finish(&sink->fold, sink->given.data);
    return true;
}

static bool finish_blob(dmap__sink *sink, uint64_t count, uint64_t limit) {
    (void)count, (void)limit;
    return dmap__fold_finish_blob(&sink->fold, sink->given.data, sink->given.arg);
}

const dmap__sink_ops dmap__sink_fold = {.want = DMAP__WANT_FOLD,
                                        .is_ordered = true,
                                        .calls_program = true,
                                        .is_whole = true,
                                        .check = check,
                                        .deliver = deliver,
                                        .deliver_one = deliver_one,
                                        .finish = finish};
const dmap__sink_ops dmap__sink_fold_blob = {.want = DMAP__WANT_FOLD,
                                             .is_ordered = true,
                                             .calls_program = true,
                                             .is_whole = true,
                                             .check = check_blob,
                                             .deliver = deliver,
                                             .deliver_one = deliver_blob,
                                             .finish = finish_blob};

dmap_sink dmap_fold(void *accumulator) {
    return (dmap_sink){.kind = DMAP__SINK_FOLD, .data = accumulator};
}

dmap_sink dmap_fold_blob(void **data, size_t *size) {
    return (dmap_sink){.kind = DMAP__SINK_FOLD_BLOB, .data = data, .arg = size};
}
