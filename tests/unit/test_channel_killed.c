/* Ends of channels that are killed at any moment: what is received is whole, in order, and all that was sent, and
 * nobody waits for a dead one. Many messages, of 8 bytes and of 1 MiB, and with DMAP_TEST_LONG=1 ten millions, and 10
 * GB. */
#include "channel_world.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process_look.h"
#include "unit.h"

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK};

/* ---- killed ---- */

static void end_killed(dmap_process *p) {
    dmap_process_kill(p);
    CU_ASSERT_EQUAL(look_end(p), -9);
}

/* Senders are killed at any moment. Of each arrives, without a gap, what it had sent, and at most one message more. */
static void test_killed_senders(void) {
    for (unsigned round = 0; round < unit_rounds(world_is_long() ? 200 : 12); round++) {
        int senders = 1 + (int)unit_below(4);
        dmap_process *children[MOST_CHILDREN];
        uint64_t next[MOST_CHILDREN] = {0};
        world w = world_open(8192);
        for (int i = 0; i < senders; i++)
            children[i] =
                world_start(&w, world_send_all, &(job){(uint32_t)i, UINT64_MAX, unit_random()}, starts[unit_below(2)]);
        dmap_channel_close(w.out);
        for (int i = 0; i < senders; i++) {
            for (uint64_t n = unit_below(2000); n; n--)
                CU_ASSERT_FATAL(world_get(w.in, next, w.all));
            end_killed(children[i]);
        }
        while (world_get(w.in, next, w.all))
            continue;
        CU_ASSERT_EQUAL(atomic_load(&w.all->bad), 0);
        for (int i = 0; i < senders; i++) {
            uint64_t sent = atomic_load(&w.all->sent[i]);
            CU_ASSERT(next[i] == atomic_load(&w.all->received[i]) && (next[i] == sent || next[i] == sent + 1));
        }
        dmap_channel_close(w.in);
        dmap_memory_close(w.memory);
    }
}

/* Receivers are killed at any moment: the others, and the sender, go on. The last one receives till the end. */
static void test_killed_receivers(void) {
    for (unsigned round = 0; round < unit_rounds(world_is_long() ? 200 : 12); round++) {
        int receivers = 1 + (int)unit_below(4);
        dmap_process *children[MOST_CHILDREN];
        uint64_t next[MOST_CHILDREN] = {0}, state = unit_random(), number = 0;
        message m;
        world w = world_open(8192);
        for (int i = 0; i < receivers; i++)
            children[i] = world_start(&w, world_receive_all, &(job){.place = 0}, starts[unit_below(2)]);
        for (int i = 0; i < receivers; i++) {
            for (uint64_t n = unit_below(2000); n; n--) {
                world_make(&m, 0, number++, &state);
                CU_ASSERT_EQUAL_FATAL(dmap_channel_send(w.out, &m, HEAD + m.size, LONG_S), DMAP_OK);
            }
            if (i < receivers - 1 || unit_chance(2))
                end_killed(children[i]);
            else {
                dmap_channel_close(w.out);
                CU_ASSERT_EQUAL(look_end(children[i]), 0);
                w.out = NULL;
            }
        }
        dmap_channel_close(w.out);
        while (world_get(w.in, next, w.all))
            continue;
        uint64_t received = atomic_load(&w.all->received[0]);
        CU_ASSERT(atomic_load(&w.all->bad) == 0 && received <= number && number - received <= (uint64_t)receivers);
        dmap_channel_close(w.in);
        dmap_memory_close(w.memory);
    }
}

/* Receives, with a copy by fork() beside it that lives until the pipe ends. */
static _Noreturn void receive_with_copy(const world *w, const int *ends) {
    dmap_channel *in;
    char byte;
    close(ends[1]);
    if (dmap_channel_attach(dup(dmap_channel_fd(w->in)), &in) != DMAP_OK)
        _exit(1);
    if (fork() == 0)
        _exit(read(ends[0], &byte, 1) != 0);
    atomic_store(&w->all->received[0], 1);
    for (;;)
        dmap_channel_receive(in, &byte, 1, -1, NULL);
}

/* What a process had when it was killed, its copy does not keep. */
static void test_killed_before_its_copy(void) {
    world w = world_open(8192);
    int ends[2], status = 0;
    char state = ' ', byte = 'x';
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        receive_with_copy(&w, ends);
    CU_ASSERT_FATAL(child > 0);
    while (!atomic_load(&w.all->received[0]) || state != 'S') { /* it waits for a message */
        poll(NULL, 0, 1);
        CU_ASSERT_FATAL(look_process(child, &state, NULL, NULL) && state != 'Z');
    }
    kill(child, SIGKILL);
    CU_ASSERT(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CU_ASSERT_EQUAL(dmap_channel_send(w.out, &byte, 1, LONG_S), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_channel_receive(w.in, &byte, 1, LONG_S, NULL), DMAP_OK);
    close(ends[0]);
    close(ends[1]);
    world_close(&w);
}

/* ---- many ---- */

static int send_plain(void *argument, size_t size) {
    const job *j = argument;
    dmap_channel *out;
    unsigned char *bytes = calloc(1, j->seed);
    if (size != sizeof *j || !bytes || dmap_channel_attach(3, &out) != DMAP_OK)
        return 1;
    dmap_status status = DMAP_OK;
    for (uint64_t i = 0; i < j->messages && status == DMAP_OK; i++)
        status = dmap_channel_send(out, bytes, j->seed, LONG_S);
    dmap_channel_close(out);
    free(bytes);
    return status != DMAP_OK;
}

static void pass_many(uint64_t messages, size_t size, int senders) {
    dmap_process *children[MOST_CHILDREN];
    world w = world_open(4 * size + 65536);
    unsigned char *bytes = malloc(size);
    uint64_t n = 0;
    for (int i = 0; i < senders; i++)
        children[i] = world_start(&w, send_plain, &(job){0, messages / (uint64_t)senders, size}, DMAP_FORKSERVER);
    dmap_channel_close(w.out);
    while (dmap_channel_receive(w.in, bytes, size, LONG_S, NULL) == DMAP_OK)
        n++;
    CU_ASSERT_EQUAL(n, messages / (uint64_t)senders * (uint64_t)senders);
    for (int i = 0; i < senders; i++)
        CU_ASSERT_EQUAL(look_end(children[i]), 0);
    free(bytes);
    dmap_channel_close(w.in);
    dmap_memory_close(w.memory);
}

static void test_many(void) {
    for (int senders = 1; senders < MOST_CHILDREN; senders = 2 * senders + 1) {
        pass_many(world_is_long() ? 10000000 : unit_rounds(100000), 8, senders);
        pass_many(world_is_long() ? 10000 : unit_rounds(100), 1 << 20, senders);
    }
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    CU_TestInfo tests[] = {{"killed senders", test_killed_senders},
                           {"killed receivers", test_killed_receivers},
                           {"killed before its copy", test_killed_before_its_copy},
                           {"many", test_many},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("killed ends of channels", tests), after = look_descriptors();
    printf("descriptors: %d before, %d after\n", before, after);
    return status || after != before;
}
