/* Which process this is: in one that was forked, however that was done, and where the kernel wipes no memory. */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own_process.h"
#include "unit.h"

static bool refuses;
static int asked;

int __real_madvise(void *address, size_t size, int advice);
int __wrap_madvise(void *address, size_t size, int advice);
pid_t __real_getpid(void);
pid_t __wrap_getpid(void);

int __wrap_madvise(void *address, size_t size, int advice) {
    return refuses ? -1 : __real_madvise(address, size, advice);
}

pid_t __wrap_getpid(void) {
    asked++;
    return __real_getpid();
}

static bool is_right(void) {
    pid_t own = __real_getpid();
    return dmap__own_process() == own && dmap__own_process() == own;
}

/* In the child: 0 if it, and a child of its own, know themselves. */
static int look_in_child(void) {
    pid_t child = is_right() ? fork() : -1;
    int status = 0;
    if (child == 0)
        _exit(is_right() ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && is_right() ? 0 : 1;
}

static void check_children(void) {
    int status = -1;
    CU_ASSERT_TRUE(is_right());
    for (int raw = 0; raw < 2; raw++) { /* handlers of pthread_atfork are not run for a raw call */
        pid_t child = raw ? (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) : fork();
        if (child == 0)
            _exit(look_in_child());
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT_EQUAL(status, 0);
        CU_ASSERT_TRUE(is_right());
    }
}

static void test_wiped(void) {
    check_children();
    asked = 0;
    CU_ASSERT_TRUE(is_right());
    CU_ASSERT_EQUAL(asked, 0);
}

/* In a program whose first question this is. */
static void test_not_wiped(void) {
    refuses = true;
    check_children();
    refuses = false;
}

int main(int argc, char **argv) {
    CU_TestInfo wiped[] = {{"the kernel wipes", test_wiped}, CU_TEST_INFO_NULL};
    CU_TestInfo not_wiped[] = {{"the kernel does not", test_not_wiped}, CU_TEST_INFO_NULL};
    (void)argv;
    return unit_run("own process", argc > 1 ? not_wiped : wiped);
}
