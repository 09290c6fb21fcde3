#include "channel_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_look.h"
#include "unit.h"

bool world_is_long(void) {
    const char *value = getenv("DMAP_TEST_LONG");
    return value && !strcmp(value, "1");
}

void world_open_both(size_t bytes, dmap_channel **in, dmap_channel **out) {
    *in = *out = NULL;
    if (dmap_channel_open(bytes, in, out) != DMAP_OK)
        printf("\n  %s\n", dmap_error(NULL));
    CU_ASSERT_FATAL(*in && *out);
}

void world_fill(unsigned char *bytes, size_t size, uint64_t seed) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(seed + i * 7);
}

void world_make(message *m, uint32_t sender, uint64_t number, uint64_t *state) {
    uint64_t dice = unit_next(state);
    *m = (message){.sender = sender, .number = number};
    m->size = (uint32_t)(dice % 4 ? dice % 64 : dice % MOST_SIZE);
    world_fill(m->bytes, m->size, number + sender);
}

static bool is_whole(const message *m, size_t size) {
    for (size_t i = 0; size >= HEAD && i < m->size; i++)
        if (m->bytes[i] != (unsigned char)(m->number + m->sender + i * 7))
            return false;
    return size >= HEAD && size == HEAD + m->size && m->sender < MOST_CHILDREN;
}

bool world_get(dmap_channel *in, uint64_t *next, page *all) {
    message m;
    size_t size;
    dmap_status status = dmap_channel_receive(in, &m, sizeof m, LONG_S, &size);
    if (status != DMAP_OK) {
        atomic_fetch_add(&all->bad, status != DMAP_END);
        return false;
    }
    if (!is_whole(&m, size) || m.number < next[m.sender])
        atomic_fetch_add(&all->bad, 1);
    else {
        next[m.sender] = m.number + 1;
        atomic_fetch_add(&all->received[m.sender], 1);
    }
    return true;
}

int world_attach(dmap_channel **end, dmap_memory **memory) {
    return dmap_channel_attach(3, end) != DMAP_OK || dmap_memory_attach(4, memory) != DMAP_OK;
}

int world_send_all(void *argument, size_t size) {
    const job *j = argument;
    dmap_channel *out;
    dmap_memory *memory;
    message m;
    uint64_t state = j->seed;
    if (size != sizeof *j || world_attach(&out, &memory))
        return 1;
    page *all = dmap_memory_data(memory);
    for (uint64_t i = 0; i < j->messages; i++) {
        world_make(&m, j->place, i, &state);
        if (dmap_channel_send(out, &m, HEAD + m.size, LONG_S) != DMAP_OK)
            return 2;
        atomic_fetch_add(&all->sent[j->place], 1);
    }
    dmap_channel_close(out);
    dmap_memory_close(memory);
    return 0;
}
DMAP_PROCESS(world_send_all, world_send_all);

int world_receive_all(void *argument, size_t size) {
    uint64_t next[MOST_CHILDREN] = {0};
    dmap_channel *in;
    dmap_memory *memory;
    (void)argument, (void)size;
    if (world_attach(&in, &memory))
        return 1;
    while (world_get(in, next, dmap_memory_data(memory)))
        continue;
    dmap_channel_close(in);
    dmap_memory_close(memory);
    return 0;
}
DMAP_PROCESS(world_receive_all, world_receive_all);

world world_open(size_t bytes) {
    world w;
    world_open_both(bytes, &w.in, &w.out);
    CU_ASSERT_EQUAL_FATAL(dmap_memory_open(sizeof(page), &w.memory), DMAP_OK);
    w.all = dmap_memory_data(w.memory);
    return w;
}

dmap_process *world_start(const world *w, dmap_process_fn *run, const job *j, dmap_start how) {
    int fds[] = {dmap_channel_fd(run == world_receive_all ? w->in : w->out), dmap_memory_fd(w->memory)};
    return look_start(&(dmap_process_options){
        .run = run, .argument = j, .argument_size = sizeof *j, .start = how, .daemon = true, .fds = fds, .n_fds = 2});
}

void world_close(world *w) {
    dmap_channel_close(w->in);
    dmap_channel_close(w->out);
    dmap_memory_close(w->memory);
}
