/* The loop. A rank's thread looks at the bell, takes what has come, does its turn, and sleeps when none of these moved
 * anything: until the bell rings, or for as long as its side allows. MPI cannot ring: what may come from afar is looked
 * for, ever more seldom. */
#include "pool/loop.h"

#include <math.h>

#include "base/clock.h"
#include "crew/emission.h"
#include "job/idle.h"
#include "job/seat.h"

#define MESSAGES_AT_ONCE 64
#define LONG_S           1e-3 /* a wait that lasts longer is worth a seat */
#define BRIEF_S          5e-6 /* a look that lasts longer may be what keeps a worker from its core */
#define SHARP_S          5e-3 /* a sleep that is shorter is to end in time */

/* ---- what has come ---- */

static bool take_messages(dmap_pool *pool) {
    dmap__error error;
    int n = 0, got = 0;
    while (n < MESSAGES_AT_ONCE) {
        dmap__message message;
        got = dmap__comm_poll(pool->comm, &message, &error);
        if (got <= 0)
            break;
        pool->side->message(pool, &message);
        dmap__comm_release(pool->comm, &message);
        n++;
    }
    if (got < 0 || pool->broken != DMAP_OK) {
        pool->side->broke(pool, got < 0 ? &error : &pool->error);
        return true;
    }
    return n > 0;
}

static bool take_emissions(dmap_pool *pool) {
    bool moved = false;
    for (dmap__emission *e; (e = dmap__crew_emission(pool->crew)); moved = true)
        pool->side->emission(pool, e);
    return moved;
}

static bool take_crew(dmap_pool *pool) {
    bool moved = take_emissions(pool);
    dmap__grant *grant;
    while ((grant = dmap__crew_poll(pool->crew))) {
        take_emissions(pool); /* of its items: they come first */
        pool->side->chunk(pool, grant);
        moved = true;
    }
    return moved || dmap__crew_step(pool->crew);
}

bool dmap__loop_turn(dmap_pool *pool) {
    bool moved = pool->comm && take_messages(pool);
    if (pool->crew)
        moved = take_crew(pool) || moved;
    return pool->side->turn(pool, dmap__clock_now()) || moved;
}

/* ---- sleep ---- */

typedef struct waiting {
    dmap__idle idle;
    double until_s;
    long slack; /* of the thread's timers, before they were sharpened for short sleeps; 0: they were not */
} waiting;

static bool is_busy(const dmap_pool *pool) {
    return pool->comm && dmap__comm_is_busy(pool->comm);
}

double dmap__loop_until_due(dmap_pool *pool) {
    bool looks;
    return is_busy(pool) ? 0 : pool->side->longest_sleep(pool, dmap__clock_now(), &looks);
}

/* Where nothing comes but what rings, and no core is to spare, to look before takes one from a worker. */
static double until_look(dmap_pool *pool, dmap__idle *idle, double now) {
    bool looks = false;
    idle->most_s = pool->side->longest_sleep(pool, now, &looks);
    idle->is_rung = pool->is_rung && !looks;
    if (!pool->comm && !looks)
        return idle->spins && dmap__idle_next(idle, now) <= 0 ? 0 : idle->most_s;
    return fmin(dmap__idle_next(idle, now), idle->most_s);
}

static void rest(dmap_pool *pool, waiting *w, uint32_t heard, double now) {
    double sleep_s = until_look(pool, &w->idle, now);
    if (w->until_s >= 0)
        sleep_s = fmin(sleep_s, w->until_s - now);
    if (is_busy(pool) || sleep_s <= 0) {
        if (!w->idle.spins || now - w->idle.since_s > BRIEF_S)
            dmap__clock_yield();
        return;
    }
    if (!w->slack && sleep_s < SHARP_S)
        w->slack = dmap__clock_sharpen();
    if (dmap__bell_wait(pool->bell, heard, sleep_s))
        dmap__idle_reset(&w->idle);
    else
        dmap__seat_settle(pool);
}

/* Where cores are scarce this thread is run so late that it always finds something, and never waits: so it sits down
 * when it has run a while, too. */
static void sit_down(dmap_pool *pool, double waited_s) {
    if (waited_s < LONG_S)
        return;
    pool->has_long_waits = true;
    dmap__seat_take(pool);
    dmap__seat_settle(pool);
}

bool dmap__loop_run(dmap_pool *pool, dmap__loop_done_fn *is_done, void *arg, double until_s) {
    waiting w = {.idle.spins = pool->has_spare_core, .until_s = until_s};
    double began_s = dmap__clock_now();
    bool is_over = false;
    if (pool->has_long_waits)
        dmap__seat_take(pool);
    pool->has_long_waits = false;
    for (;;) {
        uint32_t heard = pool->heard = dmap__bell_heard(pool->bell);
        bool moved = dmap__loop_turn(pool);
        if (is_done(arg)) {
            is_over = true;
            break;
        }
        double now = dmap__clock_now();
        if (until_s >= 0 && now >= until_s)
            break;
        if (!pool->is_seated || !pool->has_long_waits)
            sit_down(pool, now - began_s);
        if (moved)
            dmap__idle_reset(&w.idle);
        else
            rest(pool, &w, heard, now);
    }
    dmap__seat_leave(pool);
    dmap__clock_blunt(w.slack);
    return is_over;
}
