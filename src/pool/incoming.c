#include "pool/incoming.h"

#include <stdlib.h>

#include "base/spawn_record.h"

void dmap__incoming_drop_outcome(dmap__incoming *served) {
    if (served->results.memory) {
        served->grant.outcome.fixed = NULL;
        dmap__buffer_cache_put(served->buffers, served->results);
        served->results.memory = NULL;
    }
    dmap__outcome_fini(&served->grant.outcome);
}

void dmap__incoming_destroy(void *arg) {
    dmap__incoming *served = arg;
    dmap__incoming_drop_outcome(served);
    dmap__packed_fini(&served->packed);
    free(served->data);
    free(served->meta);
    free(served->table);
    free(served);
}

static dmap_status place_items(dmap__incoming *served, bool shuffled, dmap__message *message) {
    dmap__grant *grant = &served->grant;
    size_t size = served->task->item_size;
    if (grant->items_at)
        return DMAP_OK;
    if (grant->layout != DMAP__LAYOUT_ARRAY)
        size = grant->layout == DMAP__LAYOUT_BLOBS ? DMAP_VARIABLE : 0;
    if ((message->head.meta_size && !(served->meta = dmap__message_take_meta(message))) ||
        (message->head.data_size && !(served->data = dmap__message_take_data(message))))
        return DMAP_ENOMEM;
    dmap__message taken = *message;
    taken.meta = served->meta;
    taken.data = served->data;
    dmap_status status = dmap__wire_unpack_items(&taken, shuffled, size, &grant->indices, &served->table);
    grant->items = served->table ? (const void *)served->table : served->data;
    return status;
}

/* What the crew reads as records, it trusts. */
static dmap_status check_records(const dmap__incoming *served) {
    uint64_t n = served->grant.end - served->grant.begin;
    bool is_sound = served->table != NULL;
    for (uint64_t i = 0; is_sound && i < n; i++)
        is_sound = dmap__spawn_records_are_sound(served->table[i].data, served->table[i].size);
    return is_sound ? DMAP_OK : DMAP_EMPI;
}

static bool place_results(dmap__incoming *served, dmap__want want) {
    dmap__grant *grant = &served->grant;
    uint64_t n = grant->end - grant->begin;
    size_t size = served->task->result_size;
    if (want != DMAP__WANT_RESULTS)
        return true;
    if (size != DMAP_VARIABLE) {
        if (!size || n <= SIZE_MAX / 2 / size)
            served->results = dmap__buffer_cache_take(served->buffers, (size_t)n * size);
        grant->outcome.fixed = served->results.memory;
        return grant->outcome.fixed != NULL;
    }
    grant->outcome.refs = calloc((size_t)n, sizeof(dmap_blob));
    return grant->outcome.refs != NULL;
}

dmap__incoming *dmap__incoming_create(dmap_pool *pool, dmap__crew_call *call, dmap__message *message) {
    const dmap__head *head = &message->head;
    dmap__incoming *served = malloc(sizeof *served); /* calloc does not look into the thread's own cache */
    if (!served)
        return NULL;
    *served = (dmap__incoming){.task = call->task, .call = call->id, .buffers = &pool->buffers};
    served->grant = (dmap__grant){.call = call,
                                  .lease = (uint32_t)head->lease,
                                  .begin = head->begin,
                                  .end = head->end,
                                  .attempt = (int)head->grant.attempt,
                                  .losses = (int)head->grant.losses,
                                  .layout = (dmap__layout)head->flags,
                                  .range_first = head->grant.range_first,
                                  .reach = dmap__comm_reach(pool->comm),
                                  .items_at = head->grant.items_at,
                                  .place = head->grant.place,
                                  .owner = served};
    if (!served->grant.reach)
        served->grant.place = 0;
    dmap__outcome_init(&served->grant.outcome, head->begin, head->end);
    dmap_status status = place_items(served, call->spec.shuffled, message);
    if (status == DMAP_OK && call->spec.spawns)
        status = check_records(served);
    else if (status == DMAP_OK && !place_results(served, (dmap__want)call->spec.want))
        status = DMAP_ENOMEM;
    if (status != DMAP_OK)
        dmap__trouble_set(&served->grant.outcome.trouble, status, "%s",
                          status == DMAP_ENOMEM ? "out of memory for a chunk" : "a damaged message");
    return served;
}

static bool reads(const dmap__grant *grant, uint64_t offset) {
    unsigned char byte;
    return dmap__cross_memory_read(grant->reach, grant->items_at + offset, &byte, 1) == 0;
}

bool dmap__incoming_is_out_of_reach(const dmap__incoming *served) {
    const dmap__grant *grant = &served->grant;
    uint64_t bytes = (grant->end - grant->begin) * served->task->item_size;
    return grant->items_at && !(grant->reach && reads(grant, 0) && reads(grant, bytes - 1));
}
