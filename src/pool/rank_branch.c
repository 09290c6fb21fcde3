/* Another rank as a branch, a message away. What a message points to stays until it was sent: the items count it as a
 * user. */
#include <stdlib.h>

#include "net/wire.h"
#include "pool/branch.h"

/* What a message on its way needs. */
typedef struct parcel {
    dmap__call *call;
    dmap__items *items;
    dmap__packed packed;
} parcel;

static void parcel_sent(void *arg) {
    parcel *p = arg;
    if (p->items)
        dmap__items_leave(&p->call->source, p->items);
    dmap__packed_fini(&p->packed);
    p->call->sending--;
    free(p);
}

static parcel *parcel_create(dmap__call *call) {
    parcel *p = calloc(1, sizeof *p);
    if (p) {
        p->call = call;
        call->sending++;
    }
    return p;
}

/* Sends; after a failure the pool cannot be trusted any more. */
static bool send(dmap_pool *pool, dmap__call *call, int to, const dmap__head *head, parcel *p) {
    dmap__error error;
    const dmap__packed *packed = p ? &p->packed : &(dmap__packed){0};
    dmap_status status = dmap__comm_send(pool->comm, to, head, packed->meta, packed->meta_size, packed->parts,
                                         packed->n_parts, p ? parcel_sent : NULL, p, &error);
    if (status == DMAP_OK)
        return true;
    if (status == DMAP_ENOMEM && p)
        parcel_sent(p);
    dmap__comm_close_gates(pool->comm); /* what was sent may have come, and its place will go */
    pool->broken = DMAP_EMPI;
    pool->error = error;
    dmap__call_fail(call, &error);
    return false;
}

static void begin(dmap_pool *pool, int branch, dmap__call *call) {
    dmap__head head = {.type = DMAP__CALL, .call = call->id};
    dmap__error error;
    if (pool->broken != DMAP_OK || dmap__comm_send(pool->comm, branch, &head, &call->at_crew.spec,
                                                   sizeof call->at_crew.spec, NULL, 0, NULL, NULL, &error) == DMAP_OK)
        return;
    pool->broken = DMAP_EMPI;
    pool->error = error;
    dmap__call_fail(call, &error);
}

static void end(dmap_pool *pool, int branch, dmap__call *call) {
    dmap__head head = {.type = DMAP__ENDED, .call = call->id};
    if (pool->broken == DMAP_OK)
        send(pool, call, branch, &head, NULL);
}

/* Of items or results of that size: that they go by reaching into this memory. */
static bool is_within_reach(const dmap_pool *pool, const dmap__call_lease *out, size_t size) {
    uint64_t n = out->lease.end - out->lease.begin;
    return size >= DMAP__DIRECT_LEAST && size <= DMAP__DIRECT_MOST && n * size >= DMAP__DIRECT_CHUNK &&
           dmap__comm_is_reached_by(pool->comm, out->lease.branch);
}

/* A rank of this host may read items that lie side by side, while the chunk is out. */
static void offer_items(const dmap_pool *pool, const dmap__call *call, dmap__call_lease *out) {
    if (!call->sends_items && out->items->layout == DMAP__LAYOUT_ARRAY && call->task->item_size != DMAP_VARIABLE &&
        is_within_reach(pool, out, call->task->item_size))
        out->array = out->items->items;
}

/* A rank of this host may write results to where they belong, if they are many bytes: where there is no memory for
 * them, it sends them. */
static void offer_place(const dmap_pool *pool, dmap__call *call, dmap__call_lease *out) {
    if (dmap__sink_want(&call->sink) == DMAP__WANT_RESULTS && !call->spawned &&
        is_within_reach(pool, out, call->task->result_size))
        out->place = dmap__call_results_of(call, out);
}

static bool submit(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease) {
    dmap__items *items = out->items;
    offer_items(pool, call, out);
    bool is_table = items->layout == DMAP__LAYOUT_BLOBS;
    bool is_fixed = dmap__source_item_size(&call->source) != DMAP_VARIABLE;
    dmap__layout there = is_table && is_fixed ? DMAP__LAYOUT_ARRAY : items->layout;
    dmap__wire_items wire = {.layout = there,
                             .item_size = dmap__source_item_size(&call->source),
                             .begin = out->lease.begin,
                             .end = out->lease.end,
                             .array = items->layout == DMAP__LAYOUT_ARRAY && !out->array ? items->items : NULL,
                             .blobs = is_table ? items->items : NULL,
                             .indices = items->indices};
    parcel *p = parcel_create(call);
    if (!p)
        return false;
    offer_place(pool, call, out);
    if (!dmap__wire_pack_items(&wire, &p->packed)) {
        parcel_sent(p);
        return false;
    }
    p->items = items;
    dmap__items_use(items);
    dmap__head head = {.type = DMAP__GRANT,
                       .flags = (uint32_t)there,
                       .call = call->id,
                       .lease = lease,
                       .begin = out->lease.begin,
                       .end = out->lease.end,
                       .grant = {.attempt = (uint32_t)out->lease.attempt,
                                 .losses = (uint32_t)out->lease.losses,
                                 .range_first = items->range_first,
                                 .place = (uint64_t)(uintptr_t)out->place,
                                 .items_at = (uint64_t)(uintptr_t)out->array}};
    return send(pool, call, out->lease.branch, &head, p);
}

static void recall(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease, uint64_t want) {
    dmap__head head = {.type = DMAP__RECALL, .call = call->id, .lease = lease, .recall.items = want};
    send(pool, call, out->lease.branch, &head, NULL);
}

static void limit(dmap_pool *pool, int branch, dmap__call *call, uint64_t index) {
    dmap__head head = {
        .type = DMAP__LIMIT, .flags = atomic_load(&call->at_crew.fate), .call = call->id, .limit.index = index};
    if (pool->broken == DMAP_OK)
        send(pool, call, branch, &head, NULL);
}

static void best(dmap_pool *pool, int branch, dmap__call *call, uint64_t key) {
    dmap__head head = {.type = DMAP__BEST, .call = call->id, .best.key = key};
    if (pool->broken == DMAP_OK)
        send(pool, call, branch, &head, NULL);
}

void dmap__rank_branch_taken(dmap_pool *pool, dmap__call *call, int rank, uint64_t bytes) {
    dmap__head head = {.type = DMAP__TAKEN, .call = call->id, .taken.bytes = bytes};
    send(pool, call, rank, &head, NULL);
}

static void cancel(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease, uint64_t position,
                   bool kill) {
    dmap__head head = {
        .type = DMAP__CANCEL, .flags = kill, .call = call->id, .lease = lease, .cancel.position = position};
    send(pool, call, out->lease.branch, &head, NULL);
}

const dmap__branch_ops dmap__rank_branch = {
    .begin = begin, .end = end, .submit = submit, .recall = recall, .limit = limit, .best = best, .cancel = cancel};
