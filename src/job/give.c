/* Down: the plan's steps. A branch of the master's own rank is its crew, any other is a message away; which one it is
 * shows here and in take.c only. What a message points to stays until it was sent: the items count it as a user. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "job/job.h"
#include "net/wire.h"

/* Bytes of items of variable size in one chunk, about: so a chunk of large items is small. */
#define CHUNK_BYTES ((size_t)4 << 20)

/* What a message on its way needs. */
typedef struct parcel {
    dmap__job *job;
    dmap__items *items;
    dmap__packed packed;
} parcel;

static void parcel_sent(void *arg) {
    parcel *p = arg;
    if (p->items)
        dmap__items_leave(&p->job->source, p->items);
    dmap__packed_fini(&p->packed);
    p->job->sending--;
    free(p);
}

static parcel *parcel_create(dmap__job *job) {
    parcel *p = calloc(1, sizeof *p);
    if (p) {
        p->job = job;
        job->sending++;
    }
    return p;
}

static void fail(dmap__job *job, dmap_status status, const char *what) {
    dmap__error error;
    dmap__fail(&error, status, "%s", what);
    dmap__job_fail(job, &error);
}

/* Sends; after a failure the pool cannot be trusted any more. */
static bool send(dmap__job *job, int to, const dmap__head *head, parcel *p) {
    dmap__error error;
    const dmap__packed *packed = p ? &p->packed : &(dmap__packed){0};
    dmap_status status = dmap__comm_send(job->pool->comm, to, head, packed->meta, packed->meta_size, packed->parts,
                                         packed->n_parts, p ? parcel_sent : NULL, p, &error);
    if (status == DMAP_OK)
        return true;
    if (status == DMAP_ENOMEM && p)
        parcel_sent(p);
    dmap__comm_close_gates(job->pool->comm); /* what was sent may have come, and its place will go */
    job->pool->broken = DMAP_EMPI;
    dmap__job_fail(job, &error);
    return false;
}

void dmap__job_give_call(dmap__job *job) {
    const dmap_map_options *o = &job->options;
    dmap__wire_call call = {.seed = o->seed,
                            .item_timeout_s = o->item_timeout_s,
                            .task_id = job->task_id,
                            .want = (uint32_t)dmap__sink_want(&job->sink),
                            .retries = o->retries,
                            .stop = o->on_error == DMAP_STOP,
                            .each_span = job->sink.given.each != NULL,
                            .shuffled = job->shuffle != NULL,
                            .emits = o->on_emit != NULL};
    dmap__work work = {.task = job->task,
                       .task_id = call.task_id,
                       .want = (dmap__want)call.want,
                       .each_span = call.each_span,
                       .emits = call.emits,
                       .stop = call.stop,
                       .retries = call.retries,
                       .item_timeout_s = call.item_timeout_s,
                       .seed = call.seed};
    if (job->pool->crew)
        dmap__crew_begin(job->pool->crew, &work);
    dmap__head head = {.type = DMAP__CALL, .call = job->call};
    for (int rank = 1; rank < job->pool->ranks && job->pool->broken == DMAP_OK; rank++) {
        dmap__error error;
        if (dmap__comm_send(job->pool->comm, rank, &head, &call, sizeof call, NULL, 0, NULL, NULL, &error) == DMAP_OK)
            continue;
        job->pool->broken = DMAP_EMPI;
        dmap__job_fail(job, &error);
    }
}

void dmap__job_give_taken(dmap__job *job, int rank, uint64_t bytes) {
    dmap__head head = {.type = DMAP__TAKEN, .call = job->call, .taken.bytes = bytes};
    send(job, rank, &head, NULL);
}

void dmap__job_give_limit(dmap__job *job, uint64_t limit) {
    if (job->pool->crew)
        dmap__crew_limit(job->pool->crew, limit);
    dmap__head head = {.type = DMAP__LIMIT, .call = job->call, .limit.index = limit};
    for (int rank = 1; rank < job->pool->ranks && job->pool->broken == DMAP_OK; rank++)
        if (!send(job, rank, &head, NULL))
            return;
}

/* ---- to the master's own crew ---- */

/* Where results of fixed size go: to their final place if the sink has one, else to memory of the chunk's own. NULL: it
 * is out. */
static void *results_of(dmap__job *job, dmap__out *out) {
    void *place = dmap__sink_place(&job->sink, out->begin);
    uint64_t n = out->end - out->begin;
    size_t size = job->task->result_size;
    if (!place && (!size || n <= SIZE_MAX / 2 / size))
        out->memory = dmap__spares_take(&job->pool->spares, (size_t)n * size);
    return place ? place : out->memory.memory;
}

static bool place_results(dmap__job *job, dmap__out *out, dmap__grant *grant) {
    uint64_t n = grant->end - grant->begin;
    size_t size = job->task->result_size;
    if (dmap__sink_want(&job->sink) != DMAP__WANT_RESULTS)
        return true;
    if (size == DMAP_VARIABLE) {
        grant->outcome.refs = n > SIZE_MAX / sizeof(dmap_blob) ? NULL : calloc((size_t)n, sizeof(dmap_blob));
        return grant->outcome.refs != NULL;
    }
    grant->outcome.fixed = results_of(job, out);
    grant->outcome.fixed_in_place = true;
    return grant->outcome.fixed != NULL;
}

static bool give_crew(dmap__job *job, dmap__out *out, uint32_t lease) {
    dmap__grant *grant = calloc(1, sizeof *grant);
    if (!grant)
        return false;
    *grant = (dmap__grant){.lease = lease,
                           .begin = out->begin,
                           .end = out->end,
                           .attempt = out->attempt,
                           .layout = out->items->layout,
                           .range_first = out->items->range_first,
                           .items = out->items->items,
                           .indices = out->items->indices};
    dmap__outcome_init(&grant->outcome, out->begin, out->end);
    if (!place_results(job, out, grant)) {
        free(grant);
        return false;
    }
    out->grant = grant;
    dmap__crew_submit(job->pool->crew, grant);
    return true;
}

/* ---- to another rank ---- */

/* Of items or results of that size: that they go by reaching into this memory. */
static bool is_within_reach(const dmap__job *job, const dmap__out *out, size_t size) {
    uint64_t n = out->end - out->begin;
    return size >= DMAP__PASS_LEAST && size <= DMAP__PASS_MOST && n * size >= DMAP__PASS_CHUNK &&
           dmap__comm_is_reached_by(job->pool->comm, out->branch);
}

/* A rank of this host may read items that lie side by side, while the chunk is out. */
static void offer_items(const dmap__job *job, dmap__out *out) {
    if (!job->sends_items && out->items->layout == DMAP__LAYOUT_ARRAY && job->task->item_size != DMAP_VARIABLE &&
        is_within_reach(job, out, job->task->item_size))
        out->array = out->items->items;
}

/* A rank of this host may write results to where they belong, if they are many bytes: where there is no memory for
 * them, it sends them. */
static void offer_place(dmap__job *job, dmap__out *out) {
    if (dmap__sink_want(&job->sink) == DMAP__WANT_RESULTS && is_within_reach(job, out, job->task->result_size))
        out->place = results_of(job, out);
}

static bool give_rank(dmap__job *job, dmap__out *out, uint32_t lease) {
    dmap__items *items = out->items;
    offer_items(job, out);
    bool is_table = items->layout == DMAP__LAYOUT_BLOBS;
    bool is_fixed = job->task->item_size != DMAP_VARIABLE;
    dmap__layout there = is_table && is_fixed ? DMAP__LAYOUT_ARRAY : items->layout;
    dmap__wire_items wire = {.layout = there,
                             .item_size = job->task->item_size,
                             .begin = out->begin,
                             .end = out->end,
                             .array = items->layout == DMAP__LAYOUT_ARRAY && !out->array ? items->items : NULL,
                             .blobs = is_table ? items->items : NULL,
                             .indices = items->indices};
    parcel *p = parcel_create(job);
    if (!p)
        return false;
    offer_place(job, out);
    if (!dmap__wire_pack_items(&wire, &p->packed)) {
        parcel_sent(p);
        return false;
    }
    p->items = items;
    dmap__items_use(items);
    dmap__head head = {.type = DMAP__GRANT,
                       .flags = (uint32_t)there,
                       .call = job->call,
                       .lease = lease,
                       .begin = out->begin,
                       .end = out->end,
                       .grant = {.attempt = (uint64_t)out->attempt,
                                 .range_first = items->range_first,
                                 .place = (uint64_t)(uintptr_t)out->place,
                                 .items_at = (uint64_t)(uintptr_t)out->array}};
    return send(job, out->branch, &head, p);
}

/* ---- the steps ---- */

static dmap__out *open_out(dmap__job *job, const dmap__step *step) {
    size_t had = job->outs_capacity;
    if (!dmap__memory_grow(&job->outs, &job->outs_capacity, step->lease + 1, sizeof *job->outs))
        return NULL;
    for (size_t i = had; i < job->outs_capacity; i++)
        job->outs[i] = (dmap__out){0};
    dmap__out *out = &job->outs[step->lease];
    *out = (dmap__out){
        .out = true, .branch = step->branch, .begin = step->begin, .end = step->end, .attempt = step->attempt};
    return out;
}

/* The chunk could not be given: the call ends, and the plan must not wait for the lease. */
static void take_lease_back(dmap__job *job, const dmap__step *step, dmap__out *out) {
    if (job->trouble.status == DMAP_OK)
        fail(job, DMAP_ENOMEM, "out of memory for a chunk of items");
    dmap__plan_done(job->plan, dmap__clock_now(), step->lease, 0, 0);
    if (out)
        dmap__job_close_out(job, out);
}

static bool shorten(dmap__job *job, const dmap__step *step, dmap__out *out) {
    out->end = out->items->end;
    if (out->end < step->end)
        dmap__plan_trim(job->plan, step->lease, out->end);
    if (job->source.ended && !job->source_told) {
        dmap__plan_source_end(job->plan);
        job->source_told = true;
    }
    if (job->source.later)
        dmap__plan_hold(job->plan, true);
    return out->end > out->begin;
}

static void give_grant(dmap__job *job, const dmap__step *step) {
    dmap__error error;
    dmap__out *out = open_out(job, step);
    bool whole = !dmap__plan_may_trim(job->plan, step->lease);
    if (!out || dmap__items_get(&job->source, step->begin, step->end, whole, CHUNK_BYTES, &out->items, &error)) {
        take_lease_back(job, step, out);
        return;
    }
    if (!shorten(job, step, out))
        dmap__job_close_out(job, out);
    else if (!(step->branch ? give_rank : give_crew)(job, out, step->lease))
        take_lease_back(job, step, out);
}

void dmap__job_give_up(dmap__job *job) {
    for (size_t i = 0; i < job->outs_capacity; i++) {
        dmap__out *out = &job->outs[i];
        if (!out->out || out->items)
            continue;
        dmap__plan_done(job->plan, dmap__clock_now(), (uint32_t)i, 0, 0);
        dmap__job_close_out(job, out);
    }
}

static void recall_crew(dmap__job *job, const dmap__step *step, dmap__out *out) {
    dmap__crew *crew = job->pool->crew;
    uint64_t(*pairs)[2] = dmap__memory_array((uint64_t)dmap__crew_workers(crew), sizeof *pairs);
    dmap__range *ranges = dmap__memory_array((uint64_t)dmap__crew_workers(crew), sizeof *ranges);
    int n = pairs && ranges ? dmap__crew_recall(crew, out->grant, step->want, pairs) : 0;
    for (int i = 0; i < n; i++) {
        ranges[i] = (dmap__range){pairs[i][0], pairs[i][1]};
        out->kept += ranges[i].end - ranges[i].begin;
    }
    if (dmap__plan_returned(job->plan, step->lease, ranges, (size_t)n) != DMAP_OK)
        fail(job, DMAP_ENOMEM, "out of memory for a recall");
    free(pairs);
    free(ranges);
}

void dmap__job_give(dmap__job *job, const dmap__step *step) {
    dmap__head recall = {.type = DMAP__RECALL, .call = job->call, .lease = step->lease, .recall.items = step->want};
    switch (step->kind) {
    case DMAP__STEP_GRANT:
        give_grant(job, step);
        break;
    case DMAP__STEP_RECALL:
        if (step->branch)
            send(job, step->branch, &recall, NULL);
        else
            recall_crew(job, step, &job->outs[step->lease]);
        break;
    case DMAP__STEP_LIMIT:
        dmap__job_give_limit(job, step->begin);
        break;
    }
}
