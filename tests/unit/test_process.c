/* One process, from its public side: how it ends and what is told of that, what it is given, every mistake in its use.
 * main sets traps before dmap_prefork (a signal's handler, a blocked signal, a handler of exit) that no child may
 * see. */
#include <dmap/process.h>

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "process_look.h"
#include "unit.h"

static const dmap_start starts[] = {DMAP_START_DEFAULT, DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 4 };

/* ---- how it ends ---------------------------------------------------------------------------------------------- */

typedef enum ending { RETURN, EXIT, EXIT_NOW, SIGNAL, OVERFLOW } ending;

typedef struct end_case {
    ending how;
    int value, code;
    const char *written; /* on standard output; NULL: a sanitizer may change that */
} end_case;

static const end_case ends[] = {
    {RETURN, 0, 0, "text"},    {RETURN, 7, 7, "text"},     {RETURN, 300, 44, "text"},   {RETURN, -1, 255, "text"},
    {EXIT, 9, 9, "text"},      {EXIT_NOW, 11, 11, NULL},   {SIGNAL, SIGSEGV, -11, ""},  {SIGNAL, SIGABRT, -SIGABRT, ""},
    {SIGNAL, SIGKILL, -9, ""}, {SIGNAL, SIGTERM, -15, ""}, {OVERFLOW, 0, -SIGSEGV, ""},
};

static int overflow(volatile char *above, unsigned depth) {
    volatile char here[4096];
    here[0] = *above;
    return depth ? overflow(here, depth - 1) + here[0] : 0;
}

static int end_so(void *argument, size_t size) {
    static char buffer[4096];
    const end_case *c = argument;
    char first = 0;
    (void)size;
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer); /* CUnit has made it unbuffered */
    printf("text");
    if (c->how == EXIT)
        exit(c->value);
    if (c->how == EXIT_NOW)
        _exit(c->value);
    if (c->how == SIGNAL)
        raise(c->value);
    if (c->how == OVERFLOW)
        return overflow(&first, 1000000);
    return c->value;
}
DMAP_PROCESS(end_so, end_so);

static void test_ends(void) {
    for (int i = 0; i < (int)(sizeof ends / sizeof *ends) * STARTS; i++) {
        const end_case *c = &ends[i / STARTS];
        int out[2];
        char text[64];
        CU_ASSERT_EQUAL_FATAL(pipe(out), 0);
        dmap_process *p = look_start(&(dmap_process_options){.run = end_so,
                                                             .argument = c,
                                                             .argument_size = sizeof *c,
                                                             .start = starts[i % STARTS],
                                                             .daemon = unit_chance(2),
                                                             .output = out[1]});
        close(out[1]);
        look_read(out[0], text, sizeof text);
        close(out[0]);
        int pid = dmap_process_pid(p), code = look_end(p);
        CU_ASSERT_EQUAL(code, c->code);
        bool written = !c->written || !strcmp(text, c->written);
        CU_ASSERT(written);
        CU_ASSERT(look_gone(pid));
        if (code != c->code || !written)
            printf("\n  ending %d: code %d, wanted %d, wrote \"%s\"\n", i, code, c->code, text);
    }
}

/* ---- what it is given ----------------------------------------------------------------------------------------- */

static uint64_t sum_of(const unsigned char *bytes, size_t size) {
    uint64_t sum = size;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

/* The sum comes by descriptor 3. */
static int check_argument(void *argument, size_t size) {
    uint64_t sum;
    if (read(3, &sum, sizeof sum) != (ssize_t)sizeof sum || sum != sum_of(argument, size))
        return 1;
    if ((size == 0) != (argument == NULL) || (uintptr_t)argument % 64)
        return 2;
    if (size)
        memset(argument, 0, size);
    return 0;
}
DMAP_PROCESS(check_argument, check_argument);

static void test_argument(void) {
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 5000000};
    for (size_t i = 0; i < 7 * STARTS; i++) {
        int pipes[2];
        size_t size = sizes[i / STARTS];
        unsigned char *bytes = malloc(size + 1);
        CU_ASSERT_FATAL(bytes && pipe(pipes) == 0);
        for (size_t k = 0; k < size; k++)
            bytes[k] = (unsigned char)unit_random();
        uint64_t sum = sum_of(bytes, size);
        dmap_process_options o = {
            .run = check_argument, .argument = bytes, .argument_size = size, .start = starts[i % STARTS]};
        o.fds = &pipes[0];
        o.n_fds = 1;
        dmap_process *p = look_start(&o);
        CU_ASSERT_EQUAL(write(pipes[1], &sum, sizeof sum), (ssize_t)sizeof sum);
        CU_ASSERT_EQUAL(look_end(p), 0);
        CU_ASSERT_EQUAL(sum_of(bytes, size), sum);
        close(pipes[0]);
        close(pipes[1]);
        free(bytes);
    }
}

static int count_descriptors(void *argument, size_t size) {
    (void)argument, (void)size;
    for (int fd = 3; fd < 3 + DMAP_FDS_MOST; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            return 1;
    return look_descriptors() == 3 + DMAP_FDS_MOST ? 0 : 2;
}
DMAP_PROCESS(count_descriptors, count_descriptors);

static void test_most_descriptors(void) {
    int fds[DMAP_FDS_MOST];
    for (int i = 0; i < DMAP_FDS_MOST; i++)
        fds[i] = 1 + i % 2;
    for (int i = 0; i < STARTS; i++) {
        dmap_process_options o = {.run = count_descriptors, .start = starts[i], .fds = fds, .n_fds = DMAP_FDS_MOST};
        CU_ASSERT_EQUAL(look_end(look_start(&o)), 0);
    }
}

static bool has_plain_signals(void) {
    sigset_t mask;
    struct sigaction action;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int s = 1; s < 32; s++)
        if (sigismember(&mask, s) || sigaction(s, NULL, &action) || action.sa_handler != SIG_DFL)
            return false;
    return true;
}

/* Returns the number of what is not as it should be. argument: the parent's directory, a zero, the parent's pid. */
static int check_place(void *argument, size_t size) {
    char directory[4096], name[32] = "";
    (void)size;
    if (getpgrp() != getpid() || getpgid(0) != getpid())
        return 1;
    if (look_descriptors() != 5)
        return 2;
    if (!has_plain_signals())
        return 3;
    if (!getcwd(directory, sizeof directory) || strcmp(directory, argument) != 0)
        return 4;
    if (prctl(PR_GET_NAME, name) || strcmp(name, "a name of more ") != 0)
        return 5;
    if (read(0, name, 1) != 0)
        return 6;
    if (getenv("PMIX_RANK") || getenv("OMPI_COMM_WORLD_SIZE") || !getenv("DMAP_TEST_KEPT"))
        return 7;
    if (!(fcntl(3, F_GETFD) & FD_CLOEXEC) || !(fcntl(4, F_GETFD) & FD_CLOEXEC))
        return 8;
    return getenv("DMAP_CHILD") ? 9 : 0;
}
DMAP_PROCESS(check_place, check_place);

static void test_place(void) {
    char before[4096], temporary[] = "/tmp/dmap-process-XXXXXX";
    CU_ASSERT_FATAL(getcwd(before, sizeof before) && mkdtemp(temporary) && chdir(temporary) == 0);
    setenv("PMIX_RANK", "3", 1);
    setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
    setenv("DMAP_TEST_KEPT", "yes", 1);
    for (int i = 0; i < STARTS; i++) {
        int fds[2] = {1, 2};
        dmap_process_options o = {.run = check_place, .argument = temporary, .argument_size = sizeof temporary};
        o.name = "a name of more than fifteen bytes";
        o.start = starts[i];
        o.fds = fds;
        o.n_fds = 2;
        dmap_process *p = look_start(&o);
        CU_ASSERT_STRING_EQUAL(dmap_process_name(p), o.name);
        int code = look_end(p);
        CU_ASSERT_EQUAL(code, 0);
        if (code)
            printf("\n  start %d: %d is not as it should be\n", (int)starts[i], code);
    }
    unsetenv("PMIX_RANK");
    unsetenv("OMPI_COMM_WORLD_SIZE");
    CU_ASSERT(chdir(before) == 0 && rmdir(temporary) == 0);
}

/* ---- waiting -------------------------------------------------------------------------------------------------- */

/* Runs until descriptor 3 is at its end. */
static int wait_for_end(void *argument, size_t size) {
    char byte;
    (void)argument;
    (void)size;
    return read(3, &byte, 1) == 0 ? 5 : 6;
}
DMAP_PROCESS(wait_for_end, wait_for_end);

static bool is_readable(int fd, int timeout_ms) {
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, timeout_ms) == 1 && one.revents & POLLIN;
}

static void wait_once(dmap_start start, bool is_daemon) {
    int hold[2], set = epoll_create1(EPOLL_CLOEXEC), code = 77;
    CU_ASSERT_FATAL(pipe(hold) == 0 && set >= 0);
    dmap_process *p = look_start(
        &(dmap_process_options){.run = wait_for_end, .start = start, .daemon = is_daemon, .fds = hold, .n_fds = 1});
    struct epoll_event event = {.events = EPOLLIN};
    CU_ASSERT_EQUAL(epoll_ctl(set, EPOLL_CTL_ADD, dmap_process_fd(p), &event), 0);
    CU_ASSERT(dmap_process_is_alive(p) && !is_readable(dmap_process_fd(p), 0));
    CU_ASSERT_EQUAL(dmap_process_join(p, 0), DMAP_ETIMEOUT);
    double begin = dmap__clock_now();
    CU_ASSERT_EQUAL(dmap_process_join(p, 0.03), DMAP_ETIMEOUT);
    CU_ASSERT(dmap__clock_now() - begin >= 0.03);
    CU_ASSERT_EQUAL(dmap_process_exit_code(p, &code), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_EINVAL);
    CU_ASSERT(strstr(dmap_error(NULL), "still runs") != NULL);
    close(hold[1]);
    CU_ASSERT(is_readable(dmap_process_fd(p), 60000));
    CU_ASSERT_EQUAL(epoll_wait(set, &event, 1, 60000), 1);
    CU_ASSERT(!dmap_process_is_alive(p));
    CU_ASSERT_EQUAL(dmap_process_join(p, 0), DMAP_OK);
    CU_ASSERT(is_readable(dmap_process_fd(p), 0));
    CU_ASSERT_EQUAL(dmap_process_join(p, -1), DMAP_OK);
    CU_ASSERT(dmap_process_exit_code(p, &code) == DMAP_OK && code == 5);
    CU_ASSERT(dmap_process_terminate(p) == DMAP_OK && dmap_process_kill(p) == DMAP_OK);
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
    close(hold[0]);
    close(set);
}

static void test_waiting(void) {
    for (int i = 0; i < STARTS * 2; i++)
        wait_once(starts[i / 2], i % 2);
}

/* ---- mistakes ------------------------------------------------------------------------------------------------- */

static int not_registered(void *argument, size_t size) {
    (void)argument;
    return (int)size;
}

static int twice(void *argument, size_t size) {
    (void)argument;
    return (int)size + 1;
}
DMAP_PROCESS(end_so_2, twice);

static void refuse(const dmap_process_options *options, const char *word) {
    dmap_process *p = (dmap_process *)8;
    CU_ASSERT_EQUAL(dmap_process_open(options, &p), DMAP_EINVAL);
    CU_ASSERT_PTR_EQUAL(p, (dmap_process *)8);
    CU_ASSERT(strstr(dmap_error(NULL), word) != NULL);
}

static void test_refused_options(void) {
    const char *const empty[] = {NULL}, *const words[] = {"true", NULL};
    refuse(NULL, "NULL");
    refuse(&(dmap_process_options){.daemon = true}, "one of run and argv");
    refuse(&(dmap_process_options){.run = twice, .argv = words}, "one of run and argv");
    refuse(&(dmap_process_options){.argv = empty}, "empty");
    refuse(&(dmap_process_options){.argv = words, .start = DMAP_FORK}, "for functions");
    refuse(&(dmap_process_options){.argv = words, .argument = "x", .argument_size = 1}, "for functions");
    refuse(&(dmap_process_options){.run = twice, .start = (dmap_start)4}, "start");
    refuse(&(dmap_process_options){.run = twice, .argument_size = 1}, "argument");
    refuse(&(dmap_process_options){.run = twice, .output = -3}, "output");
    refuse(&(dmap_process_options){.run = twice, .n_fds = 1}, "n_fds");
    refuse(&(dmap_process_options){.run = twice, .n_fds = -1}, "n_fds");
    refuse(&(dmap_process_options){.run = twice, .n_fds = DMAP_FDS_MOST + 1}, "n_fds");
    refuse(&(dmap_process_options){.run = not_registered, .start = DMAP_SPAWN}, "DMAP_PROCESS");
    CU_ASSERT_EQUAL(dmap_process_open(&(dmap_process_options){.run = twice}, NULL), DMAP_EINVAL);
}

static void refused(dmap_status status, const char *word) {
    CU_ASSERT_EQUAL(status, DMAP_EINVAL);
    CU_ASSERT(strstr(dmap_error(NULL), word) != NULL);
}

static void test_refused_use(void) {
    dmap_process *p = NULL;
    int code = 77, fd = 1000;
    CU_ASSERT_EQUAL_FATAL(dmap_process_open(&(dmap_process_options){.run = twice}, &p), DMAP_OK);
    refused(dmap_process_join(p, 0), "not started");
    refused(dmap_process_exit_code(p, &code), "not started");
    refused(dmap_process_terminate(p), "not started");
    refused(dmap_process_kill(p), "not started");
    CU_ASSERT(!dmap_process_is_alive(p) && dmap_process_pid(p) == -1 && dmap_process_fd(p) == -1);
    CU_ASSERT_EQUAL(dmap_process_start(p), DMAP_OK);
    refused(dmap_process_start(p), "already");
    refused(dmap_process_join(p, NAN), "not a number");
    CU_ASSERT_EQUAL(dmap_process_join(p, -1), DMAP_OK);
    refused(dmap_process_start(p), "already");
    refused(dmap_process_exit_code(p, NULL), "NULL");
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
    refused(dmap_process_start(p), "not open");
    refused(dmap_process_join(p, 0), "not open");
    refused(dmap_process_exit_code(p, &code), "not open");
    refused(dmap_process_terminate(p), "not open");
    refused(dmap_process_kill(p), "not open");
    refused(dmap_process_close(p), "not open");
    CU_ASSERT(!dmap_process_is_alive(p) && dmap_process_pid(p) == -1 && dmap_process_fd(p) == -1);
    CU_ASSERT(!dmap_process_name(p) && code == 77);
    refused(dmap_process_start(NULL), "NULL");
    CU_ASSERT_EQUAL(dmap_process_close(NULL), DMAP_OK);
    dmap_process_options o = {.run = twice, .fds = &fd, .n_fds = 1};
    CU_ASSERT_EQUAL_FATAL(dmap_process_open(&o, &p), DMAP_OK);
    refused(dmap_process_start(p), "1000 is not open");
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
}

static void trap(int number) {
    (void)number;
    _exit(99);
}

static pid_t tests_pid;

static void trap_exit(void) {
    if (getpid() != tests_pid)
        _exit(98);
}

int main(int argc, char **argv) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGUSR1, trap);
    atexit(trap_exit);
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    tests_pid = getpid();
    CU_TestInfo tests[] = {{"ends and codes", test_ends},
                           {"argument and descriptors", test_argument},
                           {"as many descriptors as may be", test_most_descriptors},
                           {"group, signals, directory, name, environment", test_place},
                           {"join, is_alive, descriptor", test_waiting},
                           {"refused options", test_refused_options},
                           {"refused use", test_refused_use},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("process", tests), after = look_descriptors();
    printf("descriptors: %d before, %d after; children left: %d (the fork server)\n", before, after, look_children());
    return status || after != before || look_children() != 1;
}
