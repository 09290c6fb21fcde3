/* The loop. A rank's thread looks at the bell, takes what has come, does its turn, and sleeps when none of these moved
 * anything: until the bell rings, or for as long as its side allows. MPI cannot ring: what may come from afar is looked
 * for, ever more seldom. */
#include "pool/loop.h"

#include <math.h>

#include "base/clock.h"
#include "crew/emission.h"
#include "pool/idle.h"
#include "pool/master_sched.h"

#define MESSAGES_AT_ONCE 64
#define TOUCH_S          0.25  /* between looks at MPI where nothing is sent by it */
#define HEAR_S           1e-3  /* between looks while an item runs in this thread */
#define LONG_S           1e-3  /* a wait that lasts longer is worth its settings */
#define BUSY_S           20e-6 /* the helper's sleep while a message is on its way in parts, */
#define HELPER_S         1e-3  /* and while something is to be done at once, which it may not do */
#define BRIEF_S          5e-6  /* a look that lasts longer may be what keeps a worker from its core */
#define SHARP_S          5e-3  /* a sleep that is shorter is to end in time */
#define ASIDE_S          1e-3  /* between looks at whose core this thread is on */

/* ---- what has come ---- */

bool dmap__loop_take_messages(dmap_pool *pool) {
    dmap__error error;
    dmap__doing before = pool->monitor ? pool->monitor->timeline.doing : DMAP__DOING_LOOP;
    dmap__message *message = &pool->loop.message;
    int n = 0, got = 0;
    while (n < MESSAGES_AT_ONCE) {
        got = dmap__comm_poll(pool->comm, message, &error);
        if (got <= 0)
            break;
        if (!n)
            dmap__monitor_turn(pool->monitor, DMAP__DOING_MESSAGES);
        pool->side->message(pool, message);
        dmap__comm_release(pool->comm, message);
        n++;
    }
    dmap__monitor_turn(pool->monitor, before);
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

static void take_polled(dmap_pool *pool) {
    dmap__grant *grant = pool->loop.polled;
    pool->loop.polled = NULL;
    pool->side->chunk(pool, grant);
}

static bool take_crew(dmap_pool *pool) {
    bool moved = take_emissions(pool);
    while ((pool->loop.polled = dmap__crew_poll(pool->crew))) {
        take_emissions(pool); /* of its items: they come first */
        take_polled(pool);
        moved = true;
    }
    dmap__doing before = dmap__monitor_turn(pool->monitor, DMAP__DOING_TASK);
    moved = moved || dmap__crew_step(pool->crew);
    dmap__monitor_turn(pool->monitor, before);
    return moved;
}

/* A lone rank has no comm, and Open MPI notices in its own functions only that the launcher is gone. */
static void touch_mpi(dmap_pool *pool, double now) {
    if (!pool->is_alone || pool->is_helped || now - pool->touched_s < TOUCH_S)
        return;
    pool->touched_s = now;
    dmap__comm_touch();
}

/* For whoever looks on: the thread waits, or is the program's again. With a helper that does not keep calls waiting. */
static void look_on(dmap_pool *pool, bool is_outside) {
    if (pool->monitor)
        dmap__monitor_turn(pool->monitor,
                           is_outside && !pool->helper ? DMAP__DOING_OUTSIDE : pool->side->waits_for(pool));
}

/* One round; hears: it calls MPI. Never sleeps. Returns true if there was anything. */
static bool turn(dmap_pool *pool, bool hears) {
    bool moved = hears && pool->comm && dmap__loop_take_messages(pool);
    if (pool->crew)
        moved = take_crew(pool) || moved;
    double now = dmap__clock_now();
    touch_mpi(pool, now);
    return pool->side->turn(pool, now) || moved;
}

void dmap__loop_hear(void *arg) {
    dmap_pool *pool = arg;
    double now = dmap__clock_now();
    if (now - pool->loop.heard_s < HEAR_S)
        return;
    pool->loop.heard_s = now;
    pool->side->hear(pool, now);
}

bool dmap__loop_help(dmap_pool *pool, bool hears) {
    dmap__monitor_turn(pool->monitor, DMAP__DOING_LOOP);
    pool->is_helped = true;
    bool moved = turn(pool, hears);
    pool->is_helped = false;
    look_on(pool, false);
    return moved;
}

/* ---- sleep ---- */

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

/* What is due, but waits for the owner, does not keep the helper awake. */
double dmap__loop_until_look(dmap_pool *pool, dmap__idle *idle, double now) {
    double sleep_s = is_busy(pool) ? BUSY_S : until_look(pool, idle, now);
    return sleep_s > 0 ? sleep_s : HELPER_S;
}

static void rest(dmap_pool *pool, dmap__idle *idle, double until_s, double now) {
    double sleep_s = until_look(pool, idle, now);
    if (is_busy(pool))
        dmap__monitor_turn(pool->monitor, DMAP__DOING_MESSAGES);
    else
        look_on(pool, false);
    if (until_s >= 0)
        sleep_s = fmin(sleep_s, until_s - now);
    if (is_busy(pool) || sleep_s <= 0) {
        if (!idle->spins || now - idle->since_s > BRIEF_S)
            dmap__clock_yield();
        return;
    }
    if (!pool->loop.slack && sleep_s < SHARP_S)
        pool->loop.slack = dmap__clock_sharpen();
    if (dmap__bell_wait(pool->bell, pool->heard, sleep_s))
        dmap__idle_reset(idle);
    else
        dmap__master_sched_settle(pool);
    dmap__monitor_turn(pool->monitor, DMAP__DOING_LOOP);
}

/* Where cores are scarce this thread is run so late that it always finds something, and never waits: so it sits down
 * when it has run a while, too. */
static void sit_down(dmap_pool *pool, double waited_s) {
    if (waited_s < LONG_S)
        return;
    pool->has_long_waits = true;
    dmap__master_sched_take(pool);
    dmap__master_sched_settle(pool);
}

static void step_aside(dmap_pool *pool, double now) {
    if (now - pool->aside_s < ASIDE_S)
        return;
    pool->aside_s = now;
    dmap__aside_step(&pool->aside);
}

/* ---- running ---- */

static void leave(dmap_pool *pool) {
    look_on(pool, true);
    dmap__master_sched_leave(pool);
    dmap__clock_blunt(pool->loop.slack);
    pool->loop.slack = 0;
}

bool dmap__loop_is_left(const dmap_pool *pool) {
    return (uintptr_t)__builtin_frame_address(0) > (uintptr_t)pool->loop.frame;
}

void dmap__loop_unwind(dmap_pool *pool) {
    pool->side->unwind(pool);
    pool->replies = NULL;
    if (pool->loop.polled)
        take_polled(pool);
    if (pool->crew)
        dmap__crew_break_off(pool->crew);
    leave(pool);
}

/* A C++ exception out of a function of the program's passes through here. */
static void unwind(dmap_pool **left) {
    if (*left)
        dmap__loop_unwind(*left);
}

static bool run(dmap_pool *pool, dmap__loop_done_fn *is_done, void *arg, double until_s) {
    dmap__idle idle = {.spins = pool->has_spare_core};
    double began_s = dmap__clock_now();
    if (idle.spins)
        step_aside(pool, began_s);
    for (;;) {
        pool->heard = dmap__bell_heard(pool->bell);
        bool moved = turn(pool, true);
        if (is_done(arg))
            return true;
        double now = dmap__clock_now();
        if (until_s >= 0 && now >= until_s)
            return false;
        if (!pool->sched_is_set || !pool->has_long_waits)
            sit_down(pool, now - began_s);
        if (moved) {
            dmap__monitor_turn(pool->monitor, DMAP__DOING_LOOP);
            dmap__idle_reset(&idle);
        } else {
            rest(pool, &idle, until_s, now);
        }
    }
}

bool dmap__loop_run(dmap_pool *pool, dmap__loop_done_fn *is_done, void *arg, double until_s) {
    __attribute__((cleanup(unwind))) dmap_pool *left = pool;
    pool->loop.frame = __builtin_frame_address(0);
    if (pool->crew)
        dmap__crew_take_mask(pool->crew);
    dmap__monitor_turn(pool->monitor, DMAP__DOING_LOOP);
    if (pool->has_long_waits)
        dmap__master_sched_take(pool);
    pool->has_long_waits = false;
    bool is_over = run(pool, is_done, arg, until_s);
    leave(pool);
    left = NULL;
    return is_over;
}
