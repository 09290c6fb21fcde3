/* How a call ends early: all ways come to a limit in the plan, above which nothing is wanted. */
#include "call/call.h"

static void limit(dmap__call *call) {
    if (call->plan)
        dmap__plan_limit(call->plan, 0);
}

void dmap__call_fail(dmap__call *call, const dmap__error *why) {
    if (call->trouble.status == DMAP_OK)
        call->trouble = *why;
    limit(call);
}

void dmap__call_fail_memory(dmap__call *call) {
    dmap__error error;
    dmap__fail(&error, DMAP_ENOMEM, "out of memory for results on the master");
    dmap__call_fail(call, &error);
}

void dmap__call_stop(dmap__call *call) {
    call->sink_stopped = true;
    limit(call);
}

static void drop_delivering(dmap__call *call) {
    if (!call->delivering)
        return;
    dmap__segment_destroy(call->delivering);
    call->delivering = NULL;
    dmap__plan_release(call->plan, call->delivering_bytes);
}

/* What was handed out by hand is the asker's no more. */
void dmap__call_cancel(dmap__call *call, dmap__fate fate) {
    if (call->cancelled && call->plan)
        call->tell_limit = 0; /* once more: what becomes of what runs */
    call->cancelled = true;
    atomic_store(&call->at_crew.fate, (uint32_t)fate);
    limit(call);
    if (call->by_hand)
        drop_delivering(call);
}

void dmap__call_break_off(dmap__call *call) {
    call->is_left = true;
    dmap__call_stop(call);
    drop_delivering(call);
}

void dmap__call_drain(dmap__call *call) {
    call->drained = true;
    call->source.ended = true;
    if (call->plan && dmap__plan_drain(call->plan) != DMAP_OK)
        dmap__call_fail_memory(call);
}

void dmap__call_stop_run(dmap__call *call, dmap_status status, const char *reason) {
    call->stop_status = status;
    call->stop_reason = reason;
    dmap__call_drain(call);
}

bool dmap__call_is_ended_early(const dmap__call *call) {
    return call->sink_stopped || call->cancelled || call->timed_out || call->trouble.status != DMAP_OK;
}
