/* Where workers run, as the pool tells it, beside what the tasks find: each item says on which CPUs its worker may run.
 * And what is refused. */
#include "harness.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <dmap/place.h>

enum { ITEMS = 64, MOST_WORKERS = 64 };

/* What an item finds. */
typedef struct seen {
    int rank, worker;
    cpu_set_t cpus;
    uint64_t slice_ns;
} seen;

/* Of the calling thread; 0 if the kernel does not tell. */
static uint64_t own_slice(void) {
    struct { /* sched_attr, whose header does not go with sched.h */
        uint32_t size, policy;
        uint64_t flags;
        uint32_t niceness, priority;
        uint64_t runtime, deadline, period;
    } attr = {.size = sizeof attr};
    return syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) == 0 ? attr.runtime : 0;
}

static int look(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    seen *s = result;
    memset(s, 0, sizeof *s);
    s->rank = dmap_rank(ctx);
    s->worker = dmap_worker(ctx);
    s->slice_ns = own_slice();
    burn(1e-3); /* so that all workers have some */
    return sched_getaffinity(0, sizeof s->cpus, &s->cpus);
}
DMAP_TASK(places_look, .run = look, .item_size = 8, .result_size = sizeof(seen));

/* "0-1,8" as a set. */
static cpu_set_t parse_list(const char *list) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (char *end; *list; list = *end == ',' ? end + 1 : end) {
        long first = strtol(list, &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        for (long cpu = first; cpu <= last; cpu++)
            CPU_SET((size_t)cpu, &set);
    }
    return set;
}

static int workers_of(int rank) {
    dmap_rank_report report;
    CU_ASSERT_EQUAL(dmap_report_rank(harness_pool, rank, &report), DMAP_OK);
    return report.workers;
}

static dmap_place ask(int rank, int worker) {
    dmap_place place = {.rank = -1};
    CU_ASSERT_EQUAL(dmap_worker_place(harness_pool, rank, worker, &place), DMAP_OK);
    return place;
}

static void test_every_worker(void) {
    for (int rank = dmap_ranks(harness_pool) - 1; rank >= 0; rank--) {
        for (int w = 0; w < workers_of(rank); w++) {
            dmap_place p = ask(rank, w), again = ask(rank, w);
            CU_ASSERT(p.rank == rank && p.worker == w && p.why[0]);
            CU_ASSERT_STRING_EQUAL(p.host, dmap_host(harness_pool, rank));
            CU_ASSERT_EQUAL(memcmp(&p, &again, sizeof p), 0);
            CU_ASSERT(harness_has("serial") ? p.core == -1 && !p.cpus[0] && strstr(p.why, "DMAP_BACKEND=serial")
                                            : p.core >= 0 && p.pu == -1 && p.cpus[0]);
        }
    }
}

/* After the first answers, and with a map between them. The short slices of a rank's own thread are no task's. */
static void test_found_by_tasks(void) {
    static seen all[ITEMS];
    uint64_t slice_ns = own_slice();
    harness_watch("the map", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &places_look, dmap_range(0, ITEMS), dmap_into(all), NULL), DMAP_OK);
    harness_watch("", 0);
    CU_ASSERT_EQUAL(own_slice(), slice_ns);
    for (int i = 0; i < ITEMS; i++) {
        dmap_place p = ask(all[i].rank, all[i].worker);
        cpu_set_t told = parse_list(p.cpus);
        CU_ASSERT_EQUAL(all[i].slice_ns, slice_ns);
        if (!harness_has("serial") && !CPU_EQUAL(&told, &all[i].cpus))
            harness_fail("rank %d, worker %d is told to be on %s", all[i].rank, all[i].worker, p.cpus);
    }
}

/* Ranks of this machine with two workers each: a core is used twice only when none is free, and that is said. */
static int note_own(void *arg, const dmap_item_result *r) {
    (void)r;
    return sched_getaffinity(0, sizeof(cpu_set_t), arg);
}

static cpu_set_t cpus_of(int rank) {
    cpu_set_t all;
    CPU_ZERO(&all);
    for (int w = 0; w < workers_of(rank); w++) {
        cpu_set_t one = parse_list(ask(rank, w).cpus);
        CPU_OR(&all, &all, &one);
    }
    return all;
}

/* The calling thread, bound to nothing, keeps to its rank's cores while it waits for the others, and is bound to
 * nothing when it returns. */
static void test_caller(void) {
    cpu_set_t as_was, before, during, after, mine = cpus_of(0);
    harness_watch("the caller's map", 60);
    CU_ASSERT_EQUAL(sched_getaffinity(0, sizeof as_was, &as_was), 0);
    memset(&before, 0xff, sizeof before);
    CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof before, &before), 0);
    CU_ASSERT_EQUAL(sched_getaffinity(0, sizeof before, &before), 0);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &places_look, dmap_range(0, ITEMS), dmap_each(note_own, &during), NULL),
                    DMAP_OK);
    CU_ASSERT_EQUAL(sched_getaffinity(0, sizeof after, &after), 0);
    CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof as_was, &as_was), 0);
    harness_watch("", 0);
    CU_ASSERT(CPU_EQUAL(&before, &after));
    for (int rank = 1; rank < dmap_ranks(harness_pool) && !harness_has("serial"); rank++) {
        cpu_set_t others = cpus_of(rank), common;
        CPU_AND(&common, &others, &mine);
        CPU_XOR(&others, &others, &common); /* where there are fewer cores than ranks they have some in common */
        CPU_AND(&common, &others, &during);
        CU_ASSERT_EQUAL(CPU_COUNT(&common), 0);
    }
}

static void test_no_core_twice(void) {
    int used[1024] = {0}, cores = 0, placed = 0, most = 0, least;
    for (int rank = 0; rank < dmap_ranks(harness_pool); rank++)
        for (int w = 0; w < workers_of(rank); w++, placed++) {
            int core = ask(rank, w).core;
            most = core >= 0 && ++used[core] > most ? used[core] : most;
        }
    least = most;
    dmap_place *plan = NULL;
    size_t n = 0;
    CU_ASSERT_EQUAL(dmap_plan_places(NULL, 1, &(dmap_options){.backend = DMAP_THREADS}, &plan, &n), DMAP_OK);
    for (; (size_t)cores < n; cores++)
        least = used[plan[cores].core] < least ? used[plan[cores].core] : least;
    dmap_places_free(plan);
    CU_ASSERT(harness_has("serial") || (most > 1 ? least >= 1 : placed <= cores));
    CU_ASSERT(harness_has("serial") || ask(0, 0).shared == (strstr(ask(0, 0).why, "shares its core") != NULL));
}

static void test_refused(void) {
    dmap_place p = {.rank = 77};
    int ranks = dmap_ranks(harness_pool);
    const struct {
        int rank, worker;
        const char *text;
    } cases[] = {{-1, 0, "no rank -1"}, {ranks, 0, "no rank"}, {0, -1, "no worker -1"}, {ranks - 1, 4096, "no worker"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(dmap_worker_place(harness_pool, cases[i].rank, cases[i].worker, &p), DMAP_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), cases[i].text));
    }
    CU_ASSERT_EQUAL(p.rank, 77);
    CU_ASSERT_EQUAL(dmap_worker_place(harness_pool, 0, 0, NULL), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_worker_place(NULL, 0, 0, &p), DMAP_EINVAL);
}

static void test_plan(void) {
    dmap_place *places = NULL;
    size_t n = 0;
    dmap_options options = {.workers = 3, .backend = DMAP_PROCESSES, .bind = DMAP_BIND_PU, .spread = DMAP_SCATTER};
    CU_ASSERT_EQUAL(dmap_plan_places("pack:2 core:2 pu:2", 2, &options, &places, &n), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(n, 6);
    CU_ASSERT(places[5].rank == 1 && places[5].worker == 2 && places[5].pu == 5 && places[5].core == 2);
    CU_ASSERT(places[5].shared && places[5].host[0] == '\0' && strcmp(places[5].cpus, "5") == 0);
    dmap_places_free(places);
    dmap_places_free(NULL);
    places = NULL;
    CU_ASSERT_EQUAL(dmap_plan_places("nonsense", 1, NULL, &places, &n), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "nonsense"));
    CU_ASSERT_EQUAL(dmap_plan_places("pu:2", 0, NULL, &places, &n), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_plan_places("pu:2", 65537, NULL, &places, &n), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_plan_places("pu:2", 1, &(dmap_options){.workers = -1}, &places, &n), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_plan_places("pu:2", 1, NULL, NULL, &n), DMAP_EINVAL);
    CU_ASSERT(places == NULL && n == 6);
    CU_ASSERT_EQUAL(strncmp(dmap_version_text(), "dmap " DMAP_VERSION ", ", strlen("dmap " DMAP_VERSION ", ")), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_version_text(), ", hwloc "));
}

static void add_tests(void) {
    static CU_TestInfo tests[] = {{"every worker", test_every_worker},
                                  {"as tasks find it", test_found_by_tasks},
                                  {"the caller's own thread", test_caller},
                                  {"no core twice while one is free", test_no_core_twice},
                                  {"refused", test_refused},
                                  {"plans", test_plan},
                                  CU_TEST_INFO_NULL};
    static CU_SuiteInfo suites[] = {{.pName = "places", .pTests = tests}, CU_SUITE_INFO_NULL};
    CU_register_suites(suites);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
