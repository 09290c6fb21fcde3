/* What is around a task, with each back end: what the program had when it called, and so has what the task starts. A
 * task's own view is asked by system calls; that of a program it starts by a shell, whose report has to be the same as
 * if the test itself had started it. Run as one rank: what it changes holds for the master only. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

extern char **environ;

enum { ITEMS = 16, REPORT = 600, NICENESS = 3 };

/* Descriptors are not among it: a process has none of the program's. */
static const char *const shell = "grep -E '^(SigBlk|SigIgn|Umask):' /proc/self/status; ulimit -Sn; ulimit -Hn; "
                                 "ulimit -Sc; ulimit -St; pwd; nice";

typedef struct around {
    uint64_t blocked, ignored;   /* signals, a bit each */
    uint64_t handled;            /* by a function */
    int32_t handler_ran;         /* of SIGUSR2, on this thread */
    int32_t niceness, child_end; /* how a child of the task's took SIGTERM */
    uint32_t umask;
    uint64_t files, core; /* soft limits */
    int32_t cpus, childs_cpus;
    int32_t descriptors; /* that are open over an exec */
    char report[REPORT], directory[200];
} around;

static _Thread_local volatile sig_atomic_t struck; /* raise() is said to call nothing here */

static void strike(int number) {
    (void)number;
    struck++;
}

/* ---- looking ---- */

static void read_command(const char *command, char *text, size_t size) {
    FILE *pipe = popen(command, "r");
    size_t n = pipe ? fread(text, 1, size - 1, pipe) : 0;
    text[n] = '\0';
    if (pipe)
        pclose(pipe);
}

/* The child sleeps until SIGTERM ends it; one that has it blocked, to its own end. */
static int end_child(void) {
    char *const arguments[] = {"sleep", "20", NULL};
    pid_t child;
    int status = 0;
    if (posix_spawnp(&child, "sleep", NULL, NULL, arguments, environ))
        return -1;
    kill(child, SIGTERM);
    while (waitpid(child, &status, 0) < 0)
        continue;
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static int count_open(void) {
    int n = 0;
    for (int fd = 3; fd < 64; fd++)
        n += fcntl(fd, F_GETFD) == 0;
    return n;
}

static void look_at_signals(around *a) {
    sigset_t mask;
    sigemptyset(&mask);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        if (sigismember(&mask, number))
            a->blocked |= UINT64_C(1) << number;
        if (sigaction(number, NULL, &action))
            continue;
        if (action.sa_handler == SIG_IGN)
            a->ignored |= UINT64_C(1) << number;
        else if (action.sa_handler != SIG_DFL)
            a->handled |= UINT64_C(1) << number;
    }
    struck = 0;
    if (a->handled & UINT64_C(1) << SIGUSR2)
        raise(SIGUSR2);
    a->handler_ran = struck;
}

static void look(around *a) {
    struct rlimit limit;
    cpu_set_t cpus;
    char text[200];
    memset(a, 0, sizeof *a);
    look_at_signals(a);
    a->niceness = getpriority(PRIO_PROCESS, 0);
    getrlimit(RLIMIT_NOFILE, &limit);
    a->files = limit.rlim_cur;
    getrlimit(RLIMIT_CORE, &limit);
    a->core = limit.rlim_cur;
    sched_getaffinity(0, sizeof cpus, &cpus);
    a->cpus = CPU_COUNT(&cpus);
    read_command("nproc", text, sizeof text);
    a->childs_cpus = (int32_t)strtol(text, NULL, 10);
    a->descriptors = count_open();
    if (!getcwd(a->directory, sizeof a->directory))
        a->directory[0] = '\0';
    read_command(shell, a->report, sizeof a->report);
}

static int look_around(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item;
    look(result);
    ((around *)result)->child_end = end_child();
    return 0;
}

DMAP_TASK(around_look, .run = look_around, .item_size = 8, .result_size = sizeof(around));

/* ---- comparing ---- */

static bool is_crash(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGABRT;
}

static void compare(const around *a, const around *mine) {
    bool processes = harness_has("processes"), serial = harness_has("serial");
    if (strcmp(a->report, mine->report))
        harness_fail("what a task starts finds\n%s\n      but what the program starts\n%s", a->report, mine->report);
    CU_ASSERT_EQUAL(a->blocked, mine->blocked);
    CU_ASSERT_EQUAL(a->ignored, mine->ignored);
    for (int number = 1; number < 32; number++) /* a handler of the program's cannot be in another process */
        if (!is_crash(number))
            CU_ASSERT_EQUAL(a->handled >> number & 1, processes ? 0 : mine->handled >> number & 1);
    CU_ASSERT_EQUAL(a->handler_ran, processes ? 0 : 1);
    CU_ASSERT_EQUAL(a->niceness, mine->niceness);
    CU_ASSERT_EQUAL(a->files, mine->files);
    CU_ASSERT_EQUAL(a->core, mine->core);
    CU_ASSERT_STRING_EQUAL(a->directory, mine->directory);
    CU_ASSERT_EQUAL(a->child_end, SIGTERM);
    CU_ASSERT_EQUAL(a->cpus, a->childs_cpus);
    if (serial)
        CU_ASSERT_EQUAL(a->cpus, mine->cpus);
    if (processes) /* the channel's, and a lifeline */
        CU_ASSERT(a->descriptors <= 2);
}

static void map_and_compare(const char *what) {
    static around all[ITEMS], mine;
    dmap_map_options options = {.progress = -1};
    harness_watch(what, 100);
    look(&mine);
    if (strstr(mine.report, "Umask") == NULL)
        harness_fail("no report: %s", mine.report);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &around_look, dmap_range(0, ITEMS), dmap_into(all), &options), DMAP_OK);
    for (int i = 0; i < ITEMS; i++)
        compare(&all[i], &mine);
    harness_watch("", 0);
}

static void change_limit(__rlimit_resource_t resource, rlim_t soft) {
    struct rlimit limit;
    getrlimit(resource, &limit);
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    setrlimit(resource, &limit);
}

static void test_as_it_is(void) {
    map_and_compare("as it is");
}

/* A process that runs keeps what it has: so the changes come before the first call, but for the mask of threads. */
static void test_changed(void) {
    sigset_t some, before;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    sigaddset(&some, SIGHUP);
    umask(027);
    signal(SIGPIPE, SIG_IGN);
    change_limit(RLIMIT_NOFILE, 300);
    change_limit(RLIMIT_CORE, 0);
    CU_ASSERT_EQUAL(chdir("/usr"), 0);
    pthread_sigmask(SIG_BLOCK, &some, &before);
    if (!harness_has("threads")) /* they keep the niceness that the program had when the pool was opened */
        CU_ASSERT_NOT_EQUAL(nice(1), -1);
    map_and_compare("changed");
    if (!harness_has("processes")) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        map_and_compare("changed back");
    }
}

/* ---- profilers ---- */

static _Thread_local bool in_task;
static _Atomic int samples, samples_in_tasks;

static void sample(int number) {
    (void)number;
    samples++;
    samples_in_tasks += in_task;
}

static int work_hard(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    in_task = true;
    burn(0.02);
    in_task = false;
    return 0;
}

DMAP_TASK(around_work, .run = work_hard, .item_size = 8, .result_size = 0);

static void test_profiled(void) {
    struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    dmap_map_options options = {.progress = -1};
    struct sigaction action = {.sa_handler = sample, .sa_flags = SA_RESTART};
    harness_watch("profiled", 60);
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &often, NULL);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &around_work, dmap_range(0, 30), dmap_discard(), &options), DMAP_OK);
    setitimer(ITIMER_PROF, &never, NULL);
    if (harness_has("verbose"))
        printf("%d of %d samples in tasks\n", samples_in_tasks, samples);
    CU_ASSERT(samples > 0 && samples_in_tasks * 2 > samples);
    harness_watch("", 0);
}

/* ---- signals from outside ---- */

static int ask_for_it(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)result;
    if (*(const uint64_t *)item == 5)
        kill(getpid(), SIGURG);
    usleep(1000);
    return 0;
}

DMAP_TASK(around_ask, .run = ask_for_it, .item_size = 8, .result_size = 0);

static _Atomic int urgent;

static void note_urgent(int number) {
    (void)number;
    urgent++;
}

/* True if all other threads of ours have SIGURG blocked: they sleep. */
static bool all_rest(void) {
    bool found = true;
    char path[64], line[256];
    DIR *all = opendir("/proc/self/task");
    for (struct dirent *entry; all && (entry = readdir(all));) {
        unsigned long long mask = 0;
        snprintf(path, sizeof path, "/proc/self/task/%.20s/status", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        while (file && fgets(line, sizeof line, file))
            if (sscanf(line, "SigBlk: %llx", &mask) == 1)
                found = found && mask >> (SIGURG - 1) & 1;
        if (file)
            fclose(file);
    }
    if (all)
        closedir(all);
    return found;
}

/* What the program has blocked waits for it: no worker takes it, be it at work or asleep. */
static void test_waited_for(void) {
    sigset_t some, before, pending;
    dmap_map_options options = {.progress = -1};
    sigemptyset(&some);
    sigaddset(&some, SIGURG);
    signal(SIGURG, note_urgent);
    harness_watch("waited for", 60);
    pthread_sigmask(SIG_BLOCK, &some, &before);
    while (!all_rest())
        sched_yield();
    kill(getpid(), SIGURG);
    CU_ASSERT(sigpending(&pending) == 0 && sigismember(&pending, SIGURG));
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &around_ask, dmap_range(0, 40), dmap_discard(), &options), DMAP_OK);
    CU_ASSERT_EQUAL(urgent, 0);
    CU_ASSERT_EQUAL(sigwaitinfo(&some, NULL), SIGURG);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    harness_watch("", 0);
}

static void add(void) {
    CU_pSuite suite = CU_add_suite("around", NULL, NULL);
    if (!harness_has("processes"))
        CU_ADD_TEST(suite, test_as_it_is);
    CU_ADD_TEST(suite, test_changed);
    if (!harness_has("processes")) { /* timers are not inherited */
        CU_ADD_TEST(suite, test_profiled);
        CU_ADD_TEST(suite, test_waited_for);
    }
}

int main(int argc, char **argv) {
    signal(SIGUSR2, strike);
    if (getpriority(PRIO_PROCESS, 0) < NICENESS && nice(NICENESS) == -1)
        return 1;
    return harness_run(argc, argv, add);
}
