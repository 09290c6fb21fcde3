/* Who may use a pool, and when. */
#include "api/pool.h"

#include "base/own_process.h"
#include "pool/fd.h"
#include "pool/helper.h"
#include "pool/loop.h"
#include "pool/open_handles.h"

dmap__error *dmap__thread_error(void) {
    static _Thread_local dmap__error error;
    return &error;
}

bool dmap__pool_is_open(const dmap_pool *pool) {
    return pool && dmap__open_handles_has(pool);
}

bool dmap__pool_is_copy(const dmap_pool *pool) {
    return pool->process != dmap__own_process();
}

static dmap_status check_caller(const dmap_pool *pool, const char *function) {
    dmap__error *error = dmap__thread_error();
    if (!pool)
        return dmap__fail(error, DMAP_EINVAL, "%s: the pool is NULL", function);
    if (!dmap__open_handles_has(pool))
        return dmap__fail(error, DMAP_EINVAL, "%s: the pool is not open", function);
    if (dmap__pool_is_copy(pool))
        return dmap__fail(error, DMAP_EINVAL,
                          "%s: called in process %d, a copy (by fork) of process %d, which the pool belongs to",
                          function, (int)dmap__own_process(), (int)pool->process);
    if (dmap__crew_is_inside())
        return dmap__fail(error, DMAP_EINVAL, "%s: called inside a task", function);
    return DMAP_OK;
}

dmap_status dmap__pool_check_submitting(dmap_pool *pool, const char *function) {
    return check_caller(pool, function);
}

bool dmap__pool_is_owners(const dmap_pool *pool) {
    return pool && pthread_equal(pool->owner, pthread_self());
}

static dmap_status check_owner(const dmap_pool *pool, const char *function) {
    dmap_status status = check_caller(pool, function);
    if (status == DMAP_OK && !dmap__pool_is_owners(pool))
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL,
                          "%s: called by another thread than the one that opened the pool", function);
    return status;
}

static dmap_status check_open(dmap_pool *pool, const char *function) {
    return pool->closes ? dmap__fail(&pool->error, DMAP_ECANCELLED, "%s: the pool is being closed", function) : DMAP_OK;
}

dmap_status dmap__pool_check_making(dmap_pool *pool, const char *function) {
    dmap_status status = check_owner(pool, function);
    return status == DMAP_OK ? check_open(pool, function) : status;
}

/* Who asks the pool what was wrong is told, as who asks this thread. */
static dmap_status refuse(dmap_pool *pool, const char *function, const char *why) {
    dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: %s", function, why);
    return dmap__fail(&pool->error, DMAP_EINVAL, "%s: %s", function, why);
}

dmap_status dmap__pool_check(dmap_pool *pool, const char *function) {
    dmap_status status = check_owner(pool, function);
    if (status != DMAP_OK)
        return status;
    if (pool->calls.inside && dmap__loop_is_left(pool))
        return refuse(pool, function, "a function of the last call left it by longjmp: the pool can only be closed");
    if (pool->calls.inside || pool->is_telling)
        return refuse(
            pool, function,
            "called by a source or sink function, or by on_done, while a call is running (or one of these left it "
            "by longjmp, which breaks the pool)");
    return check_open(pool, function);
}

dmap_status dmap__pool_check_calling(dmap_pool *pool, const char *function) {
    dmap_status status = check_owner(pool, function);
    if (status == DMAP_OK && !pool->calls.inside)
        return refuse(pool, function, "no call runs on the pool");
    return status;
}

bool dmap__pool_is_own(const dmap_pool *pool) {
    return dmap__pool_is_open(pool) && !dmap__pool_is_copy(pool) && !dmap__crew_is_inside() &&
           pthread_equal(pool->owner, pthread_self());
}

/* ---- the helper ---- */

dmap_pool *dmap__pool_enter_helped(const dmap_pool *pool) {
    if (!dmap__pool_is_own(pool) || !pool->helper)
        return NULL;
    dmap__helper_enter(pool->helper);
    return (dmap_pool *)pool;
}

void dmap__pool_touch(dmap_pool *pool) {
    dmap__fd_touch(pool);
    dmap__helper_wake(pool);
}
