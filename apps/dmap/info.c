/* dmap info: where workers run, and why. Of this pool it asks the pool itself, so that what is shown is what holds; for
 * a machine that is planned it asks for a plan, made by the same code. Only the master prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmap/dmap.h>
#include <dmap/place.h>

#include "command.h"
#include "info_options.h"
#include "info_print.h"

static int complain(const char *text, int status) {
    fprintf(stderr, "dmap info: %s\n", text);
    return status;
}

static void print(const info_options *o, const dmap_place *places, size_t count) {
    if (o->json)
        info_print_json(places, count);
    else
        info_print_table(places, count);
}

static bool is_plan(const info_options *o) {
    return o->topology || o->ranks > 0;
}

static int show_plan(const info_options *o) {
    dmap_place *places;
    size_t count;
    dmap_status status = dmap_plan_places(o->topology, o->ranks > 0 ? o->ranks : 1, &o->pool, &places, &count);
    if (status != DMAP_OK)
        return complain(dmap_error(NULL), status == DMAP_EINVAL ? EXIT_BAD_USAGE : EXIT_FAILURE);
    print(o, places, count);
    dmap_places_free(places);
    return EXIT_SUCCESS;
}

/* A rank that only serves has no worker, but a line. */
static dmap_place without_workers(const dmap_pool *pool, int rank) {
    dmap_place place = {.rank = rank, .worker = -1, .core = -1, .pu = -1, .numa = -1, .socket = -1};
    snprintf(place.host, sizeof place.host, "%s", dmap_host(pool, rank));
    snprintf(place.why, sizeof place.why,
             rank ? "no workers: fewer were asked for than ranks" : "no workers: it serves the other ranks");
    return place;
}

static dmap_status add_rank(dmap_pool *pool, int rank, dmap_place *places, size_t *count) {
    dmap_rank_report report;
    dmap_status status = dmap_report_rank(pool, rank, &report);
    for (int w = 0; status == DMAP_OK && w < report.workers; w++)
        status = dmap_worker_place(pool, rank, w, &places[(*count)++]);
    if (status == DMAP_OK && report.workers == 0)
        places[(*count)++] = without_workers(pool, rank);
    return status;
}

static int show_pool(dmap_pool *pool, const info_options *o) {
    size_t count = 0;
    dmap_status status = DMAP_OK;
    dmap_place *places = calloc((size_t)dmap_workers(pool) + (size_t)dmap_ranks(pool), sizeof *places);
    if (!places)
        return complain("out of memory", EXIT_FAILURE);
    for (int rank = 0; rank < dmap_ranks(pool) && status == DMAP_OK; rank++)
        status = add_rank(pool, rank, places, &count);
    if (status == DMAP_OK)
        print(o, places, count);
    free(places);
    return status == DMAP_OK ? EXIT_SUCCESS : complain(dmap_error(pool), EXIT_FAILURE);
}

static int run(dmap_pool *pool, int argc, char **argv) {
    info_options o;
    char error[512];
    int status = EXIT_SUCCESS;
    if (!info_options_parse(argc, argv, &o, error, sizeof error))
        status = complain(error, EXIT_BAD_USAGE);
    else if (o.help)
        info_options_print_help();
    else
        status = is_plan(&o) ? show_plan(&o) : show_pool(pool, &o);
    if ((ferror(stdout) || fflush(stdout) != 0) && status == EXIT_SUCCESS)
        status = complain("standard output cannot be written", EXIT_FAILURE);
    return status;
}

int info_command(int argc, char **argv) {
    info_options o;
    char error[512];
    bool asks_pool = info_options_parse(argc, argv, &o, error, sizeof error) && !o.help && !is_plan(&o);
    if (!asks_pool)
        return command_run_small(run, argc, argv);
    command_watch_nothing();
    return dmap_run(argc, argv, run, &o.pool);
}
