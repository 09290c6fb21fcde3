/* How many workers a node gets, and whether they are bound. */
#include "run/pool.h"

#include <stdio.h>
#include <stdlib.h>

#include <dmap/place.h>

#include "run/input/inputs.h"
#include "run/job/slots.h"

/* Jobs, if they are counted at a glance: where all values are words. */
static uint64_t count_words(const run_options *options) {
    char error[300];
    uint64_t total = UINT64_MAX;
    bool only_words = options->n_sources > 0 && !options->pipe && !options->shuffle;
    for (int i = 0; i < options->n_sources; i++)
        only_words = only_words && options->sources[i].kind == RUN_SOURCE_WORDS;
    run_inputs *inputs = only_words ? run_inputs_open(options, error, sizeof error) : NULL;
    if (inputs)
        total = run_inputs_total(inputs);
    run_inputs_close(inputs);
    return total;
}

/* As many as fit, for which room is made first. */
static int fit(int slots) {
    char short_of[64];
    run_room room = run_room_here();
    int fitting = run_slots_fit(slots, &room, short_of, sizeof short_of);
    if (fitting < slots)
        fprintf(stderr, "dmap run: %d jobs at a time instead of %d: there is no room for more %s\n", fitting, slots,
                short_of);
    return fitting;
}

/* Jobs on a node: as many as it has cores, and each on its own, but for -j. Of fewer jobs than cores each may be meant
 * to use several: they are not bound, unless $DMAP_BIND says to what. */
bool run_choose_pool(const run_options *options, dmap_options *pool) {
    *pool = (dmap_options){.backend = DMAP_THREADS, .reserve_s = -1}; /* it looks at the end of a batch job itself */
    dmap_place *places;
    size_t cores = 1;
    uint64_t jobs = count_words(options);
    if (dmap_plan_places(NULL, 1, NULL, &places, &cores) == DMAP_OK)
        dmap_places_free(places);
    int wanted = run_options_jobs(options, (int)cores);
    if (wanted < 1)
        return false;
    if (options->needs[RUN_NEED_CORES]) { /* a worker for each, whose core may be another's job's */
        int workers = fit((int)cores);
        pool->node_workers = workers < (int)cores ? workers : 0;
        return true;
    }
    if (jobs < (uint64_t)wanted)
        wanted = jobs > 1 ? (int)jobs : 1;
    int slots = fit(wanted);
    if (!options->jobs && slots >= (int)cores)
        return true;
    pool->node_workers = slots;
    if (slots < (int)cores && !getenv("DMAP_BIND"))
        pool->bind = DMAP_BIND_NONE;
    return true;
}
