/* The call. The loop takes what came, does what the plan wants, delivers a slice to the sink, and sleeps when none of
 * these did anything. It ends when the plan is over, nothing is being delivered, and every message has been sent: then
 * nothing points to the caller's memory any more. */
#include "job/job.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "crew/copy.h"
#include "job/idle.h"
#include "job/seat.h"
#include "job/source_kind.h"

#define SLEEP_RANKS_S 1e-3 /* longest sleep while other ranks may send */
#define SLEEP_RUNG_S  0.05 /* where the bell rings for that */
#define SLEEP_LATER_S 5e-3 /* while the source has nothing yet */
#define WATCH_S       0.04
#define TOUCH_S       0.25 /* between looks at MPI where nothing is sent by it */
#define LONG_S        1e-3 /* a call that lasts longer is worth a seat */

static void begin(dmap__job *job) {
    if (job->pool->comm)
        dmap__comm_bytes(job->pool->comm, &job->report.bytes_sent, &job->report.bytes_received);
    for (int rank = 0; rank < job->pool->ranks; rank++)
        job->pool->rank_reports[rank] =
            (dmap_rank_report){.host = dmap__pool_host(job->pool, rank), .workers = job->pool->workers[rank]};
    dmap__job_give_call(job);
}

/* ---- the loop ---- */

static bool give(dmap__job *job) {
    dmap__step step;
    bool moved = false;
    dmap__plan_hold(job->plan, false);
    while (dmap__plan_next(job->plan, dmap__clock_now(), &step)) {
        dmap__job_give(job, &step);
        moved = moved || !job->source.later;
    }
    return moved;
}

void dmap__job_drain(dmap__job *job) {
    job->drained = true;
    job->source.ended = true;
    if (dmap__plan_drain(job->plan) != DMAP_OK)
        dmap__job_fail_memory(job);
}

static void drop(dmap__job *job) {
    dmap__piece piece;
    while (dmap__plan_drop(job->plan, &piece))
        dmap__part_destroy(piece.tag);
}

static void judge_sink(dmap__job *job, dmap__sink_said said) {
    dmap__error error;
    if (said == DMAP__SINK_STOPPED) {
        dmap__job_stop(job);
    } else if (said == DMAP__SINK_NO_MEMORY) {
        dmap__fail(&error, DMAP_ENOMEM, "out of memory for results on the master");
        dmap__job_fail(job, &error);
    }
}

/* Nothing more is wanted, not even the rest of what is being delivered. */
static bool is_ended_early(const dmap__job *job) {
    return job->sink_stopped || job->timed_out || job->trouble.status != DMAP_OK;
}

static bool deliver(dmap__job *job) {
    dmap__piece piece;
    if (job->delivering && is_ended_early(job)) {
        dmap__part_destroy(job->delivering);
        job->delivering = NULL;
        dmap__plan_release(job->plan, job->delivering_bytes);
    }
    if (!job->delivering) {
        do
            if (!dmap__plan_take(job->plan, &piece))
                return false;
        while (!piece.tag);
        job->delivering = piece.tag;
        job->delivering_bytes = piece.bytes;
    }
    dmap__part *part = job->delivering;
    uint64_t from = part->next, end = part->end;
    dmap__sink_said said = dmap__sink_deliver(&job->sink, part);
    job->ended += (said == DMAP__SINK_MORE ? part->next : end) - from;
    if (said == DMAP__SINK_MORE)
        return true;
    job->delivering = NULL;
    dmap__plan_release(job->plan, job->delivering_bytes);
    judge_sink(job, said);
    return true;
}

static void watch(dmap__job *job, double now) {
    bool ends = job->source.source.kind != DMAP__SOURCE_PULL;
    dmap_progress progress = {.total = ends ? dmap__items_count(&job->source) : UINT64_MAX,
                              .ended = job->arrived,
                              .failed = job->report.failed,
                              .seconds = now - job->began_s};
    if (!ends && job->source.ended)
        progress.total = job->source.pulled;
    job->watched_s = now;
    int code = job->options.on_watch(job->options.on_watch_arg, &progress);
    dmap__copy_leave();
    if (code)
        dmap__job_stop(job);
}

/* What has ended of a chunk that is out is taken for its first items: they weigh nearly the same. */
static void look_at_outs(dmap__job *job) {
    uint64_t done = job->arrived;
    double weight = job->arrived_weight;
    for (size_t i = 0; i < job->outs_capacity; i++) {
        const dmap__out *out = &job->outs[i];
        if (!out->out)
            continue;
        done += out->progress;
        weight += dmap__shuffle_weight(job->shuffle, out->begin, out->begin + out->progress);
    }
    if (done > job->shown)
        job->shown = done;
    if (job->shuffle)
        dmap__progress_weigh(&job->progress, weight, dmap__shuffle_weight(job->shuffle, 0, job->shuffle->count));
}

static void show(dmap__job *job, double now) {
    look_at_outs(job);
    dmap__progress_update(&job->progress, now, job->shown, job->report.failed);
}

static bool is_long(const dmap__job *job, double now) {
    return now - job->began_s > LONG_S;
}

static void touch_mpi(dmap_pool *pool, double now) {
    if (!pool->is_alone || now - pool->touched_s < TOUCH_S)
        return;
    pool->touched_s = now;
    dmap__comm_touch();
}

/* Where cores are scarce this thread is run so late that it always finds something, and never waits: so it sits down
 * when the call has lasted a while, too. */
static void look_at_clock(dmap__job *job) {
    double now = dmap__clock_now();
    touch_mpi(job->pool, now);
    if (is_long(job, now)) {
        dmap__seat_take(job->pool);
        dmap__seat_settle(job->pool);
    }
    if (dmap__progress_is_due(&job->progress, now))
        show(job, now);
    if (job->options.on_watch && !job->sink_stopped && now - job->watched_s > WATCH_S)
        watch(job, now);
    if (job->options.timeout_s > 0 && now - job->began_s > job->options.timeout_s && !job->timed_out) {
        job->timed_out = true;
        dmap__plan_limit(job->plan, 0);
    }
}

static bool is_over(const dmap__job *job) {
    return !job->delivering && !job->sending && dmap__plan_over(job->plan);
}

/* While a worker has nothing to do, of this rank or of another, what the others have left is to be looked at soon:
 * somebody may take from it. */
static double longest_sleep(const dmap__job *job) {
    bool is_hungry = (job->pool->crew && dmap__crew_is_hungry(job->pool->crew)) || dmap__plan_is_uneven(job->plan);
    return job->pool->is_rung && !is_hungry ? SLEEP_RUNG_S : SLEEP_RANKS_S;
}

static double lesser(double a, double b) {
    return a < b ? a : b;
}

/* Seconds, no more than sleep_s, until look_at_clock has something to do that cannot wait. */
static double until_due(const dmap__job *job, double now, double sleep_s) {
    if (job->options.on_watch && !job->sink_stopped)
        sleep_s = lesser(sleep_s, job->watched_s + WATCH_S - now);
    if (job->options.timeout_s > 0 && !job->timed_out)
        sleep_s = lesser(sleep_s, job->began_s + job->options.timeout_s - now);
    return sleep_s;
}

/* Alone, and with all items there, nothing comes but from the workers, who wake this thread: to look before takes a
 * core from one of them. */
static double nap(const dmap__job *job, dmap__idle *idle) {
    bool looks = job->pool->comm || job->source.later;
    double now = dmap__clock_now();
    idle->is_rung = job->pool->is_rung && !job->source.later; /* no source rings */
    idle->most_s = longest_sleep(job);
    double sleep_s = looks ? dmap__idle_next(idle, now) : SLEEP_RUNG_S;
    return until_due(job, now, job->source.later ? lesser(sleep_s, SLEEP_LATER_S) : sleep_s);
}

static void rest(const dmap__job *job, dmap__idle *idle, uint32_t heard) {
    double sleep_s = nap(job, idle);
    if (job->pool->comm && dmap__comm_is_busy(job->pool->comm))
        sleep_s = 0;
    if (sleep_s <= 0) {
        dmap__clock_yield();
        return;
    }
    if (dmap__bell_wait(job->pool->bell, heard, sleep_s))
        dmap__idle_reset(idle);
    else
        dmap__seat_settle(job->pool);
}

static void loop(dmap__job *job) {
    dmap__idle idle = {.spins = job->pool->has_spare_core && job->pool->comm};
    if (job->slack < 0)
        job->slack = dmap__clock_sharpen();
    if (job->pool->has_long_calls)
        dmap__seat_take(job->pool);
    for (;;) {
        uint32_t heard = dmap__bell_heard(job->pool->bell);
        bool moved = dmap__job_take(job);
        look_at_clock(job);                            /* before give: it may be what stops the call */
        while (job->options.ahead < 0 && deliver(job)) /* it may be a reason to begin no other item */
            moved = true;
        moved = give(job) || moved;
        drop(job);
        moved = deliver(job) || moved;
        if (moved)
            dmap__idle_reset(&idle);
        else if (is_over(job))
            break;
        else
            rest(job, &idle, heard);
    }
    dmap__seat_leave(job->pool);
    dmap__clock_blunt(job->slack);
    job->slack = -1;
    job->pool->has_long_calls = is_long(job, dmap__clock_now());
}

/* ---- the end ---- */

/* True if the sink is to finish what it has kept. A table does always. A fold of what happened to have come would
 * differ from run to run, and nobody could tell what is in it: so it is whole, or there is none. */
static bool is_finished(const dmap__job *job) {
    switch (job->sink.given.kind) {
    case DMAP__SINK_COLLECT:
        return true;
    case DMAP__SINK_FOLD:
    case DMAP__SINK_FOLD_BLOB:
        return !is_ended_early(job) && !job->drained;
    default:
        return !is_ended_early(job);
    }
}

static void finish_sink(dmap__job *job) {
    uint64_t count = dmap__items_count(&job->source);
    uint64_t limit = job->failed && job->options.on_error == DMAP_STOP ? job->failed_index : UINT64_MAX;
    const dmap__error *why = &job->failed_error;
    if (job->sink.given.kind == DMAP__SINK_COLLECT && limit != UINT64_MAX)
        if (!dmap__results_fail(*job->sink.given.results, limit, job->failed_status, why->text))
            judge_sink(job, DMAP__SINK_NO_MEMORY);
    if (is_finished(job))
        judge_sink(job, dmap__sink_finish(&job->sink, count, limit));
}

static dmap_status verdict(dmap__job *job) {
    dmap__error *error = &job->pool->error;
    dmap__error_clear(error); /* what the caller's functions did wrong meanwhile */
    if (job->trouble.status != DMAP_OK) {
        *error = job->trouble;
        return error->status;
    }
    if (job->sink_stopped)
        return dmap__fail(error, DMAP_ECANCELLED, "the sink stopped the call");
    if (job->timed_out)
        return dmap__fail(error, DMAP_ETIMEOUT, "the call was over its %g seconds: %" PRIu64 " items were done",
                          job->options.timeout_s, job->ended);
    if (job->drained)
        return dmap__fail(error, DMAP_ECANCELLED, "the call was drained: %" PRIu64 " items were done%s%s", job->ended,
                          job->failed ? "; " : "", job->failed ? job->failed_error.text : "");
    if (job->failed)
        *error = job->failed_error;
    else if (job->source.failure.status != DMAP_OK)
        *error = job->source.failure;
    return error->status;
}

static void close_job(dmap__job *job) {
    dmap__items_fini(&job->source);
    dmap__sink_close(&job->sink);
    dmap__plan_destroy(job->plan);
    dmap__shuffle_destroy(job->shuffle);
    size_t kept = dmap__spares_trim(&job->pool->spares, DMAP__SPARE_BYTES);
    if (job->pool->crew)
        dmap__crew_trim(job->pool->crew, DMAP__SPARE_BYTES - kept);
    free(job->outs);
    free(job);
}

/* ---- a function of the caller's that does not return ---- */

/* A C++ exception out of it passes through here. The call's memory is the caller's and may go with the exception: so
 * what is out is waited for, and the pool is as after any call. */
void dmap__job_break_off(dmap__job *job) {
    if (job->plan) {
        dmap__job_stop(job);
        dmap__job_take_left(job);
        dmap__job_give_up(job);
        if (job->pool->crew)
            dmap__crew_break_off(job->pool->crew);
        if (job->delivering) {
            dmap__part_destroy(job->delivering);
            dmap__plan_release(job->plan, job->delivering_bytes);
            job->delivering = NULL;
        }
        loop(job);
        look_at_outs(job);
        dmap__progress_fini(&job->progress, dmap__clock_now(), job->shown, job->report.failed);
        dmap__job_report(job);
    }
    if (job->sink.given.kind == DMAP__SINK_COLLECT && *job->sink.given.results)
        dmap__results_finish(*job->sink.given.results, dmap__items_count(&job->source), UINT64_MAX);
    dmap__fail(&job->pool->error, DMAP_ECANCELLED, "the call was left by an exception");
    job->pool->current = NULL;
    close_job(job);
}

static void break_off(dmap__job **unfinished) {
    if (*unfinished)
        dmap__job_break_off(*unfinished);
}

bool dmap__job_is_left(const dmap__job *job) {
    return (uintptr_t)__builtin_frame_address(0) > (uintptr_t)job->frame;
}

dmap_status dmap__job_run(dmap_pool *pool, uint32_t task_id, dmap_source source, dmap_sink sink,
                          const dmap_map_options *options) {
    dmap__job *job = calloc(1, sizeof *job);
    __attribute__((cleanup(break_off))) dmap__job *unfinished = job;
    if (!job)
        return dmap__fail_memory(&pool->error, sizeof *job, "a call");
    job->frame = __builtin_frame_address(0);
    job->slack = -1;
    job->pool = pool;
    job->task_id = task_id;
    job->task = pool->registry.tasks[task_id];
    job->options = *options;
    job->call = ++pool->calls;
    job->source = (dmap__items_source){.source = source, .task = job->task};
    job->sink = (dmap__sink){
        .given = sink, .task = job->task, .unordered = options->unordered, .blame = dmap__job_blame, .arg = job};
    job->began_s = dmap__clock_now();
    pool->current = job;
    if (dmap__job_open(job) == DMAP_OK) {
        begin(job);
        loop(job);
        finish_sink(job);
        look_at_outs(job);
        dmap__progress_fini(&job->progress, dmap__clock_now(), job->shown, job->report.failed);
        dmap__job_report(job);
    }
    unfinished = NULL;
    pool->current = NULL;
    dmap_status status = verdict(job);
    close_job(job);
    return status;
}
