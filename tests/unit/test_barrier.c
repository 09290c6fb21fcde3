/* Barriers, between children of every start method and threads; what their deaths, and a break, do to the others. */
#include <dmap/channel.h>
#include <dmap/process.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process_look.h"
#include "unit.h"

#define LONG_S 120.0 /* against hanging */

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 3, CHILDREN = 4 };

/* Each party raises the counter in each round: after the barrier all have. */
static int meet(void *argument, size_t size) {
    dmap_barrier *barrier;
    dmap_counter *counter;
    bool is_last = false;
    if (size != sizeof(int) || dmap_barrier_attach(3, &barrier) != DMAP_OK ||
        dmap_counter_attach(4, &counter) != DMAP_OK)
        return 1;
    for (int64_t i = 0; i < *(const int *)argument; i++) {
        dmap_counter_add(counter, 1);
        if (dmap_barrier_wait(barrier, LONG_S, &is_last) != DMAP_OK)
            return 2;
        if (dmap_counter_get(counter) != (i + 1) * CHILDREN)
            return 3;
        if (dmap_barrier_wait(barrier, LONG_S, NULL) != DMAP_OK)
            return 4;
    }
    dmap_barrier_close(barrier);
    dmap_counter_close(counter);
    return 0;
}
DMAP_PROCESS(meet, meet);

static void open_barrier(dmap_barrier **barrier, dmap_counter **counter, int *fds) {
    CU_ASSERT_EQUAL_FATAL(dmap_barrier_open(CHILDREN, barrier), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(dmap_counter_open(0, counter), DMAP_OK);
    fds[0] = dmap_barrier_fd(*barrier);
    fds[1] = dmap_counter_fd(*counter);
}

static void test_barrier(void) {
    const int rounds = (int)unit_rounds(200);
    for (int how = 0; how < STARTS; how++) {
        dmap_barrier *barrier;
        dmap_counter *counter;
        dmap_process *children[CHILDREN];
        int fds[2];
        open_barrier(&barrier, &counter, fds);
        for (int i = 0; i < CHILDREN; i++)
            children[i] = look_start_with(meet, starts[how], rounds, fds, 2);
        for (int i = 0; i < CHILDREN; i++)
            CU_ASSERT_EQUAL(look_end(children[i]), 0);
        dmap_barrier_close(barrier);
        dmap_counter_close(counter);
    }
}

/* Comes, and says how that ended: 10 and the status. */
static int come(void *argument, size_t size) {
    dmap_barrier *barrier;
    dmap_counter *counter;
    (void)argument, (void)size;
    if (dmap_barrier_attach(3, &barrier) != DMAP_OK || dmap_counter_attach(4, &counter) != DMAP_OK)
        return 1;
    dmap_counter_add(counter, 1);
    dmap_status status = dmap_barrier_wait(barrier, LONG_S, NULL);
    dmap_barrier_close(barrier);
    return 10 + (int)status;
}
DMAP_PROCESS(come, come);

static int attach_only(void *argument, size_t size) {
    dmap_barrier *barrier;
    dmap_counter *counter;
    (void)argument, (void)size;
    if (dmap_barrier_attach(3, &barrier) != DMAP_OK || dmap_counter_attach(4, &counter) != DMAP_OK)
        return 1;
    dmap_counter_add(counter, 1);
    for (;;)
        pause();
}
DMAP_PROCESS(attach_only, attach_only);

static void await(dmap_counter *counter, int64_t value) {
    while (dmap_counter_get(counter) < value)
        poll(NULL, 0, 1);
}

/* One of four is killed, before it has come or while it waits: the others are told, and who comes later. */
static void test_broken(void) {
    for (int how = 0; how < STARTS; how++) {
        dmap_barrier *barrier;
        dmap_counter *counter;
        dmap_process *children[CHILDREN - 1];
        int fds[2];
        open_barrier(&barrier, &counter, fds);
        for (int i = 0; i < CHILDREN - 1; i++)
            children[i] = look_start_with(i == 0 && how % 2 ? attach_only : come, starts[how], 0, fds, 2);
        await(counter, CHILDREN - 1);
        dmap_process_kill(children[0]);
        CU_ASSERT_EQUAL(look_end(children[0]), -SIGKILL);
        for (int i = 1; i < CHILDREN - 1; i++)
            CU_ASSERT_EQUAL(look_end(children[i]), 10 + DMAP_ELOST);
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, LONG_S, NULL), DMAP_ELOST);
        CU_ASSERT(strstr(dmap_error(NULL), "broken") != NULL);
        CU_ASSERT_EQUAL(dmap_barrier_mend(barrier), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, 0, NULL), DMAP_ETIMEOUT);
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, 0.001, NULL), DMAP_ETIMEOUT);
        for (int i = 0; i < CHILDREN - 1; i++)
            children[i] = look_start_with(come, starts[how], 0, fds, 2);
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, LONG_S, NULL), DMAP_OK);
        for (int i = 0; i < CHILDREN - 1; i++)
            CU_ASSERT_EQUAL(look_end(children[i]), 10 + DMAP_OK);
        dmap_barrier_close(barrier);
        dmap_counter_close(counter);
    }
}

/* Two are killed before anybody looks. */
static void test_two_dead(void) {
    for (int how = 0; how < STARTS; how++) {
        dmap_barrier *barrier;
        dmap_counter *counter;
        dmap_process *children[2];
        int fds[2];
        open_barrier(&barrier, &counter, fds);
        for (int i = 0; i < 2; i++)
            children[i] = look_start_with(attach_only, starts[how], 0, fds, 2);
        await(counter, 2);
        for (int i = 0; i < 2; i++) {
            dmap_process_kill(children[i]);
            CU_ASSERT_EQUAL(look_end(children[i]), -SIGKILL);
        }
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, LONG_S, NULL), DMAP_ELOST);
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, LONG_S, NULL), DMAP_ELOST);
        dmap_barrier_close(barrier);
        dmap_counter_close(counter);
    }
}

static void *wait_at_barrier(void *barrier) {
    return dmap_barrier_wait(barrier, LONG_S, NULL) == DMAP_ELOST ? barrier : NULL;
}

/* The barrier is broken several times, and mended, before who waits has woken. Where it comes late it is told, too. */
static void test_broken_again(void) {
    for (int i = 0; i < 50; i++) {
        dmap_barrier *barrier;
        pthread_t thread;
        void *told = NULL;
        CU_ASSERT_EQUAL_FATAL(dmap_barrier_open(2, &barrier), DMAP_OK);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wait_at_barrier, barrier), 0);
        poll(NULL, 0, 1); /* it will mostly have come */
        dmap_barrier_break(barrier);
        dmap_barrier_break(barrier);
        if (i % 2) {
            CU_ASSERT_EQUAL(dmap_barrier_mend(barrier), DMAP_OK);
            dmap_barrier_break(barrier);
        }
        pthread_join(thread, &told);
        CU_ASSERT_PTR_NOT_NULL(told);
        dmap_barrier_close(barrier);
    }
}

/* ---- copies, by fork() ---- */

/* Has the barrier, by its own handle or one that it attaches, and a copy that outlives it until the pipe ends. */
static _Noreturn void have_barrier(dmap_barrier *barrier, dmap_counter *counter, const int *ends, bool attaches) {
    char byte;
    close(ends[1]);
    if (attaches && dmap_barrier_attach(dup(dmap_barrier_fd(barrier)), &barrier) != DMAP_OK)
        _exit(1);
    if (!attaches && dmap_barrier_wait(barrier, 0, NULL) != DMAP_ETIMEOUT)
        _exit(2);
    if (fork() == 0)
        _exit(read(ends[0], &byte, 1) != 0);
    dmap_counter_add(counter, 1);
    for (;;)
        pause();
}

/* A copy of a dead process does not stand for it. */
static void test_dead_before_its_copy(void) {
    for (int attaches = 0; attaches < 2; attaches++) {
        dmap_barrier *barrier;
        dmap_counter *counter;
        int fds[2], ends[2], status = 0;
        open_barrier(&barrier, &counter, fds);
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            have_barrier(barrier, counter, ends, attaches);
        CU_ASSERT_FATAL(child > 0);
        await(counter, 1);
        kill(child, SIGKILL);
        CU_ASSERT(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, LONG_S, NULL), DMAP_ELOST);
        close(ends[0]);
        close(ends[1]);
        dmap_barrier_close(barrier);
        dmap_counter_close(counter);
    }
}

/* A copy uses the handle, and closes it: that of its parent stays. */
static void test_copy_uses(void) {
    dmap_barrier *barrier;
    int status = 1;
    CU_ASSERT_EQUAL_FATAL(dmap_barrier_open(2, &barrier), DMAP_OK);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            dmap_status met = i == 2 ? DMAP_OK : dmap_barrier_wait(barrier, LONG_S, NULL);
            dmap_barrier_close(barrier);
            _exit((int)met);
        }
        CU_ASSERT_FATAL(child > 0);
        if (i < 2)
            CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, LONG_S, NULL), DMAP_OK);
        CU_ASSERT(waitpid(child, &status, 0) == child && status == 0);
        CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, 0, NULL), DMAP_ETIMEOUT);
    }
    dmap_barrier_close(barrier);
}

static void *break_barrier(void *barrier) {
    dmap_barrier_break(barrier);
    return NULL;
}

static void test_barrier_use(void) {
    dmap_barrier *barrier = NULL;
    pthread_t thread;
    bool is_last = false;
    look_refused(dmap_barrier_open(0, &barrier), "parties");
    look_refused(dmap_barrier_open(DMAP_BARRIER_MOST + 1, &barrier), "parties");
    look_refused(dmap_barrier_wait(NULL, 0, NULL), "NULL");
    CU_ASSERT_EQUAL_FATAL(dmap_barrier_open(1, &barrier), DMAP_OK);
    CU_ASSERT(dmap_barrier_wait(barrier, -1, &is_last) == DMAP_OK && is_last);
    dmap_barrier_close(barrier);
    CU_ASSERT_EQUAL_FATAL(dmap_barrier_open(2, &barrier), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, break_barrier, barrier), 0);
    CU_ASSERT_EQUAL(dmap_barrier_wait(barrier, LONG_S, NULL), DMAP_ELOST);
    pthread_join(thread, NULL);
    dmap_barrier_close(barrier);
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    CU_TestInfo tests[] = {{"all come", test_barrier},
                           {"one is dead", test_broken},
                           {"two are dead", test_two_dead},
                           {"broken again", test_broken_again},
                           {"dead before its copy", test_dead_before_its_copy},
                           {"a copy uses it", test_copy_uses},
                           {"use of barriers", test_barrier_use},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("barrier", tests), after = look_descriptors();
    return status || after != before;
}
