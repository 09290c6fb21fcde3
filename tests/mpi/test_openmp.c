/* OpenMP inside tasks: a worker's parallel regions have its share of the cores. libgomp read the environment when this
 * program started, before dmap set anything, so what tasks see is what workers told it. The argument "own" says that
 * the user has set OMP_NUM_THREADS=2. */
#include "harness.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include <dmap/place.h>

enum { ITEMS = 32 };

/* What an item finds. */
typedef struct seen {
    int rank, worker, threads, team;
    char variable[16], other[16];
} seen;

static void copy_variable(const char *name, char *text, size_t size) {
    const char *value = getenv(name);
    snprintf(text, size, "%s", value ? value : "none");
}

static int look(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    seen *s = result;
    int team = 0;
    *s = (seen){.rank = dmap_rank(ctx), .worker = dmap_worker(ctx), .threads = omp_get_max_threads()};
#pragma omp parallel
    {
#pragma omp single
        team = omp_get_num_threads();
    }
    s->team = team;
    copy_variable("OMP_NUM_THREADS", s->variable, sizeof s->variable);
    copy_variable("OPENBLAS_NUM_THREADS", s->other, sizeof s->other);
    burn(1e-3);
    return 0;
}
DMAP_TASK(openmp_look, .run = look, .item_size = 8, .result_size = sizeof(seen));

/* CPUs that this program may use, as a plan for one rank shows them: one worker a core, unless there is a quota. */
static int cores_of_rank(void) {
    dmap_place *places = NULL;
    size_t n = 0;
    dmap_options options = {.backend = DMAP_THREADS, .bind = DMAP_BIND_CORE};
    unsetenv("DMAP_WORKERS");
    CU_ASSERT_EQUAL(dmap_plan_places(NULL, dmap_ranks(harness_pool), &options, &places, &n), DMAP_OK);
    int cores = 0;
    for (size_t i = 0; i < n; i++)
        cores += places[i].rank == 0;
    dmap_places_free(places);
    return cores;
}

static int workers_of(int rank) {
    dmap_rank_report report;
    CU_ASSERT_EQUAL(dmap_report_rank(harness_pool, rank, &report), DMAP_OK);
    return report.workers;
}

static int share(void) {
    const char *bind = getenv("DMAP_BIND");
    int threads = bind && strcmp(bind, "none") == 0 ? cores_of_rank() / workers_of(0) : 1;
    if (harness_has("own"))
        threads = 2;
    return threads > 1 ? threads : 1;
}

static void test_share(void) {
    static seen all[ITEMS];
    char expected[16];
    int threads = share();
    snprintf(expected, sizeof expected, "%d", threads);
    harness_watch("the map", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &openmp_look, dmap_range(0, ITEMS), dmap_into(all), NULL), DMAP_OK);
    harness_watch("", 0);
    for (int i = 0; i < ITEMS; i++) {
        seen *s = &all[i];
        bool good = s->threads == threads && s->team == threads && strcmp(s->variable, expected) == 0;
        if (!good || strcmp(s->other, harness_has("own") ? "none" : expected) != 0)
            harness_fail("rank %d, worker %d: %d threads, a team of %d, OMP_NUM_THREADS=%s, OPENBLAS_NUM_THREADS=%s, "
                         "not %s",
                         s->rank, s->worker, s->threads, s->team, s->variable, s->other, expected);
    }
    printf("%s threads ", expected);
}

static void add_tests(void) {
    static CU_TestInfo tests[] = {{"a worker's share", test_share}, CU_TEST_INFO_NULL};
    static CU_SuiteInfo suites[] = {{.pName = "openmp", .pTests = tests}, CU_SUITE_INFO_NULL};
    CU_register_suites(suites);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
