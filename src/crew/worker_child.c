/* A worker's process. It sleeps until a request is on the channel, runs its items in place and one after the other, and
 * says after each that it has ended, so that its death costs the item that killed it and no other. The answer ends at
 * the first item that fails: failures are few, and the rank, which knows what they mean, asks again for the rest. */
#include "crew/worker_child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/process.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/tasks.h"
#include "crew/batch.h"
#include "crew/crash_report.h"
#include "crew/emission.h"
#include "crew/shared.h"
#include "crew/shm_channel.h"
#include "proc/copy.h"

#define CHANNEL_DESCRIPTOR 3

typedef struct child {
    dmap_context context; /* first: ctx->take finds the child by it */
    dmap__crew_state crew;
    dmap__crew_call call;
    dmap__shm_channel channel;
    dmap__local *locals; /* by task */
} child;

DMAP_PROCESS(dmap__worker_child, dmap__worker_child);

/* What takes memory is done once in a process and those that it forks: a child that has not come up takes none from
 * malloc. */
bool dmap__worker_child_prepare(void) {
    dmap__crash_report_load();
    return dmap__copy_watch();
}

/* Results of variable size are made on the channel. ctx->take. */
static void *take(dmap_context *ctx, size_t size) {
    child *c = (child *)ctx;
    uint64_t offset = dmap__shm_channel_take(&c->channel, size);
    return offset ? dmap__shm_channel_at(&c->channel, offset) : NULL;
}

/* ctx->emit: the rank is asked to take it, with the request still unanswered. */
static bool emit(dmap_context *ctx, const void *data, size_t size) {
    child *c = (child *)ctx;
    dmap__shm_channel_head *head = c->channel.head;
    if (!head->emission)
        head->emission = dmap__shm_channel_take(&c->channel, DMAP__EMISSION_MOST);
    if (!head->emission)
        return false;
    memcpy(dmap__shm_channel_at(&c->channel, head->emission), data, size);
    head->emitted_index = ctx->index;
    head->emitted = size;
    if (!dmap__shm_channel_pass(&c->channel, DMAP__OWNER_PROCESS, DMAP__OWNER_RANK))
        return false;
    while (atomic_load(&head->owner) == DMAP__OWNER_RANK)
        dmap__shm_channel_wait(&c->channel, DMAP__OWNER_RANK, -1);
    return head->taken;
}

/* ctx->is_cancelled: the rank has said so, of the item that it took this process to be at. */
static bool is_cancelled(const dmap_context *ctx) {
    const child *c = (const child *)ctx;
    return atomic_load_explicit(&c->channel.head->cancelled, memory_order_relaxed) == ctx->index;
}

/* ---- before the items ---- */

static const dmap_task *find_task(const dmap__shm_channel_head *head, size_t *number) {
    const dmap__tasks *tasks = dmap__tasks_get();
    for (*number = 0; *number < tasks->count; ++*number)
        if (!strcmp(tasks->tasks[*number]->name, head->task_name))
            return tasks->tasks[*number];
    return NULL;
}

static bool map_shared(child *c) {
    const dmap__shared_place *place = &c->channel.head->shared;
    if (place->generation == c->crew.shared_generation)
        return true;
    dmap__shared_destroy((void *)c->crew.shared, c->crew.shared_size, -1);
    c->crew.shared = NULL;
    c->crew.shared_size = 0;
    if (place->size) {
        c->crew.shared = dmap__shared_map((long)place->process, place->descriptor, (size_t)place->size, 0);
        if (!c->crew.shared)
            return false;
    }
    c->crew.shared_size = (size_t)place->size;
    c->crew.shared_generation = place->generation;
    return true;
}

static bool refuse(child *c, int code, const char *why) {
    dmap__shm_channel_head *head = c->channel.head;
    head->set_up_failed = true;
    head->code = code;
    head->out_of_memory = c->context.out_of_memory;
    snprintf(head->text, sizeof head->text, "%s", why);
    return false;
}

static bool make_ready(child *c) {
    dmap__shm_channel_head *head = c->channel.head;
    size_t number;
    const dmap_task *task = find_task(head, &number);
    if (!dmap__shm_channel_look(&c->channel))
        return refuse(c, 1, "the worker's process is out of addresses");
    if (!task)
        return refuse(c, 1,
                      "the worker's process does not know the task: it was loaded too late. Load its library before "
                      "dmap_prefork (dmap_run)");
    if (!map_shared(c))
        return refuse(c, 1, "the worker's process cannot reach the shared data");
    c->call.task = task;
    c->call.spec.seed = head->seed;
    c->call.spec.item_timeout_s = head->item_timeout_s;
    dmap__local *local = &c->locals[number];
    if (!local->task || local->generation != c->crew.shared_generation)
        atomic_store(&head->phase, (uint32_t)DMAP__PHASE_SETUP);
    int code = dmap__local_set_up(&c->context, local, task, c->crew.shared_generation);
    atomic_store(&head->phase, (uint32_t)DMAP__PHASE_IDLE);
    return code ? refuse(c, code, c->context.text) : true;
}

/* ---- items ---- */

static const void *item_at(child *c, uint32_t i, uint64_t *number) {
    const dmap__shm_channel_head *head = c->channel.head;
    const unsigned char *items = dmap__shm_channel_at(&c->channel, head->items);
    if (head->layout == DMAP__LAYOUT_ARRAY)
        return items + (size_t)i * c->context.item_size;
    if (head->layout == DMAP__LAYOUT_RANGE) {
        *number = head->range_first + c->context.index;
        return number;
    }
    dmap__shm_blob staged = ((const dmap__shm_blob *)(const void *)items)[i];
    c->context.item_size = (size_t)staged.size;
    return dmap__shm_channel_at(&c->channel, staged.offset);
}

static void begin(child *c, uint32_t i, dmap__phase phase) {
    dmap__shm_channel_head *head = c->channel.head;
    dmap_context *ctx = &c->context;
    size_t size = c->call.task->result_size;
    ctx->index =
        head->indices ? ((const uint64_t *)dmap__shm_channel_at(&c->channel, head->indices))[i] : head->first_index + i;
    ctx->has_result = false;
    ctx->result_size = 0;
    ctx->result = NULL;
    if (size != DMAP_VARIABLE)
        ctx->result = (unsigned char *)dmap__shm_channel_at(&c->channel, head->results) + (size_t)i * size;
    if (head->item_timeout_s > 0) {
        ctx->began_s = dmap__clock_now();
        atomic_store(&head->began_s, ctx->began_s);
    }
    atomic_store_explicit(&head->phase, (uint32_t)phase, memory_order_release);
}

/* There was no place for the result: it may be that memory is not what is out. */
static void name_reason(child *c, int code) {
    bool has_descriptor = dmap__shm_channel_has_descriptor(&c->channel);
    if (has_descriptor && c->channel.reason != EFBIG)
        return;
    c->context.out_of_memory = false;
    dmap_fail(&c->context, code,
              has_descriptor ? "the result is larger than the files that the program may make: see ulimit -f"
                             : "the task closed descriptors that are not its own: there is no place for its result");
}

/* Returns true if the item is done well. */
static bool end(child *c, uint32_t i, int code) {
    dmap__shm_channel_head *head = c->channel.head;
    dmap_context *ctx = &c->context;
    const dmap__crew_call *call = &c->call;
    bool is_variable = call->task->result_size == DMAP_VARIABLE;
    head->status = DMAP_ITEM_FAILED;
    if (call->spec.item_timeout_s > 0 && dmap__clock_now() - ctx->began_s > call->spec.item_timeout_s) {
        head->status = DMAP_ITEM_TIMEOUT;
        dmap_fail(ctx, code, "over its %g seconds", call->spec.item_timeout_s);
    } else if (!code && !ctx->out_of_memory && (!is_variable || ctx->has_result)) {
        head->status = DMAP_ITEM_OK;
        if (is_variable)
            ((dmap__shm_blob *)dmap__shm_channel_at(&c->channel, head->results))[i] =
                (dmap__shm_blob){(uint64_t)((unsigned char *)ctx->result - (unsigned char *)head), ctx->result_size};
        return true;
    } else if (!code && !ctx->out_of_memory) {
        code = dmap_fail(ctx, 1, "the task \"%s\" gave no result: dmap_result was not called", call->task->name);
    }
    if (ctx->out_of_memory)
        name_reason(c, code);
    head->code = code;
    head->out_of_memory = ctx->out_of_memory;
    snprintf(head->text, sizeof head->text, "%s", ctx->text);
    return false;
}

static int call(child *c, uint32_t i, uint32_t n) {
    uint64_t number;
    const dmap_task *task = c->call.task;
    begin(c, i, n > 1 ? DMAP__PHASE_BATCH : DMAP__PHASE_ITEM);
    const void *item = item_at(c, i, &number);
    void *result = task->result_size ? c->context.result : NULL;
    int code = task->run_batch ? task->run_batch(&c->context, item, result, n) : task->run(&c->context, item, result);
    dmap__copy_leave();
    return code;
}

/* Items that need no more than their place and their number: the way of short ones. What is the same for all of them is
 * written once; what each one writes says where the process was, should it die. */
static void run_plain(child *c) {
    dmap__shm_channel_head *head = c->channel.head;
    const dmap_task *task = c->call.task;
    const bool is_range = head->layout == DMAP__LAYOUT_RANGE;
    const uint32_t count = head->count;
    const uint64_t first = head->first_index, from = head->range_first;
    const size_t result_size = task->result_size;
    uint64_t number;
    unsigned char *result = dmap__shm_channel_at(&c->channel, head->results);
    const unsigned char *item = is_range ? (const void *)&number : dmap__shm_channel_at(&c->channel, head->items);
    begin(c, 0, DMAP__PHASE_ITEM);
    for (uint32_t i = 0; i < count; i++, result += result_size, item += is_range ? 0 : task->item_size) {
        if (first + i >= atomic_load_explicit(&head->limit, memory_order_relaxed))
            return;
        number = from + first + i;
        c->context.index = first + i;
        c->context.result = result;
        int code = task->run(&c->context, item, result_size ? result : NULL);
        dmap__copy_leave();
        if (code && !end(c, i, code))
            return;
        atomic_store_explicit(&head->done, i + 1, memory_order_release);
    }
}

static void run(child *c) {
    dmap__shm_channel_head *head = c->channel.head;
    bool neighbours = head->layout != DMAP__LAYOUT_BLOBS && !head->indices;
    bool whole = c->call.task->run_batch && neighbours && !head->singly && head->count > 1;
    c->context.item_size = c->call.task->item_size;
    c->context.attempt = head->attempt;
    c->context.emit = head->emits ? emit : NULL;
    if (whole && !call(c, 0, head->count)) {
        atomic_store(&head->done, head->count);
        return;
    }
    c->context.text[0] = '\0';
    c->context.out_of_memory = false;
    if (neighbours && c->call.task->run && c->call.task->result_size != DMAP_VARIABLE && head->item_timeout_s <= 0) {
        run_plain(c);
        return;
    }
    for (uint32_t i = 0; i < head->count; i++) {
        if (!head->indices && head->first_index + i >= atomic_load_explicit(&head->limit, memory_order_relaxed))
            return;
        c->context.text[0] = '\0';
        c->context.out_of_memory = false;
        if (!end(c, i, call(c, i, 1)))
            return;
        atomic_store_explicit(&head->done, i + 1, memory_order_release);
    }
}

/* ---- the process ---- */

static bool open_child(child *c) {
    dmap__shm_channel_head *head;
    if (!dmap__shm_channel_open(&c->channel, CHANNEL_DESCRIPTOR))
        return false;
    head = c->channel.head;
    if (head->is_bound)
        sched_setaffinity(0, sizeof head->cpus, head->cpus);
    dmap__surroundings_enter(&head->surroundings);
    dmap__nested_threads_enter_process(head->inner);
    dmap__crash_report_prepare(head);
    c->crew.rank = head->rank;
    c->crew.n_tasks = dmap__tasks_get()->count;
    c->locals = dmap__memory_lasting((c->crew.n_tasks + 1) * sizeof *c->locals);
    c->context.crew = &c->crew;
    c->context.call = &c->call;
    c->context.number = head->worker;
    c->context.limit = &head->limit;
    c->context.take = take;
    c->context.is_cancelled = is_cancelled;
    return c->locals && dmap__worker_child_prepare();
}

static void answer(child *c) {
    dmap__shm_channel_head *head = c->channel.head;
    c->context.text[0] = '\0';
    c->context.out_of_memory = false;
    if (make_ready(c)) {
        dmap__worker_mark(&c->context);
        run(c);
        c->context.emit = NULL;
        dmap__worker_mark(NULL);
    }
    atomic_store(&head->phase, (uint32_t)DMAP__PHASE_IDLE);
    atomic_store(&head->answer, head->request);
}

int dmap__worker_child(void *argument, size_t size) {
    (void)argument, (void)size;
    child *c = dmap__memory_lasting(sizeof *c);
    if (!c || !open_child(c))
        return 1;
    dmap__shm_channel_head *head = c->channel.head;
    atomic_store(&head->phase, (uint32_t)DMAP__PHASE_IDLE);
    for (;;) {
        while (atomic_load(&head->owner) == DMAP__OWNER_RANK)
            dmap__shm_channel_wait(&c->channel, DMAP__OWNER_RANK, -1);
        if (head->quit)
            break;
        answer(c);
        if (!dmap__shm_channel_has_descriptor(&c->channel))
            break;
        if (!dmap__shm_channel_pass(&c->channel, DMAP__OWNER_PROCESS, DMAP__OWNER_RANK))
            return 1;
    }
    for (size_t i = 0; i < c->crew.n_tasks; i++)
        dmap__local_tear_down(&c->context, &c->locals[i]);
    return 0;
}
