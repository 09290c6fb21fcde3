#include "api/check.h"

#include "base/options.h"
#include "call/sink.h"
#include "call/source.h"
#include "pool/registry.h"

#define MOST_SIZE (SIZE_MAX / 16) /* of an item or a result: sums of a few do not overflow */

static dmap_status refuse(dmap__error *error, const dmap_task *task, const char *why) {
    return dmap__fail_task(error, task->name, why);
}

dmap_status dmap__check_registered(const dmap_pool *pool, const dmap_task *task, uint32_t *id, dmap__error *error) {
    for (size_t i = 0; i < pool->registry.count; i++)
        if (pool->registry.tasks[i] == task) {
            *id = (uint32_t)i;
            return DMAP_OK;
        }
    return dmap__fail(error, DMAP_EINVAL, "task \"%s\" %s", task->name ? task->name : "(without a name)",
                      dmap__registry_is_known(task)
                          ? "was loaded too late: load its library, on every rank, before the pool is opened"
                          : "is not registered: define it by DMAP_TASK");
}

/* A size is DMAP_VARIABLE, or one that a few items have room for. */
static dmap_status check_size(const dmap_task *task, const char *field, size_t size, dmap__error *error) {
    if (size <= MOST_SIZE || size == DMAP_VARIABLE)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EINVAL, "task \"%s\": %s is %zu: more than memory can hold", task->name, field, size);
}

dmap_status dmap__check_task(const dmap_task *task, dmap__error *error) {
    if (!task->run && !task->run_batch)
        return refuse(error, task, "has neither run nor run_batch");
    if (task->run && task->run_batch)
        return refuse(error, task, "has both run and run_batch: one is wanted");
    if (task->run_batch && (task->item_size == DMAP_VARIABLE || task->result_size == DMAP_VARIABLE))
        return refuse(error, task,
                      task->item_size == DMAP_VARIABLE
                          ? "run_batch wants items of fixed size, and item_size is DMAP_VARIABLE"
                          : "run_batch wants results of fixed size, and result_size is DMAP_VARIABLE");
    dmap_status status = check_size(task, "item_size", task->item_size, error);
    return status == DMAP_OK ? check_size(task, "result_size", task->result_size, error) : status;
}

static dmap_status check_source(const dmap_task *task, const dmap_source *source, dmap__error *error) {
    const dmap__source_ops *ops = dmap__source_ops_of(source->kind);
    return ops ? ops->check(task, source, error)
               : refuse(error, task, "the source was not made by dmap_array, dmap_blobs, dmap_range or dmap_pull");
}

static dmap_status check_sink(const dmap_task *task, const dmap_source *source, const dmap_sink *sink,
                              dmap__error *error) {
    const dmap__sink_ops *ops = dmap__sink_ops_of(sink->kind);
    uint64_t count = dmap__source_ops_of(source->kind)->is_stream ? 0 : source->end - source->begin;
    if (ops)
        return ops->check(task, sink, count, error);
    return refuse(
        error, task,
        "the sink was not made by dmap_into, dmap_collect, dmap_each, dmap_fold, dmap_fold_blob or dmap_discard");
}

/* Items that make items: what has no meaning then is refused, rather than passed over. */
static dmap_status check_spawns(const dmap_task *task, const dmap_sink *sink, const dmap_map_options *o,
                                dmap__error *error) {
    if (!task->run)
        return refuse(error, task, "spawns wants a run function: run_batch has no item that could make others");
    if (!dmap__sink_spawned_ops_of(sink->kind))
        return refuse(error, task,
                      "spawns: dmap_into has a place for each item, and nobody knows how many there will be: use "
                      "dmap_each, dmap_collect, dmap_fold, dmap_fold_blob or dmap_discard");
    if (o->cost)
        return refuse(error, task, "spawns: a cost hint wants a source of known length, and items make items");
    if (o->journal)
        return refuse(error, task, "spawns: a journal wants items that are the same in the next run");
    if (o->chunk || o->schedule != DMAP_AUTO || o->ahead)
        return refuse(error, task, "spawns: chunk, schedule and ahead have no meaning, as items make items");
    return DMAP_OK;
}

dmap_status dmap__check_map(const dmap_pool *pool, const char *function, const dmap_task *task,
                            const dmap_source *source, const dmap_sink *sink, const dmap_map_options *options,
                            uint32_t *task_id, dmap__error *error) {
    if (!task)
        return dmap__fail(error, DMAP_EINVAL, "%s: the task is NULL", function);
    dmap_status status = dmap__check_registered(pool, task, task_id, error);
    if (status == DMAP_OK)
        status = dmap__check_task(task, error);
    if (status == DMAP_OK)
        status = check_source(task, source, error);
    if (status == DMAP_OK)
        status = check_sink(task, source, sink, error);
    if (status == DMAP_OK)
        status = dmap__map_options_check(options, error);
    if (status == DMAP_OK && options->cost && dmap__source_ops_of(source->kind)->is_stream)
        status = refuse(error, task, "a cost hint wants a source of known length, not dmap_pull");
    if (status == DMAP_OK && options->spawns)
        status = check_spawns(task, sink, options, error);
    return status;
}
