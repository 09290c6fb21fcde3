/* A rank and its workers' processes at awkward moments: the rank does not run just when an item begins, a process or
 * the fork server was stopped (SIGSTOP) when the pool is closed, descriptors are out, the machine is very large. The
 * linker sends the library's looks at the clock, and at what it is bound to, here (--wrap). */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/pool.h"
#include "base/bell.h"
#include "base/clock.h"
#include "crew/crew.h"
#include "process_look.h"
#include "unit.h"

enum { WORKERS = 2, ITEMS = 40, ITEM_US = 10000, LATE_US = 2000 };

/* ---- a rank that is late ---- */

static pid_t rank_pid; /* set while it is to be late */

double __real_dmap__clock_now(void);
double __wrap_dmap__clock_now(void);

/* What it reads is old by the time it looks at anything else. */
double __wrap_dmap__clock_now(void) {
    double now = __real_dmap__clock_now();
    if (rank_pid == getpid())
        usleep(LATE_US);
    return now;
}

static int take_long(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    usleep(ITEM_US);
    return 0;
}

DMAP_TASK(takes_long, .run = take_long, .item_size = 8, .result_size = 0);

static dmap_pool *open_pool(int workers) {
    dmap_options options = {.backend = DMAP_PROCESSES, .workers = workers};
    dmap__error error;
    dmap_pool *pool = NULL;
    CU_ASSERT_EQUAL_FATAL(dmap__pool_open(NULL, &options, &pool, &error), DMAP_OK);
    return pool;
}

static void test_late_rank(void) {
    dmap_map_options options = {.item_timeout_s = 60, .progress = -1};
    dmap_pool *pool = open_pool(WORKERS);
    rank_pid = getpid();
    dmap_status status = dmap_map(pool, &takes_long, dmap_range(0, ITEMS), dmap_discard(), &options);
    rank_pid = 0;
    CU_ASSERT_EQUAL(status, DMAP_OK);
    CU_ASSERT_STRING_EQUAL(dmap_error(pool), "");
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
}

/* ---- processes that were stopped ---- */

static _Atomic int *tear_downs; /* seen by all processes */

static void tear_down(dmap_context *ctx) {
    (void)ctx;
    atomic_fetch_add(tear_downs, 1);
}

static int tell_pid(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item;
    *(int *)result = getpid();
    usleep(ITEM_US); /* so that every worker has some */
    return 0;
}

DMAP_TASK(tells_pid, .run = tell_pid, .item_size = 8, .result_size = sizeof(int), .teardown = tear_down);

static void test_stopped(void) {
    int pids[ITEMS], processes = 0, server = -1;
    dmap_map_options options = {.progress = -1};
    dmap_pool *pool = open_pool(WORKERS);
    CU_ASSERT_EQUAL(dmap_map(pool, &tells_pid, dmap_range(0, ITEMS), dmap_into(pids), &options), DMAP_OK);
    atomic_store(tear_downs, 0);
    for (int i = 0; i < ITEMS; i++) {
        char state = '?';
        if (!look_process(pids[i], &state, &server, NULL) || state == 'T')
            continue;
        CU_ASSERT(look_stop(pids[i]));
        processes++;
    }
    CU_ASSERT(processes > 0 && look_stop(server));
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
    CU_ASSERT_EQUAL(atomic_load(tear_downs), processes);
    CU_ASSERT(look_wait_gone(pids, ITEMS, 60));
}

/* ---- few descriptors ---- */

/* Opens a crew that is too large for the descriptors below `limit`; what it says is in error. */
static void refuse_crew(int workers, int limit, dmap__error *error) {
    int open_now = look_descriptors();
    struct rlimit before, low;
    dmap__bell bell;
    dmap__crew *crew = NULL;
    dmap__crew_config config = {.backend = DMAP_PROCESSES, .workers = workers, .bell = &bell};
    dmap__bell_init(&bell, false);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = (struct rlimit){(rlim_t)limit, before.rlim_max};
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
    dmap_status status = dmap__crew_open(&config, &crew, error);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    CU_ASSERT(status == DMAP_EIO && !crew);
    CU_ASSERT_EQUAL(look_descriptors(), open_now);
}

/* Whatever it is that finds none left, the sentence names the reason; and nothing stays open. */
static void test_few_descriptors(void) {
    enum { MANY = 40, STANDARD = 3 };
    int of_watcher = 0, of_workers = 0;
    dmap__error error;
    for (int room = 0; room < MANY; room++) {
        int worker = 0, workers = 0;
        refuse_crew(MANY, STANDARD + room, &error);
        bool is_worker = sscanf(error.text, "cannot make worker process %d of %d: ", &worker, &workers) == 2;
        CU_ASSERT(!is_worker || (worker > 0 && worker <= MANY && workers == MANY));
        of_workers += is_worker;
        of_watcher += strstr(error.text, "watch the workers' processes: ") != NULL;
        CU_ASSERT(strstr(error.text, strerror(EMFILE)) && strstr(error.text, "(see ulimit -n)"));
    }
    CU_ASSERT(of_watcher > 0 && of_workers > 0 && of_watcher + of_workers == MANY);
}

/* ---- a very large machine ---- */

static bool is_large; /* this rank's machine: it has the most CPUs that Linux takes */

int __real_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *cpus);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *cpus);

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *cpus) {
    if (!is_large || size * 8 >= 8192)
        return __real_sched_getaffinity(pid, size, cpus);
    errno = EINVAL;
    return -1;
}

static int tell_cpus(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item;
    return sched_getaffinity(0, sizeof(cpu_set_t), result);
}

DMAP_TASK(tells_cpus, .run = tell_cpus, .item_size = 8, .result_size = sizeof(cpu_set_t));

static cpu_set_t cpus_of_worker(void) {
    cpu_set_t cpus;
    dmap_pool *pool = open_pool(1);
    CPU_ZERO(&cpus);
    CU_ASSERT_EQUAL(dmap_map(pool, &tells_cpus, dmap_range(0, 1), dmap_into(&cpus), NULL), DMAP_OK);
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
    return cpus;
}

/* A process is bound there as it is on a small one. */
static void test_large_machine(void) {
    cpu_set_t small = cpus_of_worker();
    is_large = true;
    cpu_set_t large = cpus_of_worker();
    is_large = false;
    CU_ASSERT(CPU_COUNT(&small) > 0 && CPU_EQUAL(&small, &large));
}

/* ---- tasks that come late: as their library's constructors register them ---- */

static int be_late(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item;
    *(int *)result = 1;
    return 0;
}

static const dmap_task after_pool = {.name = "after_pool", .run = be_late, .item_size = 8, .result_size = sizeof(int)};
static const dmap_task after_prefork = {
    .name = "after_prefork", .run = be_late, .item_size = 8, .result_size = sizeof(int)};

/* With them the table of all tasks grows, and moves. */
static void register_many(void) {
    enum { MANY = 200 };
    static dmap_task many[MANY];
    static char names[MANY][16];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "a_%d", i);
        many[i] = after_pool;
        many[i].name = names[i];
        dmap_register(&many[i]);
    }
}

static void test_late_tasks(void) {
    int results[ITEMS];
    dmap_register(&after_prefork);
    dmap_pool *pool = open_pool(1);
    dmap_register(&after_pool);
    register_many();
    CU_ASSERT_EQUAL(dmap_map(pool, &after_pool, dmap_range(0, 4), dmap_into(results), NULL), DMAP_EINVAL);
    CU_ASSERT_STRING_EQUAL(
        dmap_error(pool),
        "task \"after_pool\" was loaded too late: load its library, on every rank, before the pool is opened");
    CU_ASSERT_NOT_EQUAL(dmap_map(pool, &after_prefork, dmap_range(0, 4), dmap_into(results), NULL), DMAP_OK);
    CU_ASSERT(strstr(dmap_error(pool), "loaded too late. Load its library before dmap_prefork") != NULL);
    CU_ASSERT_EQUAL(dmap_map(pool, &tells_pid, dmap_range(0, 4), dmap_into(results), NULL), DMAP_OK);
    CU_ASSERT(results[0] > 1 && results[0] != getpid());
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
}

int main(int argc, char **argv) {
    void *memory = mmap(NULL, sizeof *tear_downs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    tear_downs = memory;
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    CU_TestInfo tests[] = {{"a rank that is late", test_late_rank},   {"stopped processes", test_stopped},
                           {"few descriptors", test_few_descriptors}, {"a very large machine", test_large_machine},
                           {"late tasks", test_late_tasks},           CU_TEST_INFO_NULL};
    int status = unit_run("worker process", tests);
    return status || look_children() != 1;
}
