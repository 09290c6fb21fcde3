/* Waiting for answers, between two calls: there is nothing else to do, so the master sleeps ever longer until something
 * comes. A late message of the call before may come too; whoever takes the answers in passes over it. */
#include "job/answers.h"

#include "base/clock.h"
#include "job/idle.h"

#define SLEEP_S      1e-3
#define SLEEP_RUNG_S 0.1

dmap_status dmap__answers_wait(dmap_pool *pool, const int *waiting, dmap__answer_fn *take, void *arg) {
    dmap__idle idle = {.is_rung = pool->is_rung, .most_s = pool->is_rung ? SLEEP_RUNG_S : SLEEP_S};
    long slack = dmap__clock_sharpen();
    while (pool->broken == DMAP_OK && (*waiting || dmap__comm_is_busy(pool->comm))) {
        dmap__message message;
        uint32_t heard = dmap__bell_heard(pool->bell);
        int got = dmap__comm_poll(pool->comm, &message, &pool->error);
        if (got < 0) {
            pool->broken = pool->error.status;
        } else if (got) {
            take(arg, &message);
            dmap__comm_release(pool->comm, &message);
            dmap__idle_reset(&idle);
        } else if (dmap__comm_is_busy(pool->comm)) {
            dmap__clock_yield();
        } else if (dmap__bell_wait(pool->bell, heard, dmap__idle_next(&idle, dmap__clock_now()))) {
            dmap__idle_reset(&idle);
        }
    }
    dmap__clock_blunt(slack);
    return pool->broken;
}
