/* Processes on a system that does less: a kernel that cannot close a range of descriptors, an answer of the fork server
 * that does not come through, one that never comes (the linker sends the library's calls here, --wrap), a start without
 * standard streams. */
#include <dmap/process.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/forkserver_wire.h"
#include "process_look.h"
#include "unit.h"

static bool is_deaf, is_powerless; /* powerless: its signals do nothing */
static int kills;

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
bool __real_dmap__wire_put(int socket, const void *data, size_t size, const int *fds, int n_fds);
bool __wrap_dmap__wire_put(int socket, const void *data, size_t size, const int *fds, int n_fds);
int __real_dmap__wire_take(int socket, void *data, size_t size, int *fds, int *n_fds);
int __wrap_dmap__wire_take(int socket, void *data, size_t size, int *fds, int *n_fds);
int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

/* As Linux before 5.9 has it. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (number != SYS_close_range)
        return __real_syscall(number, a, b, c, d, e, f);
    errno = ENOSYS;
    return -1;
}

/* A byte is no request. */
bool __wrap_dmap__wire_put(int socket, const void *data, size_t size, const int *fds, int n_fds) {
    return is_deaf ? __real_dmap__wire_put(socket, data, 1, NULL, 0)
                   : __real_dmap__wire_put(socket, data, size, fds, n_fds);
}

int __wrap_dmap__wire_take(int socket, void *data, size_t size, int *fds, int *n_fds) {
    dmap__answer missed;
    if (!is_deaf)
        return __real_dmap__wire_take(socket, data, size, fds, n_fds);
    __real_dmap__wire_take(socket, &missed, sizeof missed, fds, n_fds);
    *n_fds = 0;
    errno = ENOBUFS;
    return -1;
}

int __wrap_kill(pid_t pid, int number) {
    kills++;
    return is_deaf || is_powerless ? 0 : __real_kill(pid, number);
}

static int count_descriptors(void *argument, size_t size) {
    (void)argument, (void)size;
    return look_descriptors();
}
DMAP_PROCESS(count_descriptors, count_descriptors);

/* Whatever the program has open, a gap in it too. */
static void test_no_close_range(void) {
    static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
    for (int i = 0; i < 3; i++) {
        int low = dup(0), high = fcntl(0, F_DUPFD, 300);
        int n = look_end(look_start(&(dmap_process_options){.run = count_descriptors, .start = starts[i]}));
        CU_ASSERT_EQUAL(n, 3);
        close(low);
        close(high);
    }
}

/* Nobody is killed by a number that is none. */
static void test_no_answer(void) {
    dmap_process *p = NULL;
    CU_ASSERT_EQUAL_FATAL(dmap_process_open(&(dmap_process_options){.run = count_descriptors}, &p), DMAP_OK);
    kills = 0;
    is_deaf = true;
    CU_ASSERT_EQUAL(dmap_process_start(p), DMAP_EIO);
    is_deaf = false;
    CU_ASSERT_EQUAL(kills, 0);
    CU_ASSERT_EQUAL(dmap_process_start(p), DMAP_OK);
    CU_ASSERT_EQUAL(look_end(p), 3);
}

/* Ends when the other end of its pipe is closed. */
static int read_to_end(void *argument, size_t size) {
    char byte;
    (void)argument, (void)size;
    return (int)read(3, &byte, 1);
}
DMAP_PROCESS(read_to_end, read_to_end);

/* A server that is stopped and cannot be told to go on holds nobody up who gave a time limit. */
static void test_silent_server(void) {
    int server = -1, pipes[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(pipes, O_CLOEXEC), 0);
    dmap_process *p = look_start(&(dmap_process_options){.run = read_to_end, .fds = &pipes[0], .n_fds = 1});
    CU_ASSERT_FATAL(p && look_process(dmap_process_pid(p), NULL, &server, NULL) && look_stop(server));
    is_powerless = true;
    close(pipes[0]);
    close(pipes[1]);
    while (dmap_process_is_alive(p))
        dmap__clock_yield();
    CU_ASSERT_EQUAL(dmap_process_join(p, 0.01), DMAP_ETIMEOUT);
    is_powerless = false;
    CU_ASSERT_EQUAL(look_end(p), 0);
}

/* ---- a program that was started without standard streams: this one, once more -------------------------------- */

static int live_without_streams(void) {
    char byte = 'x';
    int code = 100;
    dmap_process *p = NULL;
    for (int i = 0; i < 3; i++)
        if (read(0, &byte, 1) >= 0 || write(1, &byte, 1) >= 0 || write(2, &byte, 1) != 1)
            return 101;
    if (dmap_process_open(&(dmap_process_options){.run = count_descriptors}, &p) != DMAP_OK ||
        dmap_process_start(p) != DMAP_OK || dmap_process_join(p, -1) != DMAP_OK)
        return 102;
    dmap_process_exit_code(p, &code);
    return code;
}

static void test_no_streams(void) {
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 3; i++)
            close(i);
        execl("/proc/self/exe", "process_system", "without streams", (char *)NULL);
        _exit(103);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    if (argc > 1)
        return live_without_streams();
    CU_TestInfo tests[] = {{"no close_range", test_no_close_range},
                           {"no answer", test_no_answer},
                           {"a silent server", test_silent_server},
                           {"no streams", test_no_streams},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("process system", tests), after = look_descriptors();
    return status || after != before || look_children() != 1;
}
