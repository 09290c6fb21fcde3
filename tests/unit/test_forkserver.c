/* The fork server at work: made and ended, children killed at random, no descriptors left, and what a start costs in a
 * large program. */
#include "crew/forkserver.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dmap/process.h>

#include "base/clock.h"
#include "process_look.h"
#include "unit.h"

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 3 };

static int sleep_long(void *argument, size_t size) {
    (void)argument;
    (void)size;
    for (;;)
        pause();
    return 0;
}
DMAP_PROCESS(sleep_long, sleep_long);

static int do_nothing(void *argument, size_t size) {
    (void)argument;
    return (int)size;
}
DMAP_PROCESS(do_nothing, do_nothing);

/* ---- killed at random ----------------------------------------------------------------------------------------- */

/* How a child is to end: by itself, with a code (0 to 99), or by a signal of the test's (negative). */
typedef struct target {
    dmap_process *process;
    int pid, code;
} target;

static int end_or_wait(void *argument, size_t size) {
    int code = *(int *)argument;
    return code >= 0 ? code : sleep_long(NULL, size);
}
DMAP_PROCESS(end_or_wait, end_or_wait);

static void start_target(target *t) {
    static const int signals[] = {SIGKILL, SIGSEGV, SIGTERM, SIGABRT, SIGBUS};
    t->code = unit_chance(3) ? (int)unit_below(100) : -signals[unit_below(5)];
    t->process = look_start(&(dmap_process_options){.run = end_or_wait,
                                                    .argument = &t->code,
                                                    .argument_size = sizeof t->code,
                                                    .start = starts[unit_below(10) < 7 ? 0 : unit_below(STARTS)],
                                                    .daemon = unit_chance(2)});
    t->pid = dmap_process_pid(t->process);
}

static void hit(const target *t) {
    int failed = 0;
    if (t->code == -SIGKILL && unit_chance(2))
        failed = dmap_process_kill(t->process) != DMAP_OK;
    else if (t->code == -SIGTERM && unit_chance(2))
        failed = dmap_process_terminate(t->process) != DMAP_OK;
    else if (t->code < 0)
        failed = kill(t->pid, -t->code);
    CU_ASSERT_FALSE(failed);
}

static int find_server(void) {
    int server = -1;
    dmap_process *p = look_start(&(dmap_process_options){.run = sleep_long});
    CU_ASSERT(look_process(dmap_process_pid(p), NULL, &server, NULL));
    CU_ASSERT_EQUAL(dmap_process_kill(p), DMAP_OK);
    CU_ASSERT_EQUAL(look_end(p), -SIGKILL);
    return server;
}

/* At any time some are running; which is hit, and which is waited for, is drawn. */
static void test_killed_at_random(void) {
    enum { AT_ONCE = 16 };
    target running[AT_ONCE];
    unsigned total = unit_rounds(200), started = 0;
    int server = find_server(), before = look_descriptors(), servers = look_descriptors_of(server);
    int n = 0, *pids = calloc(total, sizeof *pids);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pids);
    while (started < total || n > 0) {
        if (started < total && n < AT_ONCE && (n == 0 || unit_chance(2))) {
            start_target(&running[n]);
            pids[started++] = running[n++].pid;
            continue;
        }
        target *t = &running[unit_below((uint64_t)n)];
        hit(t);
        int code = look_end(t->process);
        CU_ASSERT_EQUAL(code, t->code);
        *t = running[--n];
    }
    for (unsigned i = 0; i < total; i++)
        CU_ASSERT(look_gone(pids[i]));
    CU_ASSERT_EQUAL(look_descriptors(), before);
    for (double end = dmap__clock_now() + 60; look_descriptors_of(server) > servers && dmap__clock_now() < end;)
        dmap__clock_sleep(0.001);
    CU_ASSERT(look_descriptors_of(server) <= servers);
    CU_ASSERT_EQUAL(look_children(), 1);
    free(pids);
}

/* ---- stopped -------------------------------------------------------------------------------------------------- */

/* It goes on when something is asked of it, or waited for. */
static void test_stopped(void) {
    int server = find_server(), code = 0;
    for (unsigned i = 0; i < unit_rounds(3); i++) {
        CU_ASSERT(look_stop(server));
        dmap_process *p = look_start(&(dmap_process_options){.run = sleep_long});
        CU_ASSERT(p && look_stop(server));
        CU_ASSERT_EQUAL(dmap_process_join(p, 0.001), DMAP_ETIMEOUT);
        CU_ASSERT_EQUAL(kill(dmap_process_pid(p), SIGKILL), 0);
        while (dmap_process_is_alive(p))
            dmap__clock_yield();
        if (i % 3 == 0)
            CU_ASSERT_EQUAL(dmap_process_join(p, -1), DMAP_OK);
        if (i % 3 == 1)
            CU_ASSERT_EQUAL(dmap_process_join(p, 60), DMAP_OK);
        CU_ASSERT(dmap_process_exit_code(p, &code) == DMAP_OK && code == -SIGKILL);
        CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
    }
}

/* ---- limits and costs ----------------------------------------------------------------------------------------- */

static void test_no_descriptors(void) {
    struct rlimit before, low;
    int open_now = look_descriptors(), failures = 0;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (unsigned room = 0; room < 14; room++) {
        dmap_process *p = NULL;
        low = (struct rlimit){(rlim_t)open_now + room, before.rlim_max};
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
        dmap_status status =
            dmap_process_open(&(dmap_process_options){.run = do_nothing, .start = starts[room % 2]}, &p);
        if (status == DMAP_OK)
            status = dmap_process_start(p);
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &before), 0);
        CU_ASSERT(status == DMAP_OK || status == DMAP_EIO);
        failures += status != DMAP_OK;
        CU_ASSERT(status != DMAP_OK || dmap_process_join(p, 60) == DMAP_OK);
        CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
        CU_ASSERT_EQUAL(look_descriptors(), open_now);
    }
    CU_ASSERT(failures > 0);
    CU_ASSERT(dmap__forkserver_is_open());
    CU_ASSERT_EQUAL(look_end(look_start(&(dmap_process_options){.run = do_nothing})), 0);
}

/* Many threads start at once: what a start needs for a while is not needed by all of them together. */
typedef struct starter {
    pthread_t thread;
    pthread_barrier_t *barrier;
    dmap_process *process;
    dmap_status status;
} starter;

static void *start_one(void *arg) {
    starter *s = arg;
    pthread_barrier_wait(s->barrier);
    s->status = dmap_process_start(s->process);
    return NULL;
}

static void start_at_once(dmap_start start) {
    enum { THREADS = 64, KEPT = 4, PASSING = 10 }; /* descriptors: of a process, of a start */
    starter all[THREADS];
    pthread_barrier_t barrier;
    struct rlimit before, low;
    CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &before) == 0 && pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    low = (struct rlimit){(rlim_t)look_descriptors() + THREADS * KEPT + PASSING, before.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (int i = 0; i < THREADS; i++) {
        all[i] = (starter){.barrier = &barrier};
        dmap_process_options o = {.run = sleep_long, .start = start, .daemon = true};
        CU_ASSERT_EQUAL_FATAL(dmap_process_open(&o, &all[i].process), DMAP_OK);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&all[i].thread, NULL, start_one, &all[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i].thread, NULL);
        CU_ASSERT_EQUAL(all[i].status, DMAP_OK);
    }
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < THREADS; i++) {
        dmap_process_kill(all[i].process);
        look_end(all[i].process);
    }
    pthread_barrier_destroy(&barrier);
}

static void test_many_at_once(void) {
    for (int i = 0; i < STARTS; i++)
        start_at_once(starts[i]);
}

/* The least of so many starts, in seconds; by plain fork if there is no start method. */
static double time_start(dmap_start start, unsigned rounds) {
    double best = 1e9;
    for (unsigned i = 0; i < rounds; i++) {
        double begin = dmap__clock_now();
        if (start == DMAP_START_DEFAULT) {
            pid_t pid = fork();
            if (pid == 0)
                _exit(0);
            waitpid(pid, NULL, 0);
        } else {
            look_end(look_start(&(dmap_process_options){.run = do_nothing, .start = start, .daemon = true}));
        }
        double took = dmap__clock_now() - begin;
        best = took < best ? took : best;
    }
    return best;
}

static void test_large_program(void) {
    enum { WAYS = 3 };
    static const struct {
        const char *name;
        dmap_start start;
        unsigned rounds;
    } ways[WAYS] = {
        {"plain fork", DMAP_START_DEFAULT, 5}, {"fork server", DMAP_FORKSERVER, 20}, {"spawn", DMAP_SPAWN, 20}};
    double small[WAYS], large[WAYS];
    size_t size = (size_t)1 << 30;
    for (int i = 0; i < WAYS; i++)
        small[i] = time_start(ways[i].start, ways[i].rounds);
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(memory != MAP_FAILED);
    madvise(memory, size, MADV_NOHUGEPAGE); /* as in a heap that has grown in small pieces */
    memset(memory, 1, size);
    printf("start to end in ms, small and with 1 GiB:");
    for (int i = 0; i < WAYS; i++) {
        large[i] = time_start(ways[i].start, ways[i].rounds);
        printf(" %s %.2f %.2f (x %.1f)%s", ways[i].name, 1e3 * small[i], 1e3 * large[i], large[i] / small[i],
               i < WAYS - 1 ? "," : " ");
        CU_ASSERT(i != 1 || large[i] - small[i] < (large[0] - small[0]) / 2);
    }
    munmap(memory, size);
}

static char **program_argv;

static void test_open_and_close(void) {
    dmap__error error;
    double best = 1e9;
    for (unsigned i = 0; i < 20; i++) {
        if (i % 2) /* it may have been stopped */
            kill(find_server(), SIGSTOP);
        dmap__forkserver_close();
        CU_ASSERT(!dmap__forkserver_is_open() && look_children() == 0);
        double begin = dmap__clock_now();
        CU_ASSERT_EQUAL(dmap__forkserver_open(program_argv, &error), DMAP_OK);
        double took = dmap__clock_now() - begin;
        best = took < best ? took : best;
        CU_ASSERT_EQUAL(dmap__forkserver_open(program_argv, &error), DMAP_OK);
        CU_ASSERT(dmap__forkserver_is_open() && look_children() == 1);
    }
    printf("(made in %.3f ms) ", 1e3 * best);
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    program_argv = argv;
    CU_TestInfo tests[] = {{"the server made and ended", test_open_and_close},
                           {"children killed at random", test_killed_at_random},
                           {"stopped", test_stopped},
                           {"no descriptors left", test_no_descriptors},
                           {"many at once", test_many_at_once},
                           {"a large program", test_large_program},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("fork server", tests), after = look_descriptors();
    printf("descriptors: %d before, %d after; children left: %d (the fork server)\n", before, after, look_children());
    return status || after != before || look_children() != 1;
}
