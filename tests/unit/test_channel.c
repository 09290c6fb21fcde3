/* Channels, from their public side: what each end takes and refuses, messages of all sizes around the ring, how an end
 * is found to be gone; children of every world_start method, that send and receive at a time; ends that are killed at
 * any moment: what is received is whole, in order, and all that was sent, and nobody waits for a dead one. */
#include "channel_world.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process_look.h"
#include "unit.h"

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 3 };

/* ---- one process ---- */

static void refused(dmap_status status, const char *word) {
    CU_ASSERT_EQUAL(status, DMAP_EINVAL);
    CU_ASSERT(strstr(dmap_error(NULL), word) != NULL);
}

static void test_refused(void) {
    dmap_channel *in, *out, *other = NULL;
    char text[64];
    int pipes[2];
    world_open_both(100, &in, &out);
    refused(dmap_channel_open(0, &other, &other), "1 to");
    refused(dmap_channel_open((size_t)DMAP_CHANNEL_MOST + 1, &other, &other), "1 to");
    refused(dmap_channel_open(1, NULL, &other), "NULL");
    refused(dmap_channel_send(in, "x", 1, -1), "receives");
    refused(dmap_channel_receive(out, text, 1, -1, NULL), "sends");
    refused(dmap_channel_send(NULL, "x", 1, -1), "NULL");
    refused(dmap_channel_send(out, NULL, 1, -1), "NULL");
    refused(dmap_channel_send(out, "x", 1, NAN), "number");
    refused(dmap_channel_send(out, "x", 200, -1), "too large");
    refused(dmap_channel_attach(-1, &other), "not open");
    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    refused(dmap_channel_attach(pipes[0], &other), "no channel");
    close(pipes[0]);
    close(pipes[1]);
    CU_ASSERT(dmap_channel_fd(NULL) == -1 && dmap_channel_ready_fd(out) == -1 && !other);
    dmap_channel_close(NULL);
    dmap_channel_close(in);
    dmap_channel_close(out);
}

/* Any sizes, so that messages lie across the end of the ring in every way. */
static void test_sizes(void) {
    dmap_channel *in, *out;
    unsigned char sent[512], got[512];
    world_open_both(sizeof sent, &in, &out);
    for (unsigned i = 0; i < unit_rounds(20000); i++) {
        size_t size = unit_chance(8) ? sizeof sent : unit_below(sizeof sent + 1), is = 0;
        world_fill(sent, size, i);
        CU_ASSERT_EQUAL_FATAL(dmap_channel_send(out, sent, size, 0), DMAP_OK);
        CU_ASSERT_EQUAL_FATAL(dmap_channel_receive(in, got, sizeof got, 0, &is), DMAP_OK);
        CU_ASSERT_FATAL(is == size && !memcmp(sent, got, size));
    }
    dmap_channel_close(in);
    dmap_channel_close(out);
}

static void test_full_and_empty(void) {
    dmap_channel *in, *out;
    char text[64] = "";
    size_t size = 0, sent = 0;
    world_open_both(100, &in, &out);
    CU_ASSERT_EQUAL(dmap_channel_receive(in, text, sizeof text, 0, &size), DMAP_ETIMEOUT);
    CU_ASSERT_EQUAL(dmap_channel_receive(in, text, sizeof text, 0.001, &size), DMAP_ETIMEOUT);
    while (dmap_channel_send(out, "12345", 5, sent ? 0.001 : 0) == DMAP_OK)
        sent++;
    CU_ASSERT(sent >= 6);
    refused(dmap_channel_receive(in, text, 4, 0, &size), "5 bytes");
    CU_ASSERT_EQUAL(size, 5);
    for (; sent; sent--)
        CU_ASSERT(dmap_channel_receive(in, text, 5, 0, NULL) == DMAP_OK && !strcmp(text, "12345"));
    CU_ASSERT_EQUAL(dmap_channel_send(out, NULL, 0, 0), DMAP_OK);
    dmap_channel_close(out);
    CU_ASSERT(dmap_channel_receive(in, NULL, 0, -1, &size) == DMAP_OK && size == 0);
    CU_ASSERT_EQUAL(dmap_channel_receive(in, text, sizeof text, -1, &size), DMAP_END);
    dmap_channel_close(in);
    world_open_both(100, &in, &out);
    dmap_channel_close(in);
    while (dmap_channel_send(out, "12345", 5, 0) == DMAP_OK)
        sent++;
    CU_ASSERT_EQUAL(dmap_channel_send(out, "12345", 5, -1), DMAP_END);
    dmap_channel_close(out);
}

/* A copy made by fork() has both ends as pipes would be had. */
static void test_fork(void) {
    dmap_channel *in, *out;
    int value = 0, status;
    size_t size;
    world_open_both(64, &in, &out);
    pid_t child = fork();
    if (child == 0) {
        dmap_channel_close(in);
        for (value = 1; value <= 100; value++)
            if (dmap_channel_send(out, &value, sizeof value, LONG_S) != DMAP_OK)
                _exit(1);
        _exit(0);
    }
    dmap_channel_close(out);
    for (int i = 1; i <= 100; i++)
        CU_ASSERT(dmap_channel_receive(in, &value, sizeof value, LONG_S, &size) == DMAP_OK && value == i);
    CU_ASSERT_EQUAL(dmap_channel_receive(in, &value, sizeof value, LONG_S, &size), DMAP_END);
    CU_ASSERT(waitpid(child, &status, 0) == child && status == 0);
    dmap_channel_close(in);
}

/* Several of each: each message comes to one of the receivers, and to each of them in order. */
static void pass_all(int senders, int receivers, dmap_start how, uint64_t messages) {
    dmap_process *children[2 * MOST_CHILDREN];
    world w = world_open(8192);
    int n = 0;
    for (int i = 0; i < receivers; i++)
        children[n++] = world_start(&w, world_receive_all, &(job){.place = 0}, how);
    for (int i = 0; i < senders; i++)
        children[n++] = world_start(&w, world_send_all, &(job){(uint32_t)i, messages, unit_random()}, how);
    dmap_channel_close(w.in);
    dmap_channel_close(w.out);
    for (int i = 0; i < n; i++)
        CU_ASSERT_EQUAL(look_end(children[i]), 0);
    CU_ASSERT_EQUAL(atomic_load(&w.all->bad), 0);
    for (int i = 0; i < senders; i++)
        CU_ASSERT_EQUAL(atomic_load(&w.all->received[i]), messages);
    dmap_memory_close(w.memory);
}

static void test_children(void) {
    for (int i = 0; i < STARTS; i++)
        pass_all(1 + (int)unit_below(3), 1 + (int)unit_below(3), starts[i], unit_rounds(4000));
    pass_all(1, 1, DMAP_FORKSERVER, unit_rounds(20000));
    pass_all(4, 4, DMAP_FORKSERVER, unit_rounds(2000));
}

/* ---- threads ---- */

typedef struct side {
    world *w;
    uint32_t place;
    uint64_t messages, seed;
} side;

static void *send_thread(void *arg) {
    side *s = arg;
    message m;
    for (uint64_t i = 0; i < s->messages; i++) {
        world_make(&m, s->place, i, &s->seed);
        if (dmap_channel_send(s->w->out, &m, HEAD + m.size, LONG_S) != DMAP_OK)
            atomic_fetch_add(&s->w->all->bad, 1);
    }
    return NULL;
}

static void *receive_thread(void *arg) {
    side *s = arg;
    uint64_t next[MOST_CHILDREN] = {0};
    for (uint64_t i = 0; i < s->messages; i++)
        world_get(s->w->in, next, s->w->all);
    return NULL;
}

static void test_threads(void) {
    enum { THREADS = 3 };
    pthread_t threads[2 * THREADS];
    side sides[2 * THREADS];
    world w = world_open(4096);
    for (uint32_t i = 0; i < 2 * THREADS; i++) {
        sides[i] = (side){&w, i / 2, unit_rounds(4000), unit_random()};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, i % 2 ? send_thread : receive_thread, &sides[i]), 0);
    }
    for (int i = 0; i < 2 * THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(atomic_load(&w.all->bad), 0);
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL(atomic_load(&w.all->received[i]), unit_rounds(4000));
    world_close(&w);
}

/* ---- waited for together with a process's end ---- */

static int readable(int descriptor, int timeout_ms) {
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    return poll(&one, 1, timeout_ms);
}

static void test_ready(void) {
    world w = world_open(8192);
    uint64_t next[MOST_CHILDREN] = {0};
    int ready = dmap_channel_ready_fd(w.in), n = 0;
    CU_ASSERT_FATAL(ready >= 0 && ready == dmap_channel_ready_fd(w.in));
    CU_ASSERT_EQUAL(readable(ready, 0), 0);
    dmap_process *child = world_start(&w, world_send_all, &(job){0, 100, unit_random()}, DMAP_FORKSERVER);
    dmap_channel_close(w.out);
    while (readable(ready, (int)(1000 * LONG_S)) == 1 && world_get(w.in, next, w.all))
        n++;
    CU_ASSERT_EQUAL(n, 100);
    CU_ASSERT_EQUAL(readable(dmap_process_fd(child), (int)(1000 * LONG_S)), 1);
    CU_ASSERT_EQUAL(look_end(child), 0);
    dmap_channel_close(w.in);
    dmap_memory_close(w.memory);
}

/* ---- a handle is not a child's ---- */

static dmap_channel *parents;

static int use_parents(void *argument, size_t size) {
    (void)argument, (void)size;
    return dmap_channel_send(parents, "x", 1, 0) == DMAP_EINVAL && strstr(dmap_error(NULL), "attach") ? 5 : 6;
}

static void test_parents_handle(void) {
    dmap_channel *in;
    world_open_both(64, &in, &parents);
    CU_ASSERT_EQUAL(look_end(look_start(&(dmap_process_options){.run = use_parents, .start = DMAP_FORK})), 5);
    CU_ASSERT_EQUAL(dmap_channel_send(parents, "x", 1, 0), DMAP_OK);
    dmap_channel_close(in);
    dmap_channel_close(parents);
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    CU_TestInfo tests[] = {{"refused", test_refused},
                           {"all sizes", test_sizes},
                           {"full and empty", test_full_and_empty},
                           {"a copy by fork", test_fork},
                           {"children", test_children},
                           {"threads", test_threads},
                           {"ready", test_ready},
                           {"a parent's handle", test_parents_handle},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("channel", tests), after = look_descriptors();
    printf("descriptors: %d before, %d after\n", before, after);
    return status || after != before;
}
