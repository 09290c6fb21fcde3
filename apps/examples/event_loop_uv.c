/* A pool in a loop of libuv: uv_poll waits for it, beside a timer and a socket on 127.0.0.1, and all are served while
 * the workers run the items of a map. At each tick of the timer a byte goes through the socket, to itself.
 * usage: event_loop_uv, or mpirun -n N event_loop_uv */
#include <dmap/call.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

static int wait_and_double(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    *(uint64_t *)result = 2 * *(const uint64_t *)item;
    return 0;
}
DMAP_TASK(uv_double, .run = wait_and_double, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

enum { ITEMS = 200 };

static int ticks, bytes, told;
static uv_udp_t own_socket;
static struct sockaddr_in own_address;

static void step(uv_poll_t *poll, int status, int events) {
    (void)status, (void)events;
    dmap_step(poll->data, 0); /* takes what has come, and does not wait */
}

static void tick(uv_timer_t *timer) {
    const uv_buf_t byte = uv_buf_init("x", 1);
    ticks++;
    if (told && bytes)
        uv_stop(timer->loop);
    else
        uv_udp_try_send(&own_socket, &byte, 1, (const struct sockaddr *)&own_address);
}

static void note_end(void *arg, dmap_call *call) {
    (void)arg, (void)call;
    told++;
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room) {
    static char memory[64];
    (void)handle, (void)wanted;
    *room = uv_buf_init(memory, sizeof memory);
}

static void take_bytes(uv_udp_t *udp, ssize_t n, const uv_buf_t *room, const struct sockaddr *from, unsigned flags) {
    (void)udp, (void)room, (void)from, (void)flags;
    bytes += n > 0 ? (int)n : 0;
}

static bool open_socket(uv_loop_t *loop) {
    struct sockaddr *address = (struct sockaddr *)&own_address;
    int size = sizeof own_address;
    return !(uv_ip4_addr("127.0.0.1", 0, &own_address) || uv_udp_init(loop, &own_socket) ||
             uv_udp_bind(&own_socket, address, 0) || uv_udp_getsockname(&own_socket, address, &size) ||
             uv_udp_recv_start(&own_socket, give_room, take_bytes));
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    static uint64_t results[ITEMS];
    uint64_t sum = 0;
    uv_loop_t *loop = uv_default_loop();
    uv_poll_t poll = {.data = pool};
    uv_timer_t timer;
    dmap_map_options options = {.on_done = note_end};
    dmap_call *call;
    int fd = dmap_fd(pool);
    (void)argc;
    if (fd < 0 || dmap_map_async(pool, &uv_double, dmap_range(0, ITEMS), dmap_into(results), &options, &call)) {
        fprintf(stderr, "%s: %s\n", argv[0], dmap_error(pool));
        return 1;
    }
    if (uv_poll_init(loop, &poll, fd) || uv_poll_start(&poll, UV_READABLE, step) || uv_timer_init(loop, &timer) ||
        uv_timer_start(&timer, tick, 5, 5) || !open_socket(loop))
        return 1;
    uv_run(loop, UV_RUN_DEFAULT);
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
