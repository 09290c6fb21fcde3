/* A task that crashes in the rank itself, in a way chosen by the first argument: for crash_line, the script. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <dmap/dmap.h>

static const char *way;
static int depth_of_stack; /* MiB */
static _Atomic int inside; /* items that wait, or will */

static bool is_way(const char *text) {
    return !strcmp(way, text);
}

static void segfault(void) {
    int *volatile nowhere = (int *)(uintptr_t)4096;
    *nowhere = 1;
}

static int overflow(volatile char *above, int depth) {
    volatile char here[4096];
    here[0] = (char)depth;
    return depth < 0 ? 0 : overflow(here, depth + 1) + here[0] + above[0];
}

/* Uses so many MiB of stack. */
static int go_deep(volatile char *above, int mib) {
    volatile char here[1 << 20];
    memset((char *)here, mib, sizeof here);
    return mib <= 1 ? 0 : go_deep(here, mib - 1) * 0 + (here[0] + above[0]) * 0;
}

static void *crash_here(void *unused) {
    (void)unused;
    segfault();
    return NULL;
}

/* In a thread of its own. */
static int crash_thread(void) {
    pthread_t thread;
    if (!pthread_create(&thread, NULL, crash_here, NULL))
        pthread_join(thread, NULL);
    return 0;
}

/* In a thread that OpenMP makes. */
static int crash_openmp(void) {
#ifdef _OPENMP
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 1)
        segfault();
#endif
    return 0;
}

static void wait_for_ever(void) {
    for (;;)
        pause();
}

/* Each worker's first item waits here; the last one to come crashes. */
static int crash_beside(void) {
    const char *workers = getenv("DMAP_WORKERS");
    if (atomic_fetch_add(&inside, 1) + 1 < strtol(workers ? workers : "1", NULL, 10))
        wait_for_ever();
    return crash_thread();
}

/* A child of the task's crashes, with the handlers that it has from here: that is no item's end. */
static int crash_child(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        segfault();
    while (waitpid(child, &status, 0) < 0)
        continue;
    return !WIFSIGNALED(status);
}

static int crash(dmap_context *ctx, const void *item, void *result) {
    volatile char top = 0;
    (void)ctx, (void)result;
    if (is_way("beside"))
        return crash_beside();
    if (is_way("sink") && *(const uint64_t *)item > 0) {
        atomic_store(&inside, 1);
        wait_for_ever();
    }
    if (*(const uint64_t *)item != 17)
        return 0;
    if (depth_of_stack)
        return go_deep(&top, depth_of_stack);
    if (is_way("segv") || is_way("handler"))
        segfault();
    if (is_way("overflow"))
        return overflow(&top, 0);
    if (is_way("abort"))
        abort();
    if (is_way("fpe"))
        raise(SIGFPE);
    if (is_way("child"))
        return crash_child();
    if (is_way("openmp"))
        return crash_openmp();
    return is_way("thread") ? crash_thread() : 0;
}

static int set_up(dmap_context *ctx) {
    (void)ctx;
    if (is_way("setup"))
        segfault();
    return 0;
}

static void tear_down(dmap_context *ctx) {
    (void)ctx;
    if (is_way("teardown"))
        abort();
}

static int crash_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)ctx, (void)items, (void)results;
    if (count > 1)
        segfault();
    return 0;
}

DMAP_TASK(crashes, .run = crash, .item_size = 8, .result_size = 0, .setup = set_up, .teardown = tear_down);
DMAP_TASK(crashes_batch, .run_batch = crash_batch, .item_size = 8, .result_size = 0);

static void handle(int number) {
    static const char text[] = "the program's own handler\n";
    (void)number;
    _exit(write(STDERR_FILENO, text, sizeof text - 1) > 0 ? 9 : 8);
}

/* The first item's result, while another item runs: all but that one wait for ever. */
static int crash_sink(void *arg, const dmap_item_result *r) {
    (void)arg, (void)r;
    while (!atomic_load(&inside))
        sched_yield();
    segfault();
    return 0;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    (void)argc, (void)argv;
    const dmap_task *task = is_way("batch") ? &crashes_batch : &crashes;
    pthread_t thread;
    if (is_way("main"))
        segfault();
    if (is_way("other") && !pthread_create(&thread, NULL, crash_here, NULL))
        pthread_join(thread, NULL);
    dmap_map_options options = {.progress = -1, .chunk = is_way("sink") ? 1 : 0};
    dmap_sink sink = is_way("sink") ? dmap_each(crash_sink, NULL) : dmap_discard();
    dmap_status status = dmap_map(pool, task, dmap_range(0, 1000), sink, &options);
    printf("%s\n", dmap_status_name(status));
    return status != DMAP_OK;
}

int main(int argc, char **argv) {
    way = argc > 1 ? argv[1] : "";
    if (is_way("deep") && argc > 2)
        depth_of_stack = (int)strtol(argv[2], NULL, 10);
    if (is_way("handler"))
        signal(SIGSEGV, handle);
    return dmap_run(argc, argv, main_fn, NULL);
}
