/* A worker's thread as the runner's side: what became of an item goes into the log of the batch. */
#include "crew/batch.h"
#include "crew/cancel.h"

static dmap_blob blob_at(const dmap__runner *r, uint32_t i) {
    const dmap__batch *b = &((const dmap__worker *)r->owner)->batch;
    return ((const dmap_blob *)b->grant->items)[b->begin + i];
}

static bool is_cancelled(const dmap__runner *r, uint32_t i) {
    const dmap__batch *b = &((const dmap__worker *)r->owner)->batch;
    return dmap__cancel_of(b->grant, b->begin + i, b->begin + i + 1) != DMAP__CANCEL_NONE;
}

static void done(dmap__runner *r, uint32_t i) {
    dmap__worker *worker = r->owner;
    dmap__batch_keep_variable(worker, &worker->batch, worker->batch.begin + i);
}

static bool failed(dmap__runner *r, uint32_t i, int code, dmap_item_status status) {
    dmap__worker *worker = r->owner;
    dmap__batch *b = &worker->batch;
    if (status == DMAP_ITEM_FAILED && is_cancelled(r, i))
        status = DMAP_ITEM_CANCELLED; /* that is why it failed: it is not tried again */
    bool goes_on = dmap__batch_record_failure(worker, b, b->begin + i, code, 0, status);
    dmap__batch_keep_variable(worker, b, b->begin + i);
    return goes_on;
}

static const dmap__runner_side log_side = {
    .blob_at = blob_at, .is_cancelled = is_cancelled, .done = done, .failed = failed};

/* Up to the first item that is cancelled, or above the limit, if there is one. */
static bool run_some(dmap__worker *worker, dmap__batch *b) {
    const dmap__grant *grant = b->grant;
    dmap__runner *r = &worker->runner;
    *r = (dmap__runner){.side = &log_side,
                        .owner = worker,
                        .ctx = &worker->context,
                        .layout = grant->layout,
                        .items = b->items,
                        .indices = grant->indices ? grant->indices + b->begin : NULL,
                        .first_index = grant->begin + b->begin,
                        .range_first = grant->range_first,
                        .next = b->done - b->begin,
                        .count = dmap__cancel_first(grant, b->done, b->end) - b->begin,
                        .cancels = &grant->cancels,
                        .singly = b->singly,
                        .results = b->results,
                        .result_step = b->result_step};
    bool goes_on = dmap__runner_run(r);
    b->done = b->begin + r->next;
    return goes_on;
}

void dmap__worker_run_items(dmap__worker *worker, dmap__batch *b) {
    bool goes_on = run_some(worker, b);
    while (goes_on && b->done < b->end)
        goes_on = dmap__batch_runs_on(worker, b) ? run_some(worker, b) : dmap__batch_pass(worker, b);
}
