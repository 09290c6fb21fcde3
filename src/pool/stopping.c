/* mpirun kills a second after it has passed the signal on, so what runs is given less than that: FINISH_S, and the half
 * second that a process has when it was asked to stop. */
#include "pool/stopping.h"

#include <signal.h>

#include "base/stop_signal.h"
#include "pool/calls.h"

#define FINISH_S 0.2 /* for items that run when the signal comes */
#define SERVE_S  5.0 /* until a rank obeys a signal that the master knows nothing of */

static const char *name_of(int signal) {
    return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

static bool is_over(const dmap__stop *stop, double now) {
    return stop->signal && (stop->count > 1 || now - stop->at_s > FINISH_S);
}

bool dmap__stopping_is_over(double now) {
    dmap__stop stop = dmap__stop_signal_get();
    return is_over(&stop, now);
}

void dmap__stopping_refuse(dmap__call *call) {
    dmap__stop stop = dmap__stop_signal_get();
    dmap__error why;
    if (!stop.signal)
        return;
    dmap__fail(&why, DMAP_ECANCELLED, "the run was stopped by %s before the call began", name_of(stop.signal));
    dmap__call_fail(call, &why);
}

static bool stop_call(dmap__call *call, const dmap__stop *stop, double now) {
    bool is_first = !call->stopped_by;
    if (is_first)
        dmap__call_stop_by(call, name_of(stop->signal));
    if (!is_over(stop, now) || call->cancelled)
        return is_first;
    dmap__call_cancel(call, stop->count > 1 ? DMAP__FATE_KILLED : DMAP__FATE_MOMENT);
    return true;
}

/* A signal that finds nothing to stop ends the process. */
static void arm(dmap_pool *pool) {
    const dmap__calls *calls = &pool->calls;
    size_t n = calls->n_running + calls->n_waiting;
    bool is_armed = n && n > calls->count_idle(pool);
    if (is_armed == calls->is_armed)
        return;
    pool->calls.is_armed = is_armed;
    if (is_armed)
        dmap__stop_signal_arm(pool->bell);
    else
        dmap__stop_signal_disarm();
}

bool dmap__stopping_look(dmap_pool *pool, double now) {
    dmap__calls *calls = &pool->calls;
    bool moved = false;
    arm(pool);
    dmap__stop stop = dmap__stop_signal_get();
    for (size_t i = 0; stop.signal && i < calls->n_running; i++)
        moved = stop_call(calls->running[i], &stop, now) || moved;
    return moved;
}

void dmap__stopping_serve(double now) {
    dmap__stop stop = dmap__stop_signal_get();
    if (stop.signal && now - stop.at_s > SERVE_S)
        dmap__stop_signal_obey();
}
