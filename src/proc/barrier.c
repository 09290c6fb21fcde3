/* A barrier. Under a robust lock lie how many have come in this round, and which handles there are. Who has come sleeps
 * on the number of the round, which the last one raises.
 *
 * Deaths. Each handle holds a byte of the file by a description of its own, which the kernel lets go of when its
 * process ends, however that ends: but a handle that is closed says so first. So a handle that is there and holds
 * nothing is that of a process that has died, and whoever waits looks for one after each LOOK_S. A copy of a process,
 * by fork(), is none of them until it uses its handle. Who dies with the lock leaves counts that may be wrong, so that
 * breaks the barrier, too. A broken barrier stays so, whatever else changes, until it is mended. */
#include "proc/sync.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/futex.h"
#include "proc/presence.h"
#include "proc/shared_lock.h"
#include "proc/shared_object.h"

#define LOOK_S     0.1
#define REMEMBERED 64 /* rounds: who waits may wake when later ones have ended, too */

typedef struct body {
    pthread_mutex_t lock;
    int parties;
    int come; /* of this round, and not gone again */
    bool is_broken;
    uint64_t broken_rounds; /* of the last REMEMBERED: a bit for each, at its number modulo that */
    _Atomic uint32_t round;
    bool is_there[DMAP_BARRIER_MOST]; /* a handle, which holds this byte */
} body;

struct dmap_barrier {
    dmap__shared_object object; /* its body is that above */
    dmap__presence presence;    /* holds */
    int place;                  /* the byte of this handle */
    _Atomic unsigned copy;      /* of dmap__shared_copies when it became so */
};

static body *body_of(const dmap_barrier *barrier) {
    return barrier->object.body;
}

static uint64_t bit_of(uint32_t round) {
    return UINT64_C(1) << round % REMEMBERED;
}

static void end_round(body *b, bool breaks) {
    uint64_t bit = bit_of(atomic_load(&b->round));
    b->broken_rounds = breaks ? b->broken_rounds | bit : b->broken_rounds & ~bit;
    b->come = 0;
    atomic_fetch_add(&b->round, 1);
    dmap__futex_wake_shared(&b->round, INT_MAX);
}

/* Nobody waits at a broken barrier, so it has no round to end. It is marked last: who dies before has it done again. */
static void break_it(body *b) {
    if (b->is_broken)
        return;
    end_round(b, true);
    b->is_broken = true;
}

static void enter(body *b) {
    if (dmap__shared_lock_take(&b->lock, -1) == EOWNERDEAD)
        break_it(b);
}

static void leave(body *b) {
    pthread_mutex_unlock(&b->lock);
}

/* ---- handles ---- */

static int free_place(const body *b) {
    for (int i = 0; i < DMAP_BARRIER_MOST; i++)
        if (!b->is_there[i])
            return i;
    return -1;
}

/* The byte is held before the handle is there, so nobody takes it for that of a dead process. */
static dmap_status join(dmap_barrier *barrier, dmap__error *error) {
    body *b = body_of(barrier);
    dmap_status status = DMAP_OK;
    if (dmap__presence_open(&barrier->presence, &barrier->object) < 0)
        return dmap__fail_system(error, errno, "join a barrier");
    enter(b);
    barrier->place = free_place(b);
    if (barrier->place < 0)
        status = dmap__fail(error, DMAP_EIO, "a barrier has no more than %d handles", DMAP_BARRIER_MOST);
    else if (!dmap__shared_hold(barrier->presence.descriptor, barrier->place))
        status = dmap__fail_system(error, errno, "join a barrier");
    else
        b->is_there[barrier->place] = true;
    leave(b);
    if (status == DMAP_OK)
        atomic_store(&barrier->copy, dmap__shared_copies());
    else
        dmap__presence_close(&barrier->presence);
    return status;
}

static bool is_own(dmap_barrier *barrier) {
    return atomic_load(&barrier->copy) == dmap__shared_copies();
}

/* A copy of a process has a handle of its own as soon as it uses that. */
static dmap_status check_own(dmap_barrier *barrier, dmap__error *error) {
    static pthread_mutex_t joining = PTHREAD_MUTEX_INITIALIZER;
    dmap_status status = DMAP_OK;
    if (is_own(barrier))
        return status;
    pthread_mutex_lock(&joining);
    if (!is_own(barrier))
        status = join(barrier, error);
    pthread_mutex_unlock(&joining);
    return status;
}

dmap_status dmap__barrier_open(int parties, dmap_barrier **barrier, dmap__error *error) {
    void *made;
    if (parties < 1 || parties > DMAP_BARRIER_MOST)
        return dmap__fail(error, DMAP_EINVAL, "a barrier is for 1 to %d parties, not %d", DMAP_BARRIER_MOST, parties);
    dmap_status status =
        dmap__shared_make_handle(&made, sizeof(dmap_barrier), DMAP__SHARED_BARRIER, sizeof(body), error);
    if (status != DMAP_OK)
        return status;
    int failed = dmap__shared_lock_init(&body_of(made)->lock, false);
    body_of(made)->parties = parties;
    status = failed ? dmap__fail_system(error, failed, "make a barrier") : join(made, error);
    if (status == DMAP_OK)
        *barrier = made;
    else
        dmap__shared_close_handle(made);
    return status;
}

dmap_status dmap__barrier_attach(int descriptor, dmap_barrier **barrier, dmap__error *error) {
    void *made;
    dmap_status status = dmap__shared_take_handle(&made, sizeof(dmap_barrier), DMAP__SHARED_BARRIER, descriptor, error);
    if (status != DMAP_OK)
        return status;
    status = join(made, error);
    if (status == DMAP_OK) {
        *barrier = made;
        return DMAP_OK;
    }
    ((dmap_barrier *)made)->object.descriptor = -1; /* stays the caller's */
    dmap__shared_close_handle(made);
    return status;
}

void dmap__barrier_close(dmap_barrier *barrier) {
    if (!barrier)
        return;
    if (is_own(barrier)) {
        enter(body_of(barrier));
        body_of(barrier)->is_there[barrier->place] = false;
        leave(body_of(barrier));
    }
    dmap__presence_close(&barrier->presence);
    dmap__shared_close_handle(barrier);
}

/* ---- waiting ---- */

/* The place of who died is free again, so that the barrier can be mended. */
static void look_for_dead(const dmap_barrier *barrier) {
    body *b = body_of(barrier);
    for (int i = 0; i < DMAP_BARRIER_MOST; i++)
        if (b->is_there[i] && i != barrier->place && !dmap__shared_is_held(barrier->presence.descriptor, i)) {
            b->is_there[i] = false;
            break_it(b);
        }
}

static dmap_status fail_broken(dmap__error *error) {
    return dmap__fail(error, DMAP_ELOST, "the barrier is broken: a process that had it ended, or broke it");
}

/* How the round has ended, or DMAP_PENDING. */
static dmap_status end_of(const body *b, uint32_t round) {
    if (atomic_load(&b->round) == round)
        return DMAP_PENDING;
    return b->broken_rounds & bit_of(round) ? DMAP_ELOST : DMAP_OK;
}

/* If the round has not ended, and this party is late, it has not come. */
static dmap_status look(dmap_barrier *barrier, uint32_t round, bool is_late) {
    body *b = body_of(barrier);
    enter(b);
    if (end_of(b, round) == DMAP_PENDING)
        look_for_dead(barrier);
    dmap_status status = end_of(b, round);
    if (status == DMAP_PENDING && is_late) {
        b->come--;
        status = DMAP_ETIMEOUT;
    }
    leave(b);
    return status;
}

static dmap_status await_round(dmap_barrier *barrier, uint32_t round, double timeout_s) {
    double end = timeout_s > 0 ? dmap__clock_now() + timeout_s : 0, left = timeout_s;
    for (;;) {
        if (timeout_s < 0 || left > 0)
            dmap__futex_wait_shared(&body_of(barrier)->round, round, left < 0 || left > LOOK_S ? LOOK_S : left);
        left = timeout_s > 0 ? end - dmap__clock_now() : timeout_s;
        dmap_status status = look(barrier, round, timeout_s >= 0 && left <= 0);
        if (status != DMAP_PENDING)
            return status;
    }
}

dmap_status dmap__barrier_wait(dmap_barrier *barrier, double timeout_s, bool *is_last, dmap__error *error) {
    body *b = body_of(barrier);
    dmap_status status = check_own(barrier, error);
    if (status != DMAP_OK)
        return status;
    enter(b);
    bool is_broken = b->is_broken, last = !is_broken && ++b->come == b->parties;
    uint32_t round = atomic_load(&b->round);
    if (last)
        end_round(b, false);
    leave(b);
    status = is_broken ? DMAP_ELOST : last ? DMAP_OK : await_round(barrier, round, timeout_s);
    if (status == DMAP_OK && is_last)
        *is_last = last;
    return status == DMAP_ELOST ? fail_broken(error) : status;
}

void dmap__barrier_break(dmap_barrier *barrier) {
    enter(body_of(barrier));
    break_it(body_of(barrier));
    leave(body_of(barrier));
}

dmap_status dmap__barrier_mend(dmap_barrier *barrier, dmap__error *error) {
    body *b = body_of(barrier);
    dmap_status status = check_own(barrier, error);
    if (status != DMAP_OK)
        return status;
    enter(b);
    look_for_dead(barrier);
    bool is_idle = b->come == 0;
    if (is_idle)
        b->is_broken = false;
    leave(b);
    return is_idle ? DMAP_OK : dmap__fail(error, DMAP_EINVAL, "somebody waits at the barrier");
}
