/* Locks, events, counters and memory, between children of every start method and threads; what their deaths
 * do to the others. */
#include <dmap/channel.h>
#include <dmap/process.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process_look.h"
#include "unit.h"

#define LONG_S 120.0 /* against hanging */

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 3, CHILDREN = 4 };

/* TSan reports what a lock is asked to refuse, and of gcc 12 does not know this function: with it, the linker sends the
 * library here (--wrap). */
#if defined(__SANITIZE_THREAD__)
#define MAY_MISUSE false
int __wrap_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until);

int __wrap_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    for (;;) {
        struct timespec now;
        int failed = pthread_mutex_trylock(mutex);
        clock_gettime(clock, &now);
        if (failed != EBUSY)
            return failed;
        if (now.tv_sec > until->tv_sec || (now.tv_sec == until->tv_sec && now.tv_nsec > until->tv_nsec))
            return ETIMEDOUT;
        sched_yield();
    }
}
#else
#define MAY_MISUSE true
#endif

/* ---- lock, memory, counter ---- */

static int count_up(void *argument, size_t size) {
    dmap_lock *lock;
    dmap_memory *memory;
    dmap_counter *counter;
    if (size != sizeof(int) || dmap_lock_attach(3, &lock) != DMAP_OK || dmap_memory_attach(4, &memory) != DMAP_OK ||
        dmap_counter_attach(5, &counter) != DMAP_OK)
        return 1;
    volatile long *number = dmap_memory_data(memory);
    for (int i = *(const int *)argument; i > 0; i--) {
        if (dmap_lock_take(lock, LONG_S) != DMAP_OK)
            return 2;
        *number = *number + 1;
        if (dmap_lock_give(lock) != DMAP_OK)
            return 3;
        dmap_counter_add(counter, 2);
    }
    dmap_lock_close(lock);
    dmap_memory_close(memory);
    dmap_counter_close(counter);
    return 0;
}
DMAP_PROCESS(count_up, count_up);

static void test_exclusion(void) {
    const int rounds = (int)unit_rounds(4000);
    for (int how = 0; how < STARTS; how++) {
        dmap_lock *lock;
        dmap_memory *memory;
        dmap_counter *counter;
        dmap_process *children[CHILDREN];
        CU_ASSERT_EQUAL_FATAL(dmap_lock_open(unit_chance(2), &lock), DMAP_OK);
        CU_ASSERT_EQUAL_FATAL(dmap_memory_open(sizeof(long), &memory), DMAP_OK);
        CU_ASSERT_EQUAL_FATAL(dmap_counter_open(5, &counter), DMAP_OK);
        CU_ASSERT(dmap_memory_size(memory) == sizeof(long) && *(long *)dmap_memory_data(memory) == 0);
        const int fds[] = {dmap_lock_fd(lock), dmap_memory_fd(memory), dmap_counter_fd(counter)};
        for (int i = 0; i < CHILDREN; i++)
            children[i] = look_start_with(count_up, starts[how], rounds, fds, 3);
        for (int i = 0; i < CHILDREN; i++)
            CU_ASSERT_EQUAL(look_end(children[i]), 0);
        CU_ASSERT_EQUAL(*(long *)dmap_memory_data(memory), (long)CHILDREN * rounds);
        CU_ASSERT_EQUAL(dmap_counter_get(counter), 5 + 2L * CHILDREN * rounds);
        dmap_lock_close(lock);
        dmap_memory_close(memory);
        dmap_counter_close(counter);
    }
}

static void test_counter(void) {
    dmap_counter *counter;
    CU_ASSERT_EQUAL_FATAL(dmap_counter_open(INT64_MAX, &counter), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_counter_add(counter, 1), INT64_MIN);
    CU_ASSERT(!dmap_counter_change(counter, 0, 1) && dmap_counter_change(counter, INT64_MIN, 1));
    CU_ASSERT_EQUAL(dmap_counter_get(counter), 1);
    CU_ASSERT(dmap_counter_get(NULL) == 0 && dmap_counter_add(NULL, 1) == 0);
    dmap_counter_close(counter);
}

static void test_lock_use(void) {
    dmap_lock *plain, *recursive, *other = NULL;
    dmap_event *event;
    CU_ASSERT_EQUAL_FATAL(dmap_lock_open(false, &plain), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(dmap_lock_open(true, &recursive), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(dmap_event_open(&event), DMAP_OK);
    if (MAY_MISUSE)
        look_refused(dmap_lock_give(plain), "does not have");
    CU_ASSERT_EQUAL(dmap_lock_take(plain, 0), DMAP_OK);
    look_refused(dmap_lock_take(plain, -1), "not recursive");
    CU_ASSERT_EQUAL(dmap_lock_give(plain), DMAP_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(dmap_lock_take(recursive, -1), DMAP_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(dmap_lock_give(recursive), DMAP_OK);
    if (MAY_MISUSE)
        look_refused(dmap_lock_give(recursive), "does not have");
    look_refused(dmap_lock_take(NULL, 0), "NULL");
    look_refused(dmap_lock_take(plain, NAN), "number");
    look_refused(dmap_lock_attach(dmap_event_fd(event), &other), "no lock");
    look_refused(dmap_memory_open(0, &(dmap_memory *){NULL}), "1 byte");
    CU_ASSERT_PTR_NULL(other);
    dmap_event_close(event);
    dmap_lock_close(plain);
    dmap_lock_close(recursive);
}

static int hold_lock(void *argument, size_t size) {
    dmap_lock *lock;
    dmap_event *event;
    (void)argument, (void)size;
    if (dmap_lock_attach(3, &lock) != DMAP_OK || dmap_event_attach(4, &event) != DMAP_OK ||
        dmap_lock_take(lock, -1) != DMAP_OK || dmap_event_set(event) != DMAP_OK)
        return 1;
    for (;;)
        pause();
}
DMAP_PROCESS(hold_lock, hold_lock);

static void *take_lock(void *lock) {
    dmap_status status = dmap_lock_take(lock, LONG_S);
    return dmap_lock_give(lock) == DMAP_OK && status == DMAP_ELOST ? lock : NULL;
}

/* The next one is told, also if it waits already; who comes then is not. */
static void test_dead_holder(void) {
    for (int how = 0; how < STARTS; how++) {
        dmap_lock *lock;
        dmap_event *event;
        pthread_t thread;
        void *told = NULL;
        CU_ASSERT_EQUAL_FATAL(dmap_lock_open(unit_chance(2), &lock), DMAP_OK);
        CU_ASSERT_EQUAL_FATAL(dmap_event_open(&event), DMAP_OK);
        const int fds[] = {dmap_lock_fd(lock), dmap_event_fd(event)};
        dmap_process *holder = look_start_with(hold_lock, starts[how], 0, fds, 2);
        CU_ASSERT_EQUAL(dmap_event_wait(event, LONG_S), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_lock_take(lock, 0), DMAP_ETIMEOUT);
        CU_ASSERT_EQUAL(dmap_lock_take(lock, 0.001), DMAP_ETIMEOUT);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, take_lock, lock), 0);
        dmap_process_kill(holder);
        CU_ASSERT_EQUAL(look_end(holder), -SIGKILL);
        pthread_join(thread, &told);
        CU_ASSERT_PTR_NOT_NULL(told);
        CU_ASSERT_EQUAL(dmap_lock_take(lock, LONG_S), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_lock_give(lock), DMAP_OK);
        dmap_event_close(event);
        dmap_lock_close(lock);
    }
}

/* ---- event ---- */

/* Answers each set of the first event by one of the second. */
static int answer(void *argument, size_t size) {
    dmap_event *there, *back;
    if (size != sizeof(int) || dmap_event_attach(3, &there) != DMAP_OK || dmap_event_attach(4, &back) != DMAP_OK)
        return 1;
    for (int i = *(const int *)argument; i > 0; i--) {
        if (dmap_event_wait(there, LONG_S) != DMAP_OK)
            return 2;
        dmap_event_clear(there);
        dmap_event_set(back);
    }
    dmap_event_close(there);
    dmap_event_close(back);
    return 0;
}
DMAP_PROCESS(answer, answer);

static void test_event(void) {
    const int rounds = (int)unit_rounds(2000);
    for (int how = 0; how < STARTS; how++) {
        dmap_event *there, *back;
        CU_ASSERT_EQUAL_FATAL(dmap_event_open(&there), DMAP_OK);
        CU_ASSERT_EQUAL_FATAL(dmap_event_open(&back), DMAP_OK);
        CU_ASSERT(!dmap_event_is_set(there) && dmap_event_wait(there, 0) == DMAP_ETIMEOUT);
        CU_ASSERT_EQUAL(dmap_event_wait(there, 0.001), DMAP_ETIMEOUT);
        const int fds[] = {dmap_event_fd(there), dmap_event_fd(back)};
        dmap_process *child = look_start_with(answer, starts[how], rounds, fds, 2);
        for (int i = 0; i < rounds; i++) {
            dmap_event_set(there);
            CU_ASSERT_EQUAL_FATAL(dmap_event_wait(back, LONG_S), DMAP_OK);
            CU_ASSERT(dmap_event_is_set(back));
            dmap_event_clear(back);
        }
        CU_ASSERT_EQUAL(look_end(child), 0);
        dmap_event_close(there);
        dmap_event_close(back);
    }
}

static int readable(int descriptor, int timeout_ms) {
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    return poll(&one, 1, timeout_ms);
}

static void test_event_ready(void) {
    dmap_event *event;
    CU_ASSERT_EQUAL_FATAL(dmap_event_open(&event), DMAP_OK);
    int ready = dmap_event_ready_fd(event);
    CU_ASSERT_FATAL(ready >= 0);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(readable(ready, 0), 0);
        dmap_event_set(event);
        CU_ASSERT_EQUAL(readable(ready, (int)(1000 * LONG_S)), 1);
        dmap_event_clear(event);
        CU_ASSERT_EQUAL(dmap_event_wait(event, 0), DMAP_ETIMEOUT);
    }
    dmap_event_close(event);
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    CU_TestInfo tests[] = {{"exclusion", test_exclusion},
                           {"counter", test_counter},
                           {"use of locks", test_lock_use},
                           {"a dead holder", test_dead_holder},
                           {"event", test_event},
                           {"event, ready", test_event_ready},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("sync", tests), after = look_descriptors();
    return status || after != before;
}
