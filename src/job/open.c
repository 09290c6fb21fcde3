/* What a call has before it begins: the plan, the order of its items, the sink. */
#include <inttypes.h>

#include "job/job.h"

#define WINDOW      ((size_t)64 << 20)
#define CHUNK_BYTES ((size_t)32 << 20)  /* most bytes of items and results of fixed size in a chunk */
#define CACHE_BYTES ((size_t)4 << 20)   /* the same for each worker, where they are copied: from a cache then */
#define CHUNK_ITEMS (UINT64_C(1) << 31) /* most items in a chunk: the board counts them in 32 bits */

_Static_assert(DMAP__SMALL_LEASE <= DMAP__CREW_SMALL && DMAP__BIG_LEASES <= DMAP__CREW_GRANTS,
               "a crew takes as many chunks as the plan has out at a branch");

/* How many items, and their results, take that much. */
static uint64_t items_in(const dmap__job *job, size_t bytes) {
    size_t one = dmap__items_size(&job->source);
    if (dmap__sink_want(&job->sink) == DMAP__WANT_RESULTS && job->task->result_size != DMAP_VARIABLE)
        one += job->task->result_size;
    uint64_t most = one ? bytes / one : CHUNK_ITEMS;
    return most ? most : 1;
}

static dmap_status open_plan(dmap__job *job) {
    const dmap_map_options *o = &job->options;
    size_t size = job->task->result_size;
    dmap__plan_config config = {.branches = job->pool->ranks,
                                .workers = job->pool->workers,
                                .count = dmap__items_count(&job->source),
                                .is_stream = dmap__items_is_stream(&job->source),
                                .schedule = o->schedule,
                                .chunk = o->chunk,
                                .max_chunk = items_in(job, CHUNK_BYTES),
                                .max_share = items_in(job, CACHE_BYTES),
                                .ordered = dmap__sink_is_ordered(&job->sink),
                                .window = o->window ? o->window : WINDOW,
                                .stop = o->on_error == DMAP_STOP && !job->shuffle,
                                .retries = o->retries,
                                .lean = o->ahead < 0};
    if (dmap__sink_want(&job->sink) == DMAP__WANT_RESULTS && size != DMAP_VARIABLE) {
        config.result_bytes = size ? size : 1;
        config.all_share = !dmap__sink_place(&job->sink, 0); /* what is made in memory of ours is looked at soon */
    }
    job->plan = dmap__plan_create(&config);
    return job->plan ? DMAP_OK : dmap__fail(&job->trouble, DMAP_ENOMEM, "out of memory for a plan");
}

dmap_status dmap__job_open(dmap__job *job) {
    uint64_t count = dmap__items_count(&job->source);
    dmap__progress_init(&job->progress, job->options.progress, job->task->name, count, job->began_s);
    if (job->options.cost) {
        job->shuffle =
            dmap__shuffle_create(count, job->options.cost, job->options.cost_arg, dmap__progress_is_on(&job->progress));
        if (!job->shuffle)
            return dmap__fail(&job->trouble, DMAP_ENOMEM, "out of memory for the order of %" PRIu64 " items", count);
        job->source.shuffle = job->sink.shuffle = job->shuffle;
    }
    if (dmap__sink_open(&job->sink, count) != DMAP_OK)
        return dmap__fail(&job->trouble, DMAP_ENOMEM, "out of memory for %" PRIu64 " results", count);
    return open_plan(job);
}
