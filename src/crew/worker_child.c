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
    dmap__local *locals;        /* by task */
    const dmap__runner *runner; /* of the request */
    uint64_t last_made;         /* offset of the last item that one of its items made; 0: none */
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

/* ctx->offer: the rank is asked to tell the others. */
static bool offer(dmap_context *ctx, uint64_t key) {
    child *c = (child *)ctx;
    dmap__shm_channel_head *head = c->channel.head;
    if (!dmap__limit_lower(&head->best, key))
        return false;
    head->offers = true;
    if (dmap__shm_channel_pass(&c->channel, DMAP__OWNER_PROCESS, DMAP__OWNER_RANK))
        while (atomic_load(&head->owner) == DMAP__OWNER_RANK)
            dmap__shm_channel_wait(&c->channel, DMAP__OWNER_RANK, -1);
    return true;
}

/* ctx->spawn: made on the channel. The rank takes what the items made that have ended well. */
static bool spawn(dmap_context *ctx, const void *item, size_t size) {
    child *c = (child *)ctx;
    size_t bytes = dmap__spawn_record_bytes(size);
    uint64_t offset = bytes ? dmap__shm_channel_take(&c->channel, bytes) : 0;
    if (!offset) {
        ctx->out_of_memory = true;
        dmap_fail(ctx, 1, "out of memory for an item of %zu bytes", size);
        return false;
    }
    dmap__spawn_record *made = dmap__shm_channel_at(&c->channel, offset);
    *made = (dmap__spawn_record){.size = size, .worker = (int32_t)(c->runner->next - 1)};
    if (size)
        memcpy(dmap__spawn_record_data(made), item, size);
    if (c->last_made)
        ((dmap__spawn_record *)dmap__shm_channel_at(&c->channel, c->last_made))->index = offset;
    else
        c->channel.head->made = offset;
    c->last_made = offset;
    return true;
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
        c->crew.shared = dmap__shared_map((long)place->process, place->descriptor, (size_t)place->size, 0, NULL);
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
    bool is_new = atomic_load(&head->phase) == (uint32_t)DMAP__PHASE_SETUP;
    int code = dmap__local_set_up(&c->context, local, task, c->crew.shared_generation);
    if (is_new && head->asked_s > 0)
        head->setup_s += dmap__clock_now() - head->asked_s;
    atomic_store(&head->phase, (uint32_t)DMAP__PHASE_IDLE);
    return code ? refuse(c, code, c->context.text) : true;
}

/* ---- items: the runner's side ---- */

static dmap_blob blob_at(const dmap__runner *r, uint32_t i) {
    child *c = r->owner;
    const dmap__shm_blob *table = dmap__shm_channel_at(&c->channel, c->channel.head->items);
    if (c->context.has_record) {
        const dmap__spawn_record *record = dmap__shm_channel_at(&c->channel, table[i].offset);
        c->context.seed = record->seed;
        c->context.depth = record->depth;
        return (dmap_blob){dmap__spawn_record_data(record), (size_t)record->size};
    }
    return (dmap_blob){dmap__shm_channel_at(&c->channel, table[i].offset), (size_t)table[i].size};
}

/* What is written here says where the process was, should it die. */
static void begin(dmap__runner *r, uint32_t n) {
    dmap__shm_channel_head *head = ((child *)r->owner)->channel.head;
    if (head->item_timeout_s > 0)
        atomic_store(&head->began_s, r->ctx->began_s);
    uint32_t phase = n > 1 ? DMAP__PHASE_BATCH : DMAP__PHASE_ITEM;
    atomic_store_explicit(&head->phase, phase, memory_order_release);
}

static void done(dmap__runner *r, uint32_t i) {
    const child *c = r->owner;
    dmap__shm_channel_head *head = c->channel.head;
    const dmap_context *ctx = r->ctx;
    if (ctx->has_result && !r->results)
        ((dmap__shm_blob *)dmap__shm_channel_at(&c->channel, head->results))[i] =
            (dmap__shm_blob){(uint64_t)((unsigned char *)ctx->result - (unsigned char *)head), ctx->result_size};
    atomic_store_explicit(&head->done, i + 1, memory_order_release);
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

/* The answer ends here. */
static bool failed(dmap__runner *r, uint32_t i, int code, dmap_item_status status) {
    child *c = r->owner;
    dmap__shm_channel_head *head = c->channel.head;
    (void)i; /* the first that is not among those done */
    if (r->ctx->out_of_memory)
        name_reason(c, code);
    head->status = (int32_t)status;
    head->code = code;
    head->out_of_memory = r->ctx->out_of_memory;
    snprintf(head->text, sizeof head->text, "%s", r->ctx->text);
    return false;
}

static const dmap__runner_side channel_side = {.blob_at = blob_at, .begin = begin, .done = done, .failed = failed};

static void *place_at(const child *c, uint64_t offset) {
    return offset ? dmap__shm_channel_at(&c->channel, offset) : NULL;
}

static void run(child *c) {
    dmap__shm_channel_head *head = c->channel.head;
    size_t size = c->call.task->result_size;
    dmap__runner runner = {.side = &channel_side,
                           .owner = c,
                           .ctx = &c->context,
                           .layout = (dmap__layout)head->layout,
                           .items = place_at(c, head->items),
                           .indices = place_at(c, head->indices),
                           .first_index = head->first_index,
                           .range_first = head->range_first,
                           .count = head->count,
                           .singly = head->singly,
                           .results = size == DMAP_VARIABLE ? NULL : place_at(c, head->results),
                           .result_step = size,
                           .done = &head->done};
    c->context.item_size = c->call.task->item_size;
    c->context.attempt = head->attempt;
    c->context.emit = head->emits ? emit : NULL;
    c->context.out_of_memory = false; /* a set-up that ended well all the same may have left it */
    c->context.spawn = head->spawns ? spawn : NULL;
    c->context.has_record = head->spawns;
    c->runner = &runner;
    c->last_made = 0;
    dmap__runner_run(&runner);
    c->context.has_record = false;
    c->context.emit = NULL;
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
    c->context.best = &head->best;
    c->context.offer = offer;
    c->context.take = take;
    c->context.is_cancelled = is_cancelled;
    return c->locals && dmap__worker_child_prepare();
}

static void answer(child *c) {
    dmap__shm_channel_head *head = c->channel.head;
    c->context.text[0] = '\0';
    c->context.out_of_memory = false;
    if (make_ready(c))
        run(c);
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
