/* mpirun kills a second after it has passed the signal on, so what runs is given less than that: FINISH_S, and the half
 * second that a process has when it was asked to stop. */
#include "pool/stopping.h"

#include <math.h>
#include <signal.h>

#include "base/clock.h"
#include "base/stop_signal.h"
#include "pool/calls.h"
#include "proc/allocation.h"

#define FINISH_S 0.2 /* for items that run when the signal comes */
#define SERVE_S  5.0 /* until a rank obeys a signal that the master knows nothing of */

static const char *reason_of(int signal) {
    return signal == SIGINT ? "the run was stopped by SIGINT" : "the run was stopped by SIGTERM";
}

static bool is_hasty(const dmap__stop *stop) {
    return stop->count > 1;
}

static bool is_over(const dmap__stop *stop, double now) {
    return stop->signal && (is_hasty(stop) || now - stop->at_s > FINISH_S);
}

bool dmap__stopping_is_over(const dmap_pool *pool, double now) {
    dmap__stop stop = dmap__stop_signal_get();
    return is_over(&stop, now) || now > pool->calls.end_s;
}

/* When calls have to be over, by dmap__clock_now. */
static double end_of_job(const dmap_pool *pool) {
    int reserve_s = pool->options.reserve_s;
    return reserve_s < 0 ? INFINITY : dmap__clock_now() + dmap__allocation_left() - reserve_s;
}

void dmap__stopping_refuse(dmap_pool *pool, dmap__call *call) {
    dmap__stop stop = dmap__stop_signal_get();
    dmap__error why;
    if (!(pool->calls.end_s > 0))
        pool->calls.end_s = end_of_job(pool);
    if (stop.signal)
        dmap__fail(&why, DMAP_ECANCELLED, "%s before the call began", reason_of(stop.signal));
    else if (dmap__clock_now() > pool->calls.end_s)
        dmap__fail(&why, DMAP_ETIMEOUT, "the batch job is about to end: the call was not begun");
    else
        return;
    dmap__call_fail(call, &why);
}

static bool stop_by_signal(dmap__call *call, const dmap__stop *stop, double now) {
    bool is_first = !call->stop_reason;
    if (is_first)
        dmap__call_stop_run(call, DMAP_ECANCELLED, reason_of(stop->signal));
    if (!is_over(stop, now) || call->cancelled)
        return is_first;
    dmap__call_cancel(call, is_hasty(stop) ? DMAP__FATE_KILLED : DMAP__FATE_MOMENT);
    return true;
}

static bool stop_in_time(dmap__call *call, double end_s, double now) {
    bool is_first = !call->stop_reason && now > end_s - call->longest_s;
    if (is_first)
        dmap__call_stop_run(call, DMAP_ETIMEOUT, "the batch job is about to end");
    if (now <= end_s || call->cancelled)
        return is_first;
    dmap__call_cancel(call, DMAP__FATE_MOMENT);
    return true;
}

/* A signal that finds nothing to stop ends the process. */
void dmap__stopping_arm(dmap_pool *pool) {
    dmap__calls *calls = &pool->calls;
    size_t n = calls->n_running + calls->n_waiting;
    bool is_armed = n && n > calls->count_idle(pool);
    if (is_armed == calls->is_armed)
        return;
    calls->is_armed = is_armed;
    if (is_armed)
        dmap__stop_signal_arm(pool->bell);
    else
        dmap__stop_signal_disarm();
}

bool dmap__stopping_look(dmap_pool *pool, double now) {
    dmap__calls *calls = &pool->calls;
    bool moved = false;
    dmap__stopping_arm(pool);
    dmap__stop stop = dmap__stop_signal_get();
    for (size_t i = 0; i < calls->n_running && (stop.signal || calls->end_s < INFINITY); i++)
        moved = (stop.signal ? stop_by_signal(calls->running[i], &stop, now)
                             : stop_in_time(calls->running[i], calls->end_s, now)) ||
                moved;
    return moved;
}

void dmap__stopping_serve(double now) {
    dmap__stop stop = dmap__stop_signal_get();
    if (stop.signal && now - stop.at_s > SERVE_S)
        dmap__stop_signal_obey();
}
