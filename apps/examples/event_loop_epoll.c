/* A pool in a loop of one's own: epoll waits for the pool, a timer and a socket, and whatever is ready is served. At
 * each tick of the timer a byte goes through the socket, while the workers run the items of a map.
 * usage: event_loop_epoll, or mpirun -n N event_loop_epoll */
#include <dmap/call.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int wait_and_double(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    *(uint64_t *)result = 2 * *(const uint64_t *)item;
    return 0;
}
DMAP_TASK(epoll_double, .run = wait_and_double, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

enum { ITEMS = 200 };

static void note_end(void *ended, dmap_call *call) {
    (void)call;
    *(bool *)ended = true;
}

/* A socket on 127.0.0.1 that sends to itself; -1: there is none. */
static int open_socket(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool ready = bind(fd, any, size) == 0 && getsockname(fd, any, &size) == 0 && connect(fd, any, size) == 0;
    return ready ? fd : -1;
}

static bool watch(int loop, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd}; /* level-triggered */
    return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    static uint64_t results[ITEMS];
    const struct itimerspec every_5_ms = {.it_interval.tv_nsec = 5000000, .it_value.tv_nsec = 5000000};
    int loop = epoll_create1(0), fd = dmap_fd(pool), timer = timerfd_create(CLOCK_MONOTONIC, 0), own = open_socket();
    int ticks = 0, bytes = 0;
    uint64_t sum = 0, count;
    bool ended = false;
    dmap_call *call;
    dmap_map_options options = {.on_done = note_end, .on_done_arg = &ended}; /* runs inside dmap_step */
    (void)argc;
    if (fd < 0 || dmap_map_async(pool, &epoll_double, dmap_range(0, ITEMS), dmap_into(results), &options, &call)) {
        fprintf(stderr, "%s: %s\n", argv[0], dmap_error(pool));
        return 1;
    }
    if (!watch(loop, fd) || !watch(loop, timer) || !watch(loop, own) || timerfd_settime(timer, 0, &every_5_ms, NULL))
        return 1;
    while (!(ended && bytes)) {
        struct epoll_event event;
        char byte = 0;
        if (epoll_wait(loop, &event, 1, -1) != 1)
            continue;
        if (event.data.fd == fd)
            dmap_step(pool, 0); /* takes what has come, and does not wait */
        else if (event.data.fd == own)
            bytes += read(own, &byte, 1) == 1;
        else if (read(timer, &count, sizeof count) > 0 && write(own, &byte, 1) == 1)
            ticks++;
    }
    for (int i = 0; i < ITEMS; i++)
        sum += results[i];
    printf("%d items of 2 ms: the sum is %" PRIu64 "\n", ITEMS, sum);
    printf("meanwhile: %d ticks of the timer, %d bytes through the socket\n", ticks, bytes);
    dmap_call_free(call);
    return 0;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, main_fn, NULL);
}
