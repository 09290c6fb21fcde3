/* Items that have failed for good: the sentence of each, and the one that is the call's. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "call/call.h"
#include "call/journal.h"

void dmap__call_describe_failure(void *arg, int rank, uint64_t index, const dmap__failure *failure, char *text,
                                 size_t size) {
    const dmap__call *call = arg;
    char said[64], core[32] = "";
    snprintf(said, sizeof said, "the task returned %" PRId32, failure->code);
    if (failure->status == DMAP_ITEM_LOST) {
        dmap__text_print(text, size, "item %" PRIu64 " (attempt %" PRId32 "): %s (the last one was rank %d on %s)",
                         index, failure->attempt, failure->text, rank, call->world.host(call->world.arg, rank));
        return;
    }
    if (failure->core >= 0)
        snprintf(core, sizeof core, ", core %" PRId32, failure->core);
    dmap__text_print(text, size, "item %" PRIu64 " (attempt %" PRId32 "): %s (on %s, rank %d, worker %" PRId32 "%s)",
                     index, failure->attempt, failure->text ? failure->text : said,
                     call->world.host(call->world.arg, rank), rank, failure->worker, core);
}

static uint64_t index_at(const dmap__call *call, uint64_t position) {
    return call->order ? call->order->index_of[position] : position;
}

/* An item failed for good. The lowest one is the call's error. */
void dmap__call_note_failure(dmap__call *call, int branch, const dmap__failure *failure) {
    uint64_t index = call->spawned ? failure->position : index_at(call, failure->position);
    call->report.failed++;
    if (call->tally)
        dmap__tally_fail(call->tally);
    if (call->journal)
        dmap__journal_keep_failure(call, branch, index, failure);
    if (call->failed && index >= call->failed_index)
        return;
    call->failed = true;
    call->failed_index = index;
    call->failed_status = (dmap_item_status)failure->status;
    call->failed_error.status = failure->out_of_memory ? DMAP_ENOMEM : DMAP_EITEM;
    dmap__call_describe_failure(call, branch, index, failure, call->failed_error.text, sizeof call->failed_error.text);
    if (call->order && call->at_crew.spec.stop)
        call->tell_limit = index;
}
