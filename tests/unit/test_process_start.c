/* Processes that do not come up: hung in the fork, hung later, dead in the loader, ended by a constructor; a fork
 * server that does not answer, or could not be made. And what a child takes from malloc before it is ready: nothing, as
 * a thread of the program may have been in there.
 *
 * What is to go wrong stands on a page that all processes see. The new child hangs in a handler of fork(), as it would
 * in a lock of an allocator; the linker sends the first thing that a worker's process does later here (--wrap). */
#include <dmap/process.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/pool.h"
#include "process_look.h"
#include "unit.h"

#define SHORT_S   0.5
#define HANG      "DMAP_TEST_HANG" /* variables of fresh copies */
#define END_EARLY "DMAP_TEST_END"

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 3 };

typedef struct page {
    _Atomic int hang_in_fork, hang_later, hang_server; /* so many processes */
    _Atomic int taken; /* calls of malloc and the like in children that were not ready */
} page;

static page *shared;
static bool is_new; /* this process was forked, and is not ready yet */

static void hang_if(_Atomic int *count) {
    int n = atomic_load(count);
    while (n > 0 && !atomic_compare_exchange_weak(count, &n, n - 1))
        continue;
    while (n > 0)
        pause();
}

/* In the process that forks. */
static void before_fork(void) {
    if (shared)
        hang_if(&shared->hang_server);
}

static void note_fork(void) {
    is_new = true;
    if (shared)
        hang_if(&shared->hang_in_fork);
}

__attribute__((constructor)) static void act_early(void) {
    if (getenv(END_EARLY))
        _exit(5);
    while (getenv(HANG))
        pause();
}

void __real_dmap__nested_threads_enter_process(dmap__nested_threads inner);
void __wrap_dmap__nested_threads_enter_process(dmap__nested_threads inner);

void __wrap_dmap__nested_threads_enter_process(dmap__nested_threads inner) {
    hang_if(&shared->hang_later);
    __real_dmap__nested_threads_enter_process(inner);
}

/* ---- malloc, but under a sanitizer, which has its own ---- */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS true
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static void note(void) {
    if (is_new && shared)
        atomic_fetch_add(&shared->taken, 1);
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    note();
    return __libc_realloc(memory, size);
}

void free(void *memory) {
    note();
    __libc_free(memory);
}
#else
#define COUNTS false
#endif

/* ---- one process ---- */

static int be_ready(void *argument, size_t size) {
    (void)argument, (void)size;
    is_new = false;
    return 3;
}
DMAP_PROCESS(be_ready, be_ready);

/* Fails to start, once; its sentence has the word, and nothing is left of it. */
static void fail_start(dmap_process *p, dmap_status status, const char *word) {
    int children = look_children(), descriptors = look_descriptors();
    dmap_status is = dmap_process_start(p);
    if (is != status || !strstr(dmap_error(NULL), word))
        printf("\n  %s: %s\n", dmap_status_name(is), dmap_error(NULL));
    CU_ASSERT_EQUAL(is, status);
    CU_ASSERT(strstr(dmap_error(NULL), word) != NULL);
    CU_ASSERT(dmap_process_pid(p) == -1 && !dmap_process_is_alive(p));
    CU_ASSERT(look_children() == children && look_descriptors() == descriptors);
}

static dmap_process *open_one(dmap_start start, const char *variable) {
    const char *const environment[] = {variable, NULL};
    dmap_process *p = NULL;
    dmap_process_options o = {.run = be_ready, .start = start, .start_timeout_s = SHORT_S};
    o.daemon = unit_chance(2);
    o.environment = variable ? environment : NULL;
    CU_ASSERT_EQUAL_FATAL(dmap_process_open(&o, &p), DMAP_OK);
    return p;
}

/* The next try may do better. */
static void test_late(void) {
    /* The fork server itself is past its fork, and does not hang in place of a child. */
    CU_ASSERT_EQUAL(look_end(look_start(&(dmap_process_options){.run = be_ready, .start = DMAP_FORKSERVER})), 3);
    for (int i = 0; i < STARTS; i++) {
        dmap_process *p = open_one(starts[i], NULL);
        atomic_store(&shared->hang_in_fork, 1);
        fail_start(p, DMAP_ETIMEOUT, "did not come up within 0.5 seconds");
        CU_ASSERT_EQUAL(dmap_process_start(p), DMAP_OK);
        CU_ASSERT_EQUAL(look_end(p), 3);
    }
}

static void test_late_copy(void) {
    dmap_process *p = open_one(DMAP_SPAWN, HANG "=1");
    fail_start(p, DMAP_ETIMEOUT, "did not come up");
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
    p = open_one(DMAP_SPAWN, END_EARLY "=1");
    fail_start(p, DMAP_EIO, "ended before its function began: exit code 5");
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
}

/* The C library that the loader finds is an empty file. */
static void test_loader(void) {
    char folder[] = "/tmp/dmap-test-XXXXXX", path[64], variable[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/libc.so.6", folder);
    snprintf(variable, sizeof variable, "LD_LIBRARY_PATH=%s", folder);
    int made = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    dmap_process *p = open_one(DMAP_SPAWN, variable);
    fail_start(p, DMAP_EIO, "ended before its function began: exit code 127");
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
    close(made);
    unlink(path);
    rmdir(folder);
}

static void test_no_variable(void) {
    static const char *const wrong[] = {"no_value", "=no name", ""};
    for (int i = 0; i < 3; i++) {
        const char *const environment[] = {"RIGHT=", wrong[i], NULL};
        dmap_process *p = NULL;
        CU_ASSERT_EQUAL(dmap_process_open(&(dmap_process_options){.run = be_ready, .environment = environment}, &p),
                        DMAP_EINVAL);
        CU_ASSERT(!p && strstr(dmap_error(NULL), wrong[i]) && strstr(dmap_error(NULL), "NAME=value"));
    }
    dmap_process *p = NULL;
    CU_ASSERT_EQUAL(dmap_process_open(&(dmap_process_options){.run = be_ready, .start_timeout_s = -1}, &p),
                    DMAP_EINVAL);
    CU_ASSERT(!p && strstr(dmap_error(NULL), "start_timeout_s"));
}

/* ---- workers' processes ---- */

static int set_up(dmap_context *ctx) {
    (void)ctx;
    is_new = false;
    return 0;
}

static int double_it(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item * 2;
    return 0;
}
DMAP_TASK(starts_doubles, .run = double_it, .item_size = 8, .result_size = 8, .setup = set_up);

static dmap_pool *open_pool(dmap_start start) {
    dmap_options options = {.backend = DMAP_PROCESSES, .workers = 2, .start = start, .start_timeout_s = SHORT_S};
    dmap__error error;
    dmap_pool *pool = NULL;
    CU_ASSERT_EQUAL_FATAL(dmap__pool_open(NULL, &options, &pool, &error), DMAP_OK);
    return pool;
}

static dmap_status map(dmap_pool *pool) {
    enum { N = 50 };
    uint64_t results[N] = {0}, wrong = 0;
    dmap_map_options options = {.progress = -1};
    dmap_status status = dmap_map(pool, &starts_doubles, dmap_range(0, N), dmap_into(results), &options);
    for (uint64_t i = 0; i < N && status == DMAP_OK; i++)
        wrong += results[i] != 2 * i;
    CU_ASSERT_EQUAL(wrong, 0);
    return status;
}

/* Some that hang are replaced; if all do, the call ends, and the next one may do better. */
static void check_workers(dmap_start start, _Atomic int *count) {
    dmap_pool *pool = open_pool(start);
    atomic_store(count, 2);
    dmap_status status = map(pool);
    if (status != DMAP_OK)
        printf("\n  %s\n", dmap_error(pool));
    CU_ASSERT_EQUAL(status, DMAP_OK);
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
    pool = open_pool(start);
    atomic_store(count, 1000);
    CU_ASSERT_EQUAL(map(pool), DMAP_EIO);
    CU_ASSERT(strstr(dmap_error(pool), "ended 3 times before it began an item") &&
              strstr(dmap_error(pool), "did not come up within 0.5 seconds"));
    atomic_store(count, 0);
    CU_ASSERT_EQUAL(map(pool), DMAP_OK);
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
}

static void test_late_workers(void) {
    check_workers(DMAP_FORK, &shared->hang_in_fork);
    check_workers(DMAP_FORKSERVER, &shared->hang_later);
}

static void test_malloc(void) {
    for (int i = 0; i < STARTS && COUNTS; i++) {
        if (starts[i] == DMAP_SPAWN) /* it has no program with threads to come from */
            continue;
        atomic_store(&shared->taken, 0);
        CU_ASSERT_EQUAL(look_end(look_start(&(dmap_process_options){.run = be_ready, .start = starts[i]})), 3);
        CU_ASSERT_EQUAL(atomic_load(&shared->taken), 0);
    }
    dmap_pool *pool = open_pool(DMAP_FORK);
    atomic_store(&shared->taken, 0);
    CU_ASSERT_EQUAL(map(pool), DMAP_OK);
    CU_ASSERT_EQUAL(atomic_load(&shared->taken), 0);
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
}

/* ---- the fork server: in this program, once more, as it is lost by that ---- */

static int live_with_deaf_server(void) {
    dmap_process_options o = {.run = be_ready, .start_timeout_s = SHORT_S};
    dmap_process *p = NULL;
    if (dmap_process_open(&o, &p) != DMAP_OK)
        return 101;
    atomic_store(&shared->hang_server, 1);
    if (dmap_process_start(p) != DMAP_ELOST || !strstr(dmap_error(NULL), "gave no answer for 0.5 seconds"))
        return 102;
    if (dmap_process_start(p) != DMAP_ELOST || !strstr(dmap_error(NULL), "was killed"))
        return 104;
    return dmap_process_close(p) == DMAP_OK && look_children() == 0 ? 3 : 103;
}

/* No room for the server's socket: the reason is said where processes are asked for. */
static int live_without_server(int argc, char **argv) {
    struct rlimit before, low;
    dmap__error error;
    dmap_pool *pool = NULL;
    dmap_options options = {.backend = DMAP_PROCESSES, .workers = 1};
    if (getrlimit(RLIMIT_NOFILE, &before))
        return 101;
    low = (struct rlimit){4, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    int refused = dmap_prefork(&argc, &argv);
    setrlimit(RLIMIT_NOFILE, &before);
    if (!refused || dmap__pool_open(NULL, &options, &pool, &error) != DMAP_EUNSUPPORTED)
        return 102;
    printf("  %s\n", error.text);
    return strstr(error.text, "make the fork server: ") && strstr(error.text, "ulimit -n") ? 3 : 103;
}

static void check_again(const char *how) {
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "process_start", how, (char *)NULL);
        _exit(100);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void test_deaf_server(void) {
    check_again("deaf");
}

static void test_no_server(void) {
    check_again("none");
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "none"))
        return live_without_server(argc, argv);
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || pthread_atfork(before_fork, NULL, note_fork))
        return 1;
    shared = memory;
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    if (argc > 1)
        return live_with_deaf_server();
    CU_TestInfo tests[] = {{"late, one process", test_late},
                           {"late, a fresh copy", test_late_copy},
                           {"a broken loader", test_loader},
                           {"no variable", test_no_variable},
                           {"late workers", test_late_workers},
                           {"nothing from malloc", test_malloc},
                           {"a deaf server", test_deaf_server},
                           {"no server", test_no_server},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("process start", tests), after = look_descriptors();
    return status || after != before || look_children() != 1;
}
