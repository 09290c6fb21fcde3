/* The sinks of a call whose items make items. Results come as the chunks end that had their items, in no order that
 * would be the same twice. A fold combines each worker's results as they come, then those of the workers: so it wants a
 * combine, or merge, that commutes, and doubles may differ in their last bits from run to run. */
#include "base/clock.h"
#include "call/call.h"
#include "call/results.h"
#include "proc/copy.h"

#define SLICE_S 500e-6

static const dmap__spawn_record *next_of(dmap__segment *part, dmap__spawn_record_kind kind) {
    const dmap__spawn_record *record;
    do
        record = dmap__spawn_record_next(&part->records);
    while (record && record->kind != kind);
    return record;
}

/* The sentence of a failure; NULL: the item ended well. */
static const char *describe(const dmap__sink *sink, const dmap__segment *part, const dmap__spawn_record *record,
                            char *text) {
    dmap__failure failure;
    if (record->status == DMAP_ITEM_OK)
        return NULL;
    dmap__call_failure_of(record, &failure);
    sink->describe(sink->arg, part->buffer->rank, record->index, &failure, text, DMAP__SINK_TEXT);
    return text;
}

static int call_each(const dmap__sink *sink, const dmap__segment *part, const dmap__spawn_record *record) {
    char text[DMAP__SINK_TEXT];
    dmap_item_result result = {.index = record->index,
                               .status = (dmap_item_status)record->status,
                               .code = record->code,
                               .signal = record->signal,
                               .error = describe(sink, part, record, text),
                               .rank = part->buffer->rank,
                               .attempt = record->attempt,
                               .seconds = record->seconds};
    if (!result.error) {
        result.data = dmap__spawn_record_data(record);
        result.size = (size_t)record->size;
    }
    int code = sink->given.each(sink->given.arg, &result);
    dmap__copy_leave();
    return code;
}

static dmap__sink_said deliver_each(dmap__sink *sink, dmap__segment *part) {
    double began_s = dmap__clock_now();
    for (const dmap__spawn_record *record; (record = next_of(part, DMAP__RECORD_END));) {
        if (call_each(sink, part, record))
            return DMAP__SINK_STOPPED;
        if (dmap__clock_now() - began_s > SLICE_S)
            return DMAP__SINK_MORE;
    }
    return DMAP__SINK_DONE;
}

static dmap_status open_collect(dmap__sink *sink, uint64_t count) {
    (void)count;
    *sink->given.results = dmap__results_create(0, sink->task->result_size);
    return *sink->given.results ? DMAP_OK : DMAP_ENOMEM;
}

static dmap__sink_said deliver_collect(dmap__sink *sink, dmap__segment *part) {
    char text[DMAP__SINK_TEXT];
    dmap_results *results = *sink->given.results;
    bool is_kept = dmap__results_keep(results, part->buffer);
    for (const dmap__spawn_record *record; is_kept && (record = next_of(part, DMAP__RECORD_END));) {
        dmap_blob result = {dmap__spawn_record_data(record), (size_t)record->size};
        const char *error = describe(sink, part, record, text);
        is_kept = dmap__results_append(results, result, (dmap_item_status)record->status, error);
    }
    return is_kept ? DMAP__SINK_DONE : DMAP__SINK_NO_MEMORY;
}

static bool finish_collect(dmap__sink *sink, uint64_t count, uint64_t limit) {
    (void)count, (void)limit;
    return dmap__results_finish(*sink->given.results, dmap_results_count(*sink->given.results), UINT64_MAX);
}

/* To the fold, each is the result of one more item. */
static dmap__sink_said deliver_fold(dmap__sink *sink, dmap__segment *part) {
    bool is_kept = true;
    for (const dmap__spawn_record *record; is_kept && (record = next_of(part, DMAP__RECORD_FOLD));) {
        void *value = dmap__spawn_record_data(record);
        if (sink->task->result_size == DMAP_VARIABLE)
            is_kept = dmap__fold_push_blob(&sink->fold, (dmap_blob){value, (size_t)record->size});
        else if (record->size == sink->task->result_size)
            is_kept = dmap__fold_push(&sink->fold, value, 1);
    }
    return is_kept ? DMAP__SINK_DONE : DMAP__SINK_NO_MEMORY;
}

static bool finish_fold(dmap__sink *sink, uint64_t count, uint64_t limit) {
    (void)count, (void)limit;
    dmap__fold_finish(&sink->fold, sink->given.data);
    return true;
}

static bool finish_fold_blob(dmap__sink *sink, uint64_t count, uint64_t limit) {
    (void)count, (void)limit;
    return dmap__fold_finish_blob(&sink->fold, sink->given.data, sink->given.arg);
}

static const dmap__sink_ops each = {.want = DMAP__WANT_RESULTS, .calls_program = true, .deliver = deliver_each};
static const dmap__sink_ops collect = {.want = DMAP__WANT_RESULTS,
                                       .is_finished_always = true,
                                       .open = open_collect,
                                       .deliver = deliver_collect,
                                       .finish = finish_collect};
static const dmap__sink_ops fold = {
    .want = DMAP__WANT_FOLD, .calls_program = true, .is_whole = true, .deliver = deliver_fold, .finish = finish_fold};
static const dmap__sink_ops fold_blob = {.want = DMAP__WANT_FOLD,
                                         .calls_program = true,
                                         .is_whole = true,
                                         .deliver = deliver_fold,
                                         .finish = finish_fold_blob};

const dmap__sink_ops *dmap__sink_spawned_ops_of(int kind) {
    switch (kind) {
    case DMAP__SINK_EACH:
        return &each;
    case DMAP__SINK_COLLECT:
        return &collect;
    case DMAP__SINK_FOLD:
        return &fold;
    case DMAP__SINK_FOLD_BLOB:
        return &fold_blob;
    case DMAP__SINK_DISCARD:
        return &dmap__sink_discard;
    default:
        return NULL;
    }
}
