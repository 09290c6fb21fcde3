/* A pool that breaks in the middle of a call: MPI fails on the master, who cannot ask the other ranks to stop, while
 * all of them are about to write results. From the moment that dmap_map has returned nothing of it is written. usage:
 * placed_broken receive|send [ends] [back end]; it always ends the run with a status, having said what it saw; with
 * `ends` by returning to dmap_run, which must not wait for ranks that serve. */
#include "placed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpi.h>

#define ITEMS   2000
#define CHUNK   4
#define LATE_US 50000
#define GUARD   0xa5

static bool receiving_fails, sending_fails;

int MPI_Test(MPI_Request *request, int *done, MPI_Status *status) {
    return receiving_fails ? MPI_ERR_OTHER : PMPI_Test(request, done, status);
}

int MPI_Isend(const void *bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request) {
    return sending_fails ? MPI_ERR_OTHER : PMPI_Isend(bytes, count, type, to, tag, comm, request);
}

static int break_it(void *arg, const dmap_progress *progress) {
    (void)arg, (void)progress;
    receiving_fails = harness_has("receive");
    sending_fails = !receiving_fails;
    return 0;
}

static void test_broken(void) {
    const placed_kind *kind = &placed_kinds[4];
    const dmap_map_options options = {.schedule = DMAP_DYNAMIC, .chunk = CHUNK, .on_watch = break_it};
    placed_count *before = calloc((size_t)dmap_ranks(harness_pool), sizeof *before);
    placed_item *items = placed_items(ITEMS);
    unsigned char *results = malloc(ITEMS * kind->size);
    size_t written = 0;
    harness_watch("a pool that breaks", 60);
    int can = placed_counts(before);
    for (size_t i = 0; i < ITEMS; i++)
        items[i].late_us = LATE_US;
    dmap_status status = dmap_map(harness_pool, kind->task, dmap_array(items, ITEMS), dmap_into(results), &options);
    memset(results, GUARD, ITEMS * kind->size);
    usleep(4 * LATE_US);
    for (size_t i = 0; i < ITEMS * kind->size; i++)
        written += results[i] != GUARD;
    fprintf(stderr, "%s, %zu bytes written after that, by %s\n", dmap_status_name(status), written,
            can ? "ranks that could" : "nobody who could");
    if (!harness_has("ends"))
        _exit(9);
    free(results);
    free(items);
    free(before);
    CU_FAIL("the pool has broken");
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("broken", NULL, NULL);
    CU_ADD_TEST(suite, test_broken);
}

int main(int argc, char **argv) {
    placed_init();
    return harness_run(argc, argv, add_tests);
}
