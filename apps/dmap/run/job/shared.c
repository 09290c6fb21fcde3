/* The shared data is a head, a place for each rank, and the strings. Slots count through the workers of a node: those
 * of a node's second rank follow those of its first. */
#include "run/job/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <dmap/place.h>

#include "run/base/text.h"
#include "run/command/shell.h"
#include "run/job/exported.h"
#include "run/options/needs.h"

typedef struct shared_head {
    int32_t output, run_pid, shows, announces, has_nice, nice;
    int32_t needs[RUN_NEEDS];
    uint64_t id;
    run_admission_rule admission;
    uint64_t shell, directory, slot_variable, exported; /* offsets */
    run_ending ending;
} shared_head;

typedef struct shared_rank {
    uint64_t host, cores; /* offsets */
    int64_t first_slot;
    int32_t workers, node_workers, node_jobs, unused;
} shared_rank;

static int workers_of(const dmap_pool *pool, int rank) {
    dmap_rank_report report = {0};
    return dmap_report_rank(pool, rank, &report) == DMAP_OK ? report.workers : 0;
}

/* The first rank of the same host, found among those before; quadratic in ranks at worst, but for neighbours. */
static int64_t first_slot_of(const dmap_pool *pool, const shared_rank *ranks, int rank) {
    for (int before = rank - 1; before >= 0; before--)
        if (strcmp(dmap_host(pool, before), dmap_host(pool, rank)) == 0)
            return ranks[before].first_slot + workers_of(pool, before);
    return 1;
}

/* Quadratic in ranks, so only if it is needed. */
static int workers_of_node(const dmap_pool *pool, int rank) {
    int sum = 0;
    for (int other = 0; other < dmap_ranks(pool); other++)
        if (strcmp(dmap_host(pool, other), dmap_host(pool, rank)) == 0)
            sum += workers_of(pool, other);
    return sum;
}

static uint64_t add_string(run_text *text, size_t base, const char *string) {
    uint64_t offset = base + text->size;
    run_text_add(text, string, strlen(string) + 1);
    return offset;
}

/* The cores of a rank are those of its workers: with --cores it has one for each. */
static dmap_status add_cores(dmap_pool *pool, int rank, run_text *strings) {
    char line[300];
    dmap_place place;
    dmap_status status = DMAP_OK;
    for (int worker = 0; status == DMAP_OK && worker < workers_of(pool, rank); worker++) {
        status = dmap_worker_place(pool, rank, worker, &place);
        snprintf(line, sizeof line, "%d %d %s\n", place.numa, place.socket, place.cpus);
        run_text_add_string(strings, line);
    }
    run_text_add(strings, "", 1);
    return status;
}

/* What the rank's jobs may have, if they need something. */
static dmap_status describe_node(dmap_pool *pool, const run_options *options, int rank, size_t base, shared_rank *to,
                                 run_text *strings) {
    to->workers = workers_of(pool, rank);
    to->node_workers = workers_of_node(pool, rank);
    to->node_jobs = to->node_workers;
    to->cores = base + strings->size;
    if (!options->needs[RUN_NEED_CORES]) {
        run_text_add(strings, "", 1);
        return DMAP_OK;
    }
    to->node_jobs = run_options_jobs(options, to->node_workers);
    return add_cores(pool, rank, strings);
}

/* By chance; without that, by what is another's only if it is of another boot or node. */
static uint64_t make_id(void) {
    uint64_t id;
    struct timespec now;
    if (getrandom(&id, sizeof id, 0) == (ssize_t)sizeof id)
        return id;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) ^ (uint64_t)getpid() << 40;
}

dmap_status run_shared_send(dmap_pool *pool, const run_options *options, const char *exported) {
    int n = dmap_ranks(pool);
    size_t base = sizeof(shared_head) + (size_t)n * sizeof(shared_rank);
    shared_rank *ranks = calloc((size_t)n, sizeof *ranks);
    run_text strings = {0}, all = {0};
    char *shell = run_shell(), *directory = getcwd(NULL, 0);
    dmap_status status = ranks ? DMAP_OK : DMAP_ENOMEM;
    for (int rank = 0; status == DMAP_OK && rank < n; rank++) {
        ranks[rank].first_slot = first_slot_of(pool, ranks, rank);
        ranks[rank].host = add_string(&strings, base, dmap_host(pool, rank));
        if (run_needs_are_asked(options))
            status = describe_node(pool, options, rank, base, &ranks[rank], &strings);
    }
    shared_head head = {.output = (int32_t)options->output,
                        .run_pid = getpid(),
                        .id = make_id(),
                        .shows = options->verbose && !options->results && !options->files,
                        .announces = options->announce,
                        .admission = options->admission,
                        .has_nice = options->has_nice,
                        .nice = options->nice,
                        .ending = options->ending};
    head.shell = add_string(&strings, base, shell ? shell : "/bin/sh");
    head.directory = add_string(&strings, base, directory ? directory : "");
    head.slot_variable = add_string(&strings, base, options->slot_variable ? options->slot_variable : "");
    head.exported = base + strings.size;
    run_text_add(&strings, exported, run_exported_size(exported));
    for (int i = 0; i < RUN_NEEDS; i++)
        head.needs[i] = options->needs[i] != NULL;
    run_text_add(&all, &head, sizeof head);
    run_text_add(&all, ranks, ranks ? (size_t)n * sizeof *ranks : 0);
    run_text_add(&all, strings.data, strings.size);
    if (strings.broken || all.broken)
        status = DMAP_ENOMEM;
    if (status == DMAP_OK)
        status = dmap_share(pool, all.data, all.size);
    free(ranks);
    free(shell);
    free(directory);
    run_text_free(&strings);
    run_text_free(&all);
    return status;
}

void run_shared_read(const void *shared, int rank, run_shared *to) {
    const char *base = shared;
    const shared_head *head = shared;
    const shared_rank *ranks = (const shared_rank *)(head + 1);
    *to = (run_shared){.output = (run_output)head->output,
                       .shows = head->shows != 0,
                       .announces = head->announces != 0,
                       .has_nice = head->has_nice != 0,
                       .nice = head->nice,
                       .admission = head->admission,
                       .run_pid = head->run_pid,
                       .id = head->id,
                       .first_slot = (int)ranks[rank].first_slot,
                       .workers = ranks[rank].workers,
                       .node_workers = ranks[rank].node_workers,
                       .node_jobs = ranks[rank].node_jobs,
                       .cores = base + ranks[rank].cores,
                       .host = base + ranks[rank].host,
                       .ending = head->ending,
                       .shell = base + head->shell,
                       .directory = base + head->directory,
                       .slot_variable = base + head->slot_variable,
                       .exported = base + head->exported};
    for (int i = 0; i < RUN_NEEDS; i++)
        to->needs[i] = head->needs[i] != 0;
}
