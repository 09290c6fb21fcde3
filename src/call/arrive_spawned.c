/* What comes back of a chunk whose items make items. Its positions have ended, all of them: what still waited in it is
 * in its outcome, and is granted again, as other positions. So nothing of it is tried again here. */
#include <stdlib.h>
#include <string.h>

#include "base/spawn_record.h"
#include "call/call.h"
#include "call/source_spawned.h"

uint64_t dmap__call_ran(const dmap__outcome *outcome) {
    dmap__spawn_record_cursor cursor = {.block = outcome->records};
    uint64_t ran = 0;
    for (const dmap__spawn_record *record; (record = dmap__spawn_record_next(&cursor));)
        if (record->kind == DMAP__RECORD_RAN)
            ran += record->index;
    return ran;
}

void dmap__call_failure_of(const dmap__spawn_record *record, dmap__failure *failure) {
    *failure = (dmap__failure){.position = record->index,
                               .seconds = record->seconds,
                               .status = record->status,
                               .code = record->code,
                               .signal = record->signal,
                               .attempt = record->attempt,
                               .worker = record->worker,
                               .core = record->core,
                               .out_of_memory = record->out_of_memory,
                               .text = record->size ? dmap__spawn_record_data(record) : NULL};
}

static void note_failures(dmap__call *call, int branch, const dmap__outcome *outcome) {
    dmap__spawn_record_cursor cursor = {.block = outcome->records};
    dmap__failure failure;
    for (const dmap__spawn_record *record; (record = dmap__spawn_record_next(&cursor));)
        if (record->kind == DMAP__RECORD_END && record->status != DMAP_ITEM_OK) {
            dmap__call_failure_of(record, &failure);
            dmap__call_note_failure(call, branch, &failure);
        }
}

static uint64_t tried_again(const dmap__outcome *outcome) {
    dmap__spawn_record_cursor cursor = {.block = outcome->records};
    uint64_t again = 0;
    for (const dmap__spawn_record *record; (record = dmap__spawn_record_next(&cursor));)
        if (record->kind == DMAP__RECORD_RAN)
            again += record->seed;
    return again;
}

static void take_waiting(dmap__call *call, const dmap__outcome *outcome) {
    dmap__error error;
    uint64_t n;
    if (call->drained || call->trouble.status != DMAP_OK)
        return;
    if (dmap__spawned_take(call->spawned, outcome->records, &n, &error) != DMAP_OK)
        dmap__call_fail(call, &error);
    else
        call->came_back += n;
}

void dmap__call_take_spawned(dmap__call *call, const dmap__call_lease *out, dmap__result_buffer *buffer) {
    dmap__segment *part = calloc(1, sizeof *part);
    if (!part) {
        dmap__call_fail_memory(call);
        return;
    }
    note_failures(call, out->lease.branch, &buffer->outcome);
    call->tried_again += tried_again(&buffer->outcome);
    take_waiting(call, &buffer->outcome);
    *part = (dmap__segment){.buffer = buffer,
                            .begin = out->lease.begin,
                            .end = out->lease.end,
                            .next = out->lease.begin,
                            .records = {.block = buffer->outcome.records}};
    dmap__result_buffer_use(buffer);
    dmap__piece piece = {part->begin, part->end, dmap__spawn_records_bytes(buffer->outcome.records), part};
    if (dmap__plan_piece(call->plan, out->lease.number, &piece) == DMAP_OK)
        return;
    dmap__segment_destroy(part);
    dmap__call_fail_memory(call);
}

static bool add_loss(dmap__outcome *outcome, const dmap__spawn_record *item, const char *text) {
    size_t size = strlen(text) + 1;
    dmap__spawn_record *ran = dmap__spawn_record_add(&outcome->records, DMAP__RECORD_RAN, 0);
    dmap__spawn_record *end = dmap__spawn_record_add(&outcome->records, DMAP__RECORD_END, size);
    if (!ran || !end)
        return false;
    ran->index = 1;
    end->index = item->index;
    end->depth = item->depth;
    end->attempt = item->attempt;
    end->status = DMAP_ITEM_LOST;
    end->worker = end->core = -1;
    memcpy(dmap__spawn_record_data(end), text, size);
    return true;
}

bool dmap__call_make_spawned_loss(const dmap__call *call, const dmap__call_lease *out, const char *text,
                                  dmap__outcome *outcome) {
    const dmap_blob *item = out->items->items;
    dmap__outcome_init(outcome, out->lease.begin, out->lease.end);
    if (!add_loss(outcome, item->data, text) ||
        !dmap__outcome_add_span(outcome, out->lease.begin, out->lease.end, 0, true)) {
        dmap__outcome_fini(outcome);
        return false;
    }
    if (call->at_crew.spec.stop)
        outcome->limit = 0; /* as a crew does */
    return true;
}

bool dmap__call_is_any_out(const void *call) {
    return dmap__plan_out(((const dmap__call *)call)->plan) > 0;
}
