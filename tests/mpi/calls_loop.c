/* dmap_fd: readable when there is something to do, and until dmap_step was called. */
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "calls.h"

static bool is_readable(int fd, int milliseconds) {
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, milliseconds) == 1;
}

/* Readable from when the call was made; still so when it is looked at again, as nobody has stepped; silent when all is
 * done. */
static void test_level(void) {
    dmap_call *call;
    int fd = dmap_fd(harness_pool);
    harness_watch("a descriptor", 60);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(dmap_fd(harness_pool), fd);
    CU_ASSERT_EQUAL_FATAL(dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 100), dmap_discard(), NULL, &call),
                          DMAP_OK);
    CU_ASSERT(is_readable(fd, 30000));
    CU_ASSERT(is_readable(fd, 0)); /* no edge was used up */
    while (dmap_call_status(call) == DMAP_PENDING) {
        CU_ASSERT_FATAL(is_readable(fd, 30000));
        CU_ASSERT(is_readable(fd, 0));
        dmap_step(harness_pool, 0);
    }
    CU_ASSERT_EQUAL(dmap_call_status(call), DMAP_OK);
    while (dmap_step(harness_pool, 0) != DMAP_END)
        continue;
    int late = 0; /* words of other ranks on a call that has ended already */
    while (is_readable(fd, 50) && late++ < 100)
        dmap_step(harness_pool, 0);
    CU_ASSERT(late < 100);
    dmap_call_free(call);
}

/* An event loop with a pipe beside it: both are served. */
static void test_epoll(void) {
    int ends[2], served = 0, epoll = epoll_create1(0);
    dmap_call *call;
    uint64_t times[50];
    for (int i = 0; i < 50; i++)
        times[i] = 2000;
    harness_watch("an event loop", 60);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    struct epoll_event in = {.events = EPOLLIN, .data.fd = ends[0]};
    CU_ASSERT_EQUAL(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &in), 0);
    in.data.fd = dmap_fd(harness_pool);
    CU_ASSERT_EQUAL(epoll_ctl(epoll, EPOLL_CTL_ADD, in.data.fd, &in), 0);
    CU_ASSERT_EQUAL_FATAL(
        dmap_map_async(harness_pool, &calls_spend, dmap_array(times, 50), dmap_discard(), NULL, &call), DMAP_OK);
    CU_ASSERT_EQUAL(write(ends[1], "x", 1), 1);
    while (dmap_call_status(call) == DMAP_PENDING || !served) {
        struct epoll_event event;
        char byte;
        CU_ASSERT_EQUAL_FATAL(epoll_wait(epoll, &event, 1, 30000), 1);
        if (event.data.fd == ends[0])
            served += read(ends[0], &byte, 1) == 1;
        else
            dmap_step(harness_pool, 0);
    }
    CU_ASSERT_EQUAL(served, 1);
    CU_ASSERT_EQUAL(dmap_call_status(call), DMAP_OK);
    dmap_call_free(call);
    close(ends[0]);
    close(ends[1]);
    close(epoll);
}

void calls_add_loop_tests(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_level);
    CU_ADD_TEST(suite, test_epoll);
}
